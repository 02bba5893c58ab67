// Many runs of two spans of one router: how often the two-sample test sees a change where there is none.

import { compareDecisions } from '#src/measure/compare.js';
import { findDecisions } from '#src/measure/decisions.js';
import { seededRandom } from '#src/measure/random.js';
import { type Cell, newPairs, SPAN_US, T0_US, Traffic } from './traffic.js';

export interface TwoSpanOutcome {
  runs: number;
  rejected: number;
  /** Part of the intervals of changed shares of decisions and flows that hold no change. */
  decisions: number | null;
  flows: number;
}

export function runTwoSpans(cell: Cell, runs: number, seed: number): TwoSpanOutcome {
  const random = seededRandom(seed);
  const pairs = newPairs();
  const spans = [new Traffic(cell, random, pairs), new Traffic(cell, random, pairs)];
  const names = cell.weights.map((_, n) => `dsl${n + 1}`);
  const settings = { ipv4: null, ipv6: null };
  const window: [number, number] = [T0_US, T0_US + SPAN_US];
  const hits = { decisions: 0, flows: 0 };
  let rejected = 0;
  let intervals = 0;
  for (let run = 0; run < runs; run++) {
    const [before, after] = spans.map((traffic, n) => {
      const distortions = traffic.make(n > 0);
      const circumstances = { distortions, window, leftOut: null };
      const { ledger } = traffic;
      const inView = names.map(() => true);
      return { ledger, decisions: findDecisions(ledger, inView, [], settings, circumstances), names };
    });
    const found = compareDecisions(before, after);
    if ((found.pValue ?? 1) < 0.05) rejected++;
    for (const share of found.shares.values()) {
      intervals++;
      for (const what of ['decisions', 'flows'] as const) {
        const [low, high] = share[what].interval ?? [1, -1];
        if (low <= 1e-6 && -1e-6 <= high) hits[what]++;
      }
    }
  }
  return {
    runs,
    rejected: rejected / runs,
    decisions: cell.clientsVisible ? hits.decisions / intervals : null,
    flows: hits.flows / intervals,
  };
}
