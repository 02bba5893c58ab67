// The share of new decisions that each uplink should get: by the weights, else by what it had so far.

/** Decisions that the two memories hold: what is usual, and what is so now (an administrator may have changed weights). */
const LONG = 1024;
const SHORT = 128;
/** Fewer decisions than these say nothing of a share. */
const LEAST_ALL = 20;
const LEAST_OWN = 4;
/** From so many on the short memory counts. */
const SETTLED = 40;

export class Shares {
  private readonly long: Float64Array;
  private readonly short: Float64Array;
  private all = 0;

  /** By uplink: the share by the weights, 0 for an uplink without; null where no weights are known. */
  constructor(
    uplinks: number,
    private readonly expected: readonly number[] | null,
  ) {
    this.long = new Float64Array(uplinks);
    this.short = new Float64Array(uplinks);
  }

  /** Only while no uplink is out: else the others' shares are not their own. */
  add(uplink: number): void {
    const { long, short } = this;
    this.all++;
    const fade = 1 - 1 / Math.min(this.all, LONG);
    const fadeShort = 1 - 1 / Math.min(this.all, SHORT);
    for (let n = 0; n < long.length; n++) {
      long[n] *= fade;
      short[n] *= fadeShort;
    }
    long[uplink] += 1 - fade;
    short[uplink] += 1 - fadeShort;
  }

  /** A share that it has at least, as far as can be told; 0 where nothing can. */
  of(uplink: number): number {
    const { all } = this;
    const memory = Math.min(all, LONG);
    const own = this.long[uplink] * memory;
    const seen = all < LEAST_ALL || own < LEAST_OWN ? 0 : (own - Math.sqrt(own)) / memory;
    const due = this.expected === null ? seen : this.expected[uplink];
    return all < SETTLED ? due : Math.min(due, this.short[uplink]);
  }
}
