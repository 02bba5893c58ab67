// A choice becomes sentences: what to set and why, or why nothing is to be changed.

import type { TuningTarget } from '../report/tuning.js';
import { formatShare } from '../util/units.js';
import type { Choice, Judged } from './choose.js';
import { FULL, LEAST_GAIN, SURE } from './goal.js';
import { selectRank } from './select.js';
import type { KnownUplink } from './traffic.js';

export function reasonOf(choice: Choice, target: TuningTarget, uplinks: readonly KnownUplink[]): string {
  const { best, smallest, present, change, anyFit } = choice;
  const misfit = anyFit ? '' : unfit(target);
  if (present === null) {
    const said = `${written(smallest)} is the smallest within noise of the best (${written(best)}): ${told(smallest, target)}.`;
    const why = 'The present weights are not known, so there is nothing to hold it against.';
    return join(said, misfit, why, unused(smallest, uplinks));
  }
  if (change !== null) {
    const said = `${written(change)} instead of ${written(present)}: ${from(present, change, target)}.`;
    const sure = `It is better in ${formatShare(change.beatsPresent)} of the draws.`;
    const size =
      change === best ? '' : `${written(best)} is the best, but no better than ${written(change)} within noise.`;
    return join(said, sure, size, misfit, unused(change, uplinks));
  }
  const said = `The present weights ${written(present)} are as good as this traffic can show: ${told(present, target)}.`;
  if (best === present) return join(said, 'Nothing that was tried is better.', misfit);
  const rival = `The best of the others, ${written(best)}, is better in ${formatShare(best.beatsPresent)} of the draws`;
  const by = gainOf(present, best, target);
  const bar = `a change takes ${formatShare(SURE, 0)} of the draws and ${leastOf(target)}`;
  return join(said, `${rival}, by ${by} in the median one; ${bar}.`, misfit);
}

/** `4:1`. */
export function written({ trial }: Judged): string {
  return trial.weights.join(':');
}

function told({ middle, trial }: Judged, target: TuningTarget): string {
  if (target.kind === 'split')
    return `its bytes are ${middle.toFixed(1)} points off the wanted split in the median draw`;
  if (target.kind === 'metered') return `${formatShare(middle)} of the bytes go by ${target.metered.join(', ')}`;
  return `the fullest line has a p95 of ${formatShare(worst(trial.worst))} of its capacity in the median draw`;
}

function from(present: Judged, change: Judged, target: TuningTarget): string {
  if (target.kind === 'split') {
    return `its bytes come within ${change.middle.toFixed(1)} points of the wanted split in the median draw, now ${present.middle.toFixed(1)}`;
  }
  if (target.kind === 'metered') {
    const full = present.fit ? '' : `, and no other line is above ${formatShare(FULL, 0)} of its capacity at p95`;
    return `${formatShare(change.middle)} of the bytes go by ${target.metered.join(', ')}, now ${formatShare(present.middle)}${full}`;
  }
  return `the p95 of the fullest line falls from ${formatShare(present.middle)} to ${formatShare(change.middle)} of its capacity in the median draw`;
}

function gainOf(present: Judged, best: Judged, target: TuningTarget): string {
  const gain = best.gain ?? 0;
  if (target.kind === 'split') return `${Math.max(0, gain).toFixed(1)} points`;
  if (target.kind === 'metered') return `${formatShare(Math.max(0, gain))} of the bytes`;
  return `${formatShare(Math.max(0, gain) / Math.max(present.middle, 1e-12))} of the worst utilisation`;
}

function leastOf({ kind }: TuningTarget): string {
  if (kind === 'split') return '1 point';
  return kind === 'metered' ? '1 % of the bytes' : formatShare(LEAST_GAIN, 0);
}

function unfit({ metered }: TuningTarget): string {
  return `No weights keep the other uplinks below ${formatShare(FULL, 0)} of their capacity at p95, so ${metered.join(', ')} can’t be spared.`;
}

/** A metered uplink that is taken out of the route. */
function unused({ trial }: Judged, uplinks: readonly KnownUplink[]): string {
  const names = uplinks.filter((_, n) => trial.weights[n] === 0).map(({ name }) => name);
  return names.length === 0
    ? ''
    : `Weight 0: ${names.join(', ')} is left out of the multipath route and stays for failures.`;
}

function worst(draws: Float64Array | null): number | null {
  return draws === null ? null : selectRank(draws.slice(), Math.max(0, Math.ceil(draws.length / 2) - 1));
}

function join(...sentences: string[]): string {
  return sentences.filter((sentence) => sentence !== '').join(' ');
}
