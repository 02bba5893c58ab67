// Rows by time: a radix sort, since a million of them are sorted for each report.

import { release, takeWords, takeZeros, top } from './space.js';

/** Bits by which many and few are told apart at once: as few passes as the counters' memory allows. */
const WIDE: i32 = 14;
const NARROW: i32 = 8;
const MANY: i32 = 4096;

/** Whole microseconds that are further apart are told by the bits of the numbers themselves. */
const MOST_SPAN: f64 = 9007199254740991;
const SIGN: u64 = 0x8000000000000000;

/** The rows in the order of their times, earliest first; equal ones keep their order. */
export function sortRows(rows: StaticArray<u32>, count: i32, times: StaticArray<f64>): void {
  let least: f64 = Number.POSITIVE_INFINITY;
  let most: f64 = Number.NEGATIVE_INFINITY;
  let isSorted = true;
  for (let i = 0; i < count; i++) {
    const time = times[rows[i]];
    if (time < most) isSorted = false;
    else most = time;
    if (time < least) least = time;
  }
  if (isSorted) return;
  const isWide = most - least > MOST_SPAN;
  const span = isWide ? u64.MAX_VALUE : ((most - least) as i64 as u64);
  sortBy(rows, count, times, least, isWide, 0, span > 0xffffffff ? 0xffffffff : (span as u32));
  if (span > 0xffffffff) sortBy(rows, count, times, least, isWide, 32, (span >> 32) as u32);
}

/** By 32 bits of the times from `shift` on, which are at most `most`. Each pass over the rows costs more than what it does. */
function sortBy(
  rows: StaticArray<u32>,
  count: i32,
  times: StaticArray<f64>,
  least: f64,
  isWide: bool,
  shift: u64,
  most: u32,
): void {
  const bits = 32 - (clz(most) as i32);
  const digits = count < MANY ? NARROW : WIDE;
  const passes = (bits + digits - 1) / digits;
  if (passes === 0) return;
  const width = (bits + passes - 1) / passes;
  const before = top();
  // What a row is sorted by, and the row.
  let from = takeWords(count * 2);
  let to = takeWords(count * 2);
  const starts = takeZeros(passes << width);
  fill(from, rows, count, times, least, isWide, shift, starts, passes, width);
  for (let pass = 0; pass < passes; pass++) {
    addUp(starts, pass << width, (pass + 1) << width);
    if (pass === passes - 1) placeRows(from, rows, count, pass, width, starts);
    else place(from, to, count, pass, width, starts);
    const kept = from;
    from = to;
    to = kept;
  }
  release(before);
}

/** Also counts the digits of all passes. */
function fill(
  pairs: StaticArray<i32>,
  rows: StaticArray<u32>,
  count: i32,
  times: StaticArray<f64>,
  least: f64,
  isWide: bool,
  shift: u64,
  starts: StaticArray<i32>,
  passes: i32,
  width: i32,
): void {
  const mask = (1 << width) - 1;
  for (let i = 0; i < count; i++) {
    const row = rows[i];
    const time = times[row];
    let word = ((isWide ? bitsOf(time) : ((time - least) as i64 as u64)) >> shift) as i32;
    pairs[i * 2] = word;
    pairs[i * 2 + 1] = row;
    for (let pass = 0; pass < passes; pass++) {
      starts[(pass << width) + (word & mask)]++;
      word >>>= width;
    }
  }
}

/** Ordered as the numbers are. */
function bitsOf(time: f64): u64 {
  // Both zeros are one.
  const bits = reinterpret<u64>(time + 0);
  return (bits & SIGN) !== 0 ? ~bits : bits | SIGN;
}

function addUp(starts: StaticArray<i32>, from: i32, to: i32): void {
  let sum = 0;
  for (let digit = from; digit < to; digit++) {
    const own = starts[digit];
    starts[digit] = sum;
    sum += own;
  }
}

function place(
  from: StaticArray<i32>,
  to: StaticArray<i32>,
  count: i32,
  pass: i32,
  width: i32,
  starts: StaticArray<i32>,
): void {
  const shift = pass * width;
  const first = pass << width;
  const mask = (1 << width) - 1;
  for (let i = 0; i < count; i++) {
    const word = from[i * 2];
    const at = starts[first + ((word >>> shift) & mask)]++;
    to[at * 2] = word;
    to[at * 2 + 1] = from[i * 2 + 1];
  }
}

/** The last pass: the rows alone are wanted. */
function placeRows(
  from: StaticArray<i32>,
  rows: StaticArray<u32>,
  count: i32,
  pass: i32,
  width: i32,
  starts: StaticArray<i32>,
): void {
  const shift = pass * width;
  const first = pass << width;
  const mask = (1 << width) - 1;
  for (let i = 0; i < count; i++) rows[starts[first + ((from[i * 2] >>> shift) & mask)]++] = from[i * 2 + 1];
}
