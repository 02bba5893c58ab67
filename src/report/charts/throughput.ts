// Bits per second over time, each way, the uplinks stacked: who carries how much, and what is left of the capacity.
//
// A long capture has more bins than pixels. Then the areas are means over several bins, which keeps what they cover equal
// to the bytes, and a thin line follows the sum of all uplinks, of which no peak and no dip is lost (`reduce`).

import { formatDuration } from '../../util/time.js';
import { formatRate, formatShare } from '../../util/units.js';
import type { Report } from '../report.js';
import type { Chart, ChartOptions, ChartTable, Spec } from './chart.js';
import { SWITCHED_ON } from './frame.js';
import { oncePerReport } from './memo.js';
import { uplinkNames, uplinkScale } from './names.js';
import { meanBins, reduce, sumBins, type Values } from './reduce.js';
import { binsOf, binTime, clip, shadeLayers, type TimeSpace, timeChannel, timeSpace, timeText } from './time.js';
import { inUnit, type Unit, unitFor } from './unit.js';

const DIRECTIONS = ['down', 'up'] as const;
type Direction = (typeof DIRECTIONS)[number];

/** Rows of data for one direction, all uplinks together. */
const MOST_ROWS = 1200;
/** Steps of an area: so many can be told apart in a picture of usual width. */
const MOST_STEPS = 240;
/** A line for the capacity above this many times the peak would press the traffic flat; then the caption tells it. */
const FARTHEST_LINE = 2.5;
const TABLE_ROWS = 40;

export const throughput: Chart = {
  name: 'throughput',
  title: 'Throughput over time',
  missing: (report) =>
    timeSpace(report, 'UTC') === null || !DIRECTIONS.some((way) => peakOf(report, way) > 0)
      ? 'no bytes over time are known'
      : null,
  caption,
  table,
  plot(report, options) {
    const space = timeSpace(report, options.timezone);
    if (space === null) return {};
    const panels = DIRECTIONS.filter((direction) => peakOf(report, direction) > 0).map((direction, i, all) =>
      panel(report, space, direction, i === all.length - 1, options),
    );
    return { vconcat: panels, spacing: 10, resolve: { scale: { x: 'shared' } } };
  },
};

function panel(report: Report, space: TimeSpace, direction: Direction, last: boolean, options: ChartOptions): Spec {
  const { theme, width } = options;
  const peak = peakOf(report, direction);
  const unit = unitFor(peak, 'bit/s');
  const x = timeChannel(space, 't', last);
  return {
    width,
    height: 150,
    layer: [
      ...shadeLayers(report, space, last, options),
      {
        data: { values: rows(report, space, direction, unit) },
        transform: [
          SWITCHED_ON,
          { stack: 'v', groupby: ['t'], sort: [{ field: 'u', order: 'ascending' }], as: ['low', 'high'] },
          timeText('t', 'when'),
          { calculate: 'names[datum.u]', as: 'name' },
        ],
        mark: {
          type: 'area',
          clip: true,
          interpolate: 'step-after',
          fillOpacity: 0.92,
          stroke: theme.background ?? 'var(--paper)',
          strokeWidth: 0.5,
        },
        encoding: {
          x,
          y: { field: 'low', type: 'quantitative', title: `${direction}, ${unit.name}` },
          y2: { field: 'high' },
          color: uplinkScale(report, theme, options.alone),
          // Areas end at a gap and begin anew behind it.
          detail: { field: 's' },
          tooltip: [
            { field: 'name', title: 'uplink' },
            { field: 'when', title: 'time' },
            { field: 'v', title: `${direction}, ${unit.name}`, type: 'quantitative' },
          ],
        },
      },
      ...sumLayers(report, space, direction, unit, last, options),
      ...capacityLayers(report, direction, unit, options),
    ],
  };
}

/** Bins that one step of the areas stands for. */
function stepOf(report: Report): number {
  const steps = Math.max(24, Math.min(MOST_STEPS, Math.floor(MOST_ROWS / Math.max(1, report.uplinks.length))));
  return Math.ceil(binsOf(report) / steps);
}

/** One row a step and uplink; `s` numbers the stretches between gaps. */
function rows(report: Report, space: TimeSpace, direction: Direction, unit: Unit): object[] {
  const { series } = report;
  const width = stepOf(report);
  const all = report.uplinks.map((uplink) => meanBins(valuesOf(report, uplink.name, direction), width));
  const steps = Math.ceil(binsOf(report) / width);
  const points: object[] = [];
  let stretch = 0;
  const add = (step: number, from: number) => {
    const t = clip(space.at((series.start ?? 0) + step * width * series.binSeconds), space);
    all.forEach((values, u) => {
      points.push({ t, u, v: inUnit(values[from] ?? 0, unit), s: stretch });
    });
  };
  let open = false;
  for (let i = 0; i < steps; i += 1) {
    const missing = all.every((values) => (values[i] ?? null) === null);
    if (missing && open) {
      add(i, i - 1); // the last step ends where the gap begins
      stretch += 1;
    }
    if (!missing) add(i, i);
    open = !missing;
  }
  if (open) add(steps, steps - 1);
  return points;
}

