// The inputs' first and last records become the window, and what of it they cover.

import type { Interval, ReportInput } from '../report/report.js';
import type { BinData } from '../tally/bins.js';

/** Seconds since the epoch. */
export interface Cover {
  start: number | null;
  end: number | null;
  /** From start to end, null without either. */
  seconds: number | null;
  /** Spans that some input covers, in order, apart from each other. */
  spans: Interval[];
  coveredSeconds: number;
}

/**
 * Between inputs a silence of this length or less is taken for an idle line: the files of a rotation follow each other
 * without a record at the seam.
 */
const GAP_SEC = 300;

/**
 * `data` stands in for inputs that tell no times. Where there are captures they alone cover anything: a log beside them
 * tells of flows, not of bytes over time.
 */
export function coverOf(inputs: readonly ReportInput[], data: BinData): Cover {
  const spansOf = (some: readonly ReportInput[]) =>
    some.flatMap(({ first, last }): Interval[] =>
      first !== null && last !== null && first <= last ? [[first, last]] : [],
    );
  const all = spansOf(inputs);
  const captured = spansOf(inputs.filter(({ packets }) => packets !== null));
  const known = captured.length > 0 ? captured : all;
  if (known.length === 0 && data.bins.length > 0) {
    let low = data.bins[0];
    let high = low;
    for (const bin of data.bins) {
      if (bin < low) low = bin;
      if (bin > high) high = bin;
    }
    known.push([low * data.widthSec, (high + 1) * data.widthSec]);
  }
  if (known.length === 0) return { start: null, end: null, seconds: null, spans: [], coveredSeconds: 0 };
  known.sort((a, b) => a[0] - b[0]);
  const spans: Interval[] = [];
  for (const [first, last] of known) {
    const before = spans[spans.length - 1];
    if (before !== undefined && first <= before[1] + GAP_SEC) before[1] = Math.max(before[1], last);
    else spans.push([first, last]);
  }
  const start = Math.min(spans[0][0], ...all.map(([first]) => first));
  const end = Math.max(spans[spans.length - 1][1], ...all.map(([, last]) => last));
  const coveredSeconds = spans.reduce((sum, [from, to]) => sum + (to - from), 0);
  return { start, end, seconds: micro(end - start), spans, coveredSeconds };
}

/** To whole microseconds, which a difference of such times is not. */
function micro(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6;
}
