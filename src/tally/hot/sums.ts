// Sums over keys: how many equal ones say as much (measure/interval.ts), and how flows of one server hang together
// (measure/score-test.ts).

import { SIZES } from '../key-parts.js';

const BITS_30: f64 = 0x40000000;

/** The largest of some sizes, and their sum. */
export function sumSizes(sizes: StaticArray<f64>, count: i32, sums: StaticArray<f64>): void {
  let most: f64 = 0;
  let sum: f64 = 0;
  for (let i = 0; i < count; i++) {
    const size = sizes[i];
    sum += size;
    if (size > most) most = size;
  }
  sums[SIZES.most] = most;
  sums[SIZES.sum] = sum;
}

/**
 * Σ(size/most)², the same in any order: each square as two integers of 30 bits, whose sums are exact for up to 2^23
 * sizes.
 */
export function sumOfSquares(sizes: StaticArray<f64>, count: i32, most: f64): f64 {
  let high: f64 = 0;
  let low: f64 = 0;
  for (let i = 0; i < count; i++) {
    const part = sizes[i] / most;
    const scaled = part * part * BITS_30;
    const whole = floor(scaled);
    high += whole;
    low += floor((scaled - whole) * BITS_30);
  }
  return high / BITS_30 + low / (BITS_30 * BITS_30);
}

/**
 * Flows by cluster (`keyOf`) and cell: stratum · uplinks + place of the uplink. Those whose regime is of no stratum are left
 * out.
 */
export function countCells(
  count: i32,
  rows: StaticArray<i32>,
  keyOf: StaticArray<i32>,
  regimeOf: StaticArray<i32>,
  stratumOf: StaticArray<i32>,
  uplink: StaticArray<u8>,
  placeOf: StaticArray<i32>,
  uplinks: i32,
  cells: i32,
  counts: StaticArray<u32>,
): void {
  for (let i = 0; i < count; i++) {
    const regime = regimeOf[i];
    const stratum = regime < 0 ? -1 : stratumOf[regime];
    if (stratum >= 0) counts[keyOf[i] * cells + stratum * uplinks + placeOf[uplink[rows[i]]]]++;
  }
}

/** Adds up the cells of all clusters, and the products of two cells of a cluster: a · cells + b for b up to a. */
export function sumClusters(
  counts: StaticArray<u32>,
  length: i32,
  cells: i32,
  used: StaticArray<i32>,
  sums: StaticArray<f64>,
  products: StaticArray<f64>,
): void {
  for (let at = 0; at < length; at += cells) {
    let some = 0;
    for (let i = 0; i < cells; i++) if (counts[at + i] > 0) used[some++] = i;
    for (let a = 0; a < some; a++) {
      const i = used[a];
      const count: f64 = counts[at + i];
      sums[i] += count;
      for (let b = 0; b <= a; b++) products[i * cells + used[b]] += count * (counts[at + used[b]] as f64);
    }
  }
}
