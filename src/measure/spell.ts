// Decisions in the order of time become a spell of other weights that came and went: what no single split shows well, for
// the time before and the time after it are alike.

import { type Blocks, LEAST_SIDE, shuffleBlocks, type TimedDecisions } from './blocks.js';
import { chiSquareTail } from './chi-square.js';
import { seededRandom } from './random.js';

/** Moments between which a spell is looked for, at most; fewer where there are many regimes and uplinks. */
const MOST_MOMENTS = 128;
const LEAST_MOMENTS = 24;
/** Cells that one pass over all pairs of moments looks at, about. */
const MOST_LOOKS = 60_000;
const PERMUTATIONS = 999;
/** Stricter than for a single split: it comes on top of that, and both together are to read little into chance. */
const LEVEL = 0.005;
/** As in `change.ts`, for one spell alone: of dense decisions without any, one in two hundred has less than 0.00005. */
const PLAIN_DENSE = 0.0005;
const PLAIN_SPARSE = LEVEL;
const SEED = 0x7370656c;

export interface Spell {
  /** Numbers of its first decision and of the first after it: to the grid of moments. */
  start: number;
  end: number;
  pValue: number;
}

/**
 * The span whose decisions differ most from those before and after it together, by G within regimes; null where 999
 * seeded permutations of the decisions, as for single splits, show as much (circular binary segmentation; Olshen,
 * Venkatraman, Lucito and Wigler, Biostatistics 5 (2004)).
 */
export function findSpell(decisions: TimedDecisions, blocks: Blocks): Spell | null {
  const striking = strikingSpell(decisions, blocks);
  if (striking === null) return null;
  const { seen, moments, met, before } = striking;
  const random = seededRandom(SEED);
  const order = blocks.order.slice();
  const allowed = Math.ceil(LEVEL * (PERMUTATIONS + 1)) - 2;
  let above = 0;
  for (let n = 0; n < PERMUTATIONS; n++) {
    shuffleBlocks(order, blocks, random);
    if (furthest(blocks, order, moments, met, before).g >= seen.g * (1 - 1e-9) && ++above > allowed) return null;
  }
  const after = (moment: number) => blocks.last[moments[moment]] + 1;
  return { start: after(seen.start), end: after(seen.end), pValue: (above + 1) / (PERMUTATIONS + 1) };
}

/** The best span, and what it was looked for with; null where it would come by chance all too often. */
export function strikingSpell({ startUs }: TimedDecisions, blocks: Blocks) {
  const moments = momentsOf(blocks, startUs);
  if (moments.length < 2) return null;
  const met = metBy(blocks, moments);
  const before = new Int32Array(moments.length * blocks.totals.length);
  const seen = furthest(blocks, blocks.order, moments, met, before);
  if (seen.start < 0 || chiSquareTail(seen.g, blocks.df) > (blocks.isDense ? PLAIN_DENSE : PLAIN_SPARSE)) return null;
  return { seen, moments, met, before };
}

/** Numbers of blocks, evenly apart, after which a moment lies that time can tell. */
function momentsOf({ last, sizes, totals }: Blocks, startUs: Float64Array): number[] {
  const most = Math.max(LEAST_MOMENTS, Math.min(MOST_MOMENTS, Math.floor(Math.sqrt((2 * MOST_LOOKS) / totals.length))));
  const step = sizes.length / most;
  const moments: number[] = [];
  let due = 0;
  for (let n = 0; n < sizes.length - 1; n++) {
    if (n + 1 < due || startUs[last[n]] === startUs[last[n] + 1]) continue;
    moments.push(n);
    due = Math.max(due, n + 1) + step;
  }
  return moments;
}

/** By moment: decisions up to it, in whatever order the blocks are: those that change places are of one size. */
function metBy({ sizes }: Blocks, moments: readonly number[]): Int32Array {
  const met = new Int32Array(moments.length);
  let n = 0;
  let sum = 0;
  moments.forEach((moment, at) => {
    for (; n <= moment; n++) sum += sizes[n];
    met[at] = sum;
  });
  return met;
}

/** The largest G of a span between two moments against the rest, and the places of both; −1 without any. */
function furthest(
  blocks: Blocks,
  order: Int32Array,
  moments: readonly number[],
  met: Int32Array,
  before: Int32Array,
): { g: number; start: number; end: number } {
  const { totals, sums, xLogX } = blocks;
  const cells = totals.length;
  countBefore(blocks, order, moments, before);
  let fixed = 0;
  let all = 0;
  for (let i = 0; i < cells; i++) fixed += xLogX[totals[i]];
  for (let r = 0; r < sums.length; r++) {
    fixed -= xLogX[sums[r]];
    all += sums[r];
  }
  let best = 0;
  let start = -1;
  let end = -1;
  for (let a = 0; a < moments.length - 1; a++) {
    for (let b = a + 1; b < moments.length; b++) {
      const inside = met[b] - met[a];
      if (inside < LEAST_SIDE || all - inside < LEAST_SIDE) continue;
      const half = halfOf(blocks, before, a * cells, b * cells, fixed);
      if (half <= best) continue;
      best = half;
      start = a;
      end = b;
    }
  }
  return { g: 2 * best, start, end };
}

/** Half of the G of one span; `fixed` is what is the same for all. */
function halfOf(
  { totals, sums, xLogX }: Blocks,
  before: Int32Array,
  start: number,
  end: number,
  fixed: number,
): number {
  const places = totals.length / sums.length;
  let half = -fixed;
  for (let r = 0, cell = 0; r < sums.length; r++) {
    let own = 0;
    for (let place = 0; place < places; place++, cell++) {
      const count = before[end + cell] - before[start + cell];
      own += count;
      half += xLogX[count] + xLogX[totals[cell] - count];
    }
    half -= xLogX[own] + xLogX[sums[r] - own];
  }
  return half;
}

/** By moment and cell: decisions up to it, in this order of the blocks. */
function countBefore(
  { regime, counts, totals, sums }: Blocks,
  order: Int32Array,
  moments: readonly number[],
  before: Int32Array,
): void {
  const cells = totals.length;
  const places = cells / sums.length;
  const now = new Int32Array(cells);
  let n = 0;
  moments.forEach((moment, at) => {
    for (; n <= moment; n++) {
      const cell = regime[n] * places;
      for (let place = 0; place < places; place++) now[cell + place] += counts[order[n] * places + place];
    }
    before.set(now, at * cells);
  });
}
