// The pages of tune and capacity: what they must say, within the width, whatever names the uplinks have.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capacityOf } from '#src/advise/capacity.js';
import { tuningOf } from '#src/advise/tune.js';
import { renderCapacityCsv, renderTuningCsv } from '#src/report/csv-advice.js';
import { renderJson } from '#src/report/json.js';
import { renderCapacityMarkdown, renderTuningMarkdown } from '#src/report/markdown-advice.js';
import type { Report } from '#src/report/report.js';
import { reportSchema } from '#src/report/schema.js';
import { renderCapacity, renderTuning } from '#src/report/terminal-advice.js';
import { displayWidth } from '#src/report/text.js';
import { adviceOf, makeTraffic, runTraffic } from '../advise/simulate.js';
import { healthy } from './fixtures.js';

const SECONDS = 120;
const traffic = makeTraffic({
  seed: 5,
  seconds: SECONDS,
  clients: 20,
  servers: 100,
  flows: 600,
  life: 5,
  tail: 1.4,
  least: 5000,
});
const run = runTraffic(traffic, [1, 3], 9);
const input = adviceOf(
  run,
  SECONDS,
  [1, 3],
  [
    { up: 200_000, down: 1_500_000 },
    { up: 50_000, down: 400_000 },
  ],
);
const report: Report = {
  ...healthy(),
  capacity: capacityOf(input, 'Europe/Berlin'),
  tuning: tuningOf(input, { target: { kind: 'equal' }, maxSum: 9 }),
};

/** Names as only an enemy gives them. */
const HOSTILE = '\u001b[31m|x`<b>\u202e,"=1+1';

function renamed(from: Report): Report {
  const text = JSON.stringify(from, (key, value) => (key === 'why' ? undefined : value));
  return JSON.parse(text.replaceAll('dsl1', JSON.stringify(HOSTILE).slice(1, -1)), (_, value) => value) as Report;
}

const display = (width: number, unicode = true) => ({ width, color: false, unicode, timezone: 'UTC' });

test('the schema has every field of them', () => {
  const json = JSON.parse(renderJson(report, { series: true }));
  assert.deepEqual(reportSchema.safeParse(json).error?.issues ?? [], []);
});

test('no line is wider than the terminal, at 60, 80 and 200 columns, in ASCII too', () => {
  for (const some of [report, renamed(report)]) {
    for (const width of [60, 80, 200]) {
      for (const unicode of [true, false]) {
        for (const page of [
          renderTuning(some, display(width, unicode)),
          renderCapacity(some, display(width, unicode)),
        ]) {
          for (const line of page.split('\n')) assert.ok(displayWidth(line) <= width, `${width}: ${line}`);
          assert.ok(!page.includes('\u001b') && !page.includes('\u202e'));
        }
      }
    }
  }
});

test('the page of tune: advice, candidates with the present and the recommended one, commands', () => {
  const page = renderTuning(report, display(100));
  const { tuning } = report;
  assert.equal(tuning?.verdict, 'change', tuning?.reason);
  const weights = tuning?.recommended?.join(':') ?? '';
  assert.match(page, new RegExp(`Set ${weights} instead`));
  assert.match(page, /^ {2}1:3 +now /m);
  assert.match(page, new RegExp(`^ {2}${weights} +recommended `, 'm'));
  assert.match(page, /→ ip route replace default table 222 proto static nexthop via/);
  assert.match(page, /mlstat runs none of this/);
});

test('the page of capacity: lines, failures with their verdict, growth refused', () => {
  const page = renderCapacity(report, display(100));
  assert.match(page, /p95 at \d+ % of its capacity/);
  assert.match(page, /^ {2}dsl1 +saturates +dsl2 +up/m);
  assert.match(page, /A trend takes 7 distinct days, and the inputs show one\./);
});

test('Markdown has the same, and nothing of a name becomes markup', () => {
  for (const some of [report, renamed(report)]) {
    const pages = [renderTuningMarkdown(some, { timezone: 'UTC' }), renderCapacityMarkdown(some, { timezone: 'UTC' })];
    for (const page of pages) {
      const outside = page.replace(/^```[\s\S]*?^```$/gm, '');
      assert.ok(!/(?<!\\)<b>/.test(outside) && !page.includes('\u001b'), outside);
      for (const table of page.matchAll(/(?:^\|.*\|$\n?)+/gm)) {
        const columns = table[0]
          .trim()
          .split('\n')
          .map((line) => line.replaceAll('\\|', '').split('|').length);
        assert.equal(new Set(columns).size, 1, table[0]);
      }
    }
  }
  assert.match(renderTuningMarkdown(report, { timezone: 'UTC' }), /## To set them[\s\S]*```sh\nip route replace/);
});

test('CSV: a row a candidate and uplink; a row a scenario, uplink and direction', () => {
  const tuned = renderTuningCsv(report).trimEnd().split('\n');
  assert.equal(tuned.length, 1 + 2 * (report.tuning?.candidates.length ?? 0));
  assert.match(
    tuned[0] ?? '',
    /^weights,remark,sum,uplink,weight,expectedShare,bytesShare,bytesShareLow,bytesShareHigh,p95Up/,
  );
  const capacity = renderCapacityCsv(report).trimEnd().split('\n');
  // Both directions of both lines, and of the one that is left in each of two failures.
  assert.equal(capacity.length, 1 + 4 + 4);
  assert.equal(new Set([...tuned.slice(1)].map((line) => line.split(',').length)).size, 1);
  assert.match(renderCapacityCsv(renamed(report)), /^measured,,"\\e\[31m/m);
});
