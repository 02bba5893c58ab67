// The share of new decisions that each uplink should get: by the weights, else by what it had so far.

/** Decisions that the two memories hold: what is usual, and what is so now (an administrator may have changed weights). */
const LONG: f64 = 1024;
const SHORT: f64 = 128;
/** Fewer decisions than these say nothing of a share. */
const LEAST_ALL: f64 = 20;
const LEAST_OWN: f64 = 4;
/** From so many on the short memory counts. */
const SETTLED: f64 = 40;

export class Shares {
  private readonly long: StaticArray<f64>;
  private readonly short: StaticArray<f64>;
  private all: f64 = 0;

  /** By uplink: the share by the weights, 0 for an uplink without; null where no weights are known. */
  constructor(
    uplinks: i32,
    private readonly expected: StaticArray<f64> | null,
  ) {
    this.long = new StaticArray<f64>(uplinks);
    this.short = new StaticArray<f64>(uplinks);
  }

  /** Only while no uplink is out: else the others' shares are not their own. */
  add(uplink: i32): void {
    const long = this.long;
    const short = this.short;
    this.all++;
    const fade: f64 = 1 - 1 / Math.min(this.all, LONG);
    const fadeShort: f64 = 1 - 1 / Math.min(this.all, SHORT);
    for (let n = 0; n < long.length; n++) {
      long[n] *= fade;
      short[n] *= fadeShort;
    }
    long[uplink] += 1 - fade;
    short[uplink] += 1 - fadeShort;
  }

  /** A share that it has at least, as far as can be told; 0 where nothing can. */
  of(uplink: i32): f64 {
    const all = this.all;
    const memory = Math.min(all, LONG);
    const own: f64 = this.long[uplink] * memory;
    const seen: f64 = all < LEAST_ALL || own < LEAST_OWN ? 0 : (own - Math.sqrt(own)) / memory;
    const expected = this.expected;
    const due: f64 = expected === null ? seen : expected[uplink];
    return all < SETTLED ? due : Math.min(due, this.short[uplink]);
  }
}
