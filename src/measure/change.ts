// Decisions in the order of time become changes of weights: moments from which on the uplinks were chosen otherwise.

import { chiSquareTail } from './chi-square.js';
import { gStatistic } from './g-test.js';
import { seededRandom } from './random.js';

/** Decisions by code: regime · places + place. */
export interface TimedDecisions {
  /** Sorted by time, those of one moment by code: microseconds. */
  startUs: Float64Array;
  code: Uint32Array;
  regimes: number;
  places: number;
}

export interface WeightChange {
  /** Start of the first decision after it, microseconds. */
  atUs: number;
  /** It lies between these with 95 % confidence: decisions that are still, and already, on the side they look to be. */
  earliestUs: number;
  latestUs: number;
  pValue: number;
  /** Shares by place within the regime that shows it best, from the change before (or the start) and to the next. */
  before: number[];
  after: number[];
  /** Decisions of that regime on either side. */
  counted: [number, number];
}

/** Blocks of decisions that are permuted as a whole, at most; with fewer decisions each is one of its own. */
const MOST_BLOCKS = 2048;
const PERMUTATIONS = 999;
const LEVEL = 0.01;
/** Decisions on either side, at least. */
const LEAST_SIDE = 5;
/** Halvings at most: a router whose weights flap is told by that many changes. */
const MOST_DEPTH = 4;
/** Splits whose G is less than the largest by up to this may be the true one: 95 % (Hansen 2000, Econometrica 68, table 1). */
const NEAR_G = 7.35;
const SEED = 0x77656967;

/**
 * Changes in the order of time. For every split of the decisions a G statistic holds the counts before against those
 * after, within regimes; the largest of them is a change if fewer than one in a hundred of 999 seeded permutations of the
 * decisions have a larger one (within regimes, in blocks of equal size where there are many: then these are
 * exchangeable). Both sides of a change are searched again (binary segmentation; Scott and Knott 1974).
 */
export function findChanges(decisions: TimedDecisions): WeightChange[] {
  return search(decisions, 0, decisions.startUs.length, MOST_DEPTH);
}

function search(decisions: TimedDecisions, from: number, to: number, depth: number): WeightChange[] {
  if (depth === 0 || to - from < 2 * LEAST_SIDE) return [];
  const found = splitOf(decisions, from, to);
  if (found === null) return [];
  const { at, ...dated } = found;
  const { startUs } = decisions;
  const earlier = search(decisions, from, at, depth - 1);
  const later = search(decisions, at, to, depth - 1);
  const index = (change: WeightChange | undefined, none: number) =>
    change === undefined ? none : firstAt(startUs, change.atUs);
  const sides = sharesAround(decisions, index(earlier.at(-1), from), at, index(later[0], to));
  return [...earlier, { atUs: startUs[at], ...dated, ...sides }, ...later];
}

/** The best split, as the number of the first decision after it, and its p; null where it is chance. */
function splitOf({ startUs, code, regimes, places }: TimedDecisions, from: number, to: number) {
  const blocks = blocksOf(code, from, to, regimes, places);
  const seen = largest(blocks, blocks.order, startUs);
  if (seen.at < 0 || chiSquareTail(seen.g, blocks.df) > 5 * LEVEL) return null;
  const random = seededRandom(SEED);
  const order = blocks.order.slice();
  const allowed = Math.ceil(LEVEL * (PERMUTATIONS + 1)) - 2;
  let above = 0;
  for (let n = 0; n < PERMUTATIONS; n++) {
    for (const members of blocks.exchangeable) {
      shuffle(order, members, random);
    }
    if (largest(blocks, order, startUs).g >= seen.g * (1 - 1e-9) && ++above > allowed) return null;
  }
  const near: number[] = [];
  largest(blocks, blocks.order, startUs, (g, at) => {
    if (g >= seen.g - NEAR_G) near.push(at);
  });
  return {
    at: seen.at,
    pValue: (above + 1) / (PERMUTATIONS + 1),
    earliestUs: startUs[near[0] - 1],
    latestUs: startUs[near[near.length - 1]],
  };
}

function shuffle(order: Int32Array, members: Int32Array, random: () => number): void {
  for (let i = members.length - 1; i > 0; i--) {
    const a = members[i];
    const b = members[Math.floor(random() * (i + 1))];
    const kept = order[a];
    order[a] = order[b];
    order[b] = kept;
  }
}

interface Blocks {
  /** By block in the order of their last decisions: its regime, and the number of that decision. */
  regime: Int32Array;
  last: Int32Array;
  /** By block and place. */
  counts: Int32Array;
  sizes: Int32Array;
  /** By place in the order: which block stands there. */
  order: Int32Array;
  /** By regime: its blocks of full size. */
  exchangeable: Int32Array[];
  /** By regime and place, and by regime. */
  totals: Int32Array;
  sums: Int32Array;
  df: number;
  /** x·ln x for whole x. */
  xLogX: Float64Array;
}

