// A report becomes the page that an administrator reads on a terminal: the answer first, then what it rests on.
//
// No line is wider than `options.width` (60 at least), with one exception: the configuration to keep is printed as it
// is, for it is there to be copied. Columns that find no room are named at the end.

import { formatDuration, formatSpan } from '../util/time.js';
import { formatBytes } from '../util/units.js';
import { answerOf, hasFlows } from './answer.js';
import { balanceNotes } from './balance.js';
import type { Report } from './report.js';
import { findingLines } from './terminal/findings.js';
import { clientLines, serverLines } from './terminal/hosts.js';
import { inputLines } from './terminal/inputs.js';
import { gapLines, outageLines } from './terminal/outages.js';
import { packetLines } from './terminal/packets.js';
import { heading, MEASURE, paragraph } from './terminal/page.js';
import { createPen, type Pen, type TerminalOptions } from './terminal/pen.js';
import { rateLines } from './terminal/rates.js';
import { trafficLines } from './terminal/traffic.js';
import { uplinkLines } from './terminal/uplinks.js';
import { displayWidth } from './text.js';

export type { TerminalOptions } from './terminal/pen.js';

/** The whole page, ending with a line break. */
export function renderTerminal(report: Report, options: TerminalOptions): string {
  const pen = createPen(options);
  const measured = hasFlows(report);
  const sections = [
    answerLines(report, pen),
    inputLines(report, pen),
    measured ? uplinkLines(report, pen) : [],
    measured ? rateLines(report, pen) : [],
    measured ? trafficLines(report, pen) : [],
    measured ? balanceLines(report, pen) : [],
    outageLines(report, pen),
    gapLines(report, pen),
    packetLines(report, pen),
    clientLines(report, pen),
    serverLines(report, pen),
    findingLines(report, pen),
    inferenceLines(report, pen),
    leftOutLines(pen),
  ];
  const page = sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
  // Figures that are not known are written with an en dash by the formatters.
  return `${options.unicode ? page : page.replace(/[–’]/g, (character) => (character === '–' ? '-' : "'"))}\n`;
}

function answerLines(report: Report, pen: Pen): string[] {
  const { mood, headline, details, alerts } = answerOf(report);
  const mark = { good: pen.glyphs.good, bad: pen.glyphs.bad, unsure: pen.glyphs.unsure, note: pen.glyphs.note }[mood];
  const paint = { good: pen.paint.good, bad: pen.paint.bad, unsure: pen.paint.warn, note: pen.paint.note }[mood];
  return [
    ...titleLines(report, pen),
    '',
    ...paragraph(pen, headline, 0, mark, paint).map((line) => pen.paint.bold(line)),
    ...paragraph(pen, details.join(' '), 2),
    ...alerts.flatMap((alert) => paragraph(pen, alert, 0, pen.glyphs.warn, pen.paint.warn)),
  ];
}

/** Name and version on the left, the window on the right; under each other where there is no room. */
function titleLines({ tool, window }: Report, pen: Pen): string[] {
  const name = `${tool.name} ${pen.safe(tool.version)}`;
  if (window.start === null || window.end === null) return [pen.paint.dim(name)];
  const lasted = formatDuration(window.seconds);
  const span = `${formatSpan(window.start, window.end, pen.timezone)} (${lasted})`;
  const gap = Math.min(pen.width, MEASURE) - displayWidth(name) - displayWidth(span);
  if (gap < 2) return [pen.paint.dim(name), ...paragraph(pen, span, 0).map((line) => pen.paint.dim(line))];
  return [pen.paint.dim(name + ' '.repeat(gap) + span)];
}

function balanceLines(report: Report, pen: Pen): string[] {
  const notes = balanceNotes(report);
  if (notes.length === 0) return [];
  return [heading(pen, 'Balance'), ...notes.flatMap((note) => paragraph(pen, note, 2, pen.glyphs.note, pen.paint.dim))];
}

function inferenceLines({ inference, uplinks }: Report, pen: Pen): string[] {
  if (inference === null || inference.evidence.length === 0) return [];
  const lines = [
    heading(
      pen,
      'Inferred uplinks',
      `told from the first ${formatBytes(inference.bytesRead)}`,
      'no configuration named them',
    ),
    ...inference.evidence.flatMap(({ uplink, why }) => {
      return paragraph(pen, `${uplink}: ${why}`, 2, pen.glyphs.note, pen.paint.note);
    }),
  ];
  if (uplinks.length === 0 || inference.config.trim() === '') return lines;
  const config = inference.config.replace(/\n+$/, '').split('\n');
  return [
    ...lines,
    ...paragraph(pen, 'To keep it, put this into mlstat.yaml and add the weights and capacities:', 2),
    '',
    ...config.map((line) => `    ${pen.safe(line)}`.trimEnd()),
  ];
}

function leftOutLines(pen: Pen): string[] {
  if (pen.leftOut.size === 0) return [];
  const names = [...pen.leftOut].filter((name) => name !== '').join(', ');
  if (names === '') return [];
  const text = `Not shown at ${pen.width} columns: ${names}.`;
  return paragraph(pen, text, 0).map((line) => pen.paint.dim(line));
}
