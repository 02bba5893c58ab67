// How sure the difference of two shares is.

import type { Interval } from '../report/report.js';
import { wilsonInterval } from './interval.js';
import { round6 } from './round.js';

/**
 * 95 % interval of `after − before`, shares seen in `nBefore` and `nAfter` effective draws: Newcombe's hybrid score interval
 * (Statistics in Medicine 17 (1998) 873–890, method 10), with `correlation` of the two shares (pp. 2635–2650, method 8)
 * where both are partly of the same keys. It holds the difference. Null without draws.
 */
export function differenceInterval(
  before: number,
  nBefore: number,
  after: number,
  nAfter: number,
  correlation = 0,
): Interval | null {
  const one = wilsonInterval(before, nBefore);
  const two = wilsonInterval(after, nAfter);
  if (one === null || two === null) return null;
  const phi = Math.max(0, Math.min(1, correlation));
  const reach = (a: number, b: number) => Math.sqrt(Math.max(0, a * a - 2 * phi * a * b + b * b));
  const change = after - before;
  const low = change - reach(after - two[0], one[1] - before);
  const high = change + reach(two[1] - after, before - one[0]);
  return [round6(Math.max(-1, low)), round6(Math.min(1, high))];
}
