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
    const critical = solve((x) => SIZE - chiSquareTail(x, df), df + 10);
    found = solve((lambda) => noncentralTail(critical, df, lambda) - POWER, 20);
    known.set(df, found);
  }
  return found;
}

const known = new Map<number, number>();

/**
 * Where a function that rises from below zero crosses it: false position, in the variant that halves what has stayed on one
 * side too long (Illinois; Dowell and Jarratt, BIT 11 (1971)). A dozen looks, where halving the span takes forty-five.
 */
function solve(rise: (x: number) => number, guess: number): number {
  let low = 0;
  let below = rise(low);
  let high = guess;
  let above = rise(high);
  for (; above < 0; above = rise(high)) {
    [low, below] = [high, above];
    high *= 2;
  }
  for (let side = 0; high - low > 1e-12 * high; ) {
    const between = low - (below * (high - low)) / (above - below);
    // No number lies between it and that end.
    if (between <= low) return low;
    if (between >= high) return high;
    const here = rise(between);
    if (here === 0) return between;
    if (here < 0) {
      [low, below] = [between, here];
      if (side < 0) above /= 2;
      side = -1;
    } else {
      [high, above] = [between, here];
      if (side > 0) below /= 2;
      side = 1;
    }
  }
  return high;
}
