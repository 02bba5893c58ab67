// The JSON report is the object itself, whatever names it holds.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { renderJson } from '#src/report/json.js';
import { anyReport } from './arbitrary.js';
import { healthy } from './fixtures.js';

test('what is parsed is what was rendered', () => {
  fc.assert(
    fc.property(anyReport, (report) => {
      assert.deepEqual(JSON.parse(renderJson(report, { series: true })), JSON.parse(JSON.stringify(report)));
    }),
  );
});

test('no character that a terminal acts on is printed as it is', () => {
  fc.assert(
    fc.property(anyReport, (report) => {
      const json = renderJson(report, { series: true }).replaceAll('\n', '');
      assert.doesNotMatch(json, /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
    }),
  );
});

test('series are printed on demand, a line an array', () => {
  const { series, ...rest } = healthy();
  assert.deepEqual(JSON.parse(renderJson(healthy(), { series: false })), rest);
  const text = renderJson(healthy(), { series: true });
  assert.deepEqual(JSON.parse(text).series, series);
  assert.equal(text.match(/"unanswered": \[0, 0.*\]/g)?.length, 2);
});
