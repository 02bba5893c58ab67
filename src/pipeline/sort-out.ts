// The parts of an input whose runs are held by those who have read them: each is told what keys the others have, hands over
// the runs that these may know of, and settles all others where they are.

import type { Settled } from '../tally/settle.js';
import type { OtherKeys, PartKeys, PartRest } from '../workers/held.js';
import type { PartResult } from '../workers/part.js';
import type { Pool } from '../workers/pool.js';

export interface SortedOut {
  /** By part, what has to be joined: there before the rest is settled. */
  rests: PartRest[];
  /** By part, what all else comes to; null where nothing was held. */
  settled: (Promise<Settled> | null)[];
  /** Nothing could be said of keys: everything has to be joined. */
  isAll: boolean;
}

/** Asks all parts at once, given in their order; what was not held is its own rest. */
export async function sortOut(pool: Pool, results: readonly PartResult[]): Promise<SortedOut> {
  // What was read again tells no keys.
  const isAll = results.some(({ keys }) => keys === null);
  const keysOf = (some: readonly PartResult[], which: keyof PartKeys) =>
    isAll ? [] : some.map(({ keys }) => (keys as PartKeys)[which]);
  const settled: (Promise<Settled> | null)[] = [];
  const rests = results.map((result, n) => {
    if (result.keys === null) {
      settled.push(null);
      return result;
    }
    const others: OtherKeys = {
      before: keysOf(results.slice(0, n), 'live'),
      after: keysOf(results.slice(n + 1), 'incoming'),
      any: isAll,
    };
    return new Promise<PartRest>((resolve, reject) => {
      const done = pool.sortOut(result.part, others, resolve);
      done.catch(reject);
      settled.push(done);
    });
  });
  return { rests: await Promise.all(rests), settled, isAll };
}
