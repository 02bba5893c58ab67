// One whole flow, as the ledger and the writers of flow records take it: made of one run, or of several sights of it.

import { META } from '../decode/batch.js';
import { CLASS, type Lane } from '../uplinks/lanes.js';
import { COLD, HOT, HOT_WORDS, NEVER, SEGMENTS, STATE } from './layout.js';
import { PROTOCOL } from './rules.js';
import type { RunList } from './runs.js';

const C = HOT_WORDS;
const C64 = HOT_WORDS / 2;

/** Who began a flow, as far as can be told. */
export const ORIGIN = { lan: 0, router: 1, inbound: 2, unknown: 3 } as const;
export type Origin = keyof typeof ORIGIN;

/** A closed list, told in docs/flows.md. */
export type FlowState =
  | 'unanswered'
  | 'refused'
  | 'midstream'
  | 'established'
  | 'replied'
  | 'closing'
  | 'closed'
  | 'reset';
/** A closed list, told in docs/flows.md. The last three are of flows that only connection tracking told of. */
export type FlowEnd = 'fin' | 'rst' | 'idle' | 'reuse' | 'clock' | 'input' | 'expired' | 'removed' | 'tracked';

/** What connection tracking told of a flow beside its five-tuple and counters; null is what it did not tell. */
export interface Told {
  answered: boolean | null;
  state: FlowState | null;
  end: FlowEnd;
  startUs: number | null;
  endUs: number | null;
}

/** What is known of a flow's course, as bits. */
export const FLOW = {
  /** Its beginning was seen. */
  opened: 0x01,
  /** The responder spoke. */
  answered: 0x02,
  /** Both ends sent a FIN. */
  closed: 0x04,
  resetByRemote: 0x08,
  resetByLocal: 0x10,
  /** Only connection tracking told of it: no packet of it was captured. */
  told: 0x20,
  /** Its packets and bytes are not known, which is not none (connection tracking without accounting). */
  uncounted: 0x40,
  /** Its times are not known: from a list without them. */
  untimed: 0x80,
} as const;

/**
 * One object, filled anew for each flow and lent to whoever takes it. Indices 0 and 1 are the lower and the higher
 * endpoint; `initiator` and `local` are such indices, `local` -1 where no end is the router's or a LAN host's.
 */
export class Connection {
  meta = 0;
  ports = 0;
  /** Four words each; IPv4 in the last. */
  readonly words = [new Int32Array(4), new Int32Array(4)] as const;
  initiator: 0 | 1 = 0;
  local: 0 | 1 | -1 = -1;
  class: Lane['class'] = CLASS.other;
  uplink = -1;
  egress = -1;
  /** Packets with this uplink's SNAT source that left by another link. */
  leakedPackets = 0;
  /** Its packets left by several links at the same time, not by one after the other. */
  sprayed = false;
  origin: Origin = 'unknown';
  /** The LAN host, where it is known. */
  client: Int32Array | null = null;
  clientPort = -1;
  state = 0;
  /** FLOW.told, FLOW.uncounted, FLOW.untimed, or 0 for a flow of a capture. */
  knowledge = 0;
  /** Where the flow is of connection tracking and no packet of it was captured, what was told; else null. */
  told: Told | null = null;
  /** No whole numbers at first, here and below: code that was compiled for these alone would have to be compiled again. */
  startUs = Number.NaN;
  endUs = Number.NaN;
  /** First and last packet of each end, NEVER where there is none. */
  readonly firstUs = [Number.NaN, Number.NaN];
  readonly lastUs = [Number.NaN, Number.NaN];
  readonly packets = [0, 0];
  readonly ipBytes = [Number.NaN, Number.NaN];
  readonly wireBytes = [Number.NaN, Number.NaN];
  /** Data segments of TCP, both ways, that were sent again: see `again.ts`. */
  segmentsAgain = 0;

  get protocol(): number {
    return this.meta & META.protocolMask;
  }

  get family(): 4 | 6 {
    return (this.meta & META.ipv6) !== 0 ? 6 : 4;
  }

