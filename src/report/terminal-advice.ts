// The pages of `mlstat tune` and `mlstat capacity`: the answer, the inputs, and the figures behind it.

import { capacityAnswer, tuningAnswer } from './advice-answer.js';
import type { Report } from './report.js';
import { answerLines, joinSections, leftOutLines } from './terminal/answer.js';
import { failureLines, growthLines, loadLines } from './terminal/capacity.js';
import { inputLines } from './terminal/inputs.js';
import { createPen, type TerminalOptions } from './terminal/pen.js';
import { applyLines, candidateLines, noteLines, tunedLines } from './terminal/tuning.js';

/** The page of a report with `tuning`, ending with a line break; nothing without it. */
export function renderTuning(report: Report, options: TerminalOptions): string {
  const { tuning } = report;
  if (tuning === undefined) return '';
  const pen = createPen(options);
  const sections = [
    answerLines(report, tuningAnswer(report, tuning), pen),
    inputLines(report, pen),
    candidateLines(tuning, pen),
    tunedLines(tuning, pen),
    applyLines(tuning, pen),
    noteLines(tuning.notes, pen),
  ];
  return joinSections([...sections, leftOutLines(pen)], options.unicode);
}

/** The page of a report with `capacity`, ending with a line break; nothing without it. */
export function renderCapacity(report: Report, options: TerminalOptions): string {
  const { capacity } = report;
  if (capacity === undefined) return '';
  const pen = createPen(options);
  const sections = [
    answerLines(report, capacityAnswer(report, capacity), pen),
    inputLines(report, pen),
    loadLines(capacity, pen),
    failureLines(capacity, pen),
    growthLines(capacity, pen),
    noteLines(capacity.notes, pen),
  ];
  return joinSections([...sections, leftOutLines(pen)], options.unicode);
}
