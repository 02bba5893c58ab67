// Runs of consecutive parts of one input become whole runs: the state at the end of a part decides, by the same rules
// as in the flow table, what the first runs of the next part continue.

import { META } from '../decode/batch.js';
import { dropDoubts, mergeSegments, settleDoubts } from './again.js';
import { Carry, GONE } from './carry.js';
import { COLD, HOT, HOT_WORDS, NEVER, RUN_WORDS, SEGMENTS, STATE } from './layout.js';
import { Meeting } from './meeting.js';
import type { Timeouts } from './rules.js';
import type { RunList } from './runs.js';
import { synVerdict } from './table.js';

/** Where the cold record begins within a run, in words and in floats. */
const C = HOT_WORDS;
const C64 = HOT_WORDS / 2;
const ENDED = STATE.reused | STATE.idled;

/** Takes whole runs; the record is valid during the call. `at` is its first word. */
export type RunSink = (runs: RunList, at: number) => void;

/** The runs of a part that are not whole by themselves. */
export interface PartRuns {
  /** Ended, their past unknown: in the order in which they ended. */
  heads: readonly RunList[];
  /** Live at the part's end, their past unknown: each is the last of its key. */
  open: readonly RunList[];
  /** Live at its end, their past known. */
  tails: readonly RunList[];
  /** What the first two are in doubt about: see `Doubts`. */
  doubts: Int32Array;
}

/** Takes lists of runs that are all over, when the clock stood at `clock`; which of them by silence is for it to mark (`endRuns`). */
export type ListSink = (list: RunList, clock: number) => void;

/** Runs open at the end of the parts joined so far. */
export class Joiner {
  private readonly carry = new Carry();
  private clock = Number.NEGATIVE_INFINITY;
  private stepClock = Number.NEGATIVE_INFINITY;
  /** Of the part that is being joined. */
  private doubts: Int32Array = new Int32Array();

  /** What is open at the end of the input goes to `emitAll` at once, all else to `emit` run by run. */
  constructor(
    private readonly timeouts: Timeouts,
    private readonly emit: RunSink,
    private readonly emitAll: ListSink = (list, clock) => endRuns(list, clock, timeouts, emit),
  ) {}

  /**
   * Appends the next part, whose lists are taken over. `stepClock` is where the recorder's clock stood before it was first
   * set back, null where it never was; `clock` where it stood at the end. `last` says that the input ends here, so that
   * nothing need be held.
   */
  join({ heads, open, tails, doubts }: PartRuns, stepClock: number | null, clock: number, last: boolean): void {
    this.stepClock = stepClock ?? Number.NEGATIVE_INFINITY;
    this.doubts = doubts;
    const { keys, carried } = new Meeting([...heads, ...open], this.carry);
    let n = 0;
    for (const list of heads)
      for (let i = 0; i < list.count; i++) this.joinHead(list, i * RUN_WORDS, keys[n++], carried);
    for (const list of open)
      for (let i = 0; i < list.count; i++) this.joinOpen(list, i * RUN_WORDS, keys[n++], carried);
    if (stepClock !== null) this.endAll();
    this.clock = clock;
    if (last) this.finish();
    else this.carry.sift((list, at) => this.retire(list, at));
    // No run among these has a predecessor here: what it followed has ended.
    for (const list of [...open, ...tails]) {
      if (last) this.emitAll(list, clock);
      else this.carry.adopt(list);
    }
  }

  /** Ends the input: everything open is handed over. */
  finish(): void {
    for (const list of this.carry.take()) this.emitAll(list, this.clock);
  }

  /** `key` and `carried` as in `Meeting`. */
  private joinHead(heads: RunList, from: number, key: number, carried: Int32Array): void {
    const known = this.predecessor(heads, from, key, carried);
    const flags = heads.words[from + HOT.state] & ENDED;
    if (known < 0 && flags !== 0) {
      const state = heads.words[from + HOT.state] & ~(STATE.leftOpen | ENDED);
      heads.words[from + HOT.state] = state | (flags === ENDED ? this.stepFlags(heads, from) : flags);
      this.emit(heads, from);
      return;
    }
    const run = known < 0 ? this.carry.insert(heads, from) : known;
    const list = this.carry.listOf(run);
    const at = this.carry.placeOf(run);
    if (known < 0) {
      carried[key] = run;
      list.words[at + HOT.state] = list.words[at + HOT.state] & ~(STATE.leftOpen | ENDED);
    } else mergeRun(list, at, heads, from);
    if (flags !== 0) {
      const why = flags === ENDED ? this.stepFlags(list, at) : flags;
      list.words[at + HOT.state] = list.words[at + HOT.state] | why;
      this.end(list, at, key, carried);
    }
  }

