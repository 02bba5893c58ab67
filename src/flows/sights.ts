// Runs of one five-tuple, at whatever points they were seen, become sights: one a connection on each side of the router.
// A sight is a few numbers in columns; its `Connection` is filled from the runs whenever somebody asks.

import { META } from '../decode/batch.js';
import { CLASS, type Lane } from '../uplinks/lanes.js';
import { Buckets } from './buckets.js';
import { Connection } from './connection.js';
import { hashKey } from './hash.js';
import type { HeldRuns } from './held.js';
import { COLD, HOT, HOT_WORDS, STATE, WIDE_WORDS } from './layout.js';
import { compareRuns, lasted, lastSight, mergeRun, startOf } from './merge.js';
import type { Timeouts } from './rules.js';
import { synVerdict } from './rules.js';
import { RunList } from './runs.js';
import { isSprayed, Span } from './spray.js';

const C = HOT_WORDS;
const C64 = HOT_WORDS / 2;
const POINT_BITS = (1 << META.pointShift) - 1;
/** No bit of a key. */
const LAN_SIDE = 0x8000;

/** A run's place: its first word in its list. */
export interface Place {
  list: RunList;
  at: number;
}

export class Sights {
  count = 0;
  readonly startUs: Float64Array;
  readonly endUs: Float64Array;
  /** Both ways. */
  readonly packets: Float64Array;
  /** 1 where the local end began it. */
  readonly outgoing: Uint8Array;
  /** The first of the runs that are counted. */
  private readonly heads: Int32Array;
  /** Sight n has the runs `runs[begins[n]]` to `runs[begins[n + 1] - 1]`, in the order of their start. */
  private readonly begins: Int32Array;
  private readonly runs: Int32Array;
  private readonly flow = new Connection();
  private readonly merged = new RunList(1);

  /** `held` are runs on a WAN or the LAN, all of them; they stay there. `seed` is that of the keys' hashes. */
  constructor(
    private readonly held: HeldRuns,
    private readonly lanes: readonly Lane[],
    private readonly timeouts: Timeouts,
    readonly seed: number,
  ) {
    const { count } = held;
    const numbers = held.numbers();
    this.startUs = new Float64Array(count);
    this.endUs = new Float64Array(count);
    this.packets = new Float64Array(count);
    this.outgoing = new Uint8Array(count);
    this.heads = new Int32Array(count);
    this.begins = new Int32Array(count + 1);
    const {
      begins,
      members,
      count: groups,
    } = new Buckets(count, {
      hash: (n) => this.hashOf(numbers[n]),
      same: (a, b) => this.haveOneKey(numbers[a], numbers[b]),
    });
    this.runs = members.map((n) => numbers[n]);
    for (let group = 0; group < groups; group++) this.divide(begins[group], begins[group + 1]);
  }

  /** Seen before NAT. */
  isLan(sight: number): boolean {
    return this.isLanRun(this.runs[this.begins[sight]]);
  }

  /** Seen on the LAN as well, without NAT: the local end is the client. */
  isLanSide(sight: number): boolean {
    return this.runsOf(sight).some((run) => this.laneOf(run).lanSide);
  }

  /** The first of the runs that are counted. */
  head(sight: number): Place {
    return { list: this.held.listOf(this.heads[sight]), at: this.held.placeOf(this.heads[sight]) };
  }

  /** Number of its local end. */
  local(sight: number): 0 | 1 {
    return this.laneOf(this.heads[sight]).localHigh ? 1 : 0;
  }

  /** Packets of its runs that are not counted. */
  duplicates(sight: number): number {
    const runs = this.runsOf(sight);
    if (runs.length === 1) return 0;
    const sum = (some: ArrayLike<number>) => Array.from(some, (run) => this.packetsOf(run)).reduce((a, b) => a + b, 0);
    return sum(runs) - sum(this.counted(runs));
  }

  /** Fills a connection with what is counted. */
  fill(sight: number, flow: Connection): void {
    const runs = this.runsOf(sight);
    const counted = runs.length === 1 ? runs : this.counted(runs);
    const { list, at } = this.head(sight);
    const lane = this.laneOf(counted[0]);
    if (counted.length === 1) {
      flow.take(list, at, lane);
      return;
    }
    this.merged.clear();
    this.merged.append(list.words, at, list.words, at + C);
    for (const run of counted.slice(1)) mergeRun(this.merged, 0, this.held.listOf(run), this.held.placeOf(run));
    flow.take(this.merged, 0, lane);
    flow.leakedPackets = 0;
    const own = new Span();
    const other = new Span();
    for (const run of counted) {
      const { egress, uplink, localHigh } = this.laneOf(run);
      const { words, floats } = this.held.listOf(run);
      const place = this.held.placeOf(run);
      const local = localHigh ? 1 : 0;
      const up = words[place + HOT.packetsLow + local] >>> 0;
      if (up === 0 || egress < 0) continue;
      const firstUs = floats[(place >> 1) + C64 + COLD.firstLow64 + local];
      (egress === uplink ? own : other).add(up, firstUs, floats[(place >> 1) + HOT.lastLow64 + local]);
      // In a leak the link that is not its own is the one to name.
      if (egress !== uplink) {
        flow.egress = egress;
        flow.leakedPackets += up;
      } else if (flow.leakedPackets === 0) flow.egress = egress;
    }
    flow.sprayed = flow.leakedPackets > 0 && isSprayed(own, other);
  }

