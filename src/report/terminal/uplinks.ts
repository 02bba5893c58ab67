// How the uplinks share the flows, what they carry, and how well: three tables.

import { formatDuration } from '../../util/time.js';
import { formatBytes, formatCount, formatRate, formatShare, formatShareInterval, UNKNOWN } from '../../util/units.js';
import type { Report, ReportUplink, UplinkSeries } from '../report.js';
import { barScale, shareBar, sparkline } from './bars.js';
import { heading, paragraph } from './page.js';
import type { Pen } from './pen.js';
import { type Cell, renderTable } from './table.js';

export function uplinkLines(report: Report, pen: Pen): string[] {
  const { uplinks } = report;
  const weighted = uplinks.some((uplink) => uplink.share.expected !== null);
  const scale = barScale(uplinks.flatMap((uplink) => [uplink.share.flows, uplink.share.expected]));
  const legend = weighted ? `, ${pen.glyphs.tick} marks the expected share` : '';
  return [
    heading(pen, 'Uplinks', 'flows that clients started', `bar up to ${formatShare(scale, 0)}${legend}`),
    ...renderTable(
      [
        { header: 'uplink', min: 16, cells: names(uplinks) },
        { header: 'SNAT source', min: 15, drop: 1, cells: uplinks.map(snatOf) },
        ...(weighted
          ? [
              {
                header: 'weight',
                align: 'right' as const,
                drop: 3,
                cells: uplinks.map((uplink) => formatCount(uplink.weight)),
              },
            ]
          : []),
        { header: 'flows', align: 'right', cells: uplinks.map((uplink) => formatCount(uplink.flows)) },
        ...(weighted
          ? [
              {
                header: 'expected',
                align: 'right' as const,
                cells: uplinks.map((uplink) => formatShare(uplink.share.expected)),
              },
            ]
          : []),
        { header: 'share', align: 'right', cells: uplinks.map((uplink) => formatShare(uplink.share.flows)) },
        {
          header: '95 % range',
          align: 'right',
          drop: 2,
          cells: uplinks.map((uplink) => formatShareInterval(uplink.share.flowsInterval)),
        },
        ...(uplinks.some((uplink) => uplink.share.decisions !== null)
          ? [
              {
                header: 'of decisions',
                align: 'right' as const,
                drop: 0,
                cells: uplinks.map((uplink) => formatShare(uplink.share.decisions)),
              },
            ]
          : []),
        {
          header: '',
          min: 8,
          max: 24,
          cells: uplinks.map((uplink): Cell => {
            return (width) => shareBar(uplink.share.flows, uplink.share.expected, scale, pen, width);
          }),
        },
      ],
      pen,
    ),
  ];
}

export function rateLines(report: Report, pen: Pen): string[] {
  const rows = report.uplinks.flatMap((uplink) => [
    { uplink, direction: 'up' as const, series: seriesOf(report, uplink)?.up ?? [] },
    { uplink, direction: 'down' as const, series: seriesOf(report, uplink)?.down ?? [] },
  ]);
  const known = rows.some(({ uplink, direction }) => uplink.rate[direction].mean !== null);
  if (!known) return [];
  const drawn = rows.some(({ series }) => series.length > 1);
  const limited = rows.some(({ uplink, direction }) => uplink.capacity?.[direction] != null);
  const bins = formatDuration(report.window.binSeconds);
  return [
    heading(
      pen,
      'Rates',
      `IP bytes over bins of ${bins}`,
      ...(limited ? ['load: p95 of the capacity'] : []),
      ...(drawn ? ['each line to its own height'] : []),
    ),
    ...renderTable(
      [
        {
          header: 'uplink',
          min: 16,
          cells: rows.map(({ uplink, direction }) => (direction === 'up' ? uplink.name : '')),
        },
        { header: '', cells: rows.map(({ direction }) => direction) },
        rateColumn(
          'mean',
          1,
          rows.map(({ uplink, direction }) => uplink.rate[direction].mean),
        ),
        rateColumn(
          'p95',
          undefined,
          rows.map(({ uplink, direction }) => uplink.rate[direction].p95),
        ),
        rateColumn(
          'peak',
          undefined,
          rows.map(({ uplink, direction }) => uplink.rate[direction].peak),
        ),
        ...(limited
          ? [
              {
                header: 'load',
                align: 'right' as const,
                cells: rows.map((row) => usageCell(row.uplink, row.direction, pen)),
              },
            ]
          : []),
        ...(drawn
          ? [
              {
                header: 'over time',
                min: 9,
                drop: 2,
                max: 30,
                cells: rows.map(({ series }): Cell => {
                  return (width) => [{ text: sparkline(series, pen, width), paint: pen.paint.bar }];
                }),
              },
            ]
          : []),
      ],
      pen,
    ),
  ];
}

