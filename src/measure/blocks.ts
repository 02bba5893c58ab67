// Decisions in the order of time become blocks that can be permuted, and the best of the moments that part them in two.

import { lendRoomOf } from '../tally/room.js';

/** Decisions by code: regime · places + place. */
export interface TimedDecisions {
  /** Sorted by time, those of one moment by code: microseconds. */
  startUs: Float64Array;
  code: Uint32Array;
  regimes: number;
  places: number;
}

/** Blocks of decisions that are permuted as a whole, at most; with fewer decisions each is one of its own. */
const MOST_BLOCKS = 2048;
/** Decisions of each uplink, and moments to choose from, from which on the best of them is as striking as by simulation. */
const DENSE_DECISIONS = 20;
const DENSE_MOMENTS = 30;
/** Moments count that are a part of the decisions apart: what lies in one burst is one. */
const PART = 1 / 64;
/** Decisions on either side, at least. */
export const LEAST_SIDE = 5;

export interface Blocks {
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
  /** One regime, many moments well apart that time can tell, and none of the uplinks was chosen but now and then. */
  isDense: boolean;
  /** x·ln x for whole x. */
  xLogX: Float64Array;
}

/** Decisions of a regime in their order, so many to a block; a last block that is not full stays where it is. */
export function blocksOf(decisions: TimedDecisions, from: number, to: number): Blocks {
  const { startUs, regimes } = decisions;
  const full = Math.max(1, Math.ceil((to - from) / MOST_BLOCKS));
  const counted = countBlocks(decisions, from, to, full);
  const { regime, last, sizes, totals, sums } = counted;
  const order = Int32Array.from(last, (_, n) => n);
  const members = Array.from({ length: regimes }, (_, one) =>
    order.filter((n) => regime[n] === one && sizes[n] === full),
  );
  const used = totals.reduce((sum, total) => sum + (total > 0 ? 1 : 0), 0);
  return {
    ...counted,
    order,
    exchangeable: members.filter((places) => places.length > 1),
    isDense:
      regimes === 1 &&
      momentsApart(last, sizes, startUs, to - from) >= DENSE_MOMENTS &&
      totals.every((total) => total === 0 || total >= DENSE_DECISIONS),
    df: Math.max(1, used - sums.reduce((sum, total) => sum + (total > 0 ? 1 : 0), 0)),
  };
}

/** What is counted of blocks, in the order of their last decisions: a split meets a block when it has met that one. */
function countBlocks({ code, regimes, places }: TimedDecisions, from: number, to: number, full: number) {
  return lendRoomOf(code, (room) => {
    const most = Math.ceil((to - from) / full) + regimes;
    const [regime, last, sizes] = [room.integers(most), room.integers(most), room.integers(most)];
    const counts = room.integers(most * places);
    const totals = room.integers(regimes * places).fill(0);
    const sums = room.integers(regimes).fill(0);
    const xLogX = room.floats(to - from + 1);
    room.calls.fillXLogX(xLogX.length, xLogX.byteOffset);
    const count = room.calls.countBlocks(
      from,
      to - from,
      room.placeOf(code.subarray(from, to)),
      regimes,
      places,
      full,
      room.integers(regimes).byteOffset,
      regime.byteOffset,
      last.byteOffset,
      sizes.byteOffset,
      counts.byteOffset,
      totals.byteOffset,
      sums.byteOffset,
    );
    const found = {
      regime: regime.slice(0, count),
      last: last.slice(0, count),
      sizes: sizes.slice(0, count),
      counts: counts.slice(0, count * places),
      totals: totals.slice(),
      sums: sums.slice(),
      xLogX: xLogX.slice(),
    };
    // Of one regime they end in the order in which they begin.
    return regimes === 1 ? found : { ...found, ...inOrderOfEnd(found, places) };
  });
}

function inOrderOfEnd(blocks: Pick<Blocks, 'regime' | 'last' | 'sizes' | 'counts'>, places: number) {
  const { regime, last, sizes } = blocks;
  const order = Int32Array.from(last, (_, n) => n).sort((a, b) => last[a] - last[b]);
  const counts = new Int32Array(blocks.counts.length);
  order.forEach((n, at) => {
    counts.set(blocks.counts.subarray(n * places, (n + 1) * places), at * places);
  });
  const inOrder = (column: Int32Array) => order.map((n) => column[n]);
  return { regime: inOrder(regime), last: inOrder(last), sizes: inOrder(sizes), counts };
}

function momentsApart(last: Int32Array, sizes: Int32Array, startUs: Float64Array, all: number): number {
  let count = 0;
  let since = 0;
  let met = 0;
  for (let n = 0; n < last.length; n++) {
    met += sizes[n];
    if (met === all || met - since < PART * all || startUs[last[n]] === startUs[last[n] + 1]) continue;
    since = met;
    count++;
  }
  return count;
}

/** Puts the exchangeable blocks of each regime into another order, among their own places. */
export function shuffleBlocks(order: Int32Array, { exchangeable }: Blocks, random: () => number): void {
  for (const members of exchangeable) shuffle(order, members, random);
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

/** The largest G over the splits that time can tell, and the number of the first decision after it (−1: none). */
export function largestSplit(
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
