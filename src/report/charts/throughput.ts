// Bits per second over time, each way, the uplinks stacked: who carries how much, and what is left of the capacity.

import { formatDuration } from '../../util/time.js';
import { formatRate } from '../../util/units.js';
import type { Report } from '../report.js';
import type { Chart, ChartOptions, ChartTable, Spec } from './chart.js';
import { SWITCHED_ON } from './frame.js';
import { oncePerReport } from './memo.js';
import { uplinkNames, uplinkScale } from './names.js';
import { reduce, sumBins, type Values } from './reduce.js';
import { binsOf, binTime, clip, shadeLayers, type TimeSpace, timeChannel, timeSpace, timeText } from './time.js';
import { inUnit, type Unit, unitFor } from './unit.js';

const DIRECTIONS = ['down', 'up'] as const;
type Direction = (typeof DIRECTIONS)[number];

/** Rows of data for one direction, all uplinks together. */
const MOST_ROWS = 2000;
/** Fewer bins than this are drawn as the steps that they are. */
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
        data: { values: rows(report, space, direction, unit, width) },
        transform: [
          SWITCHED_ON,
          { stack: 'v', groupby: ['t'], sort: [{ field: 'u', order: 'ascending' }], as: ['low', 'high'] },
          timeText('t', 'when'),
          { calculate: 'names[datum.u]', as: 'name' },
        ],
        mark: {
          type: 'area',
          clip: true,
          interpolate: binsOf(report) <= MOST_STEPS ? 'step-after' : 'linear',
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
      ...capacityLayers(report, direction, unit, options),
    ],
  };
}

/** One row a point and uplink; `s` numbers the stretches between gaps. */
function rows(report: Report, space: TimeSpace, direction: Direction, unit: Unit, width: number): object[] {
  const { series } = report;
  const all = report.uplinks.map((uplink) => valuesOf(report, uplink.name, direction));
  // Two points for each pixel are enough, and less where many uplinks share the room.
  const kept = reduce(all, Math.min(width * 3, Math.floor(MOST_ROWS / Math.max(1, all.length))));
  const steps = binsOf(report) <= MOST_STEPS;
  const points: object[] = [];
  let stretch = 0;
  const add = (index: number, from: number) => {
    const t = clip(space.at((series.start ?? 0) + index * series.binSeconds), space);
    all.forEach((values, u) => {
      points.push({ t, u, v: inUnit(values[from] ?? 0, unit), s: stretch });
    });
  };
  let open = false;
  for (const i of kept) {
    const missing = all.every((values) => (values[i] ?? null) === null);
    if (missing && open) {
      if (steps) add(i, i - 1); // the last step ends where the gap begins
      stretch += 1;
    }
    if (!missing) add(i, i);
    open = !missing;
  }
  const length = binsOf(report);
  if (open && steps) add(length, length - 1);
  return points;
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
      capacity === undefined ? '' : `, ${Math.round((peak / capacity.bps) * 100)} % of the ${formatRate(capacity.bps)}`;
    return [`${formatRate(peak)} ${direction}${of}`];
  });
  const lines = [`At most ${sentences.join(' and ')}, as means over ${binText(report)}.`];
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
  const bins = binsOf(report);
  const peakIn = (direction: Direction) => {
    const all = report.uplinks.map((uplink) => valuesOf(report, uplink.name, direction));
    let peak = 0;
    for (let i = 0; i < bins; i += 1) {
      let sum = 0;
      for (const values of all) sum += values[i] ?? 0;
      peak = Math.max(peak, sum);
    }
    return peak;
  };
  return { down: peakIn('down'), up: peakIn('up') };
});

function valuesOf({ series }: Report, name: string, direction: Direction): Values {
  return Object.hasOwn(series.uplinks, name) ? (series.uplinks[name]?.[direction] ?? []) : [];
}
