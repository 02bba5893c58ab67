// How long servers take to answer over each uplink: TCP handshakes, median and 95th percentile.

import { formatDuration } from '../../util/time.js';
import { formatShare } from '../../util/units.js';
import type { Report } from '../report.js';
import type { Chart, ChartOptions, ChartTable, Spec } from './chart.js';
import { SWITCHED_ON } from './frame.js';
import { uplinkNames, uplinkScale } from './names.js';

const LINE = 26;
const MOST_ROWS = 40;
/** Times are given in whole milliseconds: below, all lines look alike. */
const LEAST_MS = 1;

export const handshake: Chart = {
  name: 'handshake',
  title: 'How fast the lines answer',
  missing: (report) =>
    timed(report).length === 0
      ? 'no TCP handshake was seen whole'
      : timed(report).every(({ p95 }) => p95 < LEAST_MS)
        ? 'nearly every handshake took less than a millisecond'
        : null,
  caption,
  table,
  plot,
};

interface Row {
  place: number;
  p50: number;
  p95: number;
}

function timed(report: Report): Row[] {
  return report.uplinks.flatMap(({ quality }, place) =>
    quality.handshakeMsP50 === null
      ? []
      : [{ place, p50: quality.handshakeMsP50, p95: quality.handshakeMsP95 ?? quality.handshakeMsP50 }],
  );
}

function plot(report: Report, options: ChartOptions): Spec {
  const { theme } = options;
  const rows = timed(report).slice(0, MOST_ROWS);
  const values = rows.map(({ place, p50, p95 }) => ({
    u: place,
    p50,
    p95,
    text: `${ms(p50)}, ${ms(p95)}`,
  }));
  const x = (field: string): Spec => ({
    field,
    type: 'quantitative',
    title: 'milliseconds',
    scale: { domainMin: 0 },
    axis: { grid: true },
  });
  const y = {
    field: 'u',
    type: 'ordinal',
    title: null,
    scale: { domain: rows.map(({ place }) => place) },
    axis: { labelExpr: 'names[datum.value]', ticks: false, domain: false, labelColor: theme.ink, labelLimit: 170 },
  };
  const bar = (field: string, mark: Spec): Spec => ({
    transform: [SWITCHED_ON, { calculate: 'names[datum.u]', as: 'name' }],
    mark: { type: 'bar', ...mark },
    encoding: {
      x: x(field),
      y,
      color: uplinkScale(report, theme, false),
      tooltip: [
        { field: 'name', title: 'uplink' },
        { field: 'text', title: 'median, p95' },
      ],
    },
  });
  return {
    width: options.width,
    height: rows.length * LINE,
    data: { values },
    layer: [bar('p95', { height: { band: 0.28 }, opacity: 0.45 }), bar('p50', { height: { band: 0.66 } })],
  };
}

function caption(report: Report): string {
  const rows = timed(report);
  const names = uplinkNames(report);
  const [slowest] = [...rows].sort((a, b) => b.p50 - a.p50);
  const quickest = rows.reduce((best, row) => (row.p50 < best.p50 ? row : best));
  const how = 'Time from a SYN to its answer, where it was captured. Thick: median; thin: 95th percentile.';
  if (slowest === undefined || slowest.place === quickest.place) return how;
  return `Half of the handshakes took up to ${ms(slowest.p50)} on ${names[slowest.place]} and up to ${ms(quickest.p50)} on ${names[quickest.place]}. ${how}`;
}

function table(report: Report, _options: ChartOptions): ChartTable {
  const names = uplinkNames(report);
  return {
    columns: ['uplink', 'median>', 'p95>', 'sent again>'],
    rows: timed(report).map(({ place, p50, p95 }) => [
      names[place] ?? '',
      ms(p50),
      ms(p95),
      formatShare(report.uplinks[place]?.quality.retransmittedShare ?? null),
    ]),
  };
}

function ms(value: number): string {
  return formatDuration(value / 1000);
}
