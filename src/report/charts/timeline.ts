// What became of what was sent into each uplink, a lane an uplink: answered or not, outages, and what can't be told.

import { formatDuration, formatSpan } from '../../util/time.js';
import { formatCount, formatNumberOf, formatShare } from '../../util/units.js';
import type { Report } from '../report.js';
import { flowBins } from './bins.js';
import type { Chart, ChartOptions, ChartTable, Spec } from './chart.js';
import { SWITCHED_ON } from './frame.js';
import { nameOf, placeOf } from './names.js';
import { clip, timeChannel, timeSpace, timeText } from './time.js';

const LANE = 34;
const MOST_LANES = 40;

export const timeline: Chart = {
  name: 'timeline',
  title: 'Answers and outages',
  missing: (report) =>
    timeSpace(report, 'UTC') === null || report.uplinks.length === 0
      ? 'no uplink has a time'
      : flowBins(report) === null &&
          report.outages.length + report.unmeasurable.length + report.captureGaps.length === 0
        ? 'no new flow has a time'
        : null,
  caption,
  table,
  plot,
};

/** What is drawn in a lane, in parts of its height. */
interface Bar {
  u: number;
  a: number;
  b: number;
  top: number;
  low: number;
  what: string;
  /** How much of the alarm colour. */
  bad?: number;
}

function plot(report: Report, options: ChartOptions): Spec {
  const space = timeSpace(report, options.timezone);
  if (space === null) return {};
  const { theme } = options;
  const lanes = Math.min(MOST_LANES, report.uplinks.length);
  const x = timeChannel(space, 'a');
  const y = {
    field: 'top',
    type: 'quantitative',
    title: null,
    scale: { domain: [lanes, 0], nice: false, zero: false },
    axis: {
      values: Array.from({ length: lanes }, (_, i) => i + 0.5),
      labelExpr: 'names[floor(datum.value)]',
      labelColor: theme.ink,
      labelFontSize: 12,
      labelLimit: 130,
      // Each lane has its name: Vega thins out `values` as well where they are more than this.
      tickCount: lanes,
      labelOverlap: false,
      grid: false,
      ticks: false,
      domain: false,
    },
  };
  const bar = (u: number, start: number, end: number, top: number, low: number, what: string, bad?: number): Bar[] => {
    if (u < 0 || u >= lanes) return [];
    const [a, b] = [clip(space.at(start), space), clip(space.at(end), space)];
    return [{ u, a, b, top: u + top, low: u + low, what, ...(bad === undefined ? {} : { bad }) }];
  };
  const answers = answersOf(report).flatMap(({ u, start, end, flows, unanswered }) =>
    bar(
      u,
      start,
      end,
      0.12,
      0.6,
      `${formatShare(1 - unanswered / flows)} of ${formatNumberOf(flows, 'new flow')} answered`,
      Number((unanswered / flows).toFixed(3)),
    ),
  );
  const thin = report.unmeasurable.flatMap(({ uplink, start, end, why }) =>
    bar(placeOf(report, uplink), start, end, 0.68, 0.9, `can’t be told: ${why}`),
  );
  const gaps = report.captureGaps.flatMap(({ start, end }) =>
    report.uplinks.flatMap((_, u) => bar(u, start, end, 0.12, 0.9, 'not captured')),
  );
  const outages = report.outages.flatMap(({ uplink, kind, start, end, seconds }) =>
    bar(
      placeOf(report, uplink),
      start.best,
      end?.best ?? start.best + seconds,
      0.68,
      0.9,
      `${kind}, ${formatDuration(seconds)}`,
    ),
  );
  const layer = (values: Bar[], mark: Spec, more: Spec = {}): Spec[] =>
    values.length === 0
      ? []
      : [
          {
            data: { values },
            transform: [
              SWITCHED_ON,
              timeText('a', 'start'),
              timeText('b', 'end'),
              { calculate: 'names[datum.u]', as: 'name' },
            ],
            mark: { type: 'rect', clip: true, ...mark },
            encoding: {
              x,
              x2: { field: 'b' },
              y,
              y2: { field: 'low' },
              tooltip: [
                { field: 'name', title: 'uplink' },
                { field: 'what', title: 'there' },
                { field: 'start', title: 'from' },
                { field: 'end', title: 'to' },
              ],
              ...more,
            },
          },
        ];
  const frame = Array.from({ length: lanes }, (_, u) => ({
    u,
    a: space.from,
    b: space.to,
    top: u + 0.12,
    low: u + 0.6,
    what: 'nothing new was sent',
  }));
  return {
    width: options.width,
    height: lanes * LANE,
    layer: [
      ...layer(frame, { fill: 'transparent', stroke: theme.grid }),
      ...layer(answers, { fill: theme.quiet, fillOpacity: 0.35 }),
      ...layer(
        answers.filter(({ bad }) => (bad ?? 0) > 0),
        { fill: theme.alarm },
        { opacity: { field: 'bad', type: 'quantitative', scale: { domain: [0, 1], range: [0, 1] }, legend: null } },
      ),
      ...layer(gaps, { fill: theme.quiet, fillOpacity: 0.75 }),
      ...layer(thin, { fill: 'transparent', stroke: theme.quiet, strokeDash: [3, 2] }),
      ...layer(outages, { fill: theme.ink, stroke: theme.ink, strokeWidth: 1.5 }),
    ],
  };
}