  get hasPorts(): boolean {
    return (this.meta & META.hasPorts) !== 0;
  }

  /** Port (or echo identifier) of an endpoint. */
  port(end: 0 | 1): number {
    return end === 0 ? this.ports >>> 16 : this.ports & 0xffff;
  }

  /** Whether the responder ever spoke; true where that is not known. */
  get answered(): boolean {
    if (this.told !== null) return this.told.answered !== false;
    return this.packets[1 - this.initiator] > 0;
  }

  /** Bits of `FLOW`: what is known of its course. */
  get course(): number {
    const { state, local } = this;
    const remote = 1 - local;
    return (
      (this.opened ? FLOW.opened : 0) |
      (this.answered ? FLOW.answered : 0) |
      ((state & STATE.bothFin) === STATE.bothFin ? FLOW.closed : 0) |
      (local >= 0 && (state & (STATE.rstLow << remote)) !== 0 ? FLOW.resetByRemote : 0) |
      (local >= 0 && (state & (STATE.rstLow << local)) !== 0 ? FLOW.resetByLocal : 0) |
      this.knowledge
    );
  }

  /** Whether its beginning is in the capture: for TCP the initiator's SYN; others have no sign of it. */
  get opened(): boolean {
    return this.protocol !== PROTOCOL.tcp || (this.state & (STATE.synLow << this.initiator)) !== 0;
  }

  /** Null where nothing tells whether it was answered. */
  get flowState(): FlowState | null {
    const { state } = this;
    if (this.told !== null) return this.told.state;
    const ending = state & STATE.bothFin;
    if (this.protocol !== PROTOCOL.tcp) return this.answered ? 'replied' : 'unanswered';
    if (!this.answered) return (state & STATE.anyRst) !== 0 ? 'reset' : 'unanswered';
    const responder = 1 - this.initiator;
    if ((state & (STATE.rstLow << responder)) !== 0 && (state & (STATE.synAckLow << responder)) === 0) {
      if ((state & STATE.anyOpening) !== 0) return 'refused';
    }
    if ((state & STATE.anyRst) !== 0) return 'reset';
    if (ending === STATE.bothFin) return 'closed';
    if (ending !== 0) return 'closing';
    return (state & STATE.anyOpening) !== 0 ? 'established' : 'midstream';
  }

  get flowEnd(): FlowEnd {
    const { state } = this;
    if (this.told !== null) return this.told.end;
    if (this.protocol === PROTOCOL.tcp) {
      if ((state & STATE.anyRst) !== 0) return 'rst';
      if ((state & STATE.bothFin) === STATE.bothFin) return 'fin';
    }
    const why = state & (STATE.reused | STATE.idled);
    if (why === (STATE.reused | STATE.idled)) return 'clock';
    if (why === STATE.reused) return 'reuse';
    return why === STATE.idled ? 'idle' : 'input';
  }

  /** One of its own, for who must keep it. */
  copy(): Connection {
    const copy = new Connection();
    copy.meta = this.meta;
    copy.ports = this.ports;
    copy.initiator = this.initiator;
    copy.local = this.local;
    copy.class = this.class;
    copy.uplink = this.uplink;
    copy.egress = this.egress;
    copy.leakedPackets = this.leakedPackets;
    copy.sprayed = this.sprayed;
    copy.origin = this.origin;
    copy.client = this.client === null ? null : this.client.slice();
    copy.clientPort = this.clientPort;
    copy.state = this.state;
    copy.knowledge = this.knowledge;
    copy.told = this.told === null ? null : { ...this.told };
    copy.segmentsAgain = this.segmentsAgain;
    copy.startUs = this.startUs;
    copy.endUs = this.endUs;
    for (let end = 0; end < 2; end++) {
      copy.words[end].set(this.words[end]);
      copy.firstUs[end] = this.firstUs[end];
      copy.lastUs[end] = this.lastUs[end];
      copy.packets[end] = this.packets[end];
      copy.ipBytes[end] = this.ipBytes[end];
      copy.wireBytes[end] = this.wireBytes[end];
    }
    return copy;
  }

