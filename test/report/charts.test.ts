// Charts: valid Vega-Lite of plain data, the figures of the report, colours that everyone can tell apart.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ChartOptions } from '#src/report/charts/chart.js';
import { CHARTS } from '#src/report/charts/charts.js';
import { chartSpec } from '#src/report/charts/frame.js';
import { quantile } from '#src/report/charts/load.js';
import { overviewSpec } from '#src/report/charts/overview.js';
import { DARK, LIGHT, PAGE } from '#src/report/charts/theme.js';
import { timeSpace } from '#src/report/charts/time.js';
import { compileSpec, drawSvg } from '#src/report/draw/svg.js';
import type { Report } from '#src/report/report.js';
import { anyReport } from './arbitrary.js';
import { eight, emptyReport, healthy, hostile, outage, reports } from './fixtures.js';

const options: ChartOptions = { timezone: 'UTC', width: 640, theme: LIGHT, alone: true };

function chart(name: string) {
  const found = CHARTS.find((one) => one.name === name);
  assert.ok(found, name);
  return found;
}

/** Every object within, with the key that it stands under. */
function* parts(value: unknown, key = ''): Generator<[string, unknown]> {
  yield [key, value];
  if (value === null || typeof value !== 'object') return;
  for (const [name, item] of Object.entries(value)) yield* parts(item, Array.isArray(value) ? key : name);
}

/** A specification without its rows and lists of names. */
function withoutData(spec: unknown): unknown {
  return JSON.parse(JSON.stringify(spec, (key, value) => (key === 'values' || key === 'value' ? undefined : value)));
}

/** All rows of data in a specification that have this field. */
function rowsWith(spec: unknown, field: string): Record<string, number>[] {
  const rows: Record<string, number>[] = [];
  for (const [key, part] of parts(spec)) {
    if (key !== 'values' || !Array.isArray(part)) continue;
    rows.push(...part.filter((row) => row !== null && typeof row === 'object' && field in row));
  }
  return rows;
}

test('every chart of every sample is Vega-Lite without a warning, and plain JSON', async () => {
  for (const make of Object.values(reports)) {
    const report = make();
    for (const theme of [LIGHT, PAGE]) {
      const specs = CHARTS.filter((one) => one.missing(report) === null).map((one) =>
        chartSpec(one, report, { ...options, theme, alone: theme === LIGHT }),
      );
      for (const spec of [...specs, overviewSpec(report, { ...options, theme })]) {
        assert.deepEqual(JSON.parse(JSON.stringify(spec)), spec);
        await compileSpec(spec);
      }
    }
  }
});

test('no report makes a chart, its caption or its table fail', async () => {
  await fc.assert(
    fc.asyncProperty(anyReport, async (report) => {
      for (const one of CHARTS) {
        if (one.missing(report) !== null) continue;
        await compileSpec(chartSpec(one, report, options));
        const { columns, rows } = one.table(report, options);
        assert.ok(rows.every((row) => row.length === columns.length));
        assert.doesNotMatch(one.caption(report, options), /undefined|NaN|Infinity|\n/);
      }
    }),
    { numRuns: 25 },
  );
});

test('an empty report has nothing to draw, and each chart says why', () => {
  for (const one of CHARTS) assert.match(one.missing(emptyReport()) ?? '', /^[a-z].{8,}/);
});

test('a name is data: never a field, a title that is evaluated, or part of an expression', async () => {
  const evil = "x'] + alert(1) //";
  const known = outage();
  const report: Report = {
    ...known,
    uplinks: known.uplinks.map((uplink, i) => ({ ...uplink, name: `${evil}${i}` })),
    series: {
      ...known.series,
      uplinks: Object.fromEntries(Object.values(known.series.uplinks).map((one, i) => [`${evil}${i}`, one])),
    },
    outages: known.outages.map((one) => ({ ...one, uplink: `${evil}1` })),
  };
  const evaluated = /^(expr|calculate|filter|labelExpr|field|groupby|as|signal|update|test|init|fold|format|name)$/;
  for (const one of CHARTS) {
    if (one.missing(report) !== null) continue;
    const spec = chartSpec(one, report, options);
    for (const [key, part] of [...parts(withoutData(spec)), ...parts(withoutData(await compileSpec(spec)))]) {
      if (typeof part !== 'string' || !evaluated.test(key)) continue;
      assert.ok(!part.includes('alert'), `${one.name}: ${key} is ${part}`);
    }
  }
  // Only where text is shown: rows of data and lists that labels are looked up in.
  const compiled = JSON.stringify(await compileSpec(chartSpec(chart('timeline'), report, options)));
  assert.ok(compiled.includes('alert'), 'the name is shown');
});

