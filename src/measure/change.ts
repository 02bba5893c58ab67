// Decisions in the order of time become changes of weights: moments from which on the uplinks were chosen otherwise.

import { type Blocks, blocksOf, LEAST_SIDE, largestSplit, shuffleBlocks, type TimedDecisions } from './blocks.js';
import { chiSquareTail } from './chi-square.js';
import { gStatistic } from './g-test.js';
import { seededRandom } from './random.js';
import { findSpell, strikingSpell } from './spell.js';

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

const PERMUTATIONS = 999;
const LEVEL = 0.01;
/**
 * A best split that would come by chance oftener than this, were it the only one, is not permuted. Of dense decisions without
 * a change one best split in a hundred has less than 0.001 (docs/statistics.md).
 */
const PLAIN_DENSE = 0.005;
const PLAIN_SPARSE = 0.05;
/** Halvings at most: a router whose weights flap is told by that many changes. */
const MOST_DEPTH = 4;
/** Times that all changes are dated anew. */
const MOST_ROUNDS = 4;
/** Splits whose G is less than the largest by up to this may be the true one: 95 % (Hansen 2000, Econometrica 68, table 1). */
const NEAR_G = 7.35;
const SEED = 0x77656967;

/**
 * Changes in the order of time. For every split of the decisions a G statistic holds the counts before against those
 * after, within regimes; the largest of them is a change if fewer than one in a hundred of 999 seeded permutations of the
 * decisions have a larger one (within regimes, in blocks of equal size where there are many: then these are
 * exchangeable). Where no split is, a spell is looked for: weights that came and went again. All sides are searched
 * again (binary segmentation; Scott and Knott 1974), and at the end each change is held against its neighbours alone.
 */
export function findChanges(decisions: TimedDecisions): WeightChange[] {
  const { startUs } = decisions;
  const cuts = settled(decisions, search(decisions, 0, startUs.length, MOST_DEPTH));
  return cuts.map(({ at, ...dated }, n) => {
    const sides = sharesAround(decisions, cuts[n - 1]?.at ?? 0, at, cuts[n + 1]?.at ?? startUs.length);
    return { atUs: startUs[at], ...dated, ...sides };
  });
}

/** Whether no split and no spell is striking enough to be held against permutations, which take long: there is no change then. */
export function arePlain(decisions: TimedDecisions): boolean {
  const { startUs } = decisions;
  if (startUs.length < 2 * LEAST_SIDE) return true;
  const blocks = blocksOf(decisions, 0, startUs.length);
  return strikingSplit(decisions, blocks) === null && strikingSpell(decisions, blocks) === null;
}

/** A change as the number of the first decision after it. */
export interface Cut extends Pick<WeightChange, 'pValue' | 'earliestUs' | 'latestUs'> {
  at: number;
}

function search(decisions: TimedDecisions, from: number, to: number, depth: number): Cut[] {
  if (depth === 0 || to - from < 2 * LEAST_SIDE) return [];
  const blocks = blocksOf(decisions, from, to);
  const split = splitOf(decisions, blocks);
  const cuts = split !== null ? [split] : spellOf(decisions, blocks, from, to);
  if (cuts.length === 0) return [];
  const found: Cut[] = [];
  let low = from;
  for (const cut of cuts) {
    found.push(...search(decisions, low, cut.at, depth - 1), cut);
    low = cut.at;
  }
  return [...found, ...search(decisions, low, to, depth - 1)];
}

/**
 * Each change dated anew between the ones before and after it, and left out where it is chance there (Bai 1997, Econometric
 * Theory 13). A first split may stand in the wrong place while others are unknown: of two changes that undo each other a
 * third was made in 16 of 100 runs without this.
 */
function settled(decisions: TimedDecisions, found: Cut[]): Cut[] {
  let cuts = found;
  for (let round = 0; round < MOST_ROUNDS && cuts.length > 1; round++) {
    const kept: Cut[] = [];
    cuts.forEach((_, n) => {
      const [from, to] = [kept.at(-1)?.at ?? 0, cuts[n + 1]?.at ?? decisions.startUs.length];
      const again = splitOf(decisions, blocksOf(decisions, from, to));
      if (again !== null) kept.push(again);
    });
    const isSame = kept.length === cuts.length && kept.every(({ at }, n) => at === cuts[n].at);
    cuts = kept;
    if (isSame) break;
  }
  return cuts;
}

/** The best split; null where it is chance. */
export function splitOf({ startUs }: Pick<TimedDecisions, 'startUs'>, blocks: Blocks): Cut | null {
  const seen = strikingSplit({ startUs }, blocks);
  if (seen === null) return null;
  const random = seededRandom(SEED);
  const order = blocks.order.slice();
  const allowed = Math.ceil(LEVEL * (PERMUTATIONS + 1)) - 2;
  let above = 0;
  for (let n = 0; n < PERMUTATIONS; n++) {
    shuffleBlocks(order, blocks, random);
    if (largestSplit(blocks, order, startUs).g >= seen.g * (1 - 1e-9) && ++above > allowed) return null;
  }
  return dated(blocks, startUs, seen, (above + 1) / (PERMUTATIONS + 1));
}

function strikingSplit({ startUs }: Pick<TimedDecisions, 'startUs'>, blocks: Blocks): { g: number; at: number } | null {
  const seen = largestSplit(blocks, blocks.order, startUs);
  const isPlain = seen.at < 0 || chiSquareTail(seen.g, blocks.df) > (blocks.isDense ? PLAIN_DENSE : PLAIN_SPARSE);
  return isPlain ? null : seen;
}

/** Both ends of a spell, each as the best split of the time up to the other end; none where there is no spell. */
function spellOf(decisions: TimedDecisions, whole: Blocks, from: number, to: number): Cut[] {
  const { startUs } = decisions;
  const spell = findSpell(decisions, whole);
  if (spell === null) return [];
  const begun = endOf(from, spell.end);
  const over = begun && endOf(begun.at, to);
  return begun && over ? [begun, over] : [];

  function endOf(low: number, high: number): Cut | null {
    const blocks = blocksOf(decisions, low, high);
    const seen = largestSplit(blocks, blocks.order, startUs);
    return seen.at < 0 ? null : dated(blocks, startUs, seen, spell?.pValue ?? 1);
  }
}

function dated(blocks: Blocks, startUs: Float64Array, { g: most, at }: { g: number; at: number }, pValue: number): Cut {
  const near: number[] = [];
  largestSplit(blocks, blocks.order, startUs, (g, other) => {
    if (g >= most - NEAR_G) near.push(other);
  });
  return { at, pValue, earliestUs: startUs[near[0] - 1], latestUs: startUs[near[near.length - 1]] };
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
