// Remembers the entries that were removed last, so that what still speaks of them makes no second flow.

/** How many are remembered at least; twice as many at most. */
const GENERATION = 1 << 16;

/**
 * A map from a key of 53 bits to a time. It forgets the oldest half when the younger one is full, which a function of
 * the number of entries alone decides.
 */
export class Graves {
  private young = new Map<number, number>();
  private old = new Map<number, number>();

  set(key: number, timeUs: number): void {
    if (this.young.size >= GENERATION) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(key, timeUs);
  }

  /** The time, which is NaN where it was unknown; undefined where nothing is remembered. */
  get(key: number): number | undefined {
    return this.young.get(key) ?? this.old.get(key);
  }
}

/** Two hashes of 32 bits in one number: all of the first, 21 bits of the second. */
export function graveKey(a: number, b: number): number {
  return (a >>> 0) * 2 ** 21 + ((b ^ (b >>> 21)) & 0x1fffff);
}

/** Of one five-tuple: addresses at `source` and `destination`, what stands beside them at `beside`. */
export function tupleKey(words: Int32Array, at: number, source: number, destination: number, beside: number): number {
  let a = words[at] & 0x1ff;
  let b = ~a;
  const mix = (word: number): void => {
    a = Math.imul(a ^ word, 0x85ebca6b);
    a ^= a >>> 13;
    b = Math.imul(b ^ word, 0xc2b2ae35);
    b ^= b >>> 16;
  };
  for (let i = 0; i < 4; i++) mix(words[at + source + i]);
  for (let i = 0; i < 4; i++) mix(words[at + destination + i]);
  mix(words[at + beside]);
  mix(words[at + beside + 1]);
  return graveKey(a, b);
}
