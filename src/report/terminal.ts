// A report becomes the page that an administrator reads on a terminal: the answer first, then what it rests on.
//
// No line is wider than `options.width` (60 at least), with one exception: the configuration to keep is printed as it
// is, for it is there to be copied. Columns that find no room are named at the end.

import { formatBytes } from '../util/units.js';
import { answerOf, hasFlows } from './answer.js';
import { balanceNotes } from './balance.js';
import type { Report } from './report.js';
import { answerLines, joinSections, leftOutLines } from './terminal/answer.js';
import { findingLines } from './terminal/findings.js';
import { clientLines, serverLines } from './terminal/hosts.js';
import { inputLines } from './terminal/inputs.js';
import { gapLines, outageLines } from './terminal/outages.js';
import { packetLines } from './terminal/packets.js';
import { heading, paragraph } from './terminal/page.js';
import { createPen, type Pen, type TerminalOptions } from './terminal/pen.js';
import { rateLines } from './terminal/rates.js';
import { trafficLines } from './terminal/traffic.js';
import { uplinkLines } from './terminal/uplinks.js';

export type { TerminalOptions } from './terminal/pen.js';

/** The whole page, ending with a line break. */
export function renderTerminal(report: Report, options: TerminalOptions): string {
  const pen = createPen(options);
  const measured = hasFlows(report);
  const sections = [
    answerLines(report, answerOf(report), pen),
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
  return joinSections(sections, options.unicode);
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
