// Decisions by time: see measure/timed.ts. Time and code are one number below 2^53, so that they are sorted as numbers.

import { SPAN } from '../key-parts.js';

/** The place of its uplink and the start of each key's first flow. */
export function takeFirsts(
  keys: i32,
  first: StaticArray<i32>,
  uplink: StaticArray<u8>,
  startUs: StaticArray<f64>,
  placeOf: StaticArray<i32>,
  places: StaticArray<i32>,
  startsUs: StaticArray<f64>,
): void {
  for (let key = 0; key < keys; key++) {
    const row = first[key];
    places[key] = placeOf[uplink[row]];
    startsUs[key] = startUs[row];
  }
}

/** How many have a code that is not negative, and when the first and the last of them are. */
export function spanOf(all: i32, codes: StaticArray<i32>, startsUs: StaticArray<f64>, span: StaticArray<f64>): void {
  let count = 0;
  let first: f64 = Number.POSITIVE_INFINITY;
  let last: f64 = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < all; i++) {
    if (codes[i] < 0) continue;
    count++;
    const start = startsUs[i];
    if (start < first) first = start;
    if (start > last) last = start;
  }
  span[SPAN.count] = count;
  span[SPAN.first] = first;
  span[SPAN.last] = last;
}

export function packTimes(
  all: i32,
  codes: StaticArray<i32>,
  startsUs: StaticArray<f64>,
  first: f64,
  step: f64,
  cells: i32,
  packed: StaticArray<f64>,
): void {
  for (let i = 0, n = 0; i < all; i++) {
    if (codes[i] >= 0) packed[n++] = floor((startsUs[i] - first) / step) * (cells as f64) + (codes[i] as f64);
  }
}

export function unpackTimes(
  count: i32,
  packed: StaticArray<f64>,
  first: f64,
  step: f64,
  cells: i32,
  startUs: StaticArray<f64>,
  codes: StaticArray<u32>,
): void {
  for (let n = 0; n < count; n++) {
    const both = packed[n];
    const code = ((both as i64) % (cells as i64)) as u32;
    codes[n] = code;
    startUs[n] = first + ((both - (code as f64)) / (cells as f64)) * step;
  }
}