  /** Fills all from one run; its lane tells what it is. */
  take(runs: RunList, at: number, lane: Lane): void {
    const { words, floats } = runs;
    this.meta = words[at + HOT.meta];
    this.ports = words[at + HOT.ports];
    const [low, high] = this.words;
    if ((this.meta & META.ipv6) !== 0) {
      const wide = at + C + COLD.wide;
      for (let i = 0; i < 4; i++) {
        low[i] = words[wide + i];
        high[i] = words[wide + 4 + i];
      }
    } else {
      low[0] = low[1] = low[2] = high[0] = high[1] = high[2] = 0;
      low[3] = words[at + HOT.k0];
      high[3] = words[at + HOT.k1];
    }
    this.class = lane.class;
    this.uplink = lane.uplink;
    this.egress = lane.egress;
    this.local = lane.class === CLASS.other ? -1 : lane.localHigh ? 1 : 0;
    this.origin = 'unknown';
    this.knowledge = 0;
    this.sprayed = false;
    this.told = null;
    this.client = null;
    this.clientPort = -1;
    this.state = words[at + HOT.state] & STATE.bits;
    const at64 = at >> 1;
    for (let end = 0; end < 2; end++) {
      this.firstUs[end] = floats[at64 + C64 + COLD.firstLow64 + end];
      this.packets[end] = words[at + HOT.packetsLow + end] >>> 0;
      this.ipBytes[end] = (words[at + HOT.ipLow + end] >>> 0) + words[at + C + COLD.ipLowCarry + end] * 2 ** 32;
      this.wireBytes[end] = (words[at + HOT.wireLow + end] >>> 0) + words[at + C + COLD.wireLowCarry + end] * 2 ** 32;
    }
    this.segmentsAgain = words[at + C + SEGMENTS.inCold + SEGMENTS.again] >>> 0;
    this.lastUs[0] = floats[at64 + HOT.lastLow64];
    this.lastUs[1] = floats[at64 + HOT.lastHigh64];
    this.endUs = Math.max(this.lastUs[0], this.lastUs[1]);
    this.startUs = firstOf(this.firstUs[0], this.firstUs[1]);
    const leaks = this.local >= 0 && lane.uplink >= 0 && lane.egress >= 0 && lane.egress !== lane.uplink;
    this.leakedPackets = leaks ? this.packets[this.local] : 0;
    this.judge();
  }

  /** Settles who began and, from that, the origin as far as one sight tells. */
  judge(): void {
    this.initiator = this.findInitiator();
    if (this.class === CLASS.wan || this.class === CLASS.second) {
      this.origin = this.initiator === this.local ? 'unknown' : 'inbound';
    } else if (this.class === CLASS.lan) {
      this.origin = 'lan';
    } else if (this.class === CLASS.upkeep) {
      this.origin = 'router';
    }
  }

  private findInitiator(): 0 | 1 {
    const { state } = this;
    const first = (state & STATE.firstHigh) !== 0 ? 1 : 0;
    const synLow = (state & STATE.synLow) !== 0;
    const synHigh = (state & STATE.synHigh) !== 0;
    if (synLow !== synHigh) return synLow ? 0 : 1;
    if (synLow) return first;
    const answerLow = (state & STATE.synAckLow) !== 0;
    const answerHigh = (state & STATE.synAckHigh) !== 0;
    if (answerLow !== answerHigh) return answerLow ? 1 : 0;
    // Met under way. Where an end is ours, a well-known port tells more than who happened to speak first.
    if (this.local >= 0 && this.hasPorts && this.protocol !== PROTOCOL.icmp && this.protocol !== PROTOCOL.icmp6) {
      const lowServes = this.port(0) < 1024;
      const highServes = this.port(1) < 1024;
      if (lowServes !== highServes) return lowServes ? 1 : 0;
    }
    return first;
  }
}

function firstOf(a: number, b: number): number {
  if (a === NEVER) return b;
  return b === NEVER || a < b ? a : b;
}
