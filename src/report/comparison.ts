// `Report.comparison`: what changed from the span before to the one after, whose report it stands in.
//
// Units as in `report.ts`. A change is after less before; intervals are 95 %.

import type { ByDirection, Interval, ReportBalance, Verdict } from './report.js';

export interface ReportComparison {
  before: ComparedSpan;
  after: ComparedSpan;
  /** Where one input was cut; null for two. */
  splitAt: number | null;
  /** What a decision is counted by in both spans. */
  key: ReportBalance['key'];
  /** Keys of each span, those of both, and those of both that moved; null where clients can't be seen. */
  keys: { before: number; after: number; both: number; moved: number } | null;
  test: string | null;
  statistic: number | null;
  df: number | null;
  pValue: number | null;
  /** The largest change of a share of decisions (of flows where clients can't be seen), in percentage points. */
  maxChange: { uplink: string; points: number } | null;
  /** `deviates`: the shares differ by more than chance; null where a span has no flows to compare. */
  verdict: Verdict | null;
  /** The change, in percentage points, that would have been seen. */
  detectablePoints: number | null;
  /** In each span, to see a change of 5 points, if the spans share no keys. */
  decisionsNeeded: number | null;
  /** Flows that began while not all uplinks of the span were eligible: not compared. */
  leftOut: Pair<number>;
  uplinks: ComparedUplink[];
  notes: string[];
}

export interface Pair<T> {
  before: T;
  after: T;
}

export interface ComparedSpan {
  /** Paths as given, of those that held anything. */
  inputs: string[];
  start: number | null;
  end: number | null;
  seconds: number | null;
  /** Client-started. */
  flows: number;
  /** Held against the span's own weights. */
  verdict: Verdict | null;
  pValue: number | null;
}

export interface Change extends Pair<number | null> {
  change: number | null;
  interval: Interval | null;
}

export interface ComparedUplink {
  uplink: string;
  weight: Pair<number | null>;
  /** Share by the weights. */
  expected: Pair<number | null>;
  flows: Pair<number | null>;
  /** Of the flows that are compared. */
  share: { flows: Change; decisions: Change; bytes: Change; packets: Change };
  rate: ByDirection<{ mean: Pair<number | null>; p95: Pair<number | null>; peak: Pair<number | null> }>;
  /** p95 as a part of the capacity. */
  utilisation: ByDirection<Pair<number | null>>;
  /** Part of the flows that were answered. */
  answered: Change;
  handshakeMsP50: Pair<number | null>;
  handshakeMsP95: Pair<number | null>;
  outages: { count: Pair<number>; seconds: Pair<number> };
}
