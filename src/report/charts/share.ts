// Each uplink's share of flows, decisions and bytes with its interval, against what the weights let expect.

import { formatPoints, formatShare, formatShareInterval } from '../../util/units.js';
import type { Interval, Report, ReportShare } from '../report.js';
import type { Chart, ChartOptions, ChartTable, Spec } from './chart.js';
import { SWITCHED_ON } from './frame.js';
import { nameOf, uplinkNames, uplinkScale } from './names.js';

const MEASURES = ['flows', 'decisions', 'bytes'] as const;
type Measure = (typeof MEASURES)[number];

/** Uplinks drawn; a taller picture fits on no page. */
const MOST_UPLINKS = 24;
const LINE = 17;

export const share: Chart = {
  name: 'share',
  title: 'Share against weight',
  missing: (report) =>
    report.uplinks.length < 2
      ? 'there are no two uplinks to compare'
      : rowsOf(report).length === 0
        ? 'no share is known'
        : null,
  caption,
  table,
  plot,
};

function plot(report: Report, options: ChartOptions): Spec {
  const { theme } = options;
  const names = uplinkNames(report);
  const rows = rowsOf(report);
  const measures = MEASURES.filter((measure) => rows.some((row) => row.m === measure));
  const most = Math.max(0.05, ...rows.flatMap((row) => [row.v, row.high ?? 0, row.expected ?? 0]));
  // Room for the figures at the right of the dots.
  const scale = { domain: [0, Math.min(1, Math.ceil(most * 20) / 20)], nice: false };
  const drawn = report.uplinks.slice(0, MOST_UPLINKS).map((_, place) => place);
  const panel = (place: number, last: boolean): Spec => {
    const axis = last ? { format: '.0%', title: 'share of all uplinks' } : { labels: false, ticks: false, title: null };
    const x = (field: string): Spec => ({ field, type: 'quantitative', scale, axis });
    const y = { field: 'm', type: 'nominal', sort: [...measures], title: null, axis: { ticks: false, domain: false } };
    const color = uplinkScale(report, theme, false);
    const tooltip = [
      { field: 'name', title: 'uplink' },
      { field: 'm', title: 'share of' },
      { field: 'text', title: 'share' },
      { field: 'range', title: '95 % range' },
      { field: 'due', title: 'expected' },
    ];
    const values = rows.filter((row) => row.u === place).map((row) => ({ ...row, name: names[place] }));
    const expected = values[0]?.expected ?? null;
    return {
      title: {
        text: { expr: `names[${place}]` },
        anchor: 'start',
        frame: 'bounds',
        fontSize: 12,
        offset: 3,
        color: theme.ink,
      },
      width: options.width,
      height: measures.length * LINE,
      data: { values },
      transform: [SWITCHED_ON],
      layer: [
        ...(expected === null
          ? []
          : [
              {
                data: { values: [{ expected }] },
                mark: { type: 'rule', color: theme.ink, strokeWidth: 1.5, strokeDash: [4, 2] },
                encoding: { x: x('expected') },
              },
            ]),
        {
          mark: { type: 'rule', strokeWidth: 5, opacity: 0.4, strokeCap: 'round' },
          encoding: { x: x('low'), x2: { field: 'high' }, y, color, tooltip },
        },
        {
          mark: { type: 'point', filled: true, size: 75, opacity: 1 },
          encoding: { x: x('v'), y, color, tooltip },
        },
      ],
    };
  };
  return {
    vconcat: drawn.map((place, i) => panel(place, i === drawn.length - 1)),
    spacing: 8,
  };
}

interface Row {
  u: number;
  m: Measure;
  v: number;
  low: number | null;
  high: number | null;
  expected: number | null;
  text: string;
  range: string;
  due: string;
}

function rowsOf(report: Report): Row[] {
  return report.uplinks.flatMap(({ share: shares }, u) =>
    MEASURES.flatMap((m) => {
      const v = shares[m];
      if (v === null || !Number.isFinite(v)) return [];
      const interval = intervalOf(shares, m);
      return [
        {
          u,
          m,
          v: round(v),
          low: interval === null ? null : round(interval[0]),
          high: interval === null ? null : round(interval[1]),
          expected: shares.expected === null ? null : round(shares.expected),
          text: formatShare(v),
          range: formatShareInterval(interval),
          due: formatShare(shares.expected),
        },
      ];
    }),
  );
}

function intervalOf(shares: ReportShare, measure: Measure): Interval | null {
  if (measure === 'flows') return shares.flowsInterval;
  return measure === 'decisions' ? shares.decisionsInterval : shares.bytesInterval;
}

function caption(report: Report): string {
  const expected = report.uplinks.some((uplink) => uplink.share.expected !== null);
  const bars = 'The pale bars are 95 % ranges';
  if (!expected) return `${bars}. No weights are known to hold the shares against.`;
  const off = report.uplinks.filter(({ share: { expected: due, flowsInterval: range } }) => {
    return due !== null && range !== null && (due < range[0] || due > range[1]);
  });
  const names = off.map(({ name }) => nameOf(report, name));
  const flowsLine =
    names.length === 0
      ? 'every range of flows holds its dashed line, the share by the weights'
      : `the flows of ${names.join(' and ')} are off the dashed line, the share by the weights, by more than chance`;
  const bytes = farthest(report);
  return [
    `${bars}: ${flowsLine}.`,
    bytes === null
      ? ''
      : `Bytes follow single large transfers and not the weights: ${nameOf(report, bytes.name)} is off by ${formatPoints(bytes.off * 100)}.`,
  ]
    .filter((line) => line !== '')
    .join(' ');
}

/** The uplink whose share of bytes is furthest from the expected one. */
function farthest(report: Report): { name: string; off: number } | null {
  let worst: { name: string; off: number } | null = null;
  for (const { name, share: shares } of report.uplinks) {
    if (shares.bytes === null || shares.expected === null) continue;
    const off = shares.bytes - shares.expected;
    if (worst === null || Math.abs(off) > Math.abs(worst.off)) worst = { name, off };
  }
  return worst;
}

function table(report: Report): ChartTable {
  const names = uplinkNames(report);
  return {
    columns: ['uplink', 'share of', 'share>', '95 % range>', 'expected>'],
    rows: rowsOf(report).map(({ u, m, text, range, due }) => [names[u] ?? '', m, text, range, due]),
  };
}

function round(value: number): number {
  return Number(value.toFixed(4));
}
