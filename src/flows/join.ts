// Runs of consecutive parts of one input become whole runs: the state at the end of a part decides, by the same rules
// as in the flow table, what the first runs of the next part continue.

import { META } from '../decode/batch.js';
import { COLD, HOT, HOT_WORDS, NEVER, RUN_WORDS, STATE } from './layout.js';
import type { Timeouts } from './rules.js';
import { RunList } from './runs.js';
import { synVerdict } from './table.js';

/** Where the cold record begins within a run, in words and in floats. */
const C = HOT_WORDS;
const C64 = HOT_WORDS / 2;
const ENDED = STATE.reused | STATE.idled;
const GONE = -1;

/** Takes whole runs; the record is valid during the call. `at` is its first word. */
export type RunSink = (runs: RunList, at: number) => void;

/** Runs open at the end of the parts joined so far. */
export class Joiner {
  private carry = new RunList();
  private index = new Int32Array(128);
  private clock = Number.NEGATIVE_INFINITY;
  private stepClock = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly timeouts: Timeouts,
    private readonly emit: RunSink,
  ) {}

  /**
   * Appends the next part. `heads` in the order of the part's table, `tails` its live runs; `stepClock` is where
   * the recorder's clock stood before it was first set back, null where it never was; `clock` where it stood at the end.
   * `last` says that the input ends here, so that the tails need not be held.
   */
  join(
    heads: readonly RunList[],
    tails: readonly RunList[],
    stepClock: number | null,
    clock: number,
    last: boolean,
  ): void {
    this.stepClock = stepClock ?? Number.NEGATIVE_INFINITY;
    if (heads.length > 0) this.rebuild();
    for (const list of heads) for (let n = 0; n < list.count; n++) this.joinHead(list, n * RUN_WORDS);
    if (stepClock !== null) this.endAll();
    this.clock = clock;
    this.retire(false);
    // No run among the tails has a predecessor here: what it followed has ended.
    if (!last) for (const list of tails) this.carry.appendAll(list);
    else for (const list of tails) this.endOpen(list, null);
  }

  /** Ends the input: everything open is handed over. */
  finish(): void {
    this.retire(true);
  }

  private joinHead(heads: RunList, from: number): void {
    let at = this.find(heads, from);
    if (at >= 0 && !this.continues(at, heads, from)) {
      this.end(at);
      at = -1;
    }
    const flags = heads.words[from + HOT.state] & ENDED;
    if (at < 0 && flags !== 0) {
      const state = heads.words[from + HOT.state] & ~(STATE.leftOpen | ENDED);
      heads.words[from + HOT.state] = state | (flags === ENDED ? this.stepFlags(heads, from) : flags);
      this.emit(heads, from);
      return;
    }
    if (at < 0) at = this.insert(heads, from);
    else mergeRun(this.carry, at, heads, from);
    if (flags !== 0) {
      const why = flags === ENDED ? this.stepFlags(this.carry, at) : flags;
      this.carry.words[at + HOT.state] = this.carry.words[at + HOT.state] | why;
      this.end(at);
    }
  }

  /** Why a run ended that was there when the clock was set back: by that, unless it was over already. */
  private stepFlags(runs: RunList, at: number): number {
    const { words } = runs;
    const survives = this.timeouts.of(words[at + HOT.meta], words[at + HOT.state], lasted(runs, at));
    const over = this.stepClock - lastSight(runs, at) > survives;
    return over ? STATE.idled : ENDED;
  }

  /** The flow table's rule, with all of the past known. Marks why, where the old run ends. */
  private continues(at: number, heads: RunList, from: number): boolean {
    const { words } = this.carry;
    const state = words[at + HOT.state];
    const silence = heads.floats[(from >> 1) + C64 + COLD.startClock64] - lastSight(this.carry, at);
    if (silence > this.timeouts.of(words[at + HOT.meta], state, lasted(this.carry, at))) {
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

  private find(runs: RunList, from: number): number {
    const mask = this.index.length - 1;
    let slot = runs.words[from + HOT.hash] & mask;
    for (;;) {
      const record = this.index[slot] - 1;
      if (record < 0) return -1;
      const at = record * RUN_WORDS;
      if (sameKey(this.carry, at, runs, from)) return at;
      slot = (slot + 1) & mask;
    }
  }

  private insert(runs: RunList, from: number): number {
    if (this.carry.count * 2 >= this.index.length) this.rebuild();
    const record = this.carry.append(runs.words, from, runs.words, from + C);
    const at = record * RUN_WORDS;
    this.carry.words[at + HOT.state] = this.carry.words[at + HOT.state] & ~(STATE.leftOpen | ENDED);
    this.place(record);
    return at;
  }

  private place(record: number): void {
    const mask = this.index.length - 1;
    let slot = this.carry.words[record * RUN_WORDS + HOT.hash] & mask;
    while (this.index[slot] !== 0) slot = (slot + 1) & mask;
    this.index[slot] = record + 1;
  }

  private end(at: number): void {
    this.emit(this.carry, at);
    this.carry.words[at + HOT.meta] = GONE;
  }

  private endAll(): void {
    const { words } = this.carry;
    for (let at = 0; at < this.carry.count * RUN_WORDS; at += RUN_WORDS) {
      if (words[at + HOT.meta] === GONE) continue;
      words[at + HOT.state] = words[at + HOT.state] | this.stepFlags(this.carry, at);
      this.end(at);
    }
  }

  /** Hands over what is over at the clock (everything at the end of the input) and closes the ranks. */
  private retire(all: boolean): void {
    const kept = all ? null : new RunList();
    this.endOpen(this.carry, kept);
    this.carry = kept ?? new RunList();
  }

  /** Hands over a list's runs, those that silence has not ended into `kept` where there is one. */
  private endOpen(list: RunList, kept: RunList | null): void {
    const { words } = list;
    for (let at = 0; at < list.count * RUN_WORDS; at += RUN_WORDS) {
      const meta = words[at + HOT.meta];
      if (meta === GONE) continue;
      const state = words[at + HOT.state];
      const idle = this.clock - lastSight(list, at) > this.timeouts.of(meta, state, lasted(list, at));
      if (idle) words[at + HOT.state] = state | STATE.idled;
      if (idle || kept === null) this.emit(list, at);
      else kept.append(words, at, words, at + C);
    }
  }

  private rebuild(): void {
    let size = 128;
    while (size < this.carry.count * 4) size *= 2;
    this.index = new Int32Array(size);
    for (let record = 0; record < this.carry.count; record++) {
      if (this.carry.words[record * RUN_WORDS + HOT.meta] !== GONE) this.place(record);
    }
  }
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

/** Orders runs of one list by their start; what begins at the same moment by what it holds, not by when it came in. */
export function compareRuns(runs: RunList, a: number, b: number): number {
  const { words, floats } = runs;
  const start = (at: number) => floats[(at >> 1) + C64 + COLD.startClock64];
  let order = start(a) - start(b) || lastSight(runs, a) - lastSight(runs, b);
  for (let word = 0; order === 0 && word < RUN_WORDS; word++) {
    if (word === HOT.hash) continue;
    order = words[a + word] - words[b + word];
  }
  return order;
}

/** Microseconds from a run's beginning to its last packet. */
export function lasted(runs: RunList, at: number): number {
  return lastSight(runs, at) - runs.floats[(at >> 1) + C64 + COLD.startClock64];
}

/** Whether two runs have one key, point included. */
export function sameKey(a: RunList, at: number, b: RunList, from: number): boolean {
  const x = a.words;
  const y = b.words;
  if (x[at] !== y[from] || x[at + 1] !== y[from + 1] || x[at + 2] !== y[from + 2] || x[at + 3] !== y[from + 3]) {
    return false;
  }
  if ((x[at + HOT.meta] & META.ipv6) === 0) return true;
  for (let i = 0; i < 8; i++) if (x[at + C + COLD.wide + i] !== y[from + C + COLD.wide + i]) return false;
  return true;
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