test('throughput shows the bits of the series, and leaves gaps', () => {
  const report = healthy();
  const series = report.series.uplinks.dsl1;
  report.series.uplinks.dsl1 = { ...series, down: series.down.map((rate, i) => (i >= 20 && i < 25 ? null : rate)) };
  report.series.uplinks.dsl2.down = report.series.uplinks.dsl2.down.map((rate, i) => (i >= 20 && i < 25 ? null : rate));
  const spec = chart('throughput').plot(report, options);
  const down = rowsWith((spec.vconcat as unknown[])[0], 'v').filter((row) => row.u === 0);
  const start = report.series.start ?? 0;
  for (const [i, rate] of report.series.uplinks.dsl1.down.entries()) {
    const row = down.find(({ t, s }) => t === (start + i * 10) * 1000 && s === (i < 20 ? 0 : 1));
    if (rate === null) assert.ok(row === undefined, `bin ${i}`);
    else assert.ok(Math.abs((row?.v ?? Number.NaN) * 1e6 - rate) <= rate * 1e-3, `bin ${i}`);
  }
});

test('a long capture: areas are means that cover all bytes, the line keeps every peak and dip of the sum', () => {
  const report = healthy();
  const bins = 3600;
  const rates = (seed: number) => Array.from({ length: bins }, (_, i) => ((i * seed) % 97) * 1000);
  const series = (seed: number) => ({ up: rates(seed), down: rates(seed), flows: rates(1), unanswered: rates(1) });
  report.series = { binSeconds: 1, start: report.window.start, uplinks: { dsl1: series(31), dsl2: series(53) } };
  report.series.uplinks.dsl1.down[1801] = 9e6;
  const [down] = chart('throughput').plot(report, options).vconcat as unknown[];
  const all = rowsWith(down, 'v');
  const sum = report.series.uplinks.dsl1.down.map((bps, i) => (bps ?? 0) + (report.series.uplinks.dsl2.down[i] ?? 0));
  // 15 bins a step; the row that ends the last step is no step of its own.
  const steps = [0, 1].map((u) => all.filter((row) => row.u === u).slice(0, -1));
  assert.deepEqual(
    steps.map(({ length }) => length),
    [240, 240],
  );
  const covered = steps.flat().reduce((bits, { v }) => bits + v * 1e6 * 15, 0);
  const bits = sum.reduce((total, bps) => total + bps, 0);
  assert.ok(Math.abs(covered - bits) < bits * 1e-3, `${covered} ${bits}`);
  const line = all.filter((row) => row.u === undefined).map(({ v }) => Math.round(v * 1e6));
  assert.ok(line.includes(Math.max(...sum)) && line.includes(Math.min(...sum)));
  assert.ok(line.length <= options.width);
  assert.match(chart('throughput').caption(report, options), /Areas are means over 15 s; the thin line/);
});

test('new flows are counted, and the band is that of the binomial distribution', () => {
  const report = healthy();
  // 100 flows a bin at 0.8 and 0.2: standard deviation 4, so 95 % lie within 80 ± 7.84 and 20 ± 7.84.
  report.balance.designEffect = 1;
  const bins = 12;
  const of = (count: number) => Array.from({ length: bins }, () => count);
  const rates = of(1000);
  report.series = {
    binSeconds: 50,
    start: report.window.start,
    uplinks: {
      dsl1: { up: rates, down: rates, flows: of(80), unanswered: of(0) },
      dsl2: { up: rates, down: rates, flows: [...of(20).slice(1), 40], unanswered: of(0) },
    },
  };
  const rows = rowsWith(chart('flows').plot(report, options), 'low');
  const first = rows.find((row) => row.u === 0);
  assert.deepEqual([first?.n, first?.low, first?.high], [80, 72.2, 87.8]);
  const second = rows.filter((row) => row.u === 1);
  assert.deepEqual([second[0].low, second[0].high], [12.2, 27.8]);
  assert.deepEqual(
    second.map((row) => row.out),
    [
      ...of(0)
        .slice(1)
        .map(() => false),
      true,
    ],
  );
  assert.equal(
    second.reduce((sum, row) => sum + row.n, 0),
    20 * 11 + 40,
  );
});

