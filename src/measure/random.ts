// Seeded random numbers: the same draws for the same input, on every machine.

/** Uniform in [0, 1), 32 bits each: the generator `sfc32` of Doty-Humphrey's PractRand. */
export function seededRandom(seed: number): () => number {
  let a = 0;
  let b = 0;
  let c = seed | 0;
  let counter = 1;
  const next = () => {
    const t = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return (t >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 15; i++) next();
  return next;
}