  /** Runs of one five-tuple become one sight a connection, by the flow table's rules. */
  private divide(from: number, to: number): void {
    const { held, runs, merged } = this;
    if (to - from > 1) {
      runs.subarray(from, to).sort((a, b) => {
        return compareRuns(held.listOf(a), held.placeOf(a), held.placeOf(b), held.listOf(b));
      });
    }
    let begin = from;
    for (let n = from; n < to; n++) {
      const list = held.listOf(runs[n]);
      const at = held.placeOf(runs[n]);
      if (n > begin) {
        if (this.continues(list, at)) {
          mergeRun(merged, 0, list, at);
          continue;
        }
        this.add(begin, n);
        begin = n;
      }
      if (to - n > 1) {
        merged.clear();
        merged.append(list.words, at, list.words, at + C);
      }
    }
    this.add(begin, to);
  }

  /** Whether a run is of the connection that `merged` holds. */
  private continues(list: RunList, at: number): boolean {
    const { words } = this.merged;
    const state = words[HOT.state];
    const silence = startOf(list, at) - lastSight(this.merged, 0);
    if (silence > this.timeouts.of(words[HOT.meta], state, lasted(this.merged, 0))) return false;
    const next = list.words[at + HOT.state];
    if ((next & STATE.startsWithSyn) === 0) return true;
    const high = (next & STATE.firstHigh) !== 0 ? 1 : 0;
    return synVerdict(state, high, words[C + COLD.isnLow + high], list.words[at + C + COLD.isnLow + high]) === 'same';
  }

  private add(from: number, to: number): void {
    const { flow } = this;
    const sight = this.count++;
    this.begins[sight] = from;
    this.begins[sight + 1] = to;
    this.heads[sight] = to - from === 1 ? this.runs[from] : this.counted(this.runsOf(sight))[0];
    this.fill(sight, flow);
    this.startUs[sight] = flow.startUs;
    this.endUs[sight] = flow.endUs;
    this.packets[sight] = flow.packets[0] + flow.packets[1];
    this.outgoing[sight] = flow.initiator === flow.local ? 1 : 0;
  }

  private runsOf(sight: number): Int32Array {
    return this.runs.subarray(this.begins[sight], this.begins[sight + 1]);
  }

  /** Which of the runs are counted (several links in a leak, one of several looks at the LAN); the others are second sights. */
  private counted(runs: Int32Array): Int32Array {
    const wan = runs.filter((run) => this.laneOf(run).class === CLASS.wan);
    if (wan.length > 0) return wan;
    const most = this.busiestPoint(runs);
    return runs.filter((run) => this.pointOf(run) === most);
  }

  private busiestPoint(runs: Int32Array): number {
    const sums = new Map<number, number>();
    for (const run of runs) sums.set(this.pointOf(run), (sums.get(this.pointOf(run)) ?? 0) + this.packetsOf(run));
    let best = -1;
    for (const [point, sum] of sums) {
      const most = sums.get(best) ?? -1;
      if (sum > most || (sum === most && point < best)) best = point;
    }
    return best;
  }

  /** Of the five-tuple and the side of the router, the point left out. */
  private hashOf(run: number): number {
    const { words } = this.held.listOf(run);
    const at = this.held.placeOf(run);
    const meta = words[at + HOT.meta] & POINT_BITS;
    let { seed } = this;
    if ((meta & META.ipv6) !== 0) {
      const wide = at + C + COLD.wide;
      for (let i = 0; i < WIDE_WORDS; i += 4) {
        seed = hashKey(words[wide + i], words[wide + i + 1], words[wide + i + 2], words[wide + i + 3], seed);
      }
    }
    const side = this.isLanRun(run) ? LAN_SIDE : 0;
    return hashKey(words[at + HOT.k0], words[at + HOT.k1], words[at + HOT.ports], meta | side, seed);
  }

  private haveOneKey(a: number, b: number): boolean {
    const { held } = this;
    const [x, y] = [held.listOf(a).words, held.listOf(b).words];
    const [at, from] = [held.placeOf(a), held.placeOf(b)];
    if (((x[at + HOT.meta] ^ y[from + HOT.meta]) & POINT_BITS) !== 0) return false;
    return this.isLanRun(a) === this.isLanRun(b) && sameTuple(x, at, y, from);
  }

  private isLanRun(run: number): boolean {
    return this.laneOf(run).class === CLASS.lan;
  }

  private packetsOf(run: number): number {
    const { words } = this.held.listOf(run);
    const at = this.held.placeOf(run);
    return (words[at + HOT.packetsLow] >>> 0) + (words[at + HOT.packetsHigh] >>> 0);
  }

  private pointOf(run: number): number {
    return this.held.listOf(run).words[this.held.placeOf(run) + HOT.meta] >>> META.pointShift;
  }

  private laneOf(run: number): Lane {
    return this.lanes[this.held.listOf(run).words[this.held.placeOf(run) + HOT.state] >>> STATE.laneShift];
  }
}

/** Addresses and ports; of two runs of one family. */
function sameTuple(x: Int32Array, at: number, y: Int32Array, from: number): boolean {
  if (x[at] !== y[from] || x[at + HOT.k1] !== y[from + HOT.k1] || x[at + HOT.ports] !== y[from + HOT.ports])
    return false;
  if ((x[at + HOT.meta] & META.ipv6) === 0) return true;
  const wide = C + COLD.wide;
  for (let i = 0; i < WIDE_WORDS; i++) if (x[at + wide + i] !== y[from + wide + i]) return false;
  return true;
}
