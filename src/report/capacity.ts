// `Report.capacity`: what the lines carry, what is left of them, what they would carry if one failed, when they are full.
//
// Units as in `report.ts`: seconds, bits per second of IP bytes, parts of one. All figures are over bins of one width,
// quantiles by nearest rank.

import type { Interval } from './report.js';

export interface ReportCapacity {
  /** Width of the bins of every figure here, seconds. */
  binSeconds: number;
  /** Bins that the inputs cover. */
  bins: number;
  quantileRule: 'nearest rank';
  /** IANA name of the zone that hours and days are in. */
  timezone: string;
  /** In the order of `Report.uplinks`. */
  uplinks: CapacityUplink[];
  /** N-1: one for each uplink that could fail. Empty where there is one uplink only. */
  failures: CapacityFailure[];
  /** The failure that loads a remaining uplink most; null where no utilisation is known. */
  worstFailure: { fails: string; uplink: string; direction: 'up' | 'down'; utilisation: number } | null;
  /** Seeded draws behind the figures of `failures`. */
  repetitions: number;
  growth: CapacityGrowth;
  /** What can't be told, and why: a sentence each. */
  notes: string[];
}

export interface CapacityUplink {
  uplink: string;
  up: CapacityLine;
  down: CapacityLine;
}

/** One direction of one uplink. All null where its link was not captured. */
export interface CapacityLine {
  capacity: number | null;
  mean: number | null;
  p95: number | null;
  peak: number | null;
  /** Parts of the capacity; null without one. */
  utilisation: { mean: number; p95: number; peak: number } | null;
  /** Capacity less p95; below 0 where the configured capacity is smaller than what was carried. */
  headroom: number | null;
  /** The hour of the day (0 to 23) with the highest mean; null where no hour was captured whole. */
  busyHour: { hour: number; mean: number } | null;
  /** Mean by hour of the day, 24 of them; null where an hour was not captured. */
  hours: (number | null)[];
  /** Part of the bins above 90 % of the capacity: more may have been wanted there, so figures say "at least". */
  fullShare: number | null;
}

export const FAILURE_VERDICTS = ['survives', 'at-risk', 'saturates', 'unknown'] as const;
/** `at-risk`: saturates in some of the draws, more than 5 % and less than half of them. */
export type FailureVerdict = (typeof FAILURE_VERDICTS)[number];

export interface CapacityFailure {
  /** The uplink that fails. */
  fails: string;
  verdict: FailureVerdict;
  /** The verdict as a sentence with its figures. */
  message: string;
  others: FailureUplink[];
}

export interface FailureUplink {
  uplink: string;
  up: FailureLine;
  down: FailureLine;
}

/** What a remaining uplink is offered in one direction: medians over the draws, p95 with its 95 % interval. */
export interface FailureLine {
  p95: number;
  p95Interval: Interval;
  peak: number;
  /** Parts of the capacity; null without one. Above 1 the line is offered more than it can carry. */
  utilisation: { p95: number; peak: number } | null;
  /** Part of the time in which more is offered than the line can carry. */
  saturatedShare: number | null;
  /** Part of the draws in which that happens at all. */
  saturation: number | null;
}

export interface CapacityGrowth {
  /** Distinct days that count. */
  days: number;
  /** Why there is no trend at all; null where there is one. */
  refused: string | null;
  lines: GrowthLine[];
}

/** Daily p95 of one uplink and direction. */
export interface GrowthLine {
  uplink: string;
  direction: 'up' | 'down';
  /** In order; `date` as YYYY-MM-DD in `timezone`. */
  days: { date: string; p95: number; workingDay: boolean }[];
  /** Bits per second a day, and its 95 % interval; `fit` are the ends of the line that goes with it. */
  trend: { perDay: number; interval: Interval; fit: { date: string; p95: number }[] } | null;
  exhaustion: { date: string; earliest: string; latest: string | null } | null;
  /** Why there is no date of exhaustion. */
  refused: string | null;
}