  /** What is not continued stays in its own list. */
  private joinOpen(open: RunList, from: number, key: number, carried: Int32Array): void {
    const known = this.predecessor(open, from, key, carried);
    if (known < 0) {
      open.words[from + HOT.state] = open.words[from + HOT.state] & ~(STATE.leftOpen | ENDED);
    } else {
      mergeRun(this.carry.listOf(known), this.carry.placeOf(known), open, from);
      open.words[from + HOT.meta] = GONE;
    }
  }

  /** The number of the run in the carry that a run continues, -1 for none; one that it follows but does not continue ends. */
  private predecessor(runs: RunList, from: number, key: number, carried: Int32Array): number {
    const known = this.continued(runs, from, key, carried);
    if (known >= 0) settleDoubts(this.carry.listOf(known), this.carry.placeOf(known), runs, from, this.doubts);
    dropDoubts(runs, from);
    return known;
  }

  private continued(runs: RunList, from: number, key: number, carried: Int32Array): number {
    const known = carried[key];
    if (known < 0) return known;
    const list = this.carry.listOf(known);
    const at = this.carry.placeOf(known);
    if (this.continues(list, at, runs, from)) return known;
    this.end(list, at, key, carried);
    return -1;
  }

  /** Why a run ended that was there when the clock was set back: by that, unless it was over already. */
  private stepFlags(runs: RunList, at: number): number {
    const { words } = runs;
    const survives = this.timeouts.of(words[at + HOT.meta], words[at + HOT.state], lasted(runs, at));
    const over = this.stepClock - lastSight(runs, at) > survives;
    return over ? STATE.idled : ENDED;
  }

  /** The flow table's rule, with all of the past known. Marks why, where the old run ends. */
  private continues(list: RunList, at: number, heads: RunList, from: number): boolean {
    const { words } = list;
    const state = words[at + HOT.state];
    const silence = heads.floats[(from >> 1) + C64 + COLD.startClock64] - lastSight(list, at);
    if (silence > this.timeouts.of(words[at + HOT.meta], state, lasted(list, at))) {
      words[at + HOT.state] = state | STATE.idled;
      return false;
    }
    const next = heads.words[from + HOT.state];
    if ((next & STATE.startsWithSyn) !== 0 && (state & STATE.bothWays) !== 0) {
      const high = (next & STATE.firstHigh) !== 0 ? 1 : 0;
      const isn = words[at + C + COLD.isnLow + high];
      const verdict = synVerdict(state, high, isn, heads.words[from + C + COLD.isnLow + high]);
      if (verdict !== 'same') {
        words[at + HOT.state] = state | STATE.reused;
        return false;
      }
    }
    return true;
  }

  private end(list: RunList, at: number, key: number, carried: Int32Array): void {
    this.emit(list, at);
    this.carry.drop(list, at);
    carried[key] = -1;
  }

  private endAll(): void {
    this.carry.sift((list, at) => {
      list.words[at + HOT.state] = list.words[at + HOT.state] | this.stepFlags(list, at);
      this.emit(list, at);
      return true;
    });
  }

  /** Hands a run over if it is over at the clock; returns whether it did. */
  private retire(list: RunList, at: number): boolean {
    const idle = markIdle(list, at, this.clock, this.timeouts);
    if (idle) this.emit(list, at);
    return idle;
  }
}

/** Hands over the runs of a list that end with their input, where the clock stood at `clock`; those that are gone it passes over. */
export function endRuns(list: RunList, clock: number, timeouts: Timeouts, emit: RunSink): void {
  const { words, count } = list;
  for (let at = 0; at < count * RUN_WORDS; at += RUN_WORDS) {
    if (words[at + HOT.meta] === GONE) continue;
    markIdle(list, at, clock, timeouts);
    emit(list, at);
  }
}

/** Whether a run is over at the clock by its silence; it is then marked so. */
function markIdle(list: RunList, at: number, clock: number, timeouts: Timeouts): boolean {
  const { words } = list;
  const silence = clock - lastSight(list, at);
  if (silence <= timeouts.least) return false;
  const state = words[at + HOT.state];
  const idle = silence > timeouts.of(words[at + HOT.meta], state, lasted(list, at));
  if (idle) words[at + HOT.state] = state | STATE.idled;
  return idle;
}

