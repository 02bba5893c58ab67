// `npm run calibrate [RUNS]`: every cell, the table that docs/statistics.md holds, and what breaks its bounds.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectDir } from '../shared.js';
import { nullCells, powerCells, twoSpanCells } from './cells.js';
import { runCell } from './run.js';
import { runTwoSpans } from './two-spans.js';

const RUNS = 10_000;
const SEED = 20_260;
const BEGIN = '<!-- calibration: npm run calibrate -->';
const END = '<!-- end of calibration -->';

/** Prints the table and writes it into the document. Returns the number of cells out of bounds. */
export function calibrate(args: readonly string[], say: (text: string) => void): number {
  const runs = Number(args[0] ?? RUNS);
  if (!Number.isInteger(runs) || runs < 100) throw new Error(`the number of runs must be at least 100: ${args[0]}`);
  const broken: string[] = [];
  const tell = (row: string, faults: readonly string[]) => {
    say(`${row}${faults.length > 0 ? `  <- ${faults.join(', ')}` : ''}\n`);
    broken.push(...faults.map((fault) => `${row}: ${fault}`));
    return row;
  };
  const percent = (part: number | null) => (part === null ? '–' : (100 * part).toFixed(1));
  // A cell at its bound is past it half of the time: two standard errors of chance are no fault.
  const slack = (p: number) => 2 * Math.sqrt((p * (1 - p)) / runs);
  const head = (cells: readonly string[]) => [`| ${cells.join(' | ')} |`, `|---${'|---:'.repeat(cells.length - 1)}|`];

  const nulls = nullCells().map((cell, n) => {
    const { rejected, deviates, changed, coverage, decisions, leastExpected } = runCell(cell, runs, SEED + n);
    const faults = [];
    if (rejected > 0.07 + slack(0.07)) faults.push('size');
    const strict = cell.clientsVisible && decisions >= 200 && leastExpected >= 5;
    if (strict && Math.abs(rejected - 0.05) > 0.01 + slack(0.05)) faults.push('size with visible keys');
    if (cell.clientsVisible) {
      for (const [what, part] of Object.entries(coverage)) {
        if (part === null) continue;
        // With outages the intervals of flows, bytes and packets are made for one regime: too wide rather than too narrow.
        const most = cell.flaps > 0 && what !== 'decisions' ? 1 : 0.98 + slack(0.95);
        if (part < 0.92 - slack(0.95) || part > most) faults.push(`coverage of ${what}`);
      }
    }
    const { flows, decisions: ofDecisions, bytes, packets } = coverage;
    const figures = [rejected, deviates, changed, flows, ofDecisions, bytes, packets].map(percent);
    return tell(`| ${[cell.name, Math.round(decisions), ...figures].join(' | ')} |`, faults);
  });
  const powers = powerCells().map((cell, n) => {
    const { deviates } = runCell(cell, runs, SEED + 500 + n);
    const faults = deviates < 0.8 - 0.04 - slack(0.8) ? ['power'] : [];
    const off = `${cell.points > 0 ? '+' : ''}${100 * cell.points}`;
    return tell(`| ${[cell.judged?.join(':'), off, cell.needed, percent(deviates)].join(' | ')} |`, faults);
  });
  const spans = twoSpanCells().map((cell, n) => {
    const { rejected, decisions, flows } = runTwoSpans(cell, runs, SEED + 700 + n);
    const faults = rejected > 0.07 + slack(0.07) ? ['size'] : [];
    return tell(`| ${[cell.name, ...[rejected, decisions, flows].map(percent)].join(' | ')} |`, faults);
  });
  const text = [
    BEGIN,
    '',
    `${runs.toLocaleString('en')} runs a cell; all figures but the decisions in per cent.`,
    '',
    ...head([
      'a healthy router',
      'decisions',
      'p < 0.05',
      '`deviates`',
      '`weights-changed`',
      'flows',
      'decisions',
      'bytes',
      'packets',
    ]),
    ...nulls,
    '',
    ...head(['weights', 'points that the first uplink is off', 'decisions', '`deviates`']),
    ...powers,
    '',
    ...head(['two spans of a healthy router', 'p < 0.05', 'decisions', 'flows']),
    ...spans,
    '',
    END,
  ].join('\n');
  const path = join(projectDir, 'docs', 'statistics.md');
  const document = readFileSync(path, 'utf8');
  const [from, to] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (from >= 0 && to > from) writeFileSync(path, document.slice(0, from) + text + document.slice(to + END.length));
  say(broken.length === 0 ? 'every cell is within its bounds\n' : `out of bounds:\n${broken.join('\n')}\n`);
  return broken.length;
}
