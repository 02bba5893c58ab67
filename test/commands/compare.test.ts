// `mlstat compare` as a person meets it: two sides, one cut in two, and what can't be compared.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { loadPipeline } from '#src/commands/pipeline.js';
import type { Report } from '#src/report/report.js';
import { reportSchema } from '#src/report/schema.js';
import { projectDir } from '../shared.js';
import { mlstat } from './world.js';

const BEFORE = join(projectDir, 'samples', 'blackhole', 'any.pcap.gz');
const AFTER = join(projectDir, 'samples', '4to1', '*.pcap.gz');
const CONFIG = join(projectDir, 'samples', '4to1', 'mlstat.yaml');

const compare = async (...words: string[]) =>
  mlstat(['compare', '--jobs', '1', ...words], await loadPipeline(), { cwd: projectDir });

const refused = async (...words: string[]) => {
  const error = await compare(...words).then(
    () => '',
    (fault: Error) => fault.message,
  );
  assert.ok(!error.includes('\n'));
  return error;
};

describe('compare', () => {
  it('holds one capture against another, weights 2:1 against 4:1', async () => {
    const { code, out } = await compare(BEFORE, AFTER, '-c', CONFIG, '-f', 'json');
    assert.equal(code, 0);
    const report = JSON.parse(out) as Report;
    assert.deepEqual(reportSchema.partial({ series: true }).safeParse(report).error?.issues ?? [], []);
    const { comparison } = report;
    assert.equal(comparison?.verdict, 'deviates');
    assert.equal(comparison.after.verdict, 'consistent');
    // What the weights of the capture before were is not told by those of today.
    assert.deepEqual(comparison.uplinks[0].weight, { before: null, after: 4 });
    const [low, high] = comparison.uplinks[0].share.flows.interval ?? [1, 0];
    assert.ok(low <= 4 / 5 - 2 / 3 && 4 / 5 - 2 / 3 <= high, `${low} ${high}`);
  });

  it('knows the weights before where they are told', async () => {
    const before = join(projectDir, 'samples', 'blackhole', 'mlstat.yaml');
    const { out } = await compare(BEFORE, AFTER, '-c', CONFIG, '--config-before', before);
    assert.match(out, /The shares changed, and the traffic follows the new weights\./);
    assert.match(out, /2 → 4/);
    for (const line of out.split('\n')) assert.ok(line.length <= 80, line);
  });

  it('cuts one capture in two', async () => {
    const { out } = await compare(AFTER, '-c', CONFIG, '--split', '2026-11-22T22:39:45Z', '-f', 'csv');
    const [header, ...rows] = out.trimEnd().split('\n');
    assert.equal(header, 'uplink,figure,before,after,change,changeLow,changeHigh');
    assert.ok(rows.some((row) => /^dsl1,flowsShare,0\.8\d*,0\.8\d*,/.test(row)));
    const { out: page } = await compare(AFTER, '-c', CONFIG, '--split', '2026-11-22T22:39:45Z', '-f', 'markdown');
    assert.match(page, /^# mlstat: before and after\n\n\*\*Too few decisions to tell whether the shares changed\.\*\*/);
  });

  it('notes that both sides hold the same time, or stand the wrong way round', async () => {
    const notes = async (...inputs: string[]) => {
      const { out } = await compare(...inputs, '-c', CONFIG, '-f', 'json');
      return ((JSON.parse(out) as Report).comparison?.notes ?? []).join('\n');
    };
    assert.match(await notes(AFTER, AFTER), /^BEFORE and AFTER have 1 min 21 s in common/);
    const [early, late] = [BEFORE, AFTER];
    assert.doesNotMatch(await notes(early, late), /BEFORE/);
    assert.match(await notes(late, early), /^BEFORE is later than AFTER/);
  });

  it('says what it needs', async () => {
    assert.match(await refused('a'), /^compare needs BEFORE and AFTER, or one input and --split TIME: "a"$/);
    assert.match(await refused('a', 'b', 'c'), /^compare takes two inputs, BEFORE and AFTER, not 3; .*--before FILE/);
    assert.match(await refused('a', '--before', 'b', '--split', '5'), /^--split and --before exclude each other/);
    assert.match(await refused('-', '--split', '5'), /^standard input can't be read twice/);
    assert.match(await refused(AFTER, '--split', 'noon'), /^--split must be a time such as/);
    assert.match(await refused(AFTER, '--split', '5', '--since', '9'), /^--split must lie between --since and --until/);
  });
});
