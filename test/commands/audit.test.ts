// `mlstat audit` as it is called: files, formats, exit codes, and what is no report.

import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadPipeline } from '#src/commands/pipeline.js';
import { projectDir } from '../shared.js';
import { folder, mlstat } from './world.js';

const none = {} as Parameters<typeof mlstat>[1];
const sample = `${projectDir}/samples/4to1/router`;

/** The sample without its rules by mark: a fault of the gravest kind. */
function broken(): string {
  const path = join(folder, 'router');
  cpSync(sample, path, { recursive: true });
  const rules = readFileSync(join(sample, 'rule.txt'), 'utf8');
  assert.match(rules, /fwmark/);
  writeFileSync(join(path, 'rule.txt'), rules.replace(/.*fwmark.*\n/g, ''));
  return path;
}

test('the sample is sound: exit 0; without its rules by mark exit 1', async () => {
  const sound = await mlstat(['audit', sample], none);
  assert.equal(sound.code, 0);
  assert.match(sound.out, /^Nothing found in what is known of wan1, wan2\./);
  const { code, out } = await mlstat(['audit', broken()], none);
  assert.equal(code, 1);
  assert.match(out, /^error {4}mark-without-rule$/m);
  assert.match(out, /ip rule add priority 101 fwmark 0x100\/0xff00 lookup 201/);
});

test('the page keeps to 80 columns, commands aside; the file ending tells the format', async () => {
  const path = broken();
  const { out } = await mlstat(['audit', path], none, { columns: 80 });
  const wide = out.split('\n').filter((line) => line.length > 80 && !line.startsWith('    ') && !line.includes('/'));
  assert.deepEqual(wide, []);
  const json = join(folder, 'audit.json');
  await mlstat(['audit', path, '-o', json, '-c', `${projectDir}/samples/4to1/mlstat.yaml`], none);
  const result = JSON.parse(readFileSync(json, 'utf8')) as {
    schema: string;
    uplinks: string[];
    findings: { uplinks: string[] }[];
  };
  assert.equal(result.schema, 'mlstat.audit/1');
  assert.deepEqual(result.uplinks, ['dsl1', 'dsl2']);
  assert.deepEqual(
    result.findings.map(({ uplinks }) => uplinks),
    [['dsl1'], ['dsl2']],
  );
  const { out: page } = await mlstat(['audit', path, '--format', 'markdown'], none);
  assert.match(page, /^## error: mark-without-rule$/m);
});

test('what can not be done is one line', async () => {
  const report = join(folder, 'no-report.json');
  writeFileSync(report, '{"schema":1}');
  for (const [words, message] of [
    [['audit'], /needs the router's own files, or --live/],
    [['audit', '--live', sample], /leave the files out/],
    [['audit', sample, '--report', report], /must be what mlstat analyse --format json prints/],
    [['audit', sample, '--report', join(folder, 'none.json')], /no such file/],
    [['audit', sample, '--report', sample], /is a folder/],
    [['audit', sample, '--report', join(sample, 'rule.txt')], /is no JSON/],
    [['audit', `${projectDir}/package.json`], /no uplink can be told/],
    [['audit', sample, '--format', 'jsn'], /did you mean json/],
  ] as const) {
    await assert.rejects(mlstat([...words], none), message);
  }
});

test('captures given beside it are analysed, and what they show stands by its rule', async () => {
  const captures = ['wan1', 'wan2'].flatMap((name) => ['--capture', `${projectDir}/samples/failover/${name}.pcap.gz`]);
  const path = join(folder, 'linkdown');
  cpSync(`${projectDir}/samples/failover/router`, path, { recursive: true });
  const settings = readFileSync(join(path, 'sysctl.txt'), 'utf8');
  writeFileSync(join(path, 'sysctl.txt'), settings.replace(/(ignore_routes_with_linkdown) = 1/g, '$1 = 0'));
  const words = ['audit', path, ...captures, '--format', 'json', '--jobs', '1'];
  const { out } = await mlstat(words, await loadPipeline());
  const { findings } = JSON.parse(out) as { findings: { code: string; evidence: string[] }[] };
  const found = findings.find(({ code }) => code === 'linkdown-used');
  // The sample's truth: the link of the second uplink was down for 12 s.
  assert.match(found?.evidence.join('\n') ?? '', /^wan2: link-down, for 1[12]\.\d s/m);
});

test('a capture that is none: exit 3, and the audit all the same', async () => {
  const { code, out, err } = await mlstat(
    ['audit', sample, '--capture', `${projectDir}/package.json`],
    await loadPipeline(),
  );
  assert.equal(code, 3);
  assert.match(err, /^mlstat: .*package\.json/m);
  assert.match(out, /^Nothing found/);
});