test('without one uplink its traffic goes to the others by weight', () => {
  const report = healthy();
  const flat = (bps: number) => Array.from({ length: 60 }, () => bps);
  for (const [name, bps] of [
    ['dsl1', 8e6],
    ['dsl2', 2e6],
  ] as const) {
    report.series.uplinks[name] = { up: flat(bps / 100), down: flat(bps), flows: flat(1), unanswered: flat(0) };
  }
  // 10 Mbit/s over 20 Mbit/s of either line.
  const rows = rowsWith(chart('failure').plot(report, options), 'line');
  assert.deepEqual(
    rows.filter((row) => `${row.line}`.endsWith('down')).map((row) => row.v),
    [0.5, 0.5],
  );
});

test('a quantile is the value at its nearest rank of the sorted values', () => {
  const values = fc.array(fc.option(fc.integer({ min: 0, max: 50 }), { nil: null }), { maxLength: 300 });
  fc.assert(
    fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (all, part) => {
      const sorted = all.filter((value) => value !== null).sort((a, b) => a - b);
      assert.equal(quantile(all, part), sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? null);
    }),
  );
});

test('times are those of the zone, whatever the machine thinks', () => {
  const report = healthy(); // 2023-11-14 22:13:20 UTC
  const berlin = timeSpace(report, 'Europe/Berlin');
  const kolkata = timeSpace(report, 'Asia/Kolkata');
  assert.equal(new Date(timeSpace(report, 'UTC')?.from ?? 0).toISOString(), '2023-11-14T22:13:20.000Z');
  assert.equal(new Date(berlin?.from ?? 0).toISOString(), '2023-11-14T23:13:20.000Z');
  assert.equal(berlin?.title, 'time, Europe/Berlin (UTC+01:00)');
  assert.equal(new Date(kolkata?.from ?? 0).toISOString(), '2023-11-15T03:43:20.000Z');
  assert.equal(kolkata?.title, 'time, Asia/Kolkata (UTC+05:30)');
});

test('a change of summer time within the window is told, for the axis goes on as it began', () => {
  const report = healthy();
  // https://www.iana.org/time-zones: Berlin went from UTC+2 to UTC+1 on 2023-10-29 at 01:00 UTC.
  report.series.start = Date.parse('2023-10-29T00:55:00Z') / 1000;
  const space = timeSpace(report, 'Europe/Berlin');
  assert.equal(space?.title, 'time, Europe/Berlin (UTC+02:00 throughout, at the end UTC+01:00)');
  assert.equal(new Date(space?.to ?? 0).toISOString(), '2023-10-29T03:05:00.000Z');
});

test('the caption of new flows tells those outside the band, and which of them fall into an outage', () => {
  const report = outage();
  const rows = rowsWith(chart('flows').plot(report, options), 'low');
  const out = rows.filter((row) => row.out);
  const during = out.filter((row) =>
    report.outages.some(
      (one) => one.start.best * 1000 < row.b && (one.end?.best ?? Number.POSITIVE_INFINITY) * 1000 > row.a,
    ),
  );
  assert.ok(during.length > 0 && during.length < out.length);
  assert.match(
    chart('flows').caption(report, options),
    new RegExp(
      `${out.length} of ${rows.length} lie outside \\(red\\).*, ${during.length} of these during an outage; by chance`,
    ),
  );
});

test('each of many lanes of the timeline has its name', async () => {
  const report = eight();
  // Short, so that none is clipped.
  report.uplinks.forEach((uplink, i) => {
    report.series.uplinks[`lane${i}`] = report.series.uplinks[uplink.name];
    uplink.name = `lane${i}`;
  });
  const svg = await drawSvg(chartSpec(chart('timeline'), report, { ...options, alone: false }));
  for (const { name } of report.uplinks) assert.ok(svg.includes(`>${name}</text>`), name);
});

