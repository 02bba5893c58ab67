// New flows over time, a lane an uplink, each bin against the band that the weights let expect.
//
// The band is n·p ± 1.96·√(n·p·(1−p)·d): n the new flows of all uplinks in the bin, p the uplink's share by the weights
// then, d the design effect (flows that follow one decision are not independent). One bin in twenty lies outside by chance.

import { formatDuration } from '../../util/time.js';
import { formatCount } from '../../util/units.js';
import type { Report } from '../report.js';
import { expectedShare, flowBins } from './bins.js';
import type { Chart, ChartOptions, ChartTable, Spec } from './chart.js';
import { SWITCHED_ON } from './frame.js';
import { uplinkNames, uplinkScale } from './names.js';
import { binTime, clip, shadeLayers, timeChannel, timeSpace, timeText } from './time.js';

const Z95 = 1.959964;
/** Lanes that still can be read. */
const MOST_LANES = 24;

interface Cell {
  place: number;
  start: number;
  end: number;
  flows: number;
  /** Null where no weights are known. */
  low: number | null;
  high: number | null;
}

export const flows: Chart = {
  name: 'flows',
  title: 'New flows over time',
  missing: (report) =>
    timeSpace(report, 'UTC') === null || flowBins(report) === null ? 'no new flow has a time' : null,
  caption,
  table,
  plot,
};

function plot(report: Report, options: ChartOptions): Spec {
  const space = timeSpace(report, options.timezone);
  if (space === null) return {};
  const { theme } = options;
  const cells = cellsOf(report);
  const lanes = Math.min(MOST_LANES, report.uplinks.length);
  const lane = (place: number, last: boolean): Spec => {
    const values = cells
      .filter((cell) => cell.place === place)
      .map(({ start, end, flows: count, low, high }) => ({
        a: clip(space.at(start), space),
        b: clip(space.at(end), space),
        u: place,
        n: count,
        ...(low === null || high === null ? {} : { low: tenth(low), high: tenth(high), out: isOut(count, low, high) }),
      }));
    const x = timeChannel(space, 'a', last);
    const banded = values.some((value) => 'low' in value);
    const tooltip = [
      { field: 'name', title: 'uplink' },
      { field: 'when', title: 'from' },
      { field: 'n', title: 'new flows' },
      ...(banded
        ? [
            { field: 'low', title: 'expected at least' },
            { field: 'high', title: 'at most' },
          ]
        : []),
    ];
    const layer = (mark: Spec, encoding: Spec, ...more: Spec[]): Spec => ({
      transform: [SWITCHED_ON, timeText('a', 'when'), { calculate: 'names[datum.u]', as: 'name' }, ...more],
      mark: { clip: true, ...mark },
      encoding: { x, x2: { field: 'b' }, tooltip, ...encoding },
    });
    const y = { type: 'quantitative', title: null, axis: { tickCount: 3 } };
    return {
      title: {
        text: { expr: `names[${place}]` },
        anchor: 'start',
        frame: 'group',
        fontSize: 12,
        offset: 4,
        color: theme.ink,
      },
      width: options.width,
      height: lanes > 8 ? 40 : 64,
      layer: [
        ...shadeLayers(report, space, last, options, report.uplinks[place]?.name),
        {
          data: { values },
          layer: [
            ...(banded
              ? [
                  layer(
                    { type: 'rect', fill: theme.quiet, fillOpacity: 0.28 },
                    { y: { field: 'low', ...y }, y2: { field: 'high' } },
                  ),
                ]
              : []),
            layer(
              { type: 'rule', strokeWidth: 3 },
              { y: { field: 'n', ...y }, color: uplinkScale(report, theme, false) },
            ),
            ...(banded
              ? [
                  layer(
                    { type: 'rule', strokeWidth: 3, color: theme.alarm },
                    { y: { field: 'n', ...y } },
                    { filter: 'datum.out' },
                  ),
                ]
              : []),
          ],
        },
      ],
    };
  };
  return {
    vconcat: Array.from({ length: lanes }, (_, place) => lane(place, place === lanes - 1)),
    spacing: 10,
    resolve: { scale: { x: 'shared', y: 'independent' } },
  };
}

