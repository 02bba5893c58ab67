// `Report.tuning`: the captured decisions under other weights, and which weights to set.
//
// Units as in `report.ts`. Lists by uplink are in the order of `ReportTuning.uplinks`.

export interface ReportTuning {
  target: TuningTarget;
  /** The uplinks that take part. */
  uplinks: string[];
  /** Width of the bins of every figure here, seconds. */
  binSeconds: number;
  bins: number;
  quantileRule: 'nearest rank';
  /** Seeded draws. */
  repetitions: number;
  /** Decision keys: all, those replayed singly, and the groups that the rest was put into. */
  keys: { all: number; single: number; groups: number };
  /** Largest sum of weights looked at. */
  maxSum: number;
  /** Weight vectors that there are up to that sum; `candidates` holds the most promising of them. */
  possible: number;
  /** The weights as configured; null where they are not known. */
  present: TuningCandidate | null;
  /** Best first; the present weights are among them. */
  candidates: TuningCandidate[];
  /** Weights in proportion to the capacities (or to the split asked for), as parts of one; null where not known. */
  closedForm: number[] | null;
  /** `change`: set `recommended`; `keep`: the present weights are as good as this traffic can show; `unknown`: no present weights to hold it against. */
  verdict: TuningVerdict;
  recommended: number[] | null;
  /** Sentences with their figures. */
  reason: string;
  /** The recommended or best candidate against the present weights. */
  gain: { weights: number[]; beatsPresent: number; worstUtilisation: number | null } | null;
  /** What would set `recommended`, a line each; `<…>` names what is not known. mlstat runs none of them. */
  commands: string[];
  notes: string[];
}

export const TUNING_TARGETS = ['equal', 'split', 'metered'] as const;

export interface TuningTarget {
  kind: (typeof TUNING_TARGETS)[number];
  /** Parts of the bytes asked for, by uplink; null unless `split`. */
  split: number[] | null;
  /** Uplinks to be used last. */
  metered: string[];
}

export const TUNING_VERDICTS = ['change', 'keep', 'unknown'] as const;
export type TuningVerdict = (typeof TUNING_VERDICTS)[number];

/** Median over the draws and the bounds that hold 95 % of them. */
export interface Estimate {
  median: number;
  low: number;
  high: number;
}

export interface TuningCandidate {
  /** 0: not in the multipath route, there for failures only. */
  weights: number[];
  sum: number;
  /** Highest p95 utilisation of any uplink and direction; null without capacities. */
  worst: Estimate | null;
  /** What the target minimises: `worst`, the largest distance from the split in points, or the metered part of the bytes. */
  loss: Estimate;
  /** Part of the draws in which some uplink is offered more than it can carry; null without capacities. */
  saturation: number | null;
  /** Part of the draws in which it is better than the present weights; null without those. */
  beatsPresent: number | null;
  /** Its figures say "at least": captured bins above 90 % of a capacity hide what was wanted. */
  atLeast: boolean;
  uplinks: TuningUplink[];
}

export interface TuningUplink {
  uplink: string;
  /** By the weights alone. */
  expected: number;
  /** Part of all bytes, both directions. */
  bytes: Estimate;
  up: TuningLine;
  down: TuningLine;
}

/** Bits per second, and parts of the capacity (null without one). */
export interface TuningLine {
  p95: Estimate;
  peak: Estimate;
  utilisation: { p95: Estimate; peak: Estimate } | null;
  /** Part of the draws in which the line is offered more than it can carry. */
  saturation: number | null;
}