export function trafficLines(report: Report, pen: Pen): string[] {
  const { uplinks } = report;
  const shown = (values: readonly unknown[]) => values.some((value) => value !== null);
  const column = (
    header: string,
    drop: number | undefined,
    values: readonly (number | null)[],
    format = formatCount,
  ) =>
    shown(values)
      ? [{ header, align: 'right' as const, ...(drop === undefined ? {} : { drop }), cells: values.map(format) }]
      : [];
  const total = (uplink: ReportUplink) => uplink.routerFlows + uplink.inboundFlows;
  const share = (value: number | null) => formatShare(value);
  const others = uplinks.some((uplink) => total(uplink) > 0);
  const cut = uplinks.some((uplink) => uplink.availability.outageSeconds > 0);
  const columns = [
    ...column(
      'bytes up',
      undefined,
      uplinks.map((uplink) => uplink.ipBytes.up),
      formatBytes,
    ),
    ...column(
      'down',
      undefined,
      uplinks.map((uplink) => uplink.ipBytes.down),
      formatBytes,
    ),
    ...column(
      'of bytes',
      undefined,
      uplinks.map((uplink) => uplink.share.bytes),
      share,
    ),
    ...column('answered', undefined, uplinks.map(answeredShare), share),
    ...column(
      'handshake',
      4,
      uplinks.map((uplink) => uplink.quality.handshakeMsP50),
      milliseconds,
    ),
    ...column(
      'resent',
      3,
      uplinks.map((uplink) => uplink.quality.retransmittedShare),
      share,
    ),
    ...column(
      'clients',
      1,
      uplinks.map((uplink) => uplink.clients),
    ),
    ...column(
      'servers',
      2,
      uplinks.map((uplink) => uplink.servers),
    ),
    ...(cut
      ? column(
          'available',
          5,
          uplinks.map((uplink) => uplink.availability.ratio),
          share,
        )
      : []),
    ...(others ? column('other flows', 0, uplinks.map(total)) : []),
  ];
  if (columns.length === 0) return [];
  return [
    heading(
      pen,
      'Traffic',
      'handshake: the median',
      ...(others ? ['other flows: the router’s own and inbound ones'] : []),
    ),
    ...renderTable([{ header: 'uplink', min: 16, cells: names(uplinks) }, ...columns], pen),
    ...sizeLines(report, pen),
  ];
}

/** How unequal the flows are: why shares of bytes stray further from the weights than shares of flows. */
function sizeLines({ flowSizes }: Report, pen: Pen): string[] {
  if (flowSizes === null) return [];
  const { p50, p99, max } = flowSizes.quantiles;
  const text = `Half of the flows are below ${formatBytes(p50)}, one in a hundred above ${formatBytes(p99)}; the largest has ${formatBytes(max)}.`;
  return paragraph(pen, text, 2, pen.glyphs.note, pen.paint.dim);
}

function rateColumn(header: string, drop: number | undefined, rates: readonly (number | null)[]) {
  return { header, align: 'right' as const, ...(drop === undefined ? {} : { drop }), cells: rates.map(formatRate) };
}

/** p95 against capacity: quiet below 70 %, loud above 90 %. */
function usageCell(uplink: ReportUplink, direction: 'up' | 'down', pen: Pen): Cell {
  const capacity = uplink.capacity?.[direction] ?? null;
  const { p95 } = uplink.rate[direction];
  if (capacity === null || p95 === null || capacity <= 0) return UNKNOWN;
  const used = p95 / capacity;
  const paint = used >= 0.9 ? pen.paint.bad : used >= 0.7 ? pen.paint.warn : undefined;
  return { text: formatShare(used, 0), paint };
}

function seriesOf(report: Report, uplink: ReportUplink): UplinkSeries | undefined {
  return Object.hasOwn(report.series.uplinks, uplink.name) ? report.series.uplinks[uplink.name] : undefined;
}

function names(uplinks: readonly ReportUplink[]): string[] {
  return uplinks.map((uplink) => uplink.name);
}

/** The first source, without the prefix length of a single address, and how many more there are. */
function snatOf({ snat, interface: name }: ReportUplink): string {
  const first = snat[0];
  if (first === undefined) return name === null ? UNKNOWN : `dynamic, ${name}`;
  const address = first.replace(first.includes(':') ? /\/128$/ : /\/32$/, '');
  return snat.length > 1 ? `${address} +${snat.length - 1}` : address;
}

function answeredShare({ answered, unanswered }: ReportUplink): number | null {
  if (answered === null || unanswered === null || answered + unanswered === 0) return null;
  return answered / (answered + unanswered);
}

function milliseconds(ms: number | null): string {
  return ms === null ? UNKNOWN : formatDuration(ms / 1000);
}
