// A share and how much it is worth: effective numbers, Wilson's interval, Jain's index.

import type { Interval } from '../report/report.js';
import { SIZES } from '../tally/key-parts.js';
import { lendRoomOf } from '../tally/room.js';
import { round6 } from './round.js';

/** Two-sided 95 %. */
const Z = 1.959963984540054;

/**
 * Wilson's score interval (Wilson 1927, Brown, Cai and DasGupta 2001) of a share seen in `n` effective draws, 95 %,
 * rounded; it holds the share. Null without draws.
 */
export function wilsonInterval(share: number | null, n: number): Interval | null {
  if (share === null || !(n > 0)) return null;
  const z2 = (Z * Z) / n;
  const middle = (share + z2 / 2) / (1 + z2);
  const half = (Z * Math.sqrt((share * (1 - share)) / n + z2 / n / 4)) / (1 + z2);
  return [round6(Math.max(0, Math.min(share, middle - half))), round6(Math.min(1, Math.max(share, middle + half)))];
}

/** (Σb)²/Σb² (Kish 1965): so many equal sizes would say as much as these. All are zero or above, below 2^53. */
export function effectiveNumber(sizes: Float64Array | Uint32Array): number {
  return lendRoomOf(sizes, (room) => {
    const at = room.placeOf(sizes instanceof Float64Array ? sizes : new Float64Array(sizes));
    const sums = room.floats(SIZES.numbers);
    room.calls.sumSizes(at, sizes.length, sums.byteOffset);
    const most = sums[SIZES.most];
    if (most === 0) return 0;
    return (sums[SIZES.sum] / most) ** 2 / room.calls.sumOfSquares(at, sizes.length, most);
  });
}

/** Jain's fairness index (Jain, Chiu and Hawe 1984): (Σx)²/(n·Σx²), 1 where all are equal, 1/n where one has it all. */
export function jainIndex(values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0);
  const squares = values.reduce((total, value) => total + value * value, 0);
  return squares > 0 ? (sum * sum) / (values.length * squares) : 0;
}
