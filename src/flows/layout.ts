// One run (the part of a flow seen at one point) as two records: the hot one is a cache line and is touched by every
// packet, the cold one only when a run begins, a direction speaks for the first time, or a rule is near. Side by side they
// are the form in which workers hand runs over.

/** 32-bit words of a hot record. Word numbers; `…64` are Float64 indices within the record. */
export const HOT_WORDS = 16;
export const HOT_SHIFT = 4;
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
  /** Sequence numbers of the first segment of each side. */
  seqLow: 10,
  seqHigh: 11,
  /** Multiples of 2^32 in the byte counters. */
  ipLowCarry: 12,
  ipHighCarry: 13,
  wireLowCarry: 14,
  wireHighCarry: 15,
  /** In a list. IPv6: lower address, higher address; zeros for IPv4. Then SEGMENTS. */
  wide: 16,
  /** Datagrams only (IPv4 or IPv6): ports of the first fragment. Shares no word with `wide`: see `isnLow`. */
  fragmentPorts: 8,
} as const;

/** Words of a cold record as it lies among live runs, where addresses and segments stand by themselves. */
export const COLD_SHIFT = 4;
export const COLD_STRIDE = 1 << COLD_SHIFT;

/** Words of the two addresses of IPv6. */
export const WIDE_WORDS = 8;

/**
 * Words of what the data segments of TCP tell, 32 bytes that only these touch: where each side's last one ended, how far
 * that lies behind its furthest (NO_DATA before its first; with IN_DOUBT while what came before may matter), how many were
 * sent again, and the chains of `Doubts`: see `again.ts`.
 */
export const SEGMENTS_SHIFT = 3;
export const SEGMENTS_WORDS = 1 << SEGMENTS_SHIFT;
export const SEGMENTS = {
  endLow: 0,
  endHigh: 1,
  behindLow: 2,
  behindHigh: 3,
  again: 4,
  doubtLow: 6,
  doubtHigh: 7,
  /** Where they stand in the cold record of a list. */
  inList: 24,
} as const;
export const NO_DATA = -1;
export const IN_DOUBT = 0x40000000;

export const RUN_WORDS = HOT_WORDS + COLD_WORDS;
export const RUN_BYTES = RUN_WORDS * 4;

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
