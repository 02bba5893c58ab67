// Quantiles by nearest rank: the smallest value that at least the wanted part of all values does not exceed.

/** Mantissa bits by which values are put into buckets. */
const FINE_BITS = 8;
const SHIFT = 20 - FINE_BITS;
/** Leading bits of 1.0; what lies below is one bucket. */
const ONE = 0x3ff00000 >>> SHIFT;
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
  const sizes = new Uint32Array(bucketOf(mostOf(words)) + 1);
  countBuckets(words, sizes);
  const wanted = new Uint8Array(sizes.length);
  let taken = 0;
  for (const rank of ranks) {
    const bucket = bucketAt(sizes, rank);
    if (wanted[bucket] === 0) taken += sizes[bucket];
    wanted[bucket] = 1;
  }
  const inside = new Float64Array(taken);
  takeWanted(values, words, wanted, inside);
  inside.sort();
  return ranks.map((rank) => inside[rank - missingBefore(sizes, wanted, rank)]);
}

/** The largest high word. */
function mostOf(words: Uint32Array): number {
  let most = 0;
  for (let at = HIGH; at < words.length; at += 2) if (words[at] > most) most = words[at];
  return most;
}

function countBuckets(words: Uint32Array, sizes: Uint32Array): void {
  for (let at = HIGH; at < words.length; at += 2) sizes[bucketOf(words[at])]++;
}

/** Where the rank lies. */
function bucketAt(sizes: Uint32Array, rank: number): number {
  let bucket = 0;
  for (let before = sizes[0]; before <= rank; before += sizes[bucket]) bucket++;
  return bucket;
}

function takeWanted(values: Float64Array, words: Uint32Array, wanted: Uint8Array, inside: Float64Array): void {
  let found = 0;
  for (let i = 0; found < inside.length; i++) {
    if (wanted[bucketOf(words[2 * i + HIGH])] === 1) inside[found++] = values[i];
  }
}

/** Of the values below the rank, those in buckets that were not taken. */
function missingBefore(sizes: Uint32Array, wanted: Uint8Array, rank: number): number {
  const own = bucketAt(sizes, rank);
  let missing = 0;
  for (let bucket = 0; bucket < own; bucket++) missing += (1 - wanted[bucket]) * sizes[bucket];
  return missing;
}

function bucketOf(highWord: number): number {
  return highWord < 0x3ff00000 ? 0 : (highWord >>> SHIFT) - ONE + 1;
}
