// The page of `mlstat compare`: the answer, the spans, and what changed.

import { formatNumberOf, formatP } from '../util/units.js';
import { comparisonAnswer } from './comparison-answer.js';
import type { Report } from './report.js';
import { answerLines, joinSections, leftOutLines } from './terminal/answer.js';
import { changeLines, rateChangeLines, serviceLines, spanLines } from './terminal/comparison.js';
import { findingLines } from './terminal/findings.js';
import { heading, paragraph } from './terminal/page.js';
import { createPen, type TerminalOptions } from './terminal/pen.js';

/** The page of a report with `comparison`, ending with a line break; nothing without it. */
export function renderComparison(report: Report, options: TerminalOptions): string {
  const { comparison } = report;
  if (comparison === undefined) return '';
  const pen = createPen(options);
  const notes = [...testNotes(comparison), ...comparison.notes];
  const sections = [
    answerLines(report, comparisonAnswer(report, comparison), pen),
    spanLines(comparison, pen),
    changeLines(comparison, pen),
    rateChangeLines(comparison, pen),
    serviceLines(comparison, pen),
    notes.length === 0
      ? []
      : [heading(pen, 'Test'), ...notes.flatMap((note) => paragraph(pen, note, 2, pen.glyphs.note, pen.paint.dim))],
    findingLines(report, pen),
  ];
  return joinSections([...sections, leftOutLines(pen)], options.unicode);
}

/** What was tested and how. */
export function testNotes({ test, statistic, df, pValue }: NonNullable<Report['comparison']>): string[] {
  if (test === null || statistic === null) return [];
  const freedom = formatNumberOf(df ?? 0, 'degree of freedom', 'degrees of freedom');
  return [`${test}: statistic ${Number(statistic.toPrecision(3))}, ${freedom}, ${formatP(pValue ?? 1)}.`];
}