/** Where the areas are means: the sum of all uplinks bin by bin, as long as none of them is switched off. */
function sumLayers(
  report: Report,
  space: TimeSpace,
  direction: Direction,
  unit: Unit,
  last: boolean,
  { theme, width }: ChartOptions,
): Spec[] {
  if (stepOf(report) === 1) return [];
  const { series } = report;
  const sum = sumOf(report, direction);
  let stretch = 0;
  const values = reduce([sum], width).flatMap((i) => {
    const bps = sum[i] ?? null;
    if (bps === null) stretch += 1;
    const t = clip(space.at((series.start ?? 0) + (i + 0.5) * series.binSeconds), space);
    return bps === null ? [] : [{ t, v: inUnit(bps, unit), s: stretch }];
  });
  return [
    {
      data: { values },
      transform: [{ filter: 'indexof(on, false) < 0' }],
      mark: { type: 'line', clip: true, color: theme.ink, strokeWidth: 0.6, opacity: 0.5 },
      encoding: {
        x: timeChannel(space, 't', last),
        y: { field: 'v', type: 'quantitative' },
        detail: { field: 's' },
      },
    },
  ];
}

interface Capacity {
  bps: number;
  text: string;
}

/** What all uplinks carry together, and what is left when the largest fails; where all capacities are known. */
function capacities(report: Report, direction: Direction): Capacity[] {
  const known = report.uplinks.map((uplink) => uplink.capacity?.[direction] ?? 0);
  if (known.length === 0 || known.some((bps) => bps <= 0)) return [];
  const sum = known.reduce((all, bps) => all + bps, 0);
  const largest = known.indexOf(Math.max(...known));
  const all = { bps: sum, text: `capacity ${formatRate(sum)}` };
  if (known.length === 1) return [all];
  const rest = sum - (known[largest] ?? 0);
  return [all, { bps: rest, text: `without ${uplinkNames(report)[largest]} ${formatRate(rest)}` }];
}

function capacityLayers(report: Report, direction: Direction, unit: Unit, { theme }: ChartOptions): Spec[] {
  const peak = peakOf(report, direction);
  const near = capacities(report, direction).filter(({ bps }) => bps <= peak * FARTHEST_LINE);
  if (near.length === 0) return [];
  const data = { values: near.map(({ bps, text }) => ({ c: inUnit(bps, unit), text })) };
  const y = { field: 'c', type: 'quantitative' };
  return [
    { data, mark: { type: 'rule', color: theme.ink, strokeDash: [5, 3], strokeWidth: 1.2 }, encoding: { y } },
    {
      data,
      mark: { type: 'text', align: 'right', baseline: 'bottom', dy: -2, color: theme.ink },
      encoding: { x: { value: 'width' }, y, text: { field: 'text' } },
    },
  ];
}

function caption(report: Report): string {
  const sentences = DIRECTIONS.flatMap((direction) => {
    const peak = peakOf(report, direction);
    if (peak <= 0) return [];
    const capacity = capacities(report, direction)[0];
    const of =
      capacity === undefined ? '' : `, ${formatShare(peak / capacity.bps, 0)} of the ${formatRate(capacity.bps)}`;
    return [`${formatRate(peak)} ${direction}${of}`];
  });
  const lines = [`At most ${sentences.join(' and ')}, as means over ${binText(report)}.`];
  const step = stepOf(report);
  if (step > 1) {
    const mean = formatDuration(step * report.series.binSeconds);
    lines.push(`Areas are means over ${mean}; the thin line is the sum of all, with each of its peaks and dips.`);
  }
  if (report.outages.length > 0) lines.push('Shaded red: outages, with the uplink that was out.');
  if (report.captureGaps.length > 0) lines.push('Grey: not captured.');
  return lines.join(' ');
}

function table(report: Report, { timezone }: ChartOptions): ChartTable {
  const { series } = report;
  const width = Math.max(1, Math.ceil(binsOf(report) / TABLE_ROWS));
  const names = uplinkNames(report);
  const columns = report.uplinks.flatMap(({ name }) =>
    DIRECTIONS.map((direction) => sumBins(valuesOf(report, name, direction), width)),
  );
  const length = Math.max(0, ...columns.map((column) => column.length));
  return {
    columns: ['from', ...names.flatMap((name) => DIRECTIONS.map((direction) => `${name} ${direction}>`))],
    rows: Array.from({ length }, (_, i) => [
      binTime((series.start ?? 0) + i * width * series.binSeconds, timezone),
      ...columns.map((column) => formatRate(mean(column[i] ?? null, width))),
    ]),
  };
}

function mean(sum: number | null, count: number): number | null {
  return sum === null ? null : sum / count;
}

function binText({ series }: Report): string {
  return formatDuration(series.binSeconds);
}

/** The highest sum over all uplinks in one bin; 0 where nothing is known. */
function peakOf(report: Report, direction: Direction): number {
  return peaks(report)[direction];
}

const peaks = oncePerReport((report): Record<Direction, number> => {
  const peakIn = (direction: Direction) => {
    let peak = 0;
    for (const sum of sumOf(report, direction)) peak = Math.max(peak, sum ?? 0);
    return peak;
  };
  return { down: peakIn('down'), up: peakIn('up') };
});

function sumOf(report: Report, direction: Direction): Values {
  return sums(report)[direction];
}

/** All uplinks together, bin by bin; null where none was measured. */
const sums = oncePerReport((report): Record<Direction, Values> => {
  const sumIn = (direction: Direction) => {
    const sum: (number | null)[] = new Array(binsOf(report)).fill(null);
    for (const uplink of report.uplinks) {
      for (const [i, bps] of valuesOf(report, uplink.name, direction).entries()) {
        if (bps !== null) sum[i] = (sum[i] ?? 0) + bps;
      }
    }
    return sum;
  };
  return { down: sumIn('down'), up: sumIn('up') };
});

function valuesOf({ series }: Report, name: string, direction: Direction): Values {
  return Object.hasOwn(series.uplinks, name) ? (series.uplinks[name]?.[direction] ?? []) : [];
}
