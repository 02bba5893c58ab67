// A seed becomes the same numbers on every machine: flows of a scenario are the same ones each time it is run.

/** Uniform in [0, 1): SplitMix32, after Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** From `low` up to, but not including, `high`. */
export function integerFrom(random: () => number, low: number, high: number): number {
  return low + Math.floor(random() * (high - low));
}

/** The time to the next event of a Poisson process with so many a second. */
export function waitingTime(random: () => number, perSecond: number): number {
  return -Math.log(1 - random()) / perSecond;
}

/** A name, chosen in proportion to its weight. */
export function weighted<K extends string>(random: () => number, weights: Partial<Record<K, number>>): K {
  const entries = Object.entries(weights) as [K, number][];
  let rest = random() * entries.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [name, weight] of entries) {
    rest -= weight;
    if (rest < 0) return name;
  }
  return (entries.at(-1) as [K, number])[0];
}
