// Flows that connection tracking told of, kept compactly until the captures have been read: found by the five-tuple of the
// WAN or of the LAN, filled back into a connection when they are given out.

import { META } from '../decode/batch.js';
import type { LaneClass } from '../uplinks/lanes.js';
import { type Connection, FLOW, type FlowEnd, type FlowState, type Origin } from './connection.js';
import { NEVER, STATE } from './layout.js';

/** Words of a row. */
const W = {
  /** Lower end, higher end: four words each. */
  words: 0,
  client: 8,
  ports: 12,
  meta: 13,
  clientPort: 14,
  bits: 15,
  state: 16,
  /** Next row with the same hash of its five-tuple on the WAN, on the LAN; -1 at the end. */
  next: 17,
  nextLan: 18,
} as const;
const WORDS = 19;

/** Float64 of a row. The last four are packets and bytes that captures show of the flow, by end. */
const F = { start: 0, end: 1, gone: 2, answer: 3, told: 4, seen: 8 } as const;
const FLOATS = 12;

/** Fields of W.bits, by their lowest bit. */
const BIT = {
  initiator: 0,
  local: 1,
  class: 3,
  origin: 6,
  hasClient: 8,
  answered: 9,
  knowledge: 11,
  startKnown: 19,
  endKnown: 20,
  /** A capture shows it on the WAN; on the LAN alone. */
  seen: 21,
  seenLan: 22,
  /** Eight bits. */
  uplink: 23,
  /** What captures show of it holds more than this entry counted. */
  shared: 31,
} as const;

const ORIGINS: readonly Origin[] = ['lan', 'router', 'inbound', 'unknown'];
const STATES: readonly (FlowState | null)[] = [
  null,
  'unanswered',
  'refused',
  'midstream',
  'established',
  'replied',
  'closing',
  'closed',
  'reset',
];
const ENDS: readonly FlowEnd[] = ['expired', 'removed', 'tracked'];
const ANSWERS: readonly (boolean | null)[] = [null, false, true];

const PAGE_SHIFT = 12;
const PAGE_ROWS = 1 << PAGE_SHIFT;
const POINT_BITS = (1 << META.pointShift) - 1;

interface Page {
  words: Int32Array;
  floats: Float64Array;
}

/** Rows are numbered in the order in which they were added. */
export class ToldStore {
  count = 0;
  private readonly pages: Page[] = [];
  private heads = new Int32Array(1024).fill(-1);
  private lanHeads = new Int32Array(1024).fill(-1);

  /**
   * `goneUs`: when the entry was removed, Infinity where it was not or that is not known. `asked`: whether it is to be
   * given out where no capture shows it.
   */
  add(flow: Connection, goneUs: number, asked: boolean): number {
    if (this.count * 2 > this.heads.length) this.rehash();
    const row = this.count++;
    if (row >> PAGE_SHIFT === this.pages.length) {
      this.pages.push({ words: new Int32Array(PAGE_ROWS * WORDS), floats: new Float64Array(PAGE_ROWS * FLOATS) });
    }
    const { words, floats } = this.page(row);
    const at = this.wordAt(row);
    const at64 = this.floatAt(row);
    const { told } = flow;
    words.set(flow.words[0], at + W.words);
    words.set(flow.words[1], at + W.words + 4);
    if (flow.client !== null) words.set(flow.client, at + W.client);
    words[at + W.ports] = flow.ports;
    words[at + W.meta] = flow.meta & POINT_BITS;
    words[at + W.clientPort] = flow.clientPort;
    words[at + W.bits] =
      (flow.initiator << BIT.initiator) |
      ((flow.local + 1) << BIT.local) |
      (flow.class << BIT.class) |
      (ORIGINS.indexOf(flow.origin) << BIT.origin) |
      ((flow.client === null ? 0 : 1) << BIT.hasClient) |
      (ANSWERS.indexOf(told?.answered ?? null) << BIT.answered) |
      (flow.knowledge << BIT.knowledge) |
      ((told?.startUs == null ? 0 : 1) << BIT.startKnown) |
      ((told?.endUs == null ? 0 : 1) << BIT.endKnown) |
      ((flow.uplink + 1) << BIT.uplink);
    const state = STATES.indexOf(told?.state ?? null);
    const end = ENDS.indexOf(told?.end ?? 'tracked');
    words[at + W.state] = flow.state | (state << 16) | (end << 20) | ((asked ? 1 : 0) << 22);
    floats[at64 + F.start] = flow.startUs;
    floats[at64 + F.end] = flow.endUs;
    floats[at64 + F.gone] = goneUs;
    floats[at64 + F.answer] = flow.firstUs[1 - flow.initiator];
    for (let end = 0; end < 2; end++) {
      floats[at64 + F.told + end] = flow.packets[end];
      floats[at64 + F.told + 2 + end] = flow.ipBytes[end];
    }
    this.link(row, words, at);
    return row;
  }

