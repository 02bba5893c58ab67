// Points and lanes of runs from a part's own numbers to everybody's.

import { META } from '../decode/batch.js';
import { hashKey } from './hash.js';
import { GONE, HOT, RUN_WORDS, STATE } from './layout.js';
import type { RunList } from './runs.js';

/** By own number, everybody's. */
export interface Names {
  points: Int32Array;
  lanes: Int32Array;
}

/** Renames the runs of a list, in place. `seed` is that of the keys' hashes. */
export function renameRuns({ words, count }: RunList, names: Names, seed: number): void {
  if (isIdentity(names.points) && isIdentity(names.lanes)) return;
  const low = (1 << META.pointShift) - 1;
  for (let at = 0; at < count * RUN_WORDS; at += RUN_WORDS) {
    const meta = words[at + HOT.meta];
    if (meta === GONE) continue;
    const renamed = (meta & low) | (names.points[meta >>> META.pointShift] << META.pointShift);
    const state = words[at + HOT.state];
    words[at + HOT.state] = (state & STATE.bits) | (names.lanes[state >>> STATE.laneShift] << STATE.laneShift);
    if (renamed === meta) continue;
    words[at + HOT.meta] = renamed;
    words[at + HOT.hash] = hashKey(words[at], words[at + HOT.k1], words[at + HOT.ports], renamed, seed);
  }
}

function isIdentity(numbers: Int32Array): boolean {
  return numbers.every((to, from) => to === from);
}
