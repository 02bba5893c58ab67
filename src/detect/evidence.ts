// A finished tally becomes what the detector is fed with: flows by start, and marks (sights of packets, pings, ARP) by time.

import { NONE } from '../flows/layout.js';
import { PROTOCOL } from '../flows/rules.js';
import { BIN, type BinData } from '../tally/bins.js';
import type { Ledger } from '../tally/ledger.js';
import { type Rows, roomOf } from '../tally/rows.js';
import { SIGNAL } from '../tally/signals.js';
import type { Tally } from '../tally/tally.js';
import { CLASS, type Lane } from '../uplinks/lanes.js';
import { orderOf } from './order.js';
import { PATIENCE_US } from './settings.js';

/** Kinds of marks. */
export const MARK = {
  /** A packet came in by the uplink's link, from the Internet. */
  in: 0,
  /** One went out. */
  out: 1,
  /** Anything else on that link. */
  any: 2,
  pingIn: 3,
  pingOut: 4,
  asked: 5,
  answered: 6,
  /** A packet anywhere else: it tells that the recorder runs. */
  elsewhere: 7,
  kinds: 8,
} as const;

/** Sorted by time. */
export interface Marks {
  times: Float64Array;
  /** MARK.kinds · (uplink + 1) + kind. */
  codes: Int32Array;
}

/** An answer that was not recorded: without one nobody sends data after a SYN. */
export const UNSEEN = -2;
/** Bytes of a packet in the mean above which a TCP flow sent more than SYNs. */
const BARE = 64;

/** Kinds of demand whose answers are counted apart. */
export const DEMAND = { tcp: 0, udp: 1, other: 2, kinds: 3 } as const;

/** Columns by place in the order of start. */
export interface Flows {
  count: number;
  startUs: Float64Array;
  uplink: Uint8Array;
  /** Decision key: client and server, the server alone where clients can't be seen. */
  key: Int32Array;
  keys: number;
  clientsVisible: boolean;
  /** Number of the server's address. */
  server: Int32Array;
  servers: number;
  demand: Uint8Array;
  /** Microseconds to the answer; -1 for none within `PATIENCE_US`, or `UNSEEN`. Read only once that time has come. */
  waitUs: Int32Array;
  /** 1: a client's, so a choice of the router's; 0: the router's own. */
  draw: Uint8Array;
  /** The ledger's row. */
  row: Uint32Array;
}

/**
 * Flows that ask for an answer by an uplink: their beginning was seen and they did not come from outside. The SNAT source
 * is given by the link on which a flow begins, wherever its packets leave later.
 */
export function flowsOf(ledger: Ledger): Flows {
  const room = roomOf(ledger);
  const row = askers(ledger, room);
  const count = row.length;
  const hosts = ledger.addresses.count;
  const clientsVisible = room.calls.areNamed(row.byteOffset, count, room.column('client')) !== 0;
  const server = room.integers(count);
  const flows: Flows = {
    count,
    startUs: room.floats(count),
    uplink: room.bytes(count),
    key: clientsVisible ? room.integers(count) : server,
    keys: hosts,
    clientsVisible,
    server,
    servers: hosts,
    demand: room.bytes(count),
    waitUs: room.integers(count),
    draw: room.bytes(count),
    row,
  };
  const tell = teller(room, flows);
  tell(0, count);
  settleTies(ledger, room, flows, tell);
  if (clientsVisible) flows.keys = numberPairs(room, flows);
  return flows;
}

/** Rows of flows that ask, by start. */
function askers(ledger: Ledger, room: Rows): Uint32Array {
  const startUs = room.column('startUs');
  const rows = room.words(ledger.count);
  const count = room.calls.askers(ledger.count, room.column('origin'), room.column('course'), rows.byteOffset);
  room.calls.sortRows(rows.byteOffset, count, startUs);
  return rows.subarray(0, count);
}

/** By protocol. */
const DEMAND_OF = Uint8Array.from({ length: 256 }, (_, protocol) => {
  if (protocol === PROTOCOL.tcp) return DEMAND.tcp;
  return protocol === PROTOCOL.udp ? DEMAND.udp : DEMAND.other;
});

/** Writes what their rows say of some flows. */
function teller(room: Rows, flows: Flows): (from: number, to: number) => void {
  const ledger = [
    room.column('startUs'),
    room.column('uplink'),
    room.column('server'),
    room.column('protocol'),
    room.column('origin'),
    room.column('course'),
    room.column('answerUs'),
    room.column('ipUp'),
    room.column('packetsUp'),
  ] as const;
  const demandOf = room.placeOf(DEMAND_OF);
  const { row, startUs, uplink, server, demand, draw, waitUs } = flows;
  return (from, to) =>
    room.calls.tell(
      from,
      to,
      row.byteOffset,
      ...ledger,
      demandOf,
      BARE,
      UNSEEN,
      PATIENCE_US,
      startUs.byteOffset,
      uplink.byteOffset,
      server.byteOffset,
      demand.byteOffset,
      draw.byteOffset,
      waitUs.byteOffset,
    );
}

