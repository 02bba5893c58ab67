// Rows by time: a radix sort, since a million of them are sorted for each report.

import { release, take, takeZeros, top } from './space.js';

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
  const before = top();
  // The row in the low half, what it is sorted by in the high one.
  const pairs = changetype<StaticArray<u64>>(take((count as usize) << 3));
  const spare = changetype<StaticArray<u64>>(take((count as usize) << 3));
  const isWide = most - least > MOST_SPAN;
  const span = isWide ? u64.MAX_VALUE : ((most - least) as i64 as u64);
  fill(pairs, rows, count, times, least, isWide, 0);
  takeRows(rows, count, sortPairs(pairs, spare, count, span > 0xffffffff ? 0xffffffff : (span as u32)));
  if (span > 0xffffffff) {
    fill(pairs, rows, count, times, least, isWide, 32);
    takeRows(rows, count, sortPairs(pairs, spare, count, (span >> 32) as u32));
  }
  release(before);
}

function fill(
  pairs: StaticArray<u64>,
  rows: StaticArray<u32>,
  count: i32,
  times: StaticArray<f64>,
  least: f64,
  isWide: bool,
  shift: u64,
): void {
  for (let i = 0; i < count; i++) {
    const row = rows[i];
    const time = times[row];
    const key: u64 = isWide ? bitsOf(time) : ((time - least) as i64 as u64);
    pairs[i] = ((key >> shift) << 32) | (row as u64);
  }
}

/** Ordered as the numbers are. */
function bitsOf(time: f64): u64 {
  // Both zeros are one.
  const bits = reinterpret<u64>(time + 0);
  return (bits & SIGN) !== 0 ? ~bits : bits | SIGN;
}

/** By high halves of at most `most`; returns which of the two holds them in the end. */
function sortPairs(pairs: StaticArray<u64>, spare: StaticArray<u64>, count: i32, most: u32): StaticArray<u64> {
  const bits = 32 - (clz(most) as i32);
  const digits = count < MANY ? NARROW : WIDE;
  const passes = (bits + digits - 1) / digits;
  if (passes === 0) return pairs;
  const width = (bits + passes - 1) / passes;
  const before = top();
  const starts = takeZeros(1 << width);
  let from = pairs;
  let to = spare;
  for (let pass = 0; pass < passes; pass++) {
    if (pass > 0) memory.fill(changetype<usize>(starts), 0, (1 as usize) << (width + 2));
    place(from, to, count, 32 + pass * width, (1 << width) - 1, starts);
    const kept = from;
    from = to;
    to = kept;
  }
  release(before);
  return from;
}

function place(
  from: StaticArray<u64>,
  to: StaticArray<u64>,
  count: i32,
  shift: u64,
  mask: i32,
  starts: StaticArray<i32>,
): void {
  for (let i = 0; i < count; i++) starts[((from[i] >> shift) as i32) & mask]++;
  let sum = 0;
  for (let digit = 0; digit <= mask; digit++) {
    const own = starts[digit];
    starts[digit] = sum;
    sum += own;
  }
  for (let i = 0; i < count; i++) {
    const pair = from[i];
    const digit = ((pair >> shift) as i32) & mask;
    to[starts[digit]++] = pair;
  }
}

function takeRows(rows: StaticArray<u32>, count: i32, pairs: StaticArray<u64>): void {
  for (let i = 0; i < count; i++) rows[i] = pairs[i] as u32;
}
