// Two runs of one flow become one; when a run was last seen, how long it lasted, which of two comes first.

import { META } from '../decode/batch.js';
import { mergeSegments } from './again.js';
import { COLD, ENDED, HOT, HOT_WORDS, NEVER, SEGMENTS, STATE } from './layout.js';
import type { RunList } from './runs.js';

/** Where the cold record begins within a run, in words and in floats. */
const C = HOT_WORDS;
const C64 = HOT_WORDS / 2;

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
    addBytes(w, at, runs.words, from, HOT.ipLow + high, C + COLD.ipLowCarry + high);
    addBytes(w, at, runs.words, from, HOT.wireLow + high, C + COLD.wireLowCarry + high);
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

/** Where the clock stood when a run began: not before its first packet. */
export function startOf({ floats }: RunList, at: number): number {
  return floats[(at >> 1) + C64 + COLD.startClock64];
}

/** The last packet of a run, microseconds; of a datagram first fragments count as well, though they are none of its own. */
export function lastSight({ words, floats }: RunList, at: number): number {
  const at64 = at >> 1;
  const last = Math.max(floats[at64 + HOT.lastLow64], floats[at64 + HOT.lastHigh64]);
  if ((words[at + HOT.meta] & META.datagram) === 0) return last;
  return Math.max(last, floats[at64 + C64 + COLD.lastFragment64]);
}

/**
 * Orders runs by their start; what begins at the same moment by what it holds, not by when it came in. `other` is the list
 * of `b` where it is not that of `a`.
 */
export function compareRuns(runs: RunList, a: number, b: number, other = runs): number {
  let order = startOf(runs, a) - startOf(other, b) || lastSight(runs, a) - lastSight(other, b);
  // What was in doubt depends on where the input was cut.
  for (let word = 0; order === 0 && word < C + SEGMENTS.inCold + SEGMENTS.doubtLow; word++) {
    if (word === HOT.hash) continue;
    order = runs.words[a + word] - other.words[b + word];
  }
  return order;
}

/** Microseconds from a run's beginning to its last packet. */
export function lasted(runs: RunList, at: number): number {
  return lastSight(runs, at) - startOf(runs, at);
}

/** Adds a byte counter, whose low word and whose carry stand so far within a record. */
function addBytes(into: Int32Array, at: number, from: Int32Array, fromAt: number, low: number, carry: number): void {
  const sum = (into[at + low] >>> 0) + (from[fromAt + low] >>> 0);
  into[at + low] = sum | 0;
  into[at + carry] += from[fromAt + carry] + (sum >= 0x1_0000_0000 ? 1 : 0);
}