/** The ledger's own order depends on how the input was cut: flows of one moment are put in an order of their own. */
function settleTies(ledger: Ledger, room: Rows, flows: Flows, tell: (from: number, to: number) => void): void {
  const { count, startUs, row } = flows;
  const nextTie = (from: number) => room.calls.nextTie(startUs.byteOffset, from, count);
  for (let from = nextTie(0), to = from; from < count; from = nextTie(to)) {
    for (to = from + 2; to < count && startUs[to] === startUs[from]; ) to++;
    const rows = row.subarray(from, to);
    rows.set([...rows].sort((a, b) => compareRows(ledger, a, b)));
    tell(from, to);
  }
}

function compareRows({ uplink, protocol, ports, server, client, addresses }: Ledger, a: number, b: number): number {
  // By lot: in order of the uplinks a burst of one moment would look like a silence of each in turn.
  const lot = lotOf(ports[a], addresses.wordsOf(server[a])[3]) - lotOf(ports[b], addresses.wordsOf(server[b])[3]);
  if (lot !== 0) return lot;
  const plain = uplink[a] - uplink[b] || protocol[a] - protocol[b] || (ports[a] >>> 0) - (ports[b] >>> 0);
  if (plain !== 0) return plain;
  for (const host of [server, client]) {
    if (host[a] === host[b] || host[a] === NONE || host[b] === NONE) continue;
    const left = addresses.wordsOf(host[a]);
    const right = addresses.wordsOf(host[b]);
    for (let i = 0; i < 4; i++) if (left[i] !== right[i]) return left[i] - right[i];
  }
  return 0;
}

function lotOf(ports: number, word: number): number {
  let hash = Math.imul(ports, 0x9e3779b1) ^ Math.imul(word, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** Gives each client and server one number; returns how many there are. */
function numberPairs(room: Rows, { count, key, row, server }: Flows): number {
  return room.calls.numberPairs(count, row.byteOffset, room.column('client'), server.byteOffset, key.byteOffset);
}

/** First and last packet of each bin, as marks. In a log (`isLog`) what would be ARP are pings. */
export function marksOf(tally: Tally, bins: BinData, signals: BinData, isLog: boolean): Marks {
  const codes = tally.lanes.flatMap((lane) => [laneCode(lane, false), laneCode(lane, true)]);
  const most = 2 * (bins.cells.length + signals.cells.length);
  const times = new Float64Array(most);
  const marks = new Int32Array(most);
  let count = 0;
  const add = (data: BinData, i: number, code: number) => {
    const first = data.sums[BIN.fields * i + BIN.firstUs];
    const last = data.sums[BIN.fields * i + BIN.lastUs];
    times[count] = first;
    marks[count++] = code;
    if (last === first) return;
    times[count] = last;
    marks[count++] = code;
  };
  for (let i = 0; i < bins.cells.length; i++) add(bins, i, codes[bins.cells[i]]);
  for (let i = 0; i < signals.cells.length; i++) add(signals, i, signalCode(signals.cells[i], isLog));
  const order = orderOf(times.subarray(0, count), roomOf(tally.ledger));
  const sorted: Marks = { times: new Float64Array(count), codes: new Int32Array(count) };
  for (let i = 0; i < count; i++) {
    sorted.times[i] = times[order[i]];
    sorted.codes[i] = marks[order[i]];
  }
  settleMarks(sorted);
  return sorted;
}

/** Marks of one moment by code. */
function settleMarks({ times, codes }: Marks): void {
  for (let i = 1; i < times.length; i++) {
    for (let j = i; j > 0 && times[j] === times[j - 1] && codes[j] < codes[j - 1]; j--) {
      [codes[j - 1], codes[j]] = [codes[j], codes[j - 1]];
    }
  }
}

function laneCode(lane: Lane, fromHigh: boolean): number {
  const link = lane.egress >= 0 ? lane.egress : lane.uplink;
  if (link < 0) return MARK.elsewhere;
  const out = fromHigh === lane.localHigh;
  const base = MARK.kinds * (link + 1);
  if (lane.class === CLASS.wan) {
    // Without interfaces a packet with this uplink's address may have left by any link: no sign of life on this one.
    return out && lane.egress < 0 ? MARK.elsewhere : base + (out ? MARK.out : MARK.in);
  }
  if (lane.class === CLASS.second) return MARK.elsewhere;
  if (lane.class !== CLASS.upkeep || lane.uplink < 0) return lane.egress < 0 ? MARK.elsewhere : base + MARK.any;
  return base + (out ? MARK.pingOut : MARK.pingIn);
}

function signalCode(cell: number, isLog: boolean): number {
  const uplink = Math.floor(cell / SIGNAL.kinds) - 1;
  const kind = cell % SIGNAL.kinds;
  const base = MARK.kinds * (uplink + 1);
  if (uplink < 0) return MARK.elsewhere;
  if (kind === SIGNAL.arpAsked) return base + (isLog ? MARK.pingOut : MARK.asked);
  if (kind === SIGNAL.arpAnswered) return base + (isLog ? MARK.pingIn : MARK.answered);
  return kind === SIGNAL.arpHeard ? base + MARK.any : MARK.elsewhere;
}
