// The statistics tried on made traffic, in short: `npm run calibrate` is the long form, docs/statistics.md has its table.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nullCells, powerCells, twoSpanCells } from '../calibrate/cells.js';
import { runCell } from '../calibrate/run.js';
import { runTwoSpans } from '../calibrate/two-spans.js';

const RUNS = 150;

/** The most of `RUNS` that an event of this probability happens, once in about 10,000 tries (four standard errors). */
function most(p: number): number {
  return p + 4 * Math.sqrt((p * (1 - p)) / RUNS) + 0.5 / RUNS;
}

describe('a healthy router', () => {
  // Every fifth cell, so that each policy, family, set of weights, and outages are among them.
  for (const [n, cell] of nullCells().entries()) {
    if (n % 5 !== 0) continue;
    it(`is not called deviating too often: ${cell.name}`, () => {
      const { rejected, changed, coverage } = runCell(cell, RUNS, 100 + n);
      assert.ok(rejected <= most(0.05), `p < 0.05 in ${rejected}`);
      assert.ok(changed <= most(0.01), `a change in ${changed}`);
      for (const [what, part] of Object.entries(coverage)) {
        assert.ok(part === null || 1 - part <= most(0.08), `${what} within its interval in ${part}`);
      }
    });
  }
});

describe('a router five points off', () => {
  for (const cell of powerCells().filter(({ points }) => points > 0)) {
    it(`is found by the decisions that it takes: ${cell.name}`, () => {
      const { deviates } = runCell(cell, RUNS, 11);
      // Stated is 80 %.
      assert.ok(1 - deviates <= most(0.2), String(deviates));
    });
  }
});

describe('two spans of a healthy router', () => {
  for (const [n, cell] of twoSpanCells().entries()) {
    if (n % 2 !== 0) continue;
    it(`are not called different too often: ${cell.name}`, () => {
      const { rejected, decisions, flows } = runTwoSpans(cell, RUNS, 200 + n);
      assert.ok(rejected <= most(0.05), String(rejected));
      assert.ok(1 - flows <= most(0.08) && 1 - (decisions ?? 1) <= most(0.08), `${flows} ${decisions}`);
    });
  }
});
