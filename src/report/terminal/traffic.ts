// What the uplinks carry and how well they answer: a column a figure, those that nobody knows left out.

import { formatDuration } from '../../util/time.js';
import { formatBytes, formatCount, formatShare, UNKNOWN } from '../../util/units.js';
import type { Report, ReportUplink } from '../report.js';
import { heading, paragraph } from './page.js';
import type { Pen } from './pen.js';
import { type Column, renderTable } from './table.js';

interface Figure {
  header: string;
  read: (uplink: ReportUplink) => number | null;
  format: (value: number | null) => string;
  drop?: number;
}

const share = (value: number | null) => formatShare(value);

const FIGURES: readonly Figure[] = [
  { header: 'bytes up', read: ({ ipBytes }) => ipBytes.up, format: formatBytes },
  { header: 'down', read: ({ ipBytes }) => ipBytes.down, format: formatBytes },
  { header: 'of bytes', read: (uplink) => uplink.share.bytes, format: share },
  { header: 'answered', read: answeredShare, format: share },
  { header: 'available', read: availability, format: share, drop: 5 },
  { header: 'handshake', read: ({ quality }) => quality.handshakeMsP50, format: milliseconds, drop: 4 },
  { header: 'resent', read: ({ quality }) => quality.retransmittedShare, format: share, drop: 3 },
  { header: 'clients', read: ({ clients }) => clients, format: formatCount, drop: 1 },
  { header: 'servers', read: ({ servers }) => servers, format: formatCount, drop: 2 },
  { header: 'other flows', read: otherFlows, format: formatCount, drop: 0 },
];

export function trafficLines(report: Report, pen: Pen): string[] {
  const { uplinks } = report;
  const figures = FIGURES.filter(({ read }) => uplinks.some((uplink) => read(uplink) !== null));
  if (figures.length === 0) return [];
  const columns = figures.map(({ read, format, ...rest }): Column => {
    return { ...rest, align: 'right', cells: uplinks.map((uplink) => format(read(uplink))) };
  });
  const told = (header: string, remark: string) => (figures.some((figure) => figure.header === header) ? [remark] : []);
  return [
    heading(
      pen,
      'Traffic',
      ...told('handshake', 'handshake: the median'),
      ...told('other flows', 'other flows: the router’s own and inbound ones'),
    ),
    ...renderTable([{ header: 'uplink', min: 16, cells: uplinks.map(({ name }) => name) }, ...columns], pen),
    ...sizeLines(report, pen),
  ];
}

/** How unequal the flows are: why shares of bytes stray further from the weights than shares of flows. */
function sizeLines({ flowSizes }: Report, pen: Pen): string[] {
  if (flowSizes === null) return [];
  const { p50, p99, max } = flowSizes.quantiles;
  const half = `Half of the flows are below ${formatBytes(p50)}, one in a hundred above ${formatBytes(p99)}`;
  return paragraph(pen, `${half}; the largest has ${formatBytes(max)}.`, 2, pen.glyphs.note, pen.paint.dim);
}

function answeredShare({ answered, unanswered }: ReportUplink): number | null {
  if (answered === null || unanswered === null || answered + unanswered === 0) return null;
  return answered / (answered + unanswered);
}

/** Of interest only where there was an outage. */
function availability({ availability: known }: ReportUplink): number | null {
  return known.outageSeconds > 0 ? known.ratio : null;
}

function otherFlows({ routerFlows, inboundFlows }: ReportUplink): number | null {
  return routerFlows + inboundFlows > 0 ? routerFlows + inboundFlows : null;
}

function milliseconds(ms: number | null): string {
  return ms === null ? UNKNOWN : formatDuration(ms / 1000);
}
