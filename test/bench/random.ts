// A seed into the same numbers on every machine: the generator's only source of chance.

/** sfc32 (Doty-Humphrey's small fast counter) with the few distributions that traffic needs. */
export class Random {
  private readonly state: Int32Array;

  constructor(seed: number) {
    this.state = Int32Array.of(seed, seed ^ 0x9e3779b9, 0x243f6a88, 1);
    for (let i = 0; i < 16; i++) this.int32();
  }

  /** A signed 32-bit integer, uniform. */
  int32(): number {
    const s = this.state;
    const a = s[0] as number;
    const b = s[1] as number;
    const c = s[2] as number;
    const d = s[3] as number;
    const t = (((a + b) | 0) + d) | 0;
    s[3] = (d + 1) | 0;
    s[0] = b ^ (b >>> 9);
    s[1] = (c + (c << 3)) | 0;
    s[2] = (((c << 21) | (c >>> 11)) + t) | 0;
    return t;
  }

  /** Uniform in (0, 1): never 0, so that its logarithm is finite. */
  unit(): number {
    return ((this.int32() >>> 0) + 0.5) / 4294967296;
  }

  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number {
    return Math.floor(((this.int32() >>> 0) / 4294967296) * limit);
  }

  chance(probability: number): boolean {
    return (this.int32() >>> 0) / 4294967296 < probability;
  }

  exponential(mean: number): number {
    return -mean * Math.log(this.unit());
  }

  /** Heavy-tailed between `low` and `high`: a Pareto distribution of the given shape, cut at `high`. */
  boundedPareto(low: number, high: number, shape: number): number {
    const tail = Math.exp(shape * Math.log(low / high));
    return low * Math.exp(-Math.log(1 - this.unit() * (1 - tail)) / shape);
  }
}

/** The mean of `boundedPareto`. */
export function boundedParetoMean(low: number, high: number, shape: number): number {
  const ratio = low / high;
  return (
    (((shape / (shape - 1)) * low) / (1 - Math.exp(shape * Math.log(ratio)))) *
    (1 - Math.exp((shape - 1) * Math.log(ratio)))
  );
}
