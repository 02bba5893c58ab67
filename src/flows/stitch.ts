// Several sights of one flow become one connection: the link it leaked to beside its own, the device under a PPPoE
// interface, and its LAN side before NAT, which names the client.

import { META } from '../decode/batch.js';
import { CLASS, type Lane } from '../uplinks/lanes.js';
import { Connection } from './connection.js';
import { compareRuns, lasted, lastSight, mergeRun, type RunSink } from './join.js';
import { COLD, HOT, HOT_WORDS, RUN_WORDS, STATE } from './layout.js';
import { matchLan, type Sight } from './match.js';
import type { Timeouts } from './rules.js';
import { RunList } from './runs.js';
import { synVerdict } from './table.js';

const C = HOT_WORDS;
const C64 = HOT_WORDS / 2;
const POINT_BITS = (1 << META.pointShift) - 1;

/** Packets on each link, and the part of the flow's time in which both carried some, from which on it is sprayed. */
export const SPRAYED_PACKETS = 3;
const SPRAYED_SHARE = 0.5;

function spanOf() {
  return { packets: 0, firstUs: Number.POSITIVE_INFINITY, lastUs: Number.NEGATIVE_INFINITY };
}

/** Takes a connection; `duplicates` are packets of further sights, `named` a LAN flow whose WAN copy stands for it. */
export type ConnectionSink = (flow: Connection, duplicates: number, named: boolean) => void;

export class Stitcher {
  private readonly runs = new RunList();
  private readonly flow = new Connection();

  /** `lanes` is everybody's list, indexed by the numbers in the runs. */
  constructor(
    private readonly lanes: readonly Lane[],
    private readonly timeouts: Timeouts,
    private readonly emit: ConnectionSink,
  ) {}

  readonly take: RunSink = (runs, at) => {
    this.runs.append(runs.words, at, runs.words, at + C);
  };

  /** Every run is in. */
  finish(): void {
    const wan: Sight[] = [];
    const lan: Sight[] = [];
    for (const group of this.groups()) {
      for (const sight of this.sightsOf(group)) (sight.class === CLASS.lan ? lan : wan).push(sight);
    }
    const lanOf = matchLan(wan, lan);
    const named = new Set(lanOf.values());
    for (const sight of wan) {
      const copy = lanOf.get(sight);
      const { flow } = this;
      this.fill(sight);
      if (copy !== undefined) {
        flow.client = copy.flow.words[copy.flow.local as 0 | 1];
        if (flow.hasPorts) flow.clientPort = copy.flow.port(copy.flow.local as 0 | 1);
        if (flow.origin !== 'inbound') flow.origin = 'lan';
      } else if (sight.lanSide) {
        flow.client = flow.words[flow.local as 0 | 1];
        if (flow.hasPorts) flow.clientPort = flow.port(flow.local as 0 | 1);
        if (flow.origin !== 'inbound') flow.origin = 'lan';
      } else if (lan.length > 0 && flow.origin === 'unknown') {
        flow.origin = 'router';
      }
      this.emit(flow, sight.duplicates, false);
    }
    for (const sight of lan) {
      this.fill(sight);
      const { flow } = this;
      flow.client = flow.words[flow.local as 0 | 1];
      if (flow.hasPorts) flow.clientPort = flow.port(flow.local as 0 | 1);
      this.emit(flow, sight.duplicates, named.has(sight));
    }
  }

  /** Runs on a WAN or the LAN by five-tuple, the point left out; the others are flows by themselves. */
  private groups(): Iterable<number[]> {
    const { words } = this.runs;
    const groups = new Map<string, number[]>();
    for (let at = 0; at < this.runs.count * RUN_WORDS; at += RUN_WORDS) {
      const lane = this.laneAt(at);
      const joins = lane.class === CLASS.wan || lane.class === CLASS.second || lane.class === CLASS.lan;
      if (!joins || (words[at + HOT.meta] & META.datagram) !== 0) {
        this.flow.take(this.runs, at, lane);
        this.emit(this.flow, 0, false);
        continue;
      }
      const meta = words[at + HOT.meta] & POINT_BITS;
      const narrow = `${words[at + HOT.k0]} ${words[at + HOT.k1]} ${words[at + HOT.ports]} ${meta}`;
      const wide = (meta & META.ipv6) !== 0 ? words.subarray(at + C + COLD.wide, at + C + COLD.wide + 8).join(' ') : '';
      const key = `${lane.class === CLASS.lan ? 'l' : 'w'} ${narrow} ${wide}`;
      const known = groups.get(key);
      if (known === undefined) groups.set(key, [at]);
      else known.push(at);
    }
    return groups.values();
  }

  /** Runs of one five-tuple in the order of their start: one sight a connection, by the flow table's rules. */
  private *sightsOf(group: number[]): Iterable<Sight> {
    const { runs } = this;
    if (group.length > 1) group.sort((a, b) => compareRuns(runs, a, b));
    let current: number[] = [];
    let merged = new RunList(1);
    for (const at of group) {
      if (current.length > 0 && this.continues(merged, at)) {
        mergeRun(merged, 0, runs, at);
        current.push(at);
        continue;
      }
      if (current.length > 0) yield this.sightOf(current);
      current = [at];
      merged = new RunList(1);
      merged.append(runs.words, at, runs.words, at + C);
    }
    if (current.length > 0) yield this.sightOf(current);
  }

