// The captured decisions under other weights become a recommendation, or the statement that the present weights are as
// good as this traffic can show.

import { round6 } from '../measure/round.js';
import type { ReportTuning, TuningTarget } from '../report/tuning.js';
import { UserError } from '../util/error.js';
import { listChoices } from '../util/suggest.js';
import { applyCommands } from './apply.js';
import { chooseCandidates, MOST_CANDIDATES, reduced, sharesOf } from './candidates.js';
import { type Choice, choose } from './choose.js';
import { type Goal, goalOf } from './goal.js';
import { carriedBytes, itemsOf, movableOf } from './items.js';
import { candidateOf, tryAll } from './outcome.js';
import { REPETITIONS } from './replay.js';
import { type AdviceInput, type KnownUplink, type Traffic, trafficOf } from './traffic.js';
import { fullParts, tuneNotes } from './tune-notes.js';
import { reasonOf } from './tune-reason.js';

/** Bins of the replay at most: a week of 5 minutes. Longer captures have wider ones. */
const MOST_BINS = 2016;

export const MAX_SUM = 16;

export interface TuneOptions {
  target: TuningTargetWish;
  /** Largest sum of the weights tried. */
  maxSum: number;
}

/** As asked for, by name. */
export type TuningTargetWish =
  | { kind: 'equal' }
  | { kind: 'split'; parts: ReadonlyMap<string, number> }
  | { kind: 'metered'; uplinks: readonly string[] };

/**
 * Replays the decisions of a finished tally under other weights. Throws `UserError` where the inputs can't tell: fewer
 * than two uplinks with traffic, capacities missing. A function of what was tallied, not of its order.
 */
export function tuningOf(input: AdviceInput, { target: wish, maxSum }: TuneOptions): ReportTuning {
  const traffic = trafficOf(input, MOST_BINS);
  const { decisions, bends } = traffic;
  const { axis } = traffic.carried;
  const { places, rows } = decisions;
  const uplinks = places.map((n) => traffic.uplinks[n]);
  const target = settleTarget(wish, uplinks, traffic);
  if (uplinks.length < 2) throw new UserError(`tune needs the traffic of two uplinks or more: ${tooFew(traffic)}`);
  if (rows.length === 0) throw new UserError('tune needs flows that clients started, and the inputs have none');

  const { ledger } = input.tally;
  const stays = carriedBytes(ledger, traffic);
  const demand = { up: total(stays.up, places), down: total(stays.down, places) };
  const movable = movableOf(ledger, decisions, input.config?.router.hashPolicy ?? null);
  const items = itemsOf(ledger, movable, axis, bends, stays);
  const left = { up: places.map((n) => stays.up[n]), down: places.map((n) => stays.down[n]) };
  const goal = goalOf(target, uplinks, demand);
  const { vectors, possible } = vectorsOf(uplinks, target, maxSum, goal);
  const weights = uplinks.map(({ weight }) => weight);
  const now = weights.every((weight) => weight !== null) ? (weights as number[]) : null;
  const present = now === null ? -1 : addPresent(vectors, now);

  const { list, figures } = tryAll(vectors, items, left, uplinks, axis, REPETITIONS);
  const choice = choose(list, present, goal);
  const full = fullParts(traffic, places);
  const tell = ({ trial, loss, beatsPresent }: Choice['best']) =>
    candidateOf(trial, figures, uplinks, axis.widthSec, {
      loss,
      beatsPresent: beatsPresent === null ? null : round6(beatsPresent),
      atLeast: full.some((part) => part > 0),
    });
  const recommended = now === null ? choice.smallest : choice.change;
  const held = recommended ?? choice.best;
  const verdict = now === null ? 'unknown' : choice.change === null ? 'keep' : 'change';
  return {
    target,
    uplinks: uplinks.map(({ name }) => name),
    binSeconds: axis.widthSec,
    bins: axis.bins,
    quantileRule: 'nearest rank',
    repetitions: REPETITIONS,
    keys: items.keys,
    maxSum,
    possible,
    present: choice.present === null ? null : tell(choice.present),
    candidates: choice.order.map(tell),
    closedForm: goal.ideal?.map(round6) ?? null,
    verdict,
    recommended: recommended?.trial.weights ?? null,
    reason: reasonOf(choice, target, uplinks),
    gain:
      choice.present === null || held.beatsPresent === null
        ? null
        : {
            weights: held.trial.weights,
            beatsPresent: round6(held.beatsPresent),
            worstUtilisation: worstGain(choice.present, held),
          },
    commands: recommended === null ? [] : applyCommands(recommended.trial.weights, uplinks, input),
    notes: tuneNotes(traffic, movable, stays, demand, full),
  };
}

