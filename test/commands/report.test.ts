// `mlstat report`: what -o names decides what is written; what can't be is told in one line before anything is read.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { UserError } from '#src/util/error.js';
import { projectDir } from '../shared.js';
import { folder, mlstat, noPipeline } from './world.js';

const CAPTURE = join(projectDir, 'samples/blackhole/any.pcap.gz');
const CONFIG = join(projectDir, 'samples/blackhole/mlstat.yaml');

/** With the real pipeline, in a folder of its own. */
async function report(...words: string[]) {
  const cwd = mkdtempSync(join(folder, 'report-'));
  const pipeline = await import('#src/pipeline/pipeline.js');
  const run = await mlstat(['report', CAPTURE, '-c', CONFIG, '--progress', 'never', ...words], pipeline, { cwd });
  return { ...run, cwd, read: (path: string) => readFileSync(join(cwd, path)) };
}

async function refused(...words: string[]): Promise<string> {
  mkdirSync(join(folder, 'there'), { recursive: true });
  const error = await mlstat(['report', CAPTURE, ...words], noPipeline).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof UserError, String(error));
  assert.equal(error.exitCode, 2);
  assert.doesNotMatch(error.message, /\n/);
  return error.message;
}

test('what can not be written is refused before anything is read', async () => {
  assert.match(await refused(), /^report needs -o: report\.html/);
  assert.match(await refused('-o', '-'), /^report needs -o/);
  assert.match(await refused('-o', 'r.docx'), /must end with \.html, .*"r\.docx"/);
  assert.match(await refused('-o', 'r.pdf'), /can't be a PDF: "r\.pdf"; make report\.html/);
  assert.match(await refused('-o', 'r.html', '--chart', 'share'), /^--chart draws one chart/);
  assert.match(
    await refused('-o', 'r.svg', '--chart', 'troughput'),
    /^--chart must be share, .*"troughput".*did you mean/,
  );
  assert.match(await refused('-o', 'nowhere/r.svg'), /no such folder/);
});

test('one chart as SVG, PNG and Vega-Lite', async () => {
  const svg = await report('--chart', 'throughput', '-o', 't.svg');
  assert.equal(svg.code, 0, svg.err);
  assert.match(svg.read('t.svg').toString(), /^<svg [^>]*role="img"><title>Throughput over time<\/title>/);
  const png = await report('--chart', 'throughput', '-o', 't.png');
  assert.equal(png.read('t.png').subarray(1, 4).toString(), 'PNG');
  const spec = await report('--chart', 'throughput', '-o', 't.vl.json');
  const { $schema } = JSON.parse(spec.read('t.vl.json').toString()) as { $schema: string };
  assert.equal($schema, 'https://vega.github.io/schema/vega-lite/v6.json');
});

test('a chart without figures is an error that says why', async () => {
  await assert.rejects(
    report('--chart', 'heatmap', '-o', 't.svg'),
    /--chart heatmap has nothing to draw: the capture is not longer than a day/,
  );
});

test('a folder gets every chart that has figures, in three formats', async () => {
  const { code, cwd } = await report('-o', 'charts/');
  assert.equal(code, 0);
  const files = readdirSync(join(cwd, 'charts')).sort();
  for (const name of ['share', 'throughput', 'timeline', 'flows', 'clients', 'servers', 'sizes', 'utilisation']) {
    for (const ending of ['png', 'svg', 'vl.json']) assert.ok(files.includes(`${name}.${ending}`), `${name}.${ending}`);
  }
  assert.ok(!files.some((file) => file.startsWith('heatmap')));
});

test('Markdown lies beside its pictures, and links to those that are there', async () => {
  const { code, cwd, read } = await report('-o', 'my report (1).md');
  assert.equal(code, 0);
  const targets = [
    ...read('my report (1).md')
      .toString()
      .matchAll(/!\[[^\]]*\]\(([^)]*)\)/g),
  ].map((match) => match[1]);
  const pictures = readdirSync(join(cwd, 'my report (1)-charts')).map((file) => `my report (1)-charts/${file}`);
  assert.deepEqual(targets.map(decodeURIComponent).sort(), pictures.sort());
  assert.ok(pictures.length >= 6);
});

test('the page has the outage of the sample in its second answer', async () => {
  const { code, read } = await report('-o', 'r.html');
  assert.equal(code, 0);
  assert.match(read('r.html').toString(), /Outages<\/p><p class="headline">.*There was an outage\./);
});

test('addresses are changed where that was asked for', async () => {
  const { read } = await report('-o', 'r.html', '--anonymise');
  assert.doesNotMatch(read('r.html').toString(), /192\.168\.77\.\d|198\.18\.\d|203\.0\.113\.\d/);
});
