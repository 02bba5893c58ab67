// First flows of decisions become a list in the order of time, as a search for changes wants them.

import type { TimedDecisions } from './blocks.js';
import { seededRandom } from './random.js';

const SEED = 0x74696573;

/**
 * `codes` (regime · places + place) and `startsUs` are by decision, in any order; those with a negative code are left out.
 * Decisions of one moment stand in seeded disorder, for dumps with times of whole seconds would else sort them by uplink.
 * The result is a function of what is in the list, not of its order.
 */
export function inOrderOfTime(
  codes: Int32Array,
  startsUs: Float64Array,
  regimes: number,
  places: number,
): TimedDecisions {
  let count = 0;
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < codes.length; i++) {
    if (codes[i] < 0) continue;
    count++;
    if (startsUs[i] < first) first = startsUs[i];
    if (startsUs[i] > last) last = startsUs[i];
  }
  // Time and code in one number below 2^53; where a bad clock spans years, microseconds give way.
  const cells = regimes * places;
  const step = Math.max(1, Math.ceil(((last - first + 1) * cells) / 2 ** 53));
  const packed = new Float64Array(count);
  for (let i = 0, n = 0; i < codes.length; i++) {
    if (codes[i] >= 0) packed[n++] = Math.floor((startsUs[i] - first) / step) * cells + codes[i];
  }
  packed.sort();
  const startUs = new Float64Array(count);
  const code = new Uint32Array(count);
  for (let n = 0; n < count; n++) {
    code[n] = packed[n] % cells;
    startUs[n] = first + ((packed[n] - code[n]) / cells) * step;
  }
  const random = seededRandom(SEED);
  for (let from = 0; from < count; ) {
    let to = from + 1;
    while (to < count && startUs[to] === startUs[from]) to++;
    for (let i = to - 1; i > from; i--) {
      const j = from + Math.floor(random() * (i - from + 1));
      const kept = code[i];
      code[i] = code[j];
      code[j] = kept;
    }
    from = to;
  }
  return { startUs, code, regimes, places };
}
