// Decisions become a verdict: do they follow the weights, is the difference chance, or are they too few to tell?

import type { ReportBalance, Verdict } from '../report/report.js';
import type { Ledger } from '../tally/ledger.js';
import { roomOf } from '../tally/rows.js';
import { chiSquareTail } from './chi-square.js';
import { type Decisions, placesOf } from './decisions.js';
import { gStatistic, LEAST_EXPECTED, type TestResult } from './g-test.js';
import { effectiveNumber, jainIndex } from './interval.js';
import { decisionsNeeded, detectablePoints } from './power.js';
import { expectedCounts, type Stratum, testRegimes } from './regime-test.js';
import { round6 } from './round.js';
import { scoreTest } from './score-test.js';

/** The figures of the verdict; the rest of `ReportBalance` says what was counted. */
export type Judgement = Omit<ReportBalance, 'key' | 'policy' | 'excluded' | 'regimes'>;

const LEVEL = 0.05;
/** Percentage points: a smaller difference is never told as a deviation, however sure it is. */
const LEAST_POINTS = 1;
/** With fewer servers the score test is not trusted. */
const LEAST_SERVERS = 30;

const UNJUDGED: Judgement = {
  test: null,
  statistic: null,
  df: null,
  pValue: null,
  designEffect: null,
  effectiveDecisions: null,
  jain: null,
  maxDeviation: null,
  verdict: null,
  detectablePoints: null,
  decisionsNeeded: null,
};

/** What the judgement is about: decisions where the clients are seen, else flows. */
type Counted = 'flows' | 'firsts';

/**
 * By uplink the share that the weights give it, over the judged regimes as far as it was decided in each: Σ n_r·p_r / Σ n_r.
 * All null where a weight is missing, or where several uplinks are known and fewer than two take part.
 */
export function expectedShares(weights: readonly (number | null)[], decisions: Decisions): (number | null)[] {
  const { places, clientsVisible } = decisions;
  const judged = places.length === weights.length || places.length > 1;
  if (!judged || places.some((uplink) => !((weights[uplink] ?? 0) > 0))) return weights.map(() => null);
  const strata = strataOf(decisions, weights, clientsVisible ? 'firsts' : 'flows');
  const sums = strata.length > 0 ? expectedCounts(strata) : [];
  const total = sums.reduce((sum, count) => sum + count, 0);
  const shares = total > 0 ? sums.map((count) => count / total) : sharesOf(weights, places, places);
  return weights.map((_, uplink) => (places.includes(uplink) ? shares[places.indexOf(uplink)] : null));
}

/**
 * Verdict, in this order: `deviates` (p below 5 % and at least 1 point off), `too-few` (fewer decisions than a deviation
 * of 5 points takes to be seen), `consistent`. Where clients are visible the test is on decisions, each counted once by
 * its first flow, else on the flows of servers; then the effective decisions, a lower bound, stand for the decisions.
 * Decisions of a regime that leaves no choice say nothing of the weights: they are in the shares alone.
 */
export function judgeBalance(
  ledger: Ledger,
  decisions: Decisions,
  weights: readonly (number | null)[],
  names: readonly string[],
): Judgement {
  const { places, rows, keys, clientsVisible } = decisions;
  if (places.length < 2 || rows.length === 0) return UNJUDGED;
  const effective = effectiveNumber(keys.flows);
  const spread = { designEffect: round6(rows.length / effective), effectiveDecisions: round6(effective) };
  const due = expectedShares(weights, decisions);
  if (due.every((share) => share === null)) return { ...UNJUDGED, ...spread };

  const strata = strataOf(decisions, weights, clientsVisible ? 'firsts' : 'flows');
  const open = strata.filter(hasChoice);
  const test = clientsVisible ? testRegimes(open) : testOfServers(ledger, decisions, weights, effective);
  if (test === null) return { ...UNJUDGED, ...spread };
  const total = rowsOf(strata);
  const choices = (clientsVisible ? total : effective) * (rowsOf(open) / total);
  const expected = places.map((uplink) => due[uplink] as number);
  const shares = sharesSeen(strata);
  const points = shares.map((share, i) => 100 * (share - expected[i]));
  const furthest = points.reduce((best, off, i) => (Math.abs(off) > Math.abs(points[best]) ? i : best), 0);
  const widest = widestVariance(open);
  const needed = decisionsNeeded(widest, test.df);
  let verdict: Verdict = 'consistent';
  if (test.pValue < LEVEL && Math.abs(points[furthest]) >= LEAST_POINTS) verdict = 'deviates';
  else if (choices < needed) verdict = 'too-few';
  const eligible = shares.flatMap((share, i) => (expected[i] > 0 ? [share / expected[i]] : []));
  return {
    test: test.test,
    statistic: round6(test.statistic),
    df: test.df,
    pValue: round6(test.pValue),
    ...spread,
    jain: round6(jainIndex(eligible)),
    maxDeviation: { uplink: names[places[furthest]], points: round6(points[furthest]) },
    verdict,
    detectablePoints: round6(Math.min(100, detectablePoints(choices, widest, test.df))),
    decisionsNeeded: needed,
  };
}

/**
 * By uplink: the variance of its share within regimes, as a part of what one regime with the same expected share would have;
 * 1 where there is one regime, never below a twentieth.
 */
