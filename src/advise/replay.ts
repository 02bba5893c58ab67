// Decisions made anew, many times over: every item draws one number a repetition, and each slice of [0, 1) that a weight
// vector gives an uplink gathers the items whose number falls into it.
//
// All weight vectors share the draws. Sorted by their number, the items of a slice are those between two borders; so the
// bytes are summed once a repetition between neighbouring borders, and any slice is the difference of two running sums.

import type { Items } from './items.js';
import { selectRank } from './select.js';

/** What an uplink is given of the draws: from (inclusive) to (exclusive), parts of one. */
export interface Slice {
  /** Place of the uplink in `left`. */
  uplink: number;
  from: number;
  to: number;
}

/** By slice, then repetition: [slice · repetitions + repetition]. Bytes a bin for p95 and peak. */
export interface SliceFigures {
  repetitions: number;
  bytes: Float64Array;
  p95Up: Float64Array;
  p95Down: Float64Array;
  peakUp: Float64Array;
  peakDown: Float64Array;
  /** Bins above the bound of the uplink, where there is one. */
  overUp: Float64Array;
  overDown: Float64Array;
}

export const REPETITIONS = 200;

/** Nearest rank: the rank of the 95th percentile of so many values, from 0. */
export function rank95(count: number): number {
  return Math.max(0, Math.ceil(0.95 * count - 1e-9) - 1);
}

/** Bytes a bin that an uplink can carry, by uplink. */
export type Bounds = readonly { up: number; down: number }[];

/** `left` is what stays on each uplink whatever is drawn, by bin. */
export function replay(
  items: Items,
  left: { up: readonly Float64Array[]; down: readonly Float64Array[] },
  bins: number,
  slices: readonly Slice[],
  repetitions = REPETITIONS,
  bounds: Bounds = [],
): SliceFigures {
  const borders = Float64Array.from(new Set(slices.flatMap(({ from, to }) => [from, to]))).sort();
  const placeOf = new Map(Array.from(borders, (border, place) => [border, place]));
  const lows = slices.map(({ from }) => placeOf.get(from) as number);
  const highs = slices.map(({ to }) => placeOf.get(to) as number);
  const leftBytes = left.up.map((up, n) => sum(up) + sum(left.down[n]));
  const size = slices.length * repetitions;
  const figures: SliceFigures = {
    repetitions,
    bytes: new Float64Array(size),
    p95Up: new Float64Array(size),
    p95Down: new Float64Array(size),
    peakUp: new Float64Array(size),
    peakDown: new Float64Array(size),
    overUp: new Float64Array(size),
    overDown: new Float64Array(size),
  };
  // Running sums up to each border, a row of bins a border.
  const up = new Float64Array(borders.length * bins);
  const down = new Float64Array(borders.length * bins);
  const all = new Float64Array(borders.length);
  const totals = itemTotals(items);
  const findBorder = borderFinder(borders);
  const series = new Float64Array(bins);
  const rank = rank95(bins);
  for (let repetition = 0; repetition < repetitions; repetition++) {
    up.fill(0);
    down.fill(0);
    all.fill(0);
    gather(items, totals, repetition, findBorder, bins, up, down, all);
    for (let border = 1; border < borders.length; border++) {
      all[border] += all[border - 1];
      for (let at = border * bins, end = at + bins; at < end; at++) {
        up[at] += up[at - bins];
        down[at] += down[at - bins];
      }
    }
    for (let s = 0; s < slices.length; s++) {
      const { uplink } = slices[s];
      const at = s * repetitions + repetition;
      figures.bytes[at] = leftBytes[uplink] + all[highs[s]] - all[lows[s]];
      figures.peakUp[at] = difference(series, left.up[uplink], up, highs[s] * bins, lows[s] * bins);
      if (uplink < bounds.length) figures.overUp[at] = countAbove(series, bounds[uplink].up);
      figures.p95Up[at] = selectRank(series, rank);
      figures.peakDown[at] = difference(series, left.down[uplink], down, highs[s] * bins, lows[s] * bins);
      if (uplink < bounds.length) figures.overDown[at] = countAbove(series, bounds[uplink].down);
      figures.p95Down[at] = selectRank(series, rank);
    }
  }
  return figures;
}

/** Adds every item to the border next above its number. */
function gather(
  { count, hash, start, bin, up, down }: Items,
  totals: Float64Array,
  repetition: number,
  findBorder: (draw: number) => number,
  bins: number,
  upTo: Float64Array,
  downTo: Float64Array,
  allTo: Float64Array,
): void {
  const salt = mix(Math.imul(repetition + 1, 0x9e3779b1));
  for (let item = 0; item < count; item++) {
    const border = findBorder(mix(hash[item] ^ salt) >>> 0);
    const row = border * bins;
    allTo[border] += totals[item];
    for (let at = start[item], end = start[item + 1]; at < end; at++) {
      const to = row + bin[at];
      upTo[to] += up[at];
      downTo[to] += down[at];
    }
  }
}

/** Writes what a slice carries into `series`; its highest bin. */
function difference(series: Float64Array, left: Float64Array, sums: Float64Array, high: number, low: number): number {
  let most = 0;
  for (let bin = 0; bin < series.length; bin++) {
    const value = left[bin] + sums[high + bin] - sums[low + bin];
    series[bin] = value;
    if (value > most) most = value;
  }
  return most;
}

function countAbove(series: Float64Array, bound: number): number {
  let count = 0;
  for (let bin = 0; bin < series.length; bin++) if (series[bin] > bound) count++;
  return count;
}

/** For a draw of 32 bits: the first border above it; draws beyond the last fall to no slice, and to a place of their own. */
function borderFinder(borders: Float64Array): (draw: number) => number {
  const bounds = borders.map((border) => border * 2 ** 32);
  const coarse = Int32Array.from({ length: 4096 }, (_, top) => {
    const found = bounds.findIndex((bound) => bound > top * 2 ** 20);
    return found < 0 ? bounds.length - 1 : found;
  });
  return (draw) => {
    let border = coarse[draw >>> 20];
    while (bounds[border] <= draw) border++;
    return border;
  };
}

/** 32 bits well mixed: the finaliser of MurmurHash3 (Appleby, public domain), twice. */
function mix(word: number): number {
  let h = word | 0;
  for (let round = 0; round < 2; round++) {
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    h = (h ^ (h >>> 16)) + 0x9e3779b1;
  }
  return h;
}

function itemTotals({ count, start, up, down }: Items): Float64Array {
  const totals = new Float64Array(count);
  for (let item = 0; item < count; item++) {
    for (let at = start[item]; at < start[item + 1]; at++) totals[item] += up[at] + down[at];
  }
  return totals;
}

function sum(values: Float64Array): number {
  let all = 0;
  for (let i = 0; i < values.length; i++) all += values[i];
  return all;
}
