// Quantiles by nearest rank: the smallest value that at least the wanted part of all values does not exceed.

/** Mantissa bits by which values are put into buckets. */
const FINE_BITS = 8;
const SHIFT = 20 - FINE_BITS;
/** Leading bits of 1.0 and of the largest number; what lies below 1 is one bucket. */
const ONE = 0x3ff00000 >>> SHIFT;
const BUCKETS = (0x7ff00000 >>> SHIFT) - ONE + 1;
/** Up to so many values are sorted as a whole: that is faster than a walk over all buckets. */
const FEW = 2 ** 14;
/** Which of the two words of a number is the high one. */
const HIGH = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0;

/**
 * One value for each of the parts (above 0, at most 1). Values are 0 or above and finite; there must be some. Many
 * are counted by their leading bits, so that only the buckets where the ranks lie are sorted.
 */
export function nearestRank(values: Float64Array, parts: readonly number[]): number[] {
  const count = values.length;
  const ranks = parts.map((part) => Math.max(0, Math.ceil(part * count - 1e-9) - 1));
  if (count <= FEW) {
    const sorted = values.slice().sort();
    return ranks.map((rank) => sorted[rank]);
  }
  const words = new Uint32Array(values.buffer, values.byteOffset, count * 2);
  const sizes = new Uint32Array(BUCKETS);
  for (let at = HIGH; at < words.length; at += 2) sizes[bucketOf(words[at])]++;

  const wanted = new Uint8Array(BUCKETS);
  for (const rank of ranks) {
    let bucket = 0;
    for (let before = sizes[0]; before <= rank; before += sizes[bucket]) bucket++;
    wanted[bucket] = 1;
  }
  let taken = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket++) taken += wanted[bucket] * sizes[bucket];
  const inside = new Float64Array(taken);
  for (let i = 0, found = 0; found < taken; i++) {
    if (wanted[bucketOf(words[2 * i + HIGH])] === 1) inside[found++] = values[i];
  }
  inside.sort();
  return ranks.map((rank) => {
    // Of the values below, those in buckets that were not taken are missing from `inside`.
    let missing = 0;
    for (let bucket = 0, before = sizes[0]; before <= rank; before += sizes[++bucket]) {
      missing += (1 - wanted[bucket]) * sizes[bucket];
    }
    return inside[rank - missing];
  });
}

function bucketOf(highWord: number): number {
  return highWord < 0x3ff00000 ? 0 : (highWord >>> SHIFT) - ONE + 1;
}