export function choiceLeft(weights: readonly (number | null)[], decisions: Decisions): number[] {
  const strata = strataOf(decisions, weights, decisions.clientsVisible ? 'firsts' : 'flows');
  if (strata.length < 2) return weights.map(() => 1);
  const total = rowsOf(strata);
  const sums = expectedCounts(strata);
  return weights.map((_, uplink) => {
    const place = decisions.places.indexOf(uplink);
    const p = place < 0 ? 0 : sums[place] / total;
    return p > 0 && p < 1 ? Math.max(0.05, varianceOf(strata, place) / (p * (1 - p))) : 1;
  });
}

/** By place: the shares that the weights give the eligible uplinks among themselves, 0 for the others. */
export function sharesOf(
  weights: readonly (number | null)[],
  places: readonly number[],
  eligible: readonly number[],
): number[] {
  const sum = eligible.reduce((total, uplink) => total + (weights[uplink] ?? 0), 0);
  return places.map((uplink) => (eligible.includes(uplink) ? (weights[uplink] ?? 0) / sum : 0));
}

function hasChoice({ expected }: Stratum): boolean {
  return expected.filter((p) => p > 0).length > 1;
}

/** The judged regimes that anything was decided in. */
function strataOf(
  { places, regimes, counts }: Decisions,
  weights: readonly (number | null)[],
  counted: Counted,
): Stratum[] {
  return regimes.list.flatMap(({ eligible, isJudged }, n) => {
    const own = Array.from(counts[n][counted]);
    if (!isJudged || own.every((count) => count === 0)) return [];
    return [{ counts: own, expected: sharesOf(weights, places, eligible) }];
  });
}

function rowsOf(strata: readonly Stratum[]): number {
  return strata.reduce((sum, { counts }) => sum + counts.reduce((total, count) => total + count, 0), 0);
}

function sharesSeen(strata: readonly Stratum[]): number[] {
  const total = rowsOf(strata);
  return strata[0].counts.map((_, place) => strata.reduce((sum, { counts }) => sum + counts[place], 0) / total);
}

/** The largest p(1 − p) of an uplink, in the mean of the regimes. */
function widestVariance(strata: readonly Stratum[]): number {
  return Math.max(...strata[0].expected.map((_, place) => varianceOf(strata, place)));
}

/** p(1 − p) of an uplink, in the mean of the regimes. */
function varianceOf(strata: readonly Stratum[], place: number): number {
  const total = rowsOf(strata);
  return strata.reduce((sum, one) => {
    const p = one.expected[place];
    return sum + (rowsOf([one]) / total) * p * (1 - p);
  }, 0);
}

/**
 * The score test over the flows of servers. It needs many of them, none too heavy: where the effective decisions expect
 * fewer than 5 for an uplink, one client's servers may look like a law (simulated size 7–47 %). Then a G test over the
 * first flow of each server: different servers have different keys under every policy, so these are independent choices
 * (size 4–6 %). With less than 30 servers p is also no smaller than what all flows say at their effective number, for the
 * rest of the flows is not nothing.
 */
function testOfServers(
  ledger: Ledger,
  decisions: Decisions,
  weights: readonly (number | null)[],
  effective: number,
): TestResult | null {
  const { keys } = decisions;
  const strata = strataOf(decisions, weights, 'flows');
  // Of a regime that leaves no choice nothing can be learnt, so it makes up for no small share in the others.
  const open = strata.filter(hasChoice);
  if (open.length === 0) return null;
  const total = rowsOf(open);
  const expected = expectedCounts(open).map((count) => count / total);
  const choices = effective * (total / rowsOf(strata));
  const many = keys.count >= LEAST_SERVERS;
  if (many && choices * Math.min(...expected.filter((p) => p > 0)) >= LEAST_EXPECTED) {
    const test = scoreTestOf(ledger, decisions, weights);
    if (test !== null) return test;
  }
  const first = testRegimes(strataOf(decisions, weights, 'firsts').filter(hasChoice));
  if (first === null) return null;
  const test = { ...first, test: `${first.test}, first flow of each server` };
  if (many) return test;
  const ofAll = gStatistic(
    sharesSeen(open).map((share) => share * choices),
    expected,
  );
  return { ...test, pValue: Math.max(test.pValue, chiSquareTail(ofAll, test.df)) };
}

/** Over the uplinks that were eligible in a regime with a choice. */
function scoreTestOf(ledger: Ledger, decisions: Decisions, weights: readonly (number | null)[]): TestResult | null {
  const { places, rows, keys, regimes, regimeOf } = decisions;
  const open = regimes.list.flatMap(({ eligible, isJudged }, n) => (isJudged && eligible.length > 1 ? [n] : []));
  const taking = places.filter((uplink) => open.some((n) => regimes.list[n].eligible.includes(uplink)));
  if (taking.length < 2) return null;
  const room = roomOf(ledger);
  const cells = open.length * taking.length;
  const counts = room.words(keys.count * cells).fill(0);
  room.calls.countCells(
    rows.length,
    room.placeOf(rows),
    room.placeOf(keys.keyOf),
    room.placeOf(regimeOf),
    room.placeOf(Int32Array.from(regimes.list, (_, n) => open.indexOf(n))),
    room.column('uplink'),
    room.placeOf(placesOf(taking)),
    taking.length,
    cells,
    counts.byteOffset,
  );
  return scoreTest(
    counts,
    open.map((n) => sharesOf(weights, taking, regimes.list[n].eligible)),
  );
}