function answersOf(report: Report) {
  const bins = flowBins(report);
  if (bins === null) return [];
  return bins.flows.flatMap((counts, u) =>
    counts.flatMap((flows, i) => {
      if (flows === null || flows === 0) return [];
      const start = bins.start + i * bins.width;
      const unanswered = Math.min(flows, bins.unanswered[u]?.[i] ?? 0);
      return [{ u, start, end: start + bins.width, flows, unanswered }];
    }),
  );
}

function caption(report: Report, { timezone }: ChartOptions): string {
  const width = formatDuration(flowBins(report)?.width ?? null);
  const { outages } = report;
  const lines: string[] = [];
  if (flowBins(report) !== null) {
    lines.push(`Upper strip: new flows in steps of ${width}, the redder the fewer were answered${blankText(report)}.`);
  }
  const longest = [...outages].sort((a, b) => b.seconds - a.seconds)[0];
  if (longest !== undefined) {
    const span = formatSpan(longest.start.best, longest.end?.best ?? longest.start.best + longest.seconds, timezone);
    lines.push(
      `Dark bars below: ${formatNumberOf(outages.length, 'outage')}, the longest on ${nameOf(report, longest.uplink)} for ${formatDuration(longest.seconds)} (${span}).`,
    );
  } else lines.push('No outage was found.');
  if (report.unmeasurable.length > 0) lines.push('Dashed: too little was sent to tell idle from dead.');
  if (report.captureGaps.length > 0) lines.push('Grey over the whole lane: not captured.');
  if (report.uplinks.length > MOST_LANES) lines.push(`The first ${MOST_LANES} uplinks are drawn.`);
  return lines.join(' ');
}

function blankText(report: Report): string {
  const bins = flowBins(report);
  return bins?.flows.some((counts) => counts.some((count) => count === 0 || count === null))
    ? '; empty: none began'
    : '';
}

function table(report: Report, { timezone }: ChartOptions): ChartTable {
  const rows = report.uplinks.map((uplink) => {
    const own = report.outages.filter((outage) => outage.uplink === uplink.name);
    const { answered, unanswered, availability } = uplink;
    return [
      nameOf(report, uplink.name),
      formatCount(answered),
      formatCount(unanswered),
      formatCount(own.length),
      formatDuration(availability.outageSeconds),
      formatShare(availability.ratio, 2),
      own
        .map(({ start, end }) => formatSpan(start.best, end?.best ?? report.window.end, timezone))
        .slice(0, 5)
        .join('; ') || '–',
    ];
  });
  return { columns: ['uplink', 'answered>', 'unanswered>', 'outages>', 'out for>', 'available>', 'when'], rows };
}