/** Adds run `from` to run `at`, which it continues. */
export function mergeRun(into: RunList, at: number, runs: RunList, from: number): void {
  const w = into.words;
  const f = into.floats;
  const at64 = (at >> 1) + C64;
  const from64 = (from >> 1) + C64;
  const state = w[at + HOT.state];
  const next = runs.words[from + HOT.state];
  for (let high = 0; high < 2; high++) {
    const last = (at >> 1) + HOT.lastLow64 + high;
    f[last] = Math.max(f[last], runs.floats[(from >> 1) + HOT.lastLow64 + high]);
    const first = runs.floats[from64 + COLD.firstLow64 + high];
    const known = f[at64 + COLD.firstLow64 + high];
    if (first !== NEVER && (known === NEVER || first < known)) f[at64 + COLD.firstLow64 + high] = first;
    const datagram = (w[at + HOT.meta] & META.datagram) !== 0;
    if (!datagram && (state & (STATE.synLow << high)) === 0)
      w[at + C + COLD.isnLow + high] = runs.words[from + C + COLD.isnLow + high];
    if ((state & (STATE.spokeLow << high)) === 0)
      w[at + C + COLD.seqLow + high] = runs.words[from + C + COLD.seqLow + high];
    w[at + HOT.packetsLow + high] = (w[at + HOT.packetsLow + high] + runs.words[from + HOT.packetsLow + high]) | 0;
    addBytes(
      w,
      at + HOT.ipLow + high,
      at + C + COLD.ipLowCarry + high,
      runs.words,
      from + HOT.ipLow + high,
      from + C + COLD.ipLowCarry + high,
    );
    addBytes(
      w,
      at + HOT.wireLow + high,
      at + C + COLD.wireLowCarry + high,
      runs.words,
      from + HOT.wireLow + high,
      from + C + COLD.wireLowCarry + high,
    );
  }
  mergeSegments(into, at, runs, from);
  const fragment = runs.floats[from64 + COLD.firstFragment64];
  const knownFragment = f[at64 + COLD.firstFragment64];
  if ((w[at + HOT.meta] & META.datagram) !== 0) {
    // `isnLow` holds the ports of the first fragment; the earlier sight wins, as in the flow table.
    const takes = fragment !== NEVER && (knownFragment === NEVER || fragment < knownFragment);
    if (takes) {
      f[at64 + COLD.firstFragment64] = fragment;
      w[at + C + COLD.fragmentPorts] = runs.words[from + C + COLD.fragmentPorts];
    }
  }
  const beginning = STATE.firstHigh | STATE.startsWithSyn;
  const spoke = (state & STATE.bothWays) !== 0;
  const bits = spoke ? next & ~beginning : next;
  w[at + HOT.state] = state | (bits & STATE.bits & ~(STATE.leftOpen | ENDED));
}

/** The last packet of a run, microseconds; its start where it has none (a datagram without later fragments). */
export function lastSight(runs: RunList, at: number): number {
  const at64 = at >> 1;
  const last = Math.max(runs.floats[at64 + HOT.lastLow64], runs.floats[at64 + HOT.lastHigh64]);
  return last !== NEVER ? last : runs.floats[at64 + C64 + COLD.startClock64];
}

/**
 * Orders runs by their start; what begins at the same moment by what it holds, not by when it came in. `other` is the list
 * of `b` where it is not that of `a`.
 */
export function compareRuns(runs: RunList, a: number, b: number, other = runs): number {
  const start = (list: RunList, at: number) => list.floats[(at >> 1) + C64 + COLD.startClock64];
  let order = start(runs, a) - start(other, b) || lastSight(runs, a) - lastSight(other, b);
  // What was in doubt depends on where the input was cut.
  for (let word = 0; order === 0 && word < C + SEGMENTS.inList + SEGMENTS.doubtLow; word++) {
    if (word === HOT.hash) continue;
    order = runs.words[a + word] - other.words[b + word];
  }
  return order;
}

/** Microseconds from a run's beginning to its last packet. */
export function lasted(runs: RunList, at: number): number {
  return lastSight(runs, at) - runs.floats[(at >> 1) + C64 + COLD.startClock64];
}

function addBytes(
  into: Int32Array,
  at: number,
  carryAt: number,
  from: Int32Array,
  fromAt: number,
  fromCarryAt: number,
): void {
  const sum = (into[at] >>> 0) + (from[fromAt] >>> 0);
  into[at] = sum | 0;
  into[carryAt] = into[carryAt] + from[fromCarryAt] + (sum >= 0x1_0000_0000 ? 1 : 0);
}
