// How many decisions it takes to see that the shares are off, and which deviation a number of them would show.

import { chiSquareTail, noncentralTail } from './chi-square.js';

/** The chance of a false alarm and that of seeing what is there. */
const SIZE = 0.05;
const POWER = 0.8;
/** The deviation worth seeing: 5 points. */
const DEVIATION = 0.05;

/**
 * Decisions needed to see a deviation of 5 points with 80 % power at 5 %, in the uplink where that is hardest: `widest` is
 * its p(1 − p), `df` the degrees of freedom.
 */
export function decisionsNeeded(widest: number, df: number): number {
  return Math.round((noncentrality(df) * widest) / DEVIATION ** 2);
}

/** The deviation in percentage points that so many decisions would show with the same power. */
export function detectablePoints(decisions: number, widest: number, df: number): number {
  return 100 * Math.sqrt((noncentrality(df) * widest) / decisions);
}

/** The noncentrality at which a chi-square test of 5 % has 80 % power: 7.85, 9.63, 10.90 for 1, 2, 3 degrees. */
export function noncentrality(df: number): number {
  let found = known.get(df);
  if (found === undefined) {
    const critical = solve((x) => chiSquareTail(x, df) < SIZE, df + 10);
    found = solve((lambda) => noncentralTail(critical, df, lambda) > POWER, 20);
    known.set(df, found);
  }
  return found;
}

const known = new Map<number, number>();

/** Where a condition that holds for all larger arguments begins to hold, by bisection. */
function solve(holds: (x: number) => boolean, guess: number): number {
  let low = 0;
  let high = guess;
  while (!holds(high)) high *= 2;
  while (high - low > 1e-12 * high) {
    const middle = (low + high) / 2;
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}
