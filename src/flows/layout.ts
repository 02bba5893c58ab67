// One run (the part of a flow seen at one point) as a record of three cache lines: the hot one is touched by every packet,
// the cold ones when a run begins, a direction speaks for the first time, data is sent, or a rule is near. Runs lie like
// this in the memory of the hot loop, in lists, and in what workers hand over.

/** 32-bit words of a hot record. Word numbers; `…64` are Float64 indices within the record. */
export const HOT_WORDS = 16;
export const HOT = {
  k0: 0,
  k1: 1,
  ports: 2,
  meta: 3,
  /** Time of the last packet from the lower and from the higher endpoint, microseconds; NEVER where there is none. */
  lastLow64: 2,
  lastHigh64: 3,
  packetsLow: 8,
  packetsHigh: 9,
  /** Low 32 bits of the byte counters; what overflows goes to the cold record. */
  ipLow: 10,
  ipHigh: 11,
  wireLow: 12,
  wireHigh: 13,
  /** STATE bits, and the lane in the high half. */
  state: 14,
  hash: 15,
} as const;

/** 32-bit words of a cold record. */
export const COLD_WORDS = 32;
export const COLD = {
  firstLow64: 0,
  firstHigh64: 1,
  /** The clock when the run began: not before its first packet. */
  startClock64: 2,
  /** Datagrams: when the first fragment came; NEVER where it was not seen. */
  firstFragment64: 3,
  /** Initial sequence numbers of the SYNs of each side. */
  isnLow: 8,
  isnHigh: 9,
  /** Datagrams only: the last first fragment, 0 where none was seen. Shares its words with `seqLow` and `seqHigh`. */
  lastFragment64: 5,
  /** Sequence numbers of the first segment of each side. */
  seqLow: 10,
  seqHigh: 11,
  /** Multiples of 2^32 in the byte counters. */
  ipLowCarry: 12,
  ipHighCarry: 13,
  wireLowCarry: 14,
  wireHighCarry: 15,
  /** IPv6: lower address, higher address; zeros for IPv4. Then SEGMENTS. */
  wide: 16,
  /** Datagrams only (IPv4 or IPv6): ports of the first fragment. Shares no word with `wide`: see `isnLow`. */
  fragmentPorts: 8,
} as const;

/** Words of the two addresses of IPv6. */
export const WIDE_WORDS = 8;

/**
 * What the data segments of TCP tell: where each side's last one ended, how far
 * that lies behind its furthest (NO_DATA before its first; with IN_DOUBT while what came before may matter), how many were
 * sent again, and the chains of `Doubts`: see `again.ts`.
 */
export const SEGMENTS = {
  endLow: 0,
  endHigh: 1,
  behindLow: 2,
  behindHigh: 3,
  again: 4,
  doubtLow: 6,
  doubtHigh: 7,
  /** Where they stand in the cold record. */
  inCold: 24,
} as const;
export const NO_DATA = -1;
export const IN_DOUBT = 0x40000000;

export const RUN_WORDS = HOT_WORDS + COLD_WORDS;
export const RUN_BYTES = RUN_WORDS * 4;

/** An index entry is a record's number in the low bits and bits of the hash above; 0 is an empty place. */
export const NUMBER_BITS = 24;
export const NUMBER_MASK = (1 << NUMBER_BITS) - 1;
/** What stands in HOT.meta of a record that is not in use, or whose run has been handed over. */
export const GONE = -1;

/** No such time. All real times are 0 or later. */
export const NEVER = -1;

/** Bits of HOT.state. Opening bits are SYN for TCP, echo request and reply for ICMP. */
export const STATE = {
  synLow: 0x1,
  synHigh: 0x2,
  synAckLow: 0x4,
  synAckHigh: 0x8,
  anyOpening: 0xf,
  finLow: 0x10,
  finHigh: 0x20,
  bothFin: 0x30,
  rstLow: 0x40,
  rstHigh: 0x80,
  anyRst: 0xc0,
  /** A packet from that side was seen. */
  spokeLow: 0x100,
  spokeHigh: 0x200,
  bothWays: 0x300,
  /** The first packet in the order of the input came from the higher endpoint. */
  firstHigh: 0x400,
  /** The first packet was a SYN. */
  startsWithSyn: 0x800,
  /** What came before in the input is not known: the run may be the continuation of one in an earlier segment. */
  leftOpen: 0x1000,
  /** At least one first fragment is counted here. */
  fragments: 0x2000,
  /** Ended because a SYN took its key over. */
  reused: 0x4000,
  /** Ended by silence, or because the recorder's clock was set back. */
  idled: 0x8000,
  laneShift: 16,
  /** All that is not the lane. */
  bits: 0xffff,
} as const;

/** Kinds of runs that leave the hot loop, each by an outbox of its own. */
export const OUTBOX = {
  /** Over, with a past that is known. */
  closed: 0,
  /** Over, with an unknown past. */
  heads: 1,
  /** Live at the end, and other parts may know of them. */
  rest: 2,
  kinds: 3,
} as const;
/** Runs that an outbox holds: few enough to be still in a cache near the processor when they are read again. */
export const OUTBOX_RUNS = 512;

/** States for which a rule of silence says one thing: three times each in `MEMORY.rules` (known past, least, most). */
export const SILENCE = {
  datagram: 0,
  tcpReset: 1,
  tcpClosed: 2,
  tcpOpened: 3,
  tcpMidstream: 4,
  /** It begins with a SYN; one side has sent its FIN. */
  tcpFresh: 5,
  tcpFreshHalf: 6,
  udp: 7,
  udpStream: 8,
  icmp: 9,
  other: 10,
  states: 11,
} as const;

