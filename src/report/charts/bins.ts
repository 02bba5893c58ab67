// The counts of new flows over time, gathered into bins wide enough to say something of each uplink.

import type { Report } from '../report.js';
import { oncePerReport } from './memo.js';
import { sumBins, type Values } from './reduce.js';
import { binsOf } from './time.js';

/** New flows that a bin should have on average: below that, shares are noise. */
const FLOWS_A_BIN = 20;
const FEWEST_BINS = 8;
const MOST_BINS = 60;
/** Of all uplinks together: lanes are many, or finely divided. */
const MOST_CELLS = 256;

export interface FlowBins {
  /** Seconds, absolute and long. */
  start: number;
  width: number;
  /** By place of the uplink, then bin. */
  flows: (number | null)[][];
  unanswered: (number | null)[][];
  /** All uplinks together. */
  totals: (number | null)[];
}

/** Null where no flow has a time. */
export const flowBins = oncePerReport((report): FlowBins | null => {
  const { series, uplinks } = report;
  const length = binsOf(report);
  if (series.start === null || length === 0) return null;
  const fine = uplinks.map(({ name }) => countsOf(report, name, 'flows'));
  let sum = 0;
  for (const counts of fine) for (const count of counts) sum += count ?? 0;
  if (sum === 0) return null;
  const most = Math.max(24, Math.min(MOST_BINS, Math.floor(MOST_CELLS / uplinks.length)));
  const wanted = Math.min(most, Math.max(FEWEST_BINS, Math.floor(sum / FLOWS_A_BIN)));
  const step = Math.max(1, Math.ceil(length / wanted));
  const flows = fine.map((counts) => padded(sumBins(counts, step), Math.ceil(length / step)));
  const unanswered = uplinks.map(({ name }) =>
    padded(sumBins(countsOf(report, name, 'unanswered'), step), Math.ceil(length / step)),
  );
  const totals = Array.from({ length: Math.ceil(length / step) }, (_, i) => {
    const known = flows.map((counts) => counts[i] ?? null).filter((count) => count !== null);
    return known.length === 0 ? null : known.reduce((all, count) => all + count, 0);
  });
  return { start: series.start, width: step * series.binSeconds, flows, unanswered, totals };
});

/**
 * The share that an uplink should have of the flows that begin then: by the weights of the regime, else over the whole.
 * Null where no weights are known.
 */
export function expectedShare(report: Report, place: number, seconds: number): number | null {
  const uplink = report.uplinks[place];
  if (uplink === undefined) return null;
  for (const { spans, eligible, weights } of report.balance.regimes) {
    if (!spans.some(([start, end]) => seconds >= start && seconds < end)) continue;
    // Before a change of weights: told, not judged.
    if (weights === null) return null;
    const sum = weights.reduce((all, weight) => all + weight, 0);
    const at = eligible.indexOf(uplink.name);
    if (sum > 0) return at < 0 ? 0 : (weights[at] ?? 0) / sum;
  }
  return uplink.share.expected;
}

function countsOf({ series }: Report, name: string, what: 'flows' | 'unanswered'): Values {
  return Object.hasOwn(series.uplinks, name) ? (series.uplinks[name]?.[what] ?? []) : [];
}

function padded(values: (number | null)[], length: number): (number | null)[] {
  return Array.from({ length }, (_, i) => values[i] ?? null);
}
