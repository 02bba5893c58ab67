// Blocks of decisions that are permuted as a whole: see measure/blocks.ts.

import { log } from './math.js';

/**
 * Puts so many decisions, in the order of time, into blocks of one regime, `full` decisions each; the first one has the number
 * `first`. `open` has room for the block that each regime is at. By block, in the order in which they begin: its regime, the number of its last decision, how many it
 * has, and how many of each place. Adds to the totals by code and by regime. Returns how many blocks there are.
 */
export function countBlocks(
  first: i32,
  all: i32,
  codes: StaticArray<u32>,
  regimes: i32,
  places: i32,
  full: i32,
  open: StaticArray<i32>,
  regimeOf: StaticArray<i32>,
  lasts: StaticArray<i32>,
  sizes: StaticArray<i32>,
  counts: StaticArray<i32>,
  totals: StaticArray<i32>,
  sums: StaticArray<i32>,
): i32 {
  let blocks = 0;
  for (let regime = 0; regime < regimes; regime++) open[regime] = -1;
  for (let i = 0; i < all; i++) {
    const code: i32 = codes[i];
    const regime = code / places;
    let block = open[regime];
    if (block < 0 || sizes[block] === full) {
      block = blocks++;
      open[regime] = block;
      regimeOf[block] = regime;
      sizes[block] = 0;
      for (let place = 0; place < places; place++) counts[block * places + place] = 0;
    }
    counts[block * places + (code - regime * places)]++;
    sizes[block]++;
    lasts[block] = first + i;
    totals[code]++;
    sums[regime]++;
  }
  return blocks;
}

/** x·ln x for whole x below `count`. */
export function fillXLogX(count: i32, table: StaticArray<f64>): void {
  for (let x = 0; x < count; x++) table[x] = x < 2 ? 0 : (x as f64) * log(x);
}