  /** Rows with the flow's five-tuple, as on the WAN. */
  *alike(flow: Connection): Iterable<number> {
    const hash = wanHash(flow.words[0], 0, flow.words[1], 0, flow.ports, flow.meta);
    for (let row = this.heads[hash & (this.heads.length - 1)]; row >= 0; ) {
      const { words } = this.page(row);
      const at = this.wordAt(row);
      if (this.isAlike(words, at, flow)) yield row;
      row = words[at + W.next];
    }
  }

  /** Rows whose client has the flow of the LAN. */
  *behind(flow: Connection): Iterable<number> {
    const local = flow.local === 1 ? 1 : 0;
    const mine = flow.words[local];
    const other = flow.words[1 - local];
    const port = flow.hasPorts ? flow.port(local) : -1;
    const peerPort = flow.port((1 - local) as 0 | 1);
    const hash = lanHash(mine, 0, port, other, 0, flow.meta);
    for (let row = this.lanHeads[hash & (this.lanHeads.length - 1)]; row >= 0; ) {
      const { words } = this.page(row);
      const at = this.wordAt(row);
      const remote = this.localOf(row) === 0 ? 1 : 0;
      if (
        words[at + W.meta] === (flow.meta & POINT_BITS) &&
        words[at + W.clientPort] === port &&
        (isEcho(flow.meta) || portOf(words[at + W.ports], remote) === peerPort) &&
        equal(words, at + W.client, mine) &&
        equal(words, at + W.words + 4 * remote, other)
      ) {
        yield row;
      }
      row = words[at + W.nextLan];
    }
  }

  startUs(row: number): number {
    return this.page(row).floats[this.floatAt(row) + F.start];
  }

  endUs(row: number): number {
    return this.page(row).floats[this.floatAt(row) + F.end];
  }

  goneUs(row: number): number {
    return this.page(row).floats[this.floatAt(row) + F.gone];
  }

  isTimed(row: number): boolean {
    return ((this.bits(row) >>> BIT.knowledge) & FLOW.untimed) === 0;
  }

  isCounted(row: number): boolean {
    return ((this.bits(row) >>> BIT.knowledge) & FLOW.uncounted) === 0;
  }

  knowsStart(row: number): boolean {
    return ((this.bits(row) >>> BIT.startKnown) & 1) === 1;
  }

  /** An echo whose identifier was not printed (XML): it is found by its addresses alone. */
  isVague(row: number): boolean {
    const meta = this.page(row).words[this.wordAt(row) + W.meta];
    return isEcho(meta) && (meta & META.hasPorts) === 0;
  }

  knowsEnd(row: number): boolean {
    return ((this.bits(row) >>> BIT.endKnown) & 1) === 1;
  }

  isSeen(row: number): boolean {
    return ((this.bits(row) >>> BIT.seen) & 1) === 1;
  }

  isSeenOnLan(row: number): boolean {
    return ((this.bits(row) >>> BIT.seenLan) & 1) === 1;
  }

  classOf(row: number): number {
    return (this.bits(row) >>> BIT.class) & 7;
  }

  uplinkOf(row: number): number {
    return ((this.bits(row) >>> BIT.uplink) & 0xff) - 1;
  }

  localOf(row: number): number {
    return ((this.bits(row) >>> BIT.local) & 3) - 1;
  }

  isAsked(row: number): boolean {
    return ((this.page(row).words[this.wordAt(row) + W.state] >>> 22) & 1) === 1;
  }

  /** Nothing more is counted: the entry was removed, or both ends have closed. */
  isOver(row: number): boolean {
    const state = this.page(row).words[this.wordAt(row) + W.state];
    return ENDS[(state >>> 20) & 3] !== 'tracked' || (state & STATE.bothFin) === STATE.bothFin;
  }

