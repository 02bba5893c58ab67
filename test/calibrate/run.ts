// Many runs of one cell: how often the test rejects, how often intervals hold the true share, how often change is seen.

import { expectedShares, judgeBalance } from '#src/measure/balance.js';
import { findDecisions } from '#src/measure/decisions.js';
import { seededRandom } from '#src/measure/random.js';
import { measureShares } from '#src/measure/shares.js';
import { type Cell, SPAN_US, T0_US, Traffic } from './traffic.js';

export const SHARES = ['flows', 'decisions', 'bytes', 'packets'] as const;

export interface Outcome {
  runs: number;
  /** Parts of the runs. */
  rejected: number;
  deviates: number;
  changed: number;
  /** Part of the intervals, of all uplinks, that hold the true share; null without any. */
  coverage: Record<(typeof SHARES)[number], number | null>;
  /** Means of the runs. */
  decisions: number;
  leastExpected: number;
  /** Most frequent test. */
  test: string;
}

const SETTINGS = { ipv4: null, ipv6: null };

export function runCell(cell: Cell, runs: number, seed: number): Outcome {
  const random = seededRandom(seed);
  const traffic = new Traffic(cell, random);
  const { ledger } = traffic;
  const names = cell.weights.map((_, n) => `dsl${n + 1}`);
  const inView = names.map(() => true);
  const weights = cell.judged ?? cell.weights;
  const whole = cell.weights.reduce((sum, weight) => sum + weight, 0);
  const window: [number, number] = [T0_US, T0_US + SPAN_US];
  const tests = new Map<string, number>();
  const held = SHARES.map(() => ({ hits: 0, of: 0 }));
  const sums = { rejected: 0, deviates: 0, changed: 0, decisions: 0, leastExpected: 0 };
  for (let run = 0; run < runs; run++) {
    const distortions = traffic.make();
    const decisions = findDecisions(ledger, inView, [], SETTINGS, { distortions, window, leftOut: null });
    const expected = expectedShares(weights, decisions);
    const judged = judgeBalance(ledger, decisions, weights, names);
    const shares = measureShares(decisions, expected, null, weights);
    // What the router really chose by.
    const truth = cell.flaps > 0 ? expectedShares(cell.weights, decisions) : cell.weights.map((w) => w / whole);
    if ((judged.pValue ?? 1) < 0.05) sums.rejected++;
    if (judged.verdict === 'deviates') sums.deviates++;
    if (decisions.changes.length > 0) sums.changed++;
    const count = cell.clientsVisible ? decisions.keys.count : (judged.effectiveDecisions ?? 0);
    sums.decisions += count;
    sums.leastExpected += count * Math.min(...truth.map((share) => share ?? 0));
    const kind = (judged.test ?? 'none').replace(/ \(.*?\)/, '');
    tests.set(kind, (tests.get(kind) ?? 0) + 1);
    SHARES.forEach((what, n) => {
      shares.forEach((share, uplink) => {
        const interval = share[`${what}Interval`];
        if (interval === null) return;
        const p = truth[uplink] ?? 0;
        held[n].of++;
        if (interval[0] <= p + 1e-6 && p - 1e-6 <= interval[1]) held[n].hits++;
      });
    });
  }
  return {
    runs,
    rejected: sums.rejected / runs,
    deviates: sums.deviates / runs,
    changed: sums.changed / runs,
    coverage: Object.fromEntries(
      SHARES.map((what, n) => [what, held[n].of > 0 ? held[n].hits / held[n].of : null]),
    ) as Outcome['coverage'],
    decisions: sums.decisions / runs,
    leastExpected: sums.leastExpected / runs,
    test: [...tests].sort((a, b) => b[1] - a[1])[0][0],
  };
}
