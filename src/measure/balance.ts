// Decisions become a verdict: do they follow the weights, is the difference chance, or are they too few to tell?

import type { ReportBalance, Verdict } from '../report/report.js';
import type { Ledger } from '../tally/ledger.js';
import { chiSquareTail } from './chi-square.js';
import type { Decisions } from './decisions.js';
import { gStatistic, gTest, LEAST_EXPECTED, type TestResult } from './g-test.js';
import { effectiveNumber, jainIndex } from './interval.js';
import { countByUplink } from './keys.js';
import { decisionsNeeded, detectablePoints } from './power.js';
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

/**
 * By uplink the share that the weights give it among those that take part. All null where a weight is missing, or where
 * several uplinks are known and fewer than two take part.
 */
export function expectedShares(weights: readonly (number | null)[], places: readonly number[]): (number | null)[] {
  const taking = places.map((uplink) => weights[uplink] ?? 0);
  const sum = taking.reduce((total, weight) => total + weight, 0);
  const judged = taking.length === weights.length || taking.length > 1;
  if (!judged || taking.some((weight) => !(weight > 0))) return weights.map(() => null);
  return weights.map((weight, uplink) => (places.includes(uplink) ? (weight as number) / sum : null));
}

/**
 * Verdict, in this order: `deviates` (p below 5 % and at least 1 point off), `too-few` (fewer decisions than a deviation
 * of 5 points takes to be seen), `consistent`. Where clients are visible the test is on decisions, each counted once by
 * its first flow, else on the flows of servers; then the effective decisions, a lower bound, stand for the decisions.
 */
export function judgeBalance(
  ledger: Ledger,
  decisions: Decisions,
  expectedByUplink: readonly (number | null)[],
  names: readonly string[],
): Judgement {
  const { places, rows, keys, clientsVisible } = decisions;
  if (places.length < 2 || rows.length === 0) return UNJUDGED;
  const effective = effectiveNumber(keys.flows);
  const spread = { designEffect: round6(rows.length / effective), effectiveDecisions: round6(effective) };
  const expected = places.map((uplink) => expectedByUplink[uplink] as number);
  if (expectedByUplink.every((share) => share === null)) return { ...UNJUDGED, ...spread };

  const test = clientsVisible ? testOf(decisions, expected) : testOfServers(ledger, decisions, expected, effective);
  const counted = clientsVisible ? keys.count : effective;
  const shares = tested(decisions);
  const points = shares.map((share, i) => 100 * (share - expected[i]));
  const furthest = points.reduce((best, off, i) => (Math.abs(off) > Math.abs(points[best]) ? i : best), 0);
  const needed = decisionsNeeded(expected);
  let verdict: Verdict = 'consistent';
  if (test.pValue < LEVEL && Math.abs(points[furthest]) >= LEAST_POINTS) verdict = 'deviates';
  else if (counted < needed) verdict = 'too-few';
  return {
    test: test.test,
    statistic: round6(test.statistic),
    df: test.df,
    pValue: round6(test.pValue),
    ...spread,
    jain: round6(jainIndex(shares.map((share, i) => share / expected[i]))),
    maxDeviation: { uplink: names[places[furthest]], points: round6(points[furthest]) },
    verdict,
    detectablePoints: round6(Math.min(100, detectablePoints(counted, expected))),
    decisionsNeeded: needed,
  };
}

/** Shares of what the test is about: decisions, or flows where clients can't be seen. */
function tested({ places, clientsVisible, firsts, flows }: Decisions): number[] {
  const counts = places.map((uplink) => (clientsVisible ? firsts : flows)[uplink]);
  const sum = counts.reduce((total, count) => total + count, 0);
  return counts.map((count) => count / sum);
}

function testOf({ places, firsts }: Decisions, expected: readonly number[]): TestResult {
  return gTest(
    places.map((uplink) => firsts[uplink]),
    expected,
  );
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
  expected: readonly number[],
  effective: number,
): TestResult {
  const { places, rows, keys } = decisions;
  const many = keys.count >= LEAST_SERVERS;
  if (many && effective * Math.min(...expected) >= LEAST_EXPECTED) {
    const placeOf = new Int32Array(256);
    places.forEach((uplink, place) => {
      placeOf[uplink] = place;
    });
    const test = scoreTest(countByUplink(ledger, rows, keys, placeOf, places.length), expected);
    if (test !== null) return test;
  }
  const first = testOf(decisions, expected);
  const test = { ...first, test: `${first.test}, first flow of each server` };
  if (many) return test;
  const ofAll = gStatistic(
    tested(decisions).map((share) => share * effective),
    expected,
  );
  return { ...test, pValue: Math.max(test.pValue, chiSquareTail(ofAll, test.df)) };
}