  isShared(row: number): boolean {
    return this.bits(row) < 0;
  }

  originOf(row: number): Origin {
    return ORIGINS[(this.bits(row) >>> BIT.origin) & 3] as Origin;
  }

  /** Borrowed; null where none is known. */
  clientOf(row: number): Int32Array | null {
    if (((this.bits(row) >>> BIT.hasClient) & 1) === 0) return null;
    const at = this.wordAt(row) + W.client;
    return this.page(row).words.subarray(at, at + 4);
  }

  clientPort(row: number): number {
    return this.page(row).words[this.wordAt(row) + W.clientPort];
  }

  /** Two entries for what captures show as one flow: `row` holds it, `other` is no flow of its own. */
  share(row: number, other: number): void {
    this.page(row).words[this.wordAt(row) + W.bits] |= 1 << BIT.shared;
    this.page(other).words[this.wordAt(other) + W.bits] |= (1 << BIT.shared) | (1 << BIT.seen);
  }

  /** A capture shows it: what it shows is added up, its times hold. */
  see(row: number, flow: Connection, onLan: boolean): void {
    const { words, floats } = this.page(row);
    const at64 = this.floatAt(row);
    const isFirst = !this.isSeen(row) && !this.isSeenOnLan(row);
    words[this.wordAt(row) + W.bits] |= 1 << (onLan ? BIT.seenLan : BIT.seen);
    const turned = onLan && this.localOf(row) !== flow.local;
    for (let end = 0; end < 2; end++) {
      const from = turned ? 1 - end : end;
      floats[at64 + F.seen + end] += flow.packets[from];
      floats[at64 + F.seen + 2 + end] += flow.ipBytes[from];
    }
    if (!onLan) return;
    floats[at64 + F.start] = isFirst ? flow.startUs : Math.min(floats[at64 + F.start], flow.startUs);
    floats[at64 + F.end] = isFirst ? flow.endUs : Math.max(floats[at64 + F.end], flow.endUs);
  }

  /** By end (lower, higher): packets and bytes as told, and as captures show them. */
  counters(row: number): { told: Float64Array; seen: Float64Array } {
    const { floats } = this.page(row);
    const at64 = this.floatAt(row);
    return { told: floats.subarray(at64 + F.told, at64 + F.seen), seen: floats.subarray(at64 + F.seen, at64 + FLOATS) };
  }

  /** Fills the connection; its client is borrowed from the store. */
  fill(row: number, flow: Connection): void {
    const { words, floats } = this.page(row);
    const at = this.wordAt(row);
    const at64 = this.floatAt(row);
    const bits = words[at + W.bits];
    const onLan = this.isSeenOnLan(row);
    flow.words[0].set(words.subarray(at + W.words, at + W.words + 4));
    flow.words[1].set(words.subarray(at + W.words + 4, at + W.words + 8));
    flow.client = ((bits >>> BIT.hasClient) & 1) === 1 ? words.subarray(at + W.client, at + W.client + 4) : null;
    flow.ports = words[at + W.ports];
    flow.meta = words[at + W.meta];
    flow.clientPort = words[at + W.clientPort];
    flow.initiator = ((bits >>> BIT.initiator) & 1) as 0 | 1;
    flow.local = (((bits >>> BIT.local) & 3) - 1) as 0 | 1 | -1;
    flow.class = ((bits >>> BIT.class) & 7) as LaneClass;
    flow.origin = ORIGINS[(bits >>> BIT.origin) & 3] as Origin;
    flow.uplink = ((bits >>> BIT.uplink) & 0xff) - 1;
    flow.egress = -1;
    flow.leakedPackets = 0;
    flow.sprayed = false;
    flow.segmentsAgain = 0;
    const knowledge = (bits >>> BIT.knowledge) & 0xff;
    flow.knowledge = onLan ? knowledge & ~(FLOW.uncounted | FLOW.untimed | FLOW.told) : knowledge;
    flow.state = words[at + W.state] & 0xffff;
    flow.startUs = floats[at64 + F.start];
    flow.endUs = floats[at64 + F.end];
    flow.told = {
      answered: ANSWERS[(bits >>> BIT.answered) & 3] as boolean | null,
      state: STATES[(words[at + W.state] >>> 16) & 15] as FlowState | null,
      end: ENDS[(words[at + W.state] >>> 20) & 3] as FlowEnd,
      startUs: onLan || ((bits >>> BIT.startKnown) & 1) === 1 ? flow.startUs : null,
      endUs: onLan || ((bits >>> BIT.endKnown) & 1) === 1 ? flow.endUs : null,
    };
    const counters = onLan ? F.seen : F.told;
    const { initiator } = flow;
    for (let end = 0; end < 2; end++) {
      flow.packets[end] = floats[at64 + counters + end];
      flow.ipBytes[end] = floats[at64 + counters + 2 + end];
      flow.wireBytes[end] = 0;
      flow.firstUs[end] = end === initiator ? flow.startUs : onLan ? NEVER : floats[at64 + F.answer];
      flow.lastUs[end] = end === initiator || flow.answered ? flow.endUs : NEVER;
    }
  }

