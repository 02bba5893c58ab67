// N-1: how full the remaining lines would be if one failed.

import { formatNumberOf, formatShare } from '../../util/units.js';
import type { Report } from '../report.js';
import type { Chart, ChartOptions, ChartTable, Spec } from './chart.js';
import { type FailureLoad, failureLoads } from './load.js';
import { uplinkNames, uplinkScale } from './names.js';

const LINE = 22;
/** Of many uplinks the failures that load the others most, and the lines that are loaded most. */
const MOST_FAILURES = 8;
const MOST_LINES = 16;

export const failure: Chart = {
  name: 'failure',
  title: 'If an uplink fails',
  missing: (report) =>
    report.uplinks.length < 2
      ? 'there is no second uplink'
      : failureLoads(report).length === 0
        ? 'no capacity is configured'
        : null,
  caption,
  table,
  plot,
};

function plot(report: Report, options: ChartOptions): Spec {
  const { theme } = options;
  const names = uplinkNames(report);
  const all = failureLoads(report);
  const most = Math.max(1.05, ...all.map(({ p95, high }) => Math.min(4, high ?? p95)));
  const panels = worstFirst(report).map((fails, i, shown): Spec => {
    const last = i === shown.length - 1;
    const rows = fullest(all.filter((load) => load.fails === fails));
    const values = rows.map(({ place, direction, p95, low, high }, row) => ({
      row,
      u: place,
      v: round(Math.min(p95, most)),
      low: low === null ? null : round(Math.min(low, most)),
      high: high === null ? null : round(Math.min(high, most)),
      line: `${names[place]} ${direction}`,
      text: formatShare(p95, 0),
    }));
    const x = (field: string): Spec => ({
      field,
      type: 'quantitative',
      scale: { domain: [0, round(most)], nice: false },
      axis: last
        ? { format: '.0%', title: 'offered at the 95th percentile, of the capacity' }
        : { labels: false, ticks: false, title: null },
    });
    const y = {
      field: 'line',
      type: 'nominal',
      sort: null,
      title: null,
      axis: { ticks: false, domain: false, labelColor: theme.ink, labelLimit: 170 },
    };
    const color = uplinkScale(report, theme, false);
    const tooltip = [
      { field: 'line', title: 'remaining' },
      { field: 'text', title: 'offered, of the capacity' },
    ];
    return {
      title: {
        text: { expr: `'without ' + names[${fails}]` },
        anchor: 'start',
        frame: 'bounds',
        fontSize: 12,
        offset: 3,
        color: theme.ink,
      },
      width: options.width,
      height: rows.length * LINE,
      data: { values },
      layer: [
        { mark: { type: 'bar', height: { band: 0.66 } }, encoding: { x: x('v'), y, color, tooltip } },
        {
          mark: { type: 'rule', strokeWidth: 2, color: theme.ink },
          encoding: { x: x('low'), x2: { field: 'high' }, y, tooltip },
        },
        {
          data: { values: [{ full: 1 }] },
          mark: { type: 'rule', color: theme.alarm, strokeDash: [5, 3], strokeWidth: 1.5 },
          encoding: { x: x('full') },
        },
      ],
    };
  });
  return { vconcat: panels, spacing: 8 };
}

/** Places of the uplinks whose failure loads another one most; all where there are few, in the order of the report. */
function worstFirst(report: Report): number[] {
  const all = failureLoads(report);
  const worst = (fails: number) => Math.max(...all.filter((load) => load.fails === fails).map(({ p95 }) => p95));
  const places = [...new Set(all.map(({ fails }) => fails))];
  return places.length <= MOST_FAILURES ? places : places.sort((a, b) => worst(b) - worst(a)).slice(0, MOST_FAILURES);
}

/** In the order of the report. */
function fullest(rows: readonly FailureLoad[]): readonly FailureLoad[] {
  if (rows.length <= MOST_LINES) return rows;
  const kept = new Set([...rows].sort((a, b) => b.p95 - a.p95).slice(0, MOST_LINES));
  return rows.filter((row) => kept.has(row));
}

function caption(report: Report): string {
  const names = uplinkNames(report);
  const all = failureLoads(report);
  const worst = [...all].sort((a, b) => b.p95 - a.p95)[0];
  if (worst === undefined) return '';
  const told = report.capacity?.failures.find(({ verdict }) => verdict === 'saturates')?.message;
  const where = `${names[worst.place]} ${worst.direction}`;
  const much = formatShare(worst.p95, 0);
  const lead =
    worst.p95 > 1
      ? `Without ${names[worst.fails]}, ${where} would be offered ${much} of what it can carry at the 95th percentile: it can’t carry that.`
      : `Every line could carry what is left to it: the most is ${much} of the capacity, ${where} without ${names[worst.fails]}.`;
  const how =
    report.capacity === undefined
      ? 'What the failed line carried is divided over the others by weight, bin by bin.'
      : 'What the failed line carried is drawn anew over the others by weight, many times; the thin lines hold 95 % of the draws.';
  const failures = new Set(all.map(({ fails }) => fails)).size;
  const more = failures - worstFirst(report).length;
  const lines = all.length / Math.max(1, failures);
  return [
    lead,
    told !== undefined && worst.p95 <= 1 ? told : '',
    how,
    more > 0 ? `${formatNumberOf(more, 'milder failure is', 'milder failures are')} not drawn.` : '',
    lines > MOST_LINES ? `Of each the ${MOST_LINES} fullest are drawn.` : '',
  ]
    .filter((line) => line !== '')
    .join(' ');
}

function table(report: Report, _options: ChartOptions): ChartTable {
  const names = uplinkNames(report);
  return {
    columns: ['fails', 'remaining', '', 'p95 of capacity>'],
    rows: failureLoads(report)
      .slice(0, 200)
      .map(({ fails, place, direction, p95 }) => [
        names[fails] ?? '',
        names[place] ?? '',
        direction,
        formatShare(p95, 0),
      ]),
  };
}

function round(value: number): number {
  return Number(value.toFixed(4));
}
