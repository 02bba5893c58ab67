// The published JSON Schema is the one that the code makes, and the reports are what it says.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { renderJson } from '#src/report/json.js';
import { reportJsonSchema, reportSchema } from '#src/report/schema.js';
import { projectDir } from '../shared.js';
import { healthy, reports } from './fixtures.js';

test('the committed schema is the generated one', () => {
  const committed = readFileSync(`${projectDir}/docs/report.schema.json`, 'utf8');
  assert.equal(committed, `${JSON.stringify(reportJsonSchema(), null, 2)}\n`, 'write it anew: mlstat schema report');
});

test('every sample report holds against the schema, to the last field', () => {
  for (const [name, report] of Object.entries(reports)) {
    const result = reportSchema.safeParse(JSON.parse(renderJson(report(), { series: true })));
    assert.deepEqual(result.error?.issues ?? [], [], name);
  }
});

test('a report with a field missing, misspelt or out of range does not', () => {
  const report = healthy();
  const { balance: _, ...short } = report;
  assert.equal(reportSchema.safeParse(short).success, false);
  assert.equal(reportSchema.safeParse({ ...report, finding: [] }).success, false);
  assert.equal(reportSchema.safeParse({ ...report, balance: { ...report.balance, pValue: 1.2 } }).success, false);
});

test('the published schema asks for every field but the series, and lets others in', () => {
  const schema = reportJsonSchema() as { required: string[]; properties: object };
  assert.deepEqual(
    schema.required.toSorted(),
    Object.keys(healthy())
      .filter((key) => key !== 'series')
      .sort(),
  );
  assert.doesNotMatch(JSON.stringify(schema), /"additionalProperties":false/);
});