function cellsOf(report: Report): Cell[] {
  const bins = flowBins(report);
  if (bins === null) return [];
  const effect = Math.max(1, report.balance.designEffect ?? 1);
  return report.uplinks.flatMap((_, place) =>
    (bins.flows[place] ?? []).flatMap((count, i) => {
      if (count === null) return [];
      const start = bins.start + i * bins.width;
      const n = bins.totals[i] ?? 0;
      const p = expectedShare(report, place, start + bins.width / 2);
      const half = p === null ? 0 : Z95 * Math.sqrt(n * p * (1 - p) * effect);
      return [
        {
          place,
          start,
          end: start + bins.width,
          flows: count,
          low: p === null ? null : Math.max(0, n * p - half),
          high: p === null ? null : Math.min(n, n * p + half),
        },
      ];
    }),
  );
}

function caption(report: Report): string {
  const cells = cellsOf(report);
  const width = formatDuration(flowBins(report)?.width ?? null);
  const banded = cells.filter(({ low }) => low !== null);
  if (banded.length === 0) return `Each stroke is the number of new flows in ${width}.`;
  const out = banded.filter(({ flows: count, low, high }) => isOut(count, low, high));
  const hit = out.filter(({ start, end }) => report.outages.some((outage) => during(outage, start, end)));
  // A band of no height leaves nothing to chance: nothing began then, or all of it belonged to one uplink.
  const byChance = banded.filter(({ low, high }) => low !== high).length / 20;
  const names = uplinkNames(report);
  const worst = mostFrequent(out.map(({ place }) => place));
  const lines = [
    `Each stroke is the number of new flows in ${width}; the grey band is where the weights let 19 of 20 lie.`,
    out.length === 0
      ? `All ${formatCount(banded.length)} lie in it.`
      : `${formatCount(out.length)} of ${formatCount(banded.length)} lie outside (red)${
          report.uplinks.length > 2 && worst !== null ? `, most of them on ${names[worst]}` : ''
        }${hit.length > 0 ? `, ${formatCount(hit.length)} of these during an outage` : ''}; by chance alone about ${formatCount(Math.round(byChance))} would.`,
  ];
  if (banded.some(({ place, start, end }) => belongsToOne(report, place, (start + end) / 2))) {
    lines.push('Without a band: the weights of the lines that were up gave this one all new flows, or none.');
  }
  if (report.uplinks.length > MOST_LANES) lines.push(`The first ${MOST_LANES} uplinks are drawn.`);
  return lines.join(' ');
}

function table(report: Report, { timezone }: ChartOptions): ChartTable {
  const bins = flowBins(report);
  const cells = cellsOf(report);
  const byStart = new Map<number, Cell[]>();
  for (const cell of cells) byStart.set(cell.start, [...(byStart.get(cell.start) ?? []), cell]);
  return {
    columns: ['from', ...uplinkNames(report).flatMap((name) => [`${name}>`, 'expected>'])],
    rows: (bins?.totals ?? []).map((_, i) => {
      const start = (bins?.start ?? 0) + i * (bins?.width ?? 0);
      const row = report.uplinks.flatMap((_, place) => {
        const cell = byStart.get(start)?.find((one) => one.place === place);
        if (cell === undefined) return ['–', '–'];
        const { flows: count, low, high } = cell;
        return [formatCount(count), low === null || high === null ? '–' : `${tenth(low)}–${tenth(high)}`];
      });
      return [binTime(start, timezone), ...row];
    }),
  };
}

function during({ start, end, seconds }: Report['outages'][number], from: number, to: number): boolean {
  return start.best < to && (end?.best ?? start.best + seconds) > from;
}

function belongsToOne(report: Report, place: number, seconds: number): boolean {
  const share = expectedShare(report, place, seconds);
  return report.uplinks.length > 1 && (share === 0 || share === 1);
}

function isOut(count: number, low: number | null, high: number | null): boolean {
  // Half a flow of play: counts are whole, the band is not.
  return low !== null && high !== null && (count < low - 0.5 || count > high + 0.5);
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}

function mostFrequent(places: readonly number[]): number | null {
  const counts = new Map<number, number>();
  for (const place of places) counts.set(place, (counts.get(place) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
}
