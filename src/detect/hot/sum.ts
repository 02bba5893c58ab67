// One uplink's demands of late, summed up: the evidence that they fail more often, and where that began. The change lies
// where the likelihood is greatest, within the places where it is no less than a thousandth of that.

import { CATEGORIES } from './answers.js';
import type { Brownout } from './brownout.js';
import { log } from './math.js';

/** Demands of an uplink that are remembered, to find the moment of a change. */
export const REMEMBERED: i32 = 256;
/** Bounds leave out what is a thousand times less likely than the best. */
const UNLIKELY: f64 = log(1000);

export class Change {
  constructor(
    readonly earliestUs: f64,
    readonly bestUs: f64,
    readonly latestUs: f64,
  ) {}
}

/** One uplink's sum. */
export class Sum {
  value: f64 = 0;
  startUs: f64 = 0;
  servers: f64 = 0;
  late: f64 = 0;
  slow: f64 = 0;
  all: f64 = 0;
  before: f64 = 0;
  readonly waitingLate: StaticArray<f64> = new StaticArray<f64>(CATEGORIES);
  readonly waitingAll: StaticArray<f64> = new StaticArray<f64>(CATEGORIES);
  open: Brownout | null = null;
  /** Evidence for its end. */
  back: f64 = 0;
  /** The last demands: start, late or not. */
  readonly starts: StaticArray<f64> = new StaticArray<f64>(REMEMBERED);
  readonly lates: StaticArray<u8> = new StaticArray<u8>(REMEMBERED);
  count: i32 = 0;

  remember(startUs: f64, late: bool): void {
    const at = this.count++ % REMEMBERED;
    this.starts[at] = startUs;
    this.lates[at] = late ? 1 : 0;
  }

  clear(): void {
    this.value = this.servers = this.late = this.slow = this.all = 0;
    this.waitingLate.fill(0);
    this.waitingAll.fill(0);
  }
}

/** What is gained when the change lies before a demand. */
const GAINS: StaticArray<f64> = new StaticArray<f64>(REMEMBERED + 1);

/** Where among the remembered demands, from `fromUs` on, the share of late ones changed from `before` to `after`. */
export function changeIn(sum: Sum, before: f64, after: f64, delayUs: f64, fromUs: f64): Change {
  const count = sum.count;
  const gains = GAINS;
  let first = count - min(count, REMEMBERED);
  while (first < count - 1 && sum.starts[first % REMEMBERED] < fromUs) first++;
  const known = count - first;
  const lateNats = log(after / before);
  const goodNats = log((1 - after) / (1 - before));
  // From the last backwards.
  gains[known] = 0;
  let best = known;
  for (let n = known - 1; n >= 0; n--) {
    const isLate = sum.lates[(first + n) % REMEMBERED] === 1;
    gains[n] = gains[n + 1] + (isLate ? lateNats : goodNats);
    if (gains[n] > gains[best]) best = n;
  }
  let low = best;
  let high = best;
  for (let n = 0; n <= known; n++) {
    if (gains[n] < gains[best] - UNLIKELY) continue;
    low = min(low, n);
    high = max(high, n);
  }
  const earliestUs = startAt(sum, first, low - 1) - delayUs;
  const latestUs = startAt(sum, first, high) + delayUs;
  const bestUs = Math.round((startAt(sum, first, best - 1) + startAt(sum, first, best)) / 2);
  return new Change(earliestUs, bestUs, latestUs);
}

/** When the demand began that is `n` behind the first, or the one that is nearest to that; NaN where none is remembered. */
function startAt(sum: Sum, first: i32, n: i32): f64 {
  const known = sum.count - first;
  if (known === 0) return Number.NaN;
  return sum.starts[(first + min(max(n, 0), known - 1)) % REMEMBERED];
}