test('of many lines the failures and the lines that matter most are drawn', () => {
  const report = healthy();
  const [first] = report.uplinks;
  report.uplinks = Array.from({ length: 24 }, (_, i) => ({ ...first, name: `l${i}`, weight: 1 }));
  const rates = (bps: number) => Array.from({ length: 60 }, () => bps);
  report.series.uplinks = Object.fromEntries(
    report.uplinks.map(({ name }, i) => [
      name,
      { up: rates(1000 * i), down: rates(1000 * i), flows: rates(1), unanswered: rates(0) },
    ]),
  );
  const panels = chart('failure').plot(report, options).vconcat as unknown[];
  assert.equal(panels.length, 8);
  // The busiest is filled most by whichever of the others fails.
  assert.ok(panels.every((panel) => rowsWith(panel, 'line').length === 16));
  assert.ok(panels.every((panel) => rowsWith(panel, 'line').some((row) => row.u === 23)));
  assert.match(chart('failure').caption(report, options), /16 milder failures are not drawn\. Of each the 16 fullest/);
});

test('handshakes: median and 95th percentile of the report, nothing where none was seen', () => {
  const report = healthy();
  const [one, two] = report.uplinks;
  one.quality = { ...one.quality, handshakeMsP50: 12, handshakeMsP95: 30 };
  two.quality = { ...two.quality, handshakeMsP50: 40, handshakeMsP95: 90 };
  const spec = chart('handshake').plot(report, options);
  assert.deepEqual(
    rowsWith(spec, 'p50').map(({ u, p50, p95 }) => [u, p50, p95]),
    [
      [0, 12, 30],
      [1, 40, 90],
    ],
  );
  assert.match(
    chart('handshake').caption(report, options),
    /^Half of the handshakes took up to 40 ms on dsl2 and up to 12 ms on dsl1\./,
  );
  for (const { quality } of report.uplinks) quality.handshakeMsP50 = null;
  assert.match(chart('handshake').missing(report) ?? '', /no TCP handshake/);
});

test('a time beyond every calendar draws nothing over time', () => {
  const report = healthy();
  report.series.start = 9e15;
  assert.notEqual(chart('throughput').missing(report), null);
});

test('names are shown as they may be', () => {
  const { names } = Object.fromEntries(
    (chartSpec(chart('share'), hostile(), options).params as { name: string; value: string[] }[]).map((one) => [
      one.name,
      one.value,
    ]),
  );
  assert.deepEqual(names.slice(0, 3), ['=cmd|\\e[31mred\\e[0m', '__proto__', '\\u202eevil|`x`\\n<b>']);
});

// Machado, Oliveira, Fernandes: A Physiologically-based Model for Simulation of Color Vision Deficiency (2009), severity 1.
const SIGHTS: Record<string, number[][]> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

test('any two of the eight colours are told apart with every kind of sight', () => {
  for (const { uplinks } of [LIGHT, DARK]) {
    for (const [sight, matrix] of Object.entries(SIGHTS)) {
      const seen = uplinks.map((colour) =>
        lab(matrix.map((row) => row.reduce((sum, k, i) => sum + k * linear(colour)[i], 0))),
      );
      for (let a = 0; a < seen.length; a += 1) {
        for (let b = 0; b < a; b += 1) {
          const apart = Math.hypot(...seen[a].map((value, i) => value - seen[b][i]));
          assert.ok(apart > 18, `${sight}: ${uplinks[a]} and ${uplinks[b]} are ${apart.toFixed(1)} apart`);
        }
      }
    }
  }
});

test('every colour has the contrast that WCAG asks of it', () => {
  for (const theme of [LIGHT, DARK]) {
    for (const colour of [...theme.uplinks, theme.rest, theme.alarm])
      assert.ok(contrast(colour, theme.background) >= 3, colour);
    for (const colour of [theme.ink, theme.muted]) assert.ok(contrast(colour, theme.background) >= 4.5, colour);
  }
});

/** sRGB to linear light, 0 to 1: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance */
function linear(colour: string): number[] {
  return [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
}

function contrast(colour: string, ground: string | null): number {
  const luminance = (one: string) => {
    const [r, g, b] = linear(one);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [light, dark] = [luminance(colour), luminance(ground ?? '')].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

/** Linear sRGB to CIE L*a*b* (D65). */
function lab(rgb: number[]): number[] {
  const [r, g, b] = rgb.map((value) => Math.min(1, Math.max(0, value)));
  const root = (t: number) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const x = root((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047);
  const y = root(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = root((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}
