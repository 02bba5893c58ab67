// When an uplink did not carry what was sent to it: a line an outage, then why and what changes it.

import { formatClock, formatDate, formatDuration, formatSpan, formatTime, isSameDate } from '../../util/time.js';
import { formatCount, formatNumberOf } from '../../util/units.js';
import { outageSentences } from '../outage-words.js';
import type { Outage, Report } from '../report.js';
import { laneLines } from './outage-lanes.js';
import { cureLines, heading, paragraph } from './page.js';
import type { Pen } from './pen.js';
import { renderTable } from './table.js';

/** Outages and gaps listed one by one. */
const LISTED = 12;

export function outageLines(report: Report, pen: Pen): string[] {
  const { outages } = report;
  if (outages.length === 0) return [];
  const listed = outages.slice(0, LISTED);
  const oneDate = listed.every((outage) => isSameDate(outages[0]?.start.best ?? 0, outage.start.best, pen.timezone));
  const lines = [
    heading(
      pen,
      'Outages',
      oneDate ? `${formatDate(outages[0]?.start.best ?? null, pen.timezone)} ${pen.timezone}` : pen.timezone,
      'blackholed: new flows without answer',
      'cut: live ones',
    ),
    ...laneLines(report, pen),
    '',
    ...renderTable(
      [
        { header: 'uplink', min: 12, cells: listed.map((outage) => ({ text: outage.uplink, paint: pen.paint.bad })) },
        { header: 'kind', cells: listed.map((outage) => outage.kind) },
        {
          header: 'from',
          cells: listed.map((outage) => (oneDate ? formatClock : formatTime)(outage.start.best, pen.timezone)),
        },
        { header: 'lasted', align: 'right', cells: listed.map(lastedCell) },
        { header: 'avoided', align: 'right', drop: 2, cells: listed.map(reactionCell) },
        {
          header: 'back',
          align: 'right',
          drop: 3,
          cells: listed.map((outage) => formatDuration(outage.failback?.seconds ?? null)),
        },
        { header: 'blackholed', align: 'right', cells: listed.map((outage) => formatCount(outage.blackholedFlows)) },
        { header: 'cut', align: 'right', cells: listed.map((outage) => formatCount(outage.cutFlows)) },
        { header: 'clients', align: 'right', drop: 1, cells: listed.map((outage) => formatCount(outage.clientsHit)) },
      ],
      pen,
    ),
  ];
  if (outages.length > LISTED)
    lines.push(pen.paint.dim(`  and ${formatNumberOf(outages.length - LISTED, 'more outage')}`));
  const timeOf = (seconds: number) => (oneDate ? formatClock : formatTime)(seconds, pen.timezone);
  return [
    ...lines,
    ...listed.flatMap((outage) => [
      '',
      ...paragraph(pen, outageSentences(outage, timeOf), 2),
      ...explanationLines(outage, pen),
    ]),
  ];
}

/** Spans in which nothing could be measured: the recorder stopped, or the traffic was too thin. */
export function gapLines(report: Report, pen: Pen): string[] {
  const gaps = report.captureGaps.map((gap) => ({
    text: `${formatSpan(gap.start, gap.end, pen.timezone)}: every uplink silent (recorder stopped, or all lines at once)`,
    start: gap.start,
  }));
  const thin = report.unmeasurable.map((span) => ({
    text: `${formatSpan(span.start, span.end, pen.timezone)}: ${span.uplink}, ${span.why}`,
    start: span.start,
  }));
  const all = [...gaps, ...thin].sort((a, b) => a.start - b.start);
  if (all.length === 0) return [];
  const more = all.length - LISTED;
  return [
    heading(pen, 'Not measurable', 'idle and dead could not be told apart here'),
    ...all.slice(0, LISTED).flatMap(({ text }) => paragraph(pen, text, 2, pen.glyphs.note, pen.paint.dim)),
    ...(more > 0 ? [pen.paint.dim(`  and ${formatNumberOf(more, 'more span')}`)] : []),
  ];
}

function explanationLines({ explanations }: Outage, pen: Pen): string[] {
  return explanations.flatMap(({ message, cure }) => [
    ...paragraph(pen, message, 2, pen.glyphs.note, pen.paint.note),
    ...(cure === null ? [] : cureLines(pen, cure, 4)),
  ]);
}

function lastedCell(outage: Outage): string {
  return outage.end === null ? `>${formatDuration(outage.seconds)}` : formatDuration(outage.seconds);
}

function reactionCell({ reaction }: Outage): string {
  if (reaction === null) return 'at once';
  return reaction.avoided ? formatDuration(reaction.seconds) : 'never';
}