  private continues(merged: RunList, at: number): boolean {
    const state = merged.words[HOT.state];
    const silence = this.startClock(at) - lastSight(merged, 0);
    if (silence > this.timeouts.of(merged.words[HOT.meta], state, lasted(merged, 0))) return false;
    const next = this.runs.words[at + HOT.state];
    if ((next & STATE.startsWithSyn) === 0) return true;
    const high = (next & STATE.firstHigh) !== 0 ? 1 : 0;
    const isn = merged.words[C + COLD.isnLow + high];
    return synVerdict(state, high, isn, this.runs.words[at + C + COLD.isnLow + high]) === 'same';
  }

  /** Which of the runs are counted (several links in a leak, one of several looks at the LAN) and which are second sights. */
  private sightOf(ats: number[]): Sight {
    const first = this.laneAt(ats[0]);
    let counted = ats.filter((at) => this.laneAt(at).class === CLASS.wan);
    if (counted.length === 0) {
      const most = this.busiestPoint(ats);
      counted = ats.filter((at) => this.point(at) === most);
    }
    let duplicates = 0;
    for (const at of ats) if (!counted.includes(at)) duplicates += this.packets(at);
    const lanSide = ats.some((at) => this.laneAt(at).lanSide);
    const sight: Sight = { runs: this.runs, counted, class: first.class, duplicates, lanSide, flow: new Connection() };
    this.fillInto(sight, sight.flow);
    return sight;
  }

  private fill(sight: Sight): void {
    this.fillInto(sight, this.flow);
  }

  private fillInto(sight: Sight, flow: Connection): void {
    const [head, ...rest] = sight.counted;
    const lane = this.laneAt(head);
    if (rest.length === 0) {
      flow.take(this.runs, head, lane);
      return;
    }
    const merged = new RunList(1);
    merged.append(this.runs.words, head, this.runs.words, head + C);
    for (const at of rest) mergeRun(merged, 0, this.runs, at);
    flow.take(merged, 0, lane);
    flow.leakedPackets = 0;
    for (const at of sight.counted) {
      const { egress, uplink, localHigh } = this.laneAt(at);
      const up = this.runs.words[at + HOT.packetsLow + (localHigh ? 1 : 0)] >>> 0;
      if (up === 0 || egress < 0) continue;
      // In a leak the link that is not its own is the one to name.
      if (egress !== uplink) {
        flow.egress = egress;
        flow.leakedPackets += up;
      } else if (flow.leakedPackets === 0) flow.egress = egress;
    }
    flow.sprayed = flow.leakedPackets > 0 && this.isSprayed(sight.counted);
  }

  /** Whether its own link and another carried what the local end sent side by side: a choice anew for every packet. */
  private isSprayed(ats: readonly number[]): boolean {
    const spans = [spanOf(), spanOf()];
    for (const at of ats) {
      const { egress, uplink, localHigh } = this.laneAt(at);
      const local = localHigh ? 1 : 0;
      const packets = this.runs.words[at + HOT.packetsLow + local] >>> 0;
      if (packets === 0 || egress < 0) continue;
      const span = spans[egress === uplink ? 0 : 1];
      span.packets += packets;
      span.firstUs = Math.min(span.firstUs, this.runs.floats[(at >> 1) + C64 + COLD.firstLow64 + local]);
      span.lastUs = Math.max(span.lastUs, this.runs.floats[(at >> 1) + HOT.lastLow64 + local]);
    }
    const [own, other] = spans;
    if (Math.min(own.packets, other.packets) < SPRAYED_PACKETS) return false;
    const together = Math.min(own.lastUs, other.lastUs) - Math.max(own.firstUs, other.firstUs);
    const whole = Math.max(own.lastUs, other.lastUs) - Math.min(own.firstUs, other.firstUs);
    return together >= whole * SPRAYED_SHARE;
  }

  private busiestPoint(ats: number[]): number {
    const sums = new Map<number, number>();
    for (const at of ats) sums.set(this.point(at), (sums.get(this.point(at)) ?? 0) + this.packets(at));
    let best = -1;
    for (const [point, sum] of sums) {
      const most = sums.get(best) ?? -1;
      if (sum > most || (sum === most && point < best)) best = point;
    }
    return best;
  }

  private packets(at: number): number {
    return (this.runs.words[at + HOT.packetsLow] >>> 0) + (this.runs.words[at + HOT.packetsHigh] >>> 0);
  }

  private point(at: number): number {
    return this.runs.words[at + HOT.meta] >>> META.pointShift;
  }

  private startClock(at: number): number {
    return this.runs.floats[(at >> 1) + C64 + COLD.startClock64];
  }

  private laneAt(at: number): Lane {
    return this.lanes[this.runs.words[at + HOT.state] >>> STATE.laneShift];
  }
}
