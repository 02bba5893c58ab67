// Pictures: the same text on every machine, letters as wide as the font says, none missing in PNG.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Resvg } from '@resvg/resvg-js';
import { FONT_FILES } from '#src/report/assets.js';
import { CHARTS } from '#src/report/charts/charts.js';
import { chartSpec } from '#src/report/charts/frame.js';
import { overviewSpec } from '#src/report/charts/overview.js';
import { LIGHT } from '#src/report/charts/theme.js';
import { readFont } from '#src/report/draw/font.js';
import { drawPng } from '#src/report/draw/png.js';
import { drawSvg } from '#src/report/draw/svg.js';
import { eight, hostile, outage } from './fixtures.js';
import { assertGolden } from './golden.js';

const options = { timezone: 'UTC', width: 640, theme: LIGHT, alone: true };

test('pictures as reviewed, in any time zone', async () => {
  const report = outage();
  const zone = process.env.TZ;
  for (const [i, chart] of CHARTS.filter((one) => one.missing(report) === null).entries()) {
    process.env.TZ = ['Asia/Kolkata', 'America/St_Johns', 'Pacific/Kiritimati'][i % 3];
    assertGolden(`outage-${chart.name}.svg`, `${await drawSvg(chartSpec(chart, report, options))}\n`);
  }
  const heatmap = CHARTS.find(({ name }) => name === 'heatmap') ?? assert.fail();
  assertGolden('eight-heatmap.svg', `${await drawSvg(chartSpec(heatmap, eight(), options))}\n`);
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

test('the same picture is the same text the second time', async () => {
  const spec = overviewSpec(outage(), options);
  assert.equal(await drawSvg(spec), await drawSvg(spec));
});

test('names with markup stay text in SVG', async () => {
  const svg = await drawSvg(overviewSpec(hostile(), options));
  assert.doesNotMatch(svg, /<b>|<script|\son\w+=/);
  assert.match(svg, /&lt;b&gt;/);
});

test('names that are properties of every object are shown in every chart that names uplinks', async () => {
  const report = hostile();
  for (const name of ['share', 'flows', 'timeline', 'utilisation', 'failure', 'throughput']) {
    const chart = CHARTS.find((one) => one.name === name) ?? assert.fail();
    const svg = await drawSvg(chartSpec(chart, report, options));
    assert.match(svg, />[^<]*__proto__[^<]*</, name);
    assert.doesNotMatch(svg, /\[object|undefined/, name);
  }
});

test('text is as wide as Helvetica, whose widths Adobe published', () => {
  const measure = readFont(readFileSync(FONT_FILES[0]));
  // Helvetica.afm, Adobe Core 14 AFM files: thousandths of an em.
  for (const [character, width] of Object.entries({
    A: 667,
    a: 556,
    i: 222,
    W: 944,
    0: 556,
    ' ': 278,
    '%': 889,
    '.': 278,
  })) {
    assert.ok(Math.abs(measure(character) * 1000 - width) < 1, character);
  }
  assert.equal(measure('dsl1'), measure('d') + measure('s') + measure('l') + measure('1'));
});

test('every letter that reports use leaves ink in the PNG', () => {
  for (const character of 'AZaz09%–—≥≤−…×µ·→’“”äßéñøŁćşΩжЯіא') {
    const svg = (text: string) =>
      `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><text x="8" y="28" font-size="20" font-family="Arimo">${text}</text></svg>`;
    const picture = (text: string) =>
      new Resvg(svg(text), { font: { fontFiles: [...FONT_FILES], loadSystemFonts: false } }).render().pixels;
    const ink = picture(character).some((value) => value > 0);
    assert.ok(ink, character);
    // Not the box that stands for a letter which isn't there.
    assert.notDeepEqual(picture(character), picture('\u4e00'), character);
  }
});

test('PNG has the size of the drawing twice over', async () => {
  const svg = await drawSvg(chartSpec(CHARTS[0], outage(), options));
  const [, width, height] = /width="(\d+)" height="(\d+)"/.exec(svg) ?? [];
  const png = Buffer.from(drawPng(svg));
  assert.equal(png.subarray(1, 4).toString(), 'PNG');
  assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [Number(width) * 2, Number(height) * 2]);
});
