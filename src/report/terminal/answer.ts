// The top of every page: what was read and when, then the answer; and how sections become a page.

import { formatDuration, formatSpan } from '../../util/time.js';
import type { Answer } from '../answer.js';
import type { Report } from '../report.js';
import { displayWidth } from '../text.js';
import { MEASURE, paragraph } from './page.js';
import type { Pen } from './pen.js';

export function answerLines(report: Report, { mood, headline, details, alerts }: Answer, pen: Pen): string[] {
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

/** Sections that hold anything, set apart by a line, ending with a line break. */
export function joinSections(sections: readonly (readonly string[])[], unicode: boolean): string {
  const page = sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
  // Figures that are not known are written with an en dash by the formatters.
  return `${unicode ? page : page.replace(/[–’]/g, (character) => (character === '–' ? '-' : "'"))}\n`;
}

/** Columns that found no room. */
export function leftOutLines(pen: Pen): string[] {
  if (pen.leftOut.size === 0) return [];
  const names = [...pen.leftOut].filter((name) => name !== '').join(', ');
  if (names === '') return [];
  const text = `Not shown at ${pen.width} columns: ${names}.`;
  return paragraph(pen, text, 0).map((line) => pen.paint.dim(line));
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
