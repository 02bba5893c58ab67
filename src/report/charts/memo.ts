// What several parts of a picture ask of one report is computed once: its series may have a million bins.

import type { Report } from '../report.js';

/** The same function, which remembers its answer for each report. A report doesn't change once it is drawn. */
export function oncePerReport<T>(compute: (report: Report) => T): (report: Report) => T {
  const known = new WeakMap<Report, { answer: T }>();
  return (report) => {
    const found = known.get(report) ?? { answer: compute(report) };
    known.set(report, found);
    return found.answer;
  };
}