/** Why a run ended, 0 where it may go on. */
export const ENDED = STATE.reused | STATE.idled;

/** What batches held that were taken as they were framed, Float64: sums, bounds, and where the clock stands after them. */
export const TAKEN = { packets: 0, wireBytes: 1, firstUs: 2, lastUs: 3, now: 4, fields: 5 } as const;

/** Lanes there may be, two cells each: see `LaneBook`. */
export const MOST_CELLS = 0x20000;
/** SNAT sources whose lanes the hot loop knows, at most, and neighbours; points at which it does. */
export const MOST_BLOCKS = 16;
export const LANE_POINTS = 64;
/** Runs that are settled at a time. */
export const SETTLED_RUNS = 2048;
/** Addresses that are numbered while runs are settled, at most. */
export const MOST_ADDRESSES = 2 ** 20;
/** What stands for a number that there is none of. */
export const NONE = -1;
/**
 * Where the columns of a ledger's rows stand in `MEMORY.columns`, bytes: SETTLED_RUNS numbers each, Float64, then 32-bit ones, then bytes.
 */
export const COLUMNS = {
  startUs: 0,
  endUs: 0x4000,
  ipUp: 0x8000,
  ipDown: 0xc000,
  packetsUp: 0x10000,
  packetsDown: 0x12000,
  answerUs: 0x14000,
  lagUs: 0x16000,
  server: 0x18000,
  ports: 0x1a000,
  course: 0x1c000,
  uplink: 0x1c800,
  egress: 0x1d000,
  origin: 0x1d800,
  protocol: 0x1e000,
} as const;
/** Sums of an uplink's flows, Float64. */
export const SUMS = { flows: 0, inbound: 1, answered: 2, long: 3, segmentsAgain: 4, packets: 5, fields: 8 } as const;
/** Flows by the second in which they start: words of an entry (`…64`: Float64), 0 flows in an empty one; entries there are. */
export const STARTS = { cell: 0, flows: 1, second64: 1, firstUs64: 2, lastUs64: 3, words: 8, entries: 4096 } as const;
/** What a lane's word says of its runs: of which families they can be settled as they are; then the uplink and the link they leave by. */
export const PLAIN_LANE = { ipv4: 1, localHigh: 2, ipv6: 4, uplinkShift: 8, egressShift: 16 } as const;

/** Keys are held against each other by so many bits of their hash, at least and at most. */
export const LEAST_KEY_BITS = 8;
export const MOST_KEY_BITS = 23;
/** Words of nodes that there is room for. */
export const MOST_NODE_WORDS = 2 ** 22;
/** Bytes of the window: what is read ahead (`input/ahead`) fills it, other reads hardly more than its beginning. */
export const WINDOW_BYTES = 0x980000;
/** Live runs there may be, and places of the index by which they are found. */
export const MOST_RUNS = 2 ** 23;
export const MOST_PLACES = 2 ** 24;
/** Runs there may be where parts are joined: the index is three quarters full then. */
export const MOST_JOINED = 12 * 2 ** 20;

/**
 * Where things lie in the memory of the hot loop, bytes. All but the runs have the room that they may ever need: what is
 * not used costs nothing.
 */
export const MEMORY = {
  /** Batch: its words, then its wide addresses. */
  rows: 0x10000,
  wide: 0x14000,
  /** Flows seen of late, by hash. */
  recent: 0x16000,
  /** Float64: SILENCE, three each; then the bounds of the open bin. */
  rules: 0x26000,
  binBounds: 0x26180,
  /** Addresses of the rows whose flow was not seen of late. */
  missed: 0x26200,
  /** Points that `frame` knows. */
  points: 0x26800,
  /** Rows that it has filled; bytes that it wants; then what is of no use to anybody. */
  rowCount: 0x26c00,
  wants: 0x26c04,
  touched: 0x26c08,
  taken: 0x26c40,
  /**
   * SNAT sources and neighbours, a word and a mask each, and how many; one more than the lane by point, source and side, 0
   * where it is not known.
   */
  sourceCount: 0x26d14,
  neighbourCount: 0x26d18,
  sources: 0x26d20,
  neighbours: 0x26da0,
  knownLanes: 0x27000,
  outboxes: 0x30000,
  /** Sums of the open bin, five Float64 a cell. */
  cells: 0x100000,
  /** Of runs that are settled: PLAIN_LANE by lane, COLUMNS, how many were left out and their numbers, SUMS by uplink, STARTS. */
  lanes: 0x600000,
  columns: 0x640000,
  leftOut: 0x660000,
  sums: 0x664000,
  starts: 0x668000,
  /** Entries of STARTS that had to make room, and how many they are. */
  startsOut: 0x688000,
  startsOutCount: 0x26d10,
  /** Runs that are not in this memory already. */
  settling: 0x698000,
  /** Data segments, a Float64 a cell. */
  data: 0x700000,
  /** Bits of keys: of this part's runs with an unknown past, and of those that live at its end; of the others' before and after it. */
  incoming: 0xa00000,
  live: 0xb00000,
  before: 0xc00000,
  after: 0xd00000,
  /** Of runs that a later one of this part may continue. */
  own: 0xe00000,
  /** Nodes of `Doubts`, and how many words of them there are. */
  nodeCount: 0x26d00,
  nodes: 0x1000000,
  /** The index. */
  places: 0x2000000,
  /** Addresses by their number, four words each, and an index of them. */
  addresses: 0x6000000,
  addressIndex: 0x7000000,
  /** Bytes of the input, and as many behind them as a header is looked at beyond its end. */
  window: 0x7800000,
  /** Records, to the end. */
  runs: 0x8200000,
} as const;