  private link(row: number, words: Int32Array, at: number): void {
    const bucket = this.hashAt(words, at) & (this.heads.length - 1);
    words[at + W.next] = this.heads[bucket];
    this.heads[bucket] = row;
    words[at + W.nextLan] = -1;
    if (((words[at + W.bits] >>> BIT.hasClient) & 1) === 0) return;
    const lanBucket = this.lanHashAt(row, words, at) & (this.lanHeads.length - 1);
    words[at + W.nextLan] = this.lanHeads[lanBucket];
    this.lanHeads[lanBucket] = row;
  }

  private rehash(): void {
    this.heads = new Int32Array(this.heads.length * 2).fill(-1);
    this.lanHeads = new Int32Array(this.lanHeads.length * 2).fill(-1);
    for (let row = 0; row < this.count; row++) this.link(row, this.page(row).words, this.wordAt(row));
  }

  private hashAt(words: Int32Array, at: number): number {
    return wanHash(words, at + W.words, words, at + W.words + 4, words[at + W.ports], words[at + W.meta]);
  }

  private lanHashAt(row: number, words: Int32Array, at: number): number {
    const remote = this.localOf(row) === 0 ? 1 : 0;
    const meta = words[at + W.meta];
    return lanHash(words, at + W.client, words[at + W.clientPort], words, at + W.words + 4 * remote, meta);
  }

  private isAlike(words: Int32Array, at: number, flow: Connection): boolean {
    const apart = words[at + W.meta] ^ (flow.meta & POINT_BITS);
    const vague = isEcho(flow.meta) && apart === META.hasPorts;
    if (!vague && (apart !== 0 || words[at + W.ports] !== flow.ports)) return false;
    return equal(words, at + W.words, flow.words[0]) && equal(words, at + W.words + 4, flow.words[1]);
  }

  private bits(row: number): number {
    return this.page(row).words[this.wordAt(row) + W.bits];
  }

  private page(row: number): Page {
    return this.pages[row >> PAGE_SHIFT];
  }

  private wordAt(row: number): number {
    return (row & (PAGE_ROWS - 1)) * WORDS;
  }

  private floatAt(row: number): number {
    return (row & (PAGE_ROWS - 1)) * FLOATS;
  }
}

function equal(words: Int32Array, at: number, other: Int32Array): boolean {
  return (
    words[at] === other[0] && words[at + 1] === other[1] && words[at + 2] === other[2] && words[at + 3] === other[3]
  );
}

/** Of ICMP the identifier is the client's, whatever NAT made of it. */
function isEcho(meta: number): boolean {
  const protocol = meta & META.protocolMask;
  return protocol === 1 || protocol === 58;
}

function portOf(ports: number, end: number): number {
  return end === 0 ? ports >>> 16 : ports & 0xffff;
}

function wanHash(a: Int32Array, aAt: number, b: Int32Array, bAt: number, ports: number, meta: number): number {
  // XML prints no identifiers of echoes.
  let hash = (isEcho(meta) ? 0 : ports) ^ Math.imul(meta & META.protocolMask, 0x9e3779b1);
  for (let i = 0; i < 4; i++) hash = mix(mix(hash, a[aAt + i]), b[bAt + i]);
  return hash;
}

function lanHash(client: Int32Array, at: number, port: number, remote: Int32Array, remoteAt: number, meta: number) {
  let hash = port ^ Math.imul(meta & META.protocolMask, 0x9e3779b1);
  for (let i = 0; i < 4; i++) hash = mix(mix(hash, client[at + i]), remote[remoteAt + i]);
  return hash;
}

function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}
