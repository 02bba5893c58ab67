// How full each line is, each way: median, 95th percentile and peak, against its capacity where that is known.

import { formatDuration } from '../../util/time.js';
import { formatRate, formatShare } from '../../util/units.js';
import type { Report } from '../report.js';
import type { Chart, ChartOptions, ChartTable, Spec } from './chart.js';
import { type Load, loads } from './load.js';
import { uplinkNames, uplinkScale } from './names.js';
import { inUnit, unitFor } from './unit.js';

const LINE = 22;
const MOST_ROWS = 48;

export const utilisation: Chart = {
  name: 'utilisation',
  title: 'How full the lines are',
  missing: (report) => (loads(report).every(({ peak }) => peak <= 0) ? 'no rates are known' : null),
  caption,
  table,
  plot,
};

function plot(report: Report, options: ChartOptions): Spec {
  const { theme } = options;
  const names = uplinkNames(report);
  const { rows, relative } = drawn(report);
  const unit = unitFor(Math.max(...rows.map(({ peak }) => peak)), 'bit/s');
  const value = (bps: number | null, { capacity }: Load) => {
    if (bps === null) return null;
    return relative ? Number((bps / (capacity ?? 1)).toFixed(4)) : inUnit(bps, unit);
  };
  const values = rows.map((row, i) => ({
    i,
    u: row.place,
    p50: value(row.p50, row),
    p95: value(row.p95, row),
    peak: value(row.peak, row),
    line: `${names[row.place]} ${row.direction}`,
    text: `${formatRate(row.p50)}, ${formatRate(row.p95)}, ${formatRate(row.peak)}`,
    of: formatRate(row.capacity),
  }));
  const y = {
    field: 'i',
    type: 'ordinal',
    title: null,
    axis: { labelExpr: 'lines[datum.value]', ticks: false, domain: false, labelColor: theme.ink, labelLimit: 170 },
  };
  const x = (field: string): Spec => ({
    field,
    type: 'quantitative',
    title: relative ? 'of the capacity' : unit.name,
    axis: { grid: true, ...(relative ? { format: '.0%' } : {}) },
    ...(relative ? { scale: { domainMin: 0 } } : {}),
  });
  const tooltip = [
    { field: 'line', title: 'line' },
    { field: 'text', title: 'median, p95, peak' },
    { field: 'of', title: 'capacity' },
  ];
  const color = uplinkScale(report, theme, false);
  const shown = { filter: 'on[datum.u]' };
  return {
    width: options.width,
    height: rows.length * LINE,
    data: { values },
    params: [{ name: 'lines', value: values.map(({ line }) => line) }],
    layer: [
      {
        transform: [shown],
        mark: { type: 'bar', height: { band: 0.28 }, opacity: 0.45 },
        encoding: { x: x('peak'), y, color, tooltip },
      },
      {
        transform: [shown],
        mark: { type: 'bar', height: { band: 0.7 } },
        encoding: { x: x('p95'), y, color, tooltip },
      },
      {
        transform: [shown, { filter: 'isValid(datum.p50)' }],
        mark: { type: 'tick', color: theme.background ?? 'var(--paper)', thickness: 2, height: { band: 0.7 } },
        encoding: { x: x('p50'), y, tooltip },
      },
      ...(relative
        ? [
            {
              data: { values: [{ full: 1 }] },
              mark: { type: 'rule', color: theme.alarm, strokeDash: [5, 3], strokeWidth: 1.5 },
              encoding: { x: x('full') },
            },
          ]
        : []),
    ],
  };
}

/** Against their capacities where any is known: two scales in one picture would be none. */
function drawn(report: Report): { rows: Load[]; relative: boolean } {
  const all = loads(report).slice(0, MOST_ROWS);
  const known = all.filter(({ capacity }) => capacity !== null);
  return known.length > 0 ? { rows: known, relative: true } : { rows: all, relative: false };
}

function caption(report: Report): string {
  const rows = loads(report);
  const names = uplinkNames(report);
  const how = `Thick: 95th percentile over bins of ${formatDuration(report.window.binSeconds)}; thin: peak; notch: median.`;
  const known = rows.filter((row): row is Load & { capacity: number } => row.capacity !== null);
  const fullest = known.sort((a, b) => b.p95 / b.capacity - a.p95 / a.capacity)[0];
  if (fullest === undefined) return `${how} No capacity is configured, so how full the lines are can’t be told.`;
  return `The fullest line is ${names[fullest.place]} ${fullest.direction}: ${formatShare(fullest.p95 / fullest.capacity, 0)} of its ${formatRate(fullest.capacity)} at the 95th percentile. ${how}${unknownText(report)}`;
}

function unknownText(report: Report): string {
  const names = uplinkNames(report);
  const without = new Set(loads(report).flatMap(({ place, capacity }) => (capacity === null ? [names[place]] : [])));
  return without.size === 0 ? '' : ` No capacity is configured for ${[...without].join(', ')}.`;
}

function table(report: Report, _options: ChartOptions): ChartTable {
  const names = uplinkNames(report);
  return {
    columns: ['uplink', '', 'median>', 'p95>', 'peak>', 'capacity>', 'p95 of capacity>'],
    rows: loads(report).map(({ place, direction, p50, p95, peak, capacity }) => [
      names[place] ?? '',
      direction,
      formatRate(p50),
      formatRate(p95),
      formatRate(peak),
      formatRate(capacity),
      formatShare(capacity === null ? null : p95 / capacity, 0),
    ]),
  };
}