/** By how much of the present one the worst utilisation is lower, in the median draw. */
function worstGain(present: Choice['best'], held: Choice['best']): number | null {
  const [before, after] = [present.trial.worst, held.trial.worst];
  if (before === null || after === null) return null;
  const gains = before.map((value, draw) => (value > 0 ? (value - after[draw]) / value : 0)).sort();
  return round6(gains[Math.ceil(gains.length / 2) - 1]);
}

function settleTarget(wish: TuningTargetWish, uplinks: readonly KnownUplink[], traffic: Traffic): TuningTarget {
  const names = traffic.uplinks.map(({ name }) => name);
  const check = (name: string) => {
    if (!names.includes(name)) {
      throw new UserError(`--target names an uplink that is not there: "${name}"; there is ${listChoices(names)}`);
    }
  };
  if (wish.kind === 'split') {
    for (const name of wish.parts.keys()) check(name);
    const parts = uplinks.map(({ name }) => wish.parts.get(name) ?? 0);
    const sum = parts.reduce((all, part) => all + part, 0);
    if (!(sum > 0)) throw new UserError('--target split gives nothing to any uplink that was captured');
    return { kind: 'split', split: parts.map((part) => round6(part / sum)), metered: [] };
  }
  if (wish.kind === 'metered') {
    wish.uplinks.forEach(check);
    if (uplinks.every(({ name }) => wish.uplinks.includes(name))) {
      throw new UserError('--target metered leaves no uplink to carry the traffic: name fewer');
    }
  }
  const metered = wish.kind === 'metered' ? [...wish.uplinks] : [];
  const without = uplinks.filter(
    ({ name, capacity }) => capacity.up === null && capacity.down === null && !metered.includes(name),
  );
  if (without.length > 0) {
    const flags = without.map(({ name }) => `--capacity ${name}=DOWN/UP`).join(' ');
    throw new UserError(`tune needs to know what the uplinks can carry: give ${flags}, or --target split=…`);
  }
  return { kind: wish.kind, split: null, metered };
}

function tooFew({ uplinks }: Traffic): string {
  const seen = uplinks.filter(({ inView }) => inView).map(({ name }) => name);
  return seen.length === 0 ? 'none is in the inputs' : `only ${seen.join(', ')} is in the inputs`;
}

/** Vectors to try; a metered uplink may be left out of the route as well, which is weight 0. */
function vectorsOf(
  uplinks: readonly KnownUplink[],
  target: TuningTarget,
  maxSum: number,
  goal: Goal,
): { vectors: number[][]; possible: number } {
  const count = uplinks.length;
  const sum = Math.max(maxSum, count);
  const ideal = goal.ideal ?? uplinks.map(() => 1 / count);
  const all = chooseCandidates(count, sum, ideal, goal.score);
  if (target.kind !== 'metered') return { vectors: all.list, possible: all.possible };
  const stay = uplinks.map(({ name }) => !target.metered.includes(name));
  const kept = stay.flatMap((is, n) => (is ? [n] : []));
  const fill = (few: readonly number[]) => {
    const weights = uplinks.map(() => 0);
    kept.forEach((n, i) => {
      weights[n] = few[i];
    });
    return weights;
  };
  const few = chooseCandidates(
    kept.length,
    sum,
    kept.map((n) => ideal[n]),
    (shares) => goal.score(fill(shares)),
    MOST_CANDIDATES / 2,
  );
  return { vectors: [...few.list.map(fill), ...all.list], possible: all.possible + few.possible };
}

/** Its place among the vectors; it is added where it is not one of them, and kept as it is written. */
function addPresent(vectors: number[][], present: readonly number[]): number {
  const same = vectors.findIndex((weights) => sharesOf(weights).join() === sharesOf(reduced(present)).join());
  if (same < 0) return vectors.push([...present]) - 1;
  vectors[same] = [...present];
  return same;
}

function total(rows: readonly Float64Array[], places: readonly number[]): number {
  return places.reduce((sum, n) => sum + rows[n].reduce((all, bytes) => all + bytes, 0), 0);
}
