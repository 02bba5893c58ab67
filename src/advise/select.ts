// The value of a given rank without sorting everything, and what a set of repetitions says.

import { round6 } from '../measure/round.js';
import type { Estimate } from '../report/tuning.js';

/** The value of `rank` (from 0) of the sorted values. Reorders them. Hoare's selection (1961), middle of three as pivot. */
export function selectRank(values: Float64Array, rank: number): number {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    const a = values[low];
    const b = values[middle];
    const c = values[high];
    const pivot = a < b ? (b < c ? b : a < c ? c : a) : a < c ? a : b < c ? c : b;
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i > j) break;
      const swap = values[i];
      values[i++] = values[j];
      values[j--] = swap;
    }
    if (rank <= j) high = j;
    else if (rank >= i) low = i;
    else break;
  }
  return values[rank];
}

/** Median and central 95 % of some draws, by nearest rank, times `factor`, six significant digits. */
export function estimate(draws: Float64Array, factor = 1): Estimate {
  const sorted = draws.slice().sort();
  const at = (part: number) => round6((sorted[Math.max(0, Math.ceil(part * sorted.length - 1e-9) - 1)] ?? 0) * factor);
  return { median: at(0.5), low: at(0.025), high: at(0.975) };
}

/** Part of the draws of which something holds. */
export function partOf(draws: number, holds: (draw: number) => boolean): number {
  let count = 0;
  for (let draw = 0; draw < draws; draw++) if (holds(draw)) count++;
  return draws === 0 ? 0 : round6(count / draws);
}
