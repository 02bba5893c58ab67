// Trials become a choice: the smallest weights within noise of the best, and whether they are worth a change.

import { reduced, sumOf } from './candidates.js';
import { type Goal, SURE } from './goal.js';
import type { Trial } from './outcome.js';
import { selectRank } from './select.js';

export interface Judged {
  trial: Trial;
  loss: Float64Array;
  /** Median of `loss`. */
  middle: number;
  fit: boolean;
  /** Part of the draws in which it is better than the present weights; null without those. */
  beatsPresent: number | null;
  /** Median of what it gains over the present weights; null without those. */
  gain: number | null;
}

export interface Choice {
  /** Best first; those that are not fit come last. */
  order: Judged[];
  best: Judged;
  /** The smallest weights within noise of the best. */
  smallest: Judged;
  present: Judged | null;
  /** What to change to; null where nothing beats the present weights for sure, or they are not known. */
  change: Judged | null;
  /** False where no weights are fit. */
  anyFit: boolean;
}

/**
 * `present` is the place of the present weights among the trials, -1 where they are not known. A change is worth it where
 * the candidate is better in 95 % of the draws, and by more than the margin in the median one.
 */
export function choose(trials: readonly Trial[], present: number, goal: Goal): Choice {
  const losses = trials.map((trial) => goal.lossOf(trial));
  const own = present < 0 ? null : losses[present];
  const judged = trials.map((trial, n): Judged => {
    const loss = losses[n];
    const gains = own === null ? null : own.map((value, draw) => value - loss[draw]);
    return {
      trial,
      loss,
      middle: medianOf(loss),
      fit: goal.isFit(trial),
      beatsPresent: gains === null ? null : gains.filter((gain) => gain > 0).length / gains.length,
      gain: gains === null ? null : medianOf(gains),
    };
  });
  const order = [...judged].sort(
    (a, b) => Number(b.fit) - Number(a.fit) || a.middle - b.middle || sumOf(a.trial.weights) - sumOf(b.trial.weights),
  );
  const best = order[0];
  const now = present < 0 ? null : judged[present];
  const close = order.filter((one) => one.fit === best.fit && isWithinNoise(one, best, goal));
  const bySize = [...close].sort((a, b) => sizeOf(a) - sizeOf(b) || a.middle - b.middle);
  const change = now === null ? null : (bySize.find((one) => isWorthIt(one, now, goal)) ?? null);
  return { order, best, smallest: bySize[0], present: now, change, anyFit: best.fit };
}

/** Unless the 95 % interval of the median difference (of its ranks, binomial) lies wholly above the margin. */
function isWithinNoise(one: Judged, best: Judged, goal: Goal): boolean {
  const apart = one.loss.map((loss, draw) => loss - best.loss[draw]);
  const low = Math.max(0, Math.floor(apart.length / 2 - 0.98 * Math.sqrt(apart.length)));
  return selectRank(apart, low) <= goal.margin(best.middle);
}

function isWorthIt(one: Judged, present: Judged, goal: Goal): boolean {
  if (one === present) return false;
  if (one.fit && !present.fit) return true;
  if (one.fit !== present.fit) return false;
  return (one.beatsPresent ?? 0) >= SURE && (one.gain ?? 0) >= goal.margin(present.middle);
}

function sizeOf({ trial }: Judged): number {
  return sumOf(reduced(trial.weights));
}

function medianOf(values: Float64Array): number {
  return values.length === 0 ? 0 : selectRank(values.slice(), Math.max(0, Math.ceil(values.length / 2) - 1));
}