/** Decisions of a regime in their order, so many to a block; a last block that is not full stays where it is. */
function blocksOf(code: Uint32Array, from: number, to: number, regimes: number, places: number): Blocks {
  const full = Math.ceil((to - from) / MOST_BLOCKS);
  const open = new Int32Array(regimes).fill(-1);
  const blocks: { regime: number; last: number; size: number; counts: Int32Array }[] = [];
  const totals = new Int32Array(regimes * places);
  const sums = new Int32Array(regimes);
  for (let i = from; i < to; i++) {
    const place = code[i] % places;
    const regime = (code[i] - place) / places;
    if (open[regime] < 0 || blocks[open[regime]].size === full) {
      open[regime] = blocks.push({ regime, last: i, size: 0, counts: new Int32Array(places) }) - 1;
    }
    const block = blocks[open[regime]];
    block.counts[place]++;
    block.size++;
    block.last = i;
    totals[code[i]]++;
    sums[regime]++;
  }
  // A split meets a block when it has met the last decision of it.
  blocks.sort((a, b) => a.last - b.last);
  const counts = new Int32Array(blocks.length * places);
  blocks.forEach((block, n) => {
    counts.set(block.counts, n * places);
  });
  const order = Int32Array.from(blocks, (_, n) => n);
  const members = Array.from({ length: regimes }, (_, regime) =>
    order.filter((n) => blocks[n].regime === regime && blocks[n].size === full),
  );
  const used = totals.reduce((sum, total) => sum + (total > 0 ? 1 : 0), 0);
  const xLogX = new Float64Array(to - from + 1);
  for (let x = 2; x < xLogX.length; x++) xLogX[x] = x * Math.log(x);
  return {
    regime: Int32Array.from(blocks, ({ regime }) => regime),
    last: Int32Array.from(blocks, ({ last }) => last),
    counts,
    sizes: Int32Array.from(blocks, ({ size }) => size),
    order,
    exchangeable: members.filter((places) => places.length > 1),
    totals,
    sums,
    df: Math.max(1, used - sums.reduce((sum, total) => sum + (total > 0 ? 1 : 0), 0)),
    xLogX,
  };
}

/** The largest G over the splits that time can tell, and the number of the first decision after it (−1: none). */
function largest(
  blocks: Blocks,
  order: Int32Array,
  startUs: Float64Array,
  visit?: (g: number, at: number) => void,
): { g: number; at: number } {
  const { regime, last, counts, sizes, totals, sums, xLogX } = blocks;
  const places = totals.length / sums.length;
  const before = new Int32Array(totals.length);
  const beforeSums = new Int32Array(sums.length);
  // Half of each regime's G, without what no split changes.
  const halves = new Float64Array(sums.length);
  let fixed = 0;
  for (let i = 0; i < totals.length; i++) fixed += xLogX[totals[i]];
  for (let r = 0; r < sums.length; r++) {
    fixed -= xLogX[sums[r]];
    for (let at = r * places; at < (r + 1) * places; at++) halves[r] += xLogX[totals[at]];
    halves[r] -= xLogX[sums[r]];
  }
  let half = fixed;
  let met = 0;
  const all = sums.reduce((sum, count) => sum + count, 0);
  let best = 0;
  let at = -1;
  for (let n = 0; n < order.length; n++) {
    const r = regime[n];
    const from = order[n] * places;
    met += sizes[n];
    beforeSums[r] += sizes[n];
    let own = -xLogX[beforeSums[r]] - xLogX[sums[r] - beforeSums[r]];
    for (let place = 0, cell = r * places; place < places; place++, cell++) {
      before[cell] += counts[from + place];
      own += xLogX[before[cell]] + xLogX[totals[cell] - before[cell]];
    }
    half += own - halves[r];
    halves[r] = own;
    const g = 2 * (half - fixed);
    if (met < LEAST_SIDE || all - met < LEAST_SIDE || (g <= best && visit === undefined)) continue;
    // Time does not tell apart what began at one moment.
    if (startUs[last[n]] === startUs[last[n] + 1]) continue;
    visit?.(g, last[n] + 1);
    if (g <= best) continue;
    best = g;
    at = last[n] + 1;
  }
  return { g: best, at };
}

/** Shares on either side, in the regime where they differ most. */
function sharesAround({ code, regimes, places }: TimedDecisions, from: number, at: number, to: number) {
  const count = (low: number, high: number) => {
    const counts = new Float64Array(regimes * places);
    for (let i = low; i < high; i++) counts[code[i]]++;
    return Array.from({ length: regimes }, (_, r) => Array.from(counts.subarray(r * places, (r + 1) * places)));
  };
  const before = count(from, at);
  const after = count(at, to);
  let best = 0;
  let most = -1;
  for (let r = 0; r < regimes; r++) {
    const both = before[r].map((value, place) => value + after[r][place]);
    if (sumOf(before[r]) === 0 || sumOf(after[r]) === 0) continue;
    const expected = both.map((value) => value / sumOf(both));
    const g = gStatistic(before[r], expected) + gStatistic(after[r], expected);
    if (g > most) {
      most = g;
      best = r;
    }
  }
  return {
    before: before[best].map((value) => value / sumOf(before[best])),
    after: after[best].map((value) => value / sumOf(after[best])),
    counted: [sumOf(before[best]), sumOf(after[best])] as [number, number],
  };
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** The first decision at or after a moment. */
function firstAt(startUs: Float64Array, atUs: number): number {
  let low = 0;
  let high = startUs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (startUs[middle] < atUs) low = middle + 1;
    else high = middle;
  }
  return low;
}
