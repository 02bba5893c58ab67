// Values by rank, many of them: they are counted by their leading bits, so that only the buckets where the ranks lie have to
// be sorted. See measure/quantile.ts.

import { release, take, takeZeros, top } from './space.js';

/** Mantissa bits by which values are put into buckets. */
const FINE_BITS: u64 = 8;
const SHIFT: u64 = 52 - FINE_BITS;
/** Leading bits of 1.0; what lies below is one bucket. */
const ONE: u64 = 0x3ff0000000000000 >> SHIFT;
/** A bucket that is to be sorted. */
const WANTED: i32 = i32.MIN_VALUE;
/** All of a bucket but that. */
const SIZE: i32 = i32.MAX_VALUE;

/**
 * Gathers the values of the buckets where the ranks lie, which stand behind all that was taken so far: whoever wants to keep
 * them takes that room. Makes each rank one among these values, and returns how many they are. Values are 0 or above and
 * finite.
 */
export function takeRanks(values: StaticArray<f64>, count: i32, ranks: StaticArray<i32>, wanted: i32): i32 {
  const before = top();
  let most: f64 = 0;
  for (let i = 0; i < count; i++) most = max(most, values[i]);
  const buckets = bucketOf(most) + 1;
  const inside = changetype<StaticArray<f64>>(take((count as usize) << 3));
  const sizes = takeZeros(buckets);
  for (let i = 0; i < count; i++) sizes[bucketOf(values[i])]++;
  for (let n = 0; n < wanted; n++) want(sizes, ranks[n]);
  for (let n = 0; n < wanted; n++) ranks[n] = rankInside(sizes, ranks[n]);
  let found = 0;
  for (let i = 0; i < count; i++) {
    const value = values[i];
    if (sizes[bucketOf(value)] < 0) inside[found++] = value;
  }
  release(before);
  return found;
}

/** Marks the bucket where a rank lies. */
function want(sizes: StaticArray<i32>, rank: i32): void {
  let bucket = 0;
  for (let before = sizes[0] & SIZE; before <= rank; before += sizes[bucket] & SIZE) bucket++;
  sizes[bucket] |= WANTED;
}

/** The rank among the values of the buckets that are wanted. */
function rankInside(sizes: StaticArray<i32>, rank: i32): i32 {
  let missing = 0;
  let bucket = 0;
  for (let before = 0; before + (sizes[bucket] & SIZE) <= rank; bucket++) {
    before += sizes[bucket] & SIZE;
    if (sizes[bucket] >= 0) missing += sizes[bucket];
  }
  return rank - missing;
}

function bucketOf(value: f64): i32 {
  return value < 1 ? 0 : (((reinterpret<u64>(value) >> SHIFT) - ONE + 1) as i32);
}
