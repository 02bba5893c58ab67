// A finished tally becomes what the detector is fed with: flows by start, and marks (sights of packets, pings, ARP) by time.

import { FLOW } from '../flows/connection.js';
import { PROTOCOL } from '../flows/rules.js';
import { BIN, type BinData } from '../tally/bins.js';
import { type Ledger, NONE, ORIGIN } from '../tally/ledger.js';
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
  row: Int32Array;
}

/**
 * Flows that ask for an answer by an uplink: their beginning was seen and they did not come from outside. The SNAT source
 * is given by the link on which a flow begins, wherever its packets leave later.
 */
export function flowsOf(ledger: Ledger): Flows {
  const { count: rows, startUs, origin, course, uplink, client, server, protocol, answerUs } = ledger;
  const chosen = new Int32Array(rows);
  let count = 0;
  let clients = false;
  for (let row = 0; row < rows; row++) {
    if (origin[row] === ORIGIN.inbound || (course[row] & (FLOW.opened | FLOW.untimed)) !== FLOW.opened) continue;
    if (client[row] !== NONE) clients = true;
    chosen[count++] = row;
  }
  const times = new Float64Array(count);
  for (let i = 0; i < count; i++) times[i] = startUs[chosen[i]];
  const order = orderOf(times);
  for (let i = 0; i < count; i++) order[i] = chosen[order[i]];
  settleTies(ledger, order);
  const flows: Flows = {
    count,
    startUs: times,
    uplink: new Uint8Array(count),
    key: new Int32Array(count),
    keys: ledger.addresses.count,
    clientsVisible: clients,
    server: new Int32Array(count),
    servers: ledger.addresses.count,
    demand: new Uint8Array(count),
    waitUs: new Int32Array(count),
    draw: new Uint8Array(count),
    row: new Int32Array(count),
  };
  for (let i = 0; i < count; i++) {
    const row = order[i];
    const answered = (course[row] & FLOW.answered) !== 0;
    times[i] = startUs[row];
    flows.row[i] = row;
    flows.uplink[i] = uplink[row];
    flows.server[i] = server[row];
    flows.key[i] = server[row];
    flows.demand[i] =
      protocol[row] === PROTOCOL.tcp ? DEMAND.tcp : protocol[row] === PROTOCOL.udp ? DEMAND.udp : DEMAND.other;
    // Connection tracking may know of an answer and not of its time.
    const wait = answered ? Math.max(answerUs[row], 0) : -1;
    flows.waitUs[i] = wait <= PATIENCE_US ? wait : -1;
    if (!answered && protocol[row] === PROTOCOL.tcp && ledger.ipUp[row] > BARE * ledger.packetsUp[row])
      flows.waitUs[i] = UNSEEN;
    flows.draw[i] = origin[row] === ORIGIN.router ? 0 : 1;
  }
  if (clients) flows.keys = numberPairs(flows, client);
  return flows;
}

/** The ledger's own order depends on how the input was cut: flows of one moment are put in an order of their own. */
function settleTies(ledger: Ledger, order: Uint32Array): void {
  const { startUs } = ledger;
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && startUs[order[to]] === startUs[order[from]]) to++;
    if (to - from > 1) {
      const rows = [...order.subarray(from, to)].sort((a, b) => compareRows(ledger, a, b));
      order.set(rows, from);
    }
    from = to;
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
function numberPairs({ count, key, row, server }: Flows, client: Int32Array): number {
  let size = 1024;
  while (size < count * 2) size *= 2;
  const slots = new Int32Array(size);
  const pairs = new Int32Array(count * 2);
  let known = 0;
  for (let i = 0; i < count; i++) {
    const from = client[row[i]];
    const to = server[i];
    let hash = Math.imul(to, 0x9e3779b1) ^ Math.imul(from, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    let slot = (hash ^ (hash >>> 13)) & (size - 1);
    for (;;) {
      const number = slots[slot];
      if (number === 0) {
        pairs[known * 2] = from;
        pairs[known * 2 + 1] = to;
        key[i] = known++;
        slots[slot] = known;
        break;
      }
      if (pairs[number * 2 - 2] === from && pairs[number * 2 - 1] === to) {
        key[i] = number - 1;
        break;
      }
      slot = (slot + 1) & (size - 1);
    }
  }
  return known;
}

/** First and last packet of each bin, as marks. */
export function marksOf(tally: Tally, bins: BinData, signals: BinData): Marks {
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
  for (let i = 0; i < signals.cells.length; i++) add(signals, i, signalCode(signals.cells[i]));
  const order = orderOf(times.subarray(0, count));
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

function signalCode(cell: number): number {
  const uplink = Math.floor(cell / SIGNAL.kinds) - 1;
  const kind = cell % SIGNAL.kinds;
  const base = MARK.kinds * (uplink + 1);
  if (uplink < 0) return MARK.elsewhere;
  if (kind === SIGNAL.arpAsked) return base + MARK.asked;
  if (kind === SIGNAL.arpAnswered) return base + MARK.answered;
  return kind === SIGNAL.arpHeard ? base + MARK.any : MARK.elsewhere;
}
