// Mean rate by weekday and hour, for captures of more than a day: when the lines are busy.

import { formatRate } from '../../util/units.js';
import type { Heatmap, Report } from '../report.js';
import type { Chart, ChartOptions, ChartTable, Spec } from './chart.js';
import { label } from './names.js';
import { inUnit, unitFor } from './unit.js';

const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

export const heatmap: Chart = {
  name: 'heatmap',
  title: 'Busy hours',
  missing: (report) =>
    report.heatmap === null || cellsOf(report.heatmap).every(({ bps }) => bps === null)
      ? 'the capture is not longer than a day'
      : null,
  caption,
  table,
  plot,
};

function plot(report: Report, options: ChartOptions): Spec {
  const { theme } = options;
  if (report.heatmap === null) return {};
  const cells = cellsOf(report.heatmap);
  const unit = unitFor(Math.max(0, ...cells.map(({ bps }) => bps ?? 0)), 'bit/s');
  const values = cells.flatMap(({ day, hour, bps }) =>
    bps === null ? [] : [{ d: day, h: hour, v: inUnit(bps, unit), text: formatRate(bps), day: DAYS[day] }],
  );
  return {
    width: options.width,
    height: 7 * 26,
    data: { values },
    // One colour, the stronger the busier: order is seen without telling colours apart.
    mark: { type: 'rect', fill: theme.uplinks[0], stroke: theme.grid, strokeWidth: 0.5 },
    encoding: {
      x: {
        field: 'h',
        type: 'ordinal',
        title: `hour of the day, ${label(report.heatmap.timezone)}`,
        scale: { domain: Array.from({ length: 24 }, (_, hour) => hour) },
        axis: { labelAngle: 0, labelOverlap: 'parity', ticks: false, domain: false },
      },
      y: {
        field: 'd',
        type: 'ordinal',
        title: null,
        scale: { domain: [0, 1, 2, 3, 4, 5, 6] },
        axis: { labelExpr: 'days[datum.value]', ticks: false, domain: false },
      },
      fillOpacity: { field: 'v', type: 'quantitative', scale: { range: [0.04, 1], zero: true }, legend: null },
      tooltip: [
        { field: 'day', title: 'day' },
        { field: 'h', title: 'hour' },
        { field: 'text', title: 'mean rate' },
      ],
    },
    params: [{ name: 'days', value: DAYS.map((day) => day.slice(0, 3)) }],
  };
}

function cellsOf({ hours }: Heatmap) {
  return DAYS.flatMap((_, day) =>
    Array.from({ length: 24 }, (_, hour) => ({ day, hour, bps: hours[day]?.[hour] ?? null })),
  );
}

function caption({ heatmap: map }: Report): string {
  if (map === null) return '';
  const known = cellsOf(map).filter((cell): cell is { day: number; hour: number; bps: number } => cell.bps !== null);
  const busiest = [...known].sort((a, b) => b.bps - a.bps)[0];
  const quietest = [...known].sort((a, b) => a.bps - b.bps)[0];
  if (busiest === undefined || quietest === undefined) return '';
  const when = ({ day, hour }: { day: number; hour: number }) => `${DAYS[day]} from ${hour} h`;
  return `The stronger the colour, the more was carried, both directions and all uplinks together: most on ${when(busiest)} (${formatRate(busiest.bps)} on average), least on ${when(quietest)} (${formatRate(quietest.bps)}). Empty: not captured.`;
}

function table({ heatmap: map }: Report, _options: ChartOptions): ChartTable {
  const rows = DAYS.map((day, i) => [
    day,
    ...Array.from({ length: 24 }, (_, hour) => formatRate(map?.hours[i]?.[hour] ?? null)),
  ]);
  return { columns: ['', ...Array.from({ length: 24 }, (_, hour) => `${hour} h>`)], rows };
}
