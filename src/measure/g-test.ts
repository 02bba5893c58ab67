// Do counts follow the weights? The likelihood-ratio test, by chi-square where the counts are large, else by the
// distribution itself.

import { chiSquareTail, logGamma } from './chi-square.js';
import { seededRandom } from './random.js';

export interface TestResult {
  /** As printed. */
  test: string;
  statistic: number;
  df: number;
  pValue: number;
}

/** Below this smallest expected count the chi-square approximation is not to be trusted (Cochran 1954). */
export const LEAST_EXPECTED = 5;
/** Outcomes that are gone through sooner than the null is drawn. */
const FEW_OUTCOMES = 20_000;
const MOST_DRAWS = 9999;
const LEAST_DRAWS = 199;
/** Random numbers at most: what decides how many draws of the null a large number of decisions leaves time for. */
const MOST_RANDOM = 4e6;
const SEED = 0x6d6c7374;
/** Statistics this near are the same one, summed in another order. */
const SAME = 1e-9;

/**
 * G test of goodness of fit (Sokal and Rohlf, Biometry, 17.2). `counts` are whole numbers of independent draws with a sum
 * above 0, `expected` shares above 0 with the sum 1. Where the smallest expected count is below 5, p is the mid-p value
 * (Lancaster 1961) of the multinomial distribution: exact for two uplinks and where there are few outcomes, else by seeded
 * draws.
 */
export function gTest(counts: readonly number[], expected: readonly number[]): TestResult {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const statistic = gStatistic(counts, expected);
  const df = counts.length - 1;
  if (total * Math.min(...expected) >= LEAST_EXPECTED) {
    return { test: 'G test, chi-square', statistic, df, pValue: chiSquareTail(statistic, df) };
  }
  if (df === 1 || outcomes(total, df) <= FEW_OUTCOMES) {
    return { test: 'G test, exact, mid-p', statistic, df, pValue: exactP(statistic, total, expected) };
  }
  const draws = nullDraws(total);
  const pValue = drawnP(statistic, total, expected, draws);
  return { test: `G test, Monte Carlo (${draws} seeded draws), mid-p`, statistic, df, pValue };
}

/** 2·Σ o·ln(o/e), never below 0. `counts` may be fractions. */
export function gStatistic(counts: ArrayLike<number>, expected: readonly number[]): number {
  let total = 0;
  for (let i = 0; i < expected.length; i++) total += counts[i];
  let sum = 0;
  for (let i = 0; i < expected.length; i++) {
    if (counts[i] > 0) sum += termOf(counts[i], total, expected[i]);
  }
  return Math.max(0, 2 * sum);
}

function termOf(count: number, total: number, share: number): number {
  return count * Math.log(count / (total * share));
}

/** In how many ways so many decisions can fall on one uplink more than `df`. */
function outcomes(total: number, df: number): number {
  let ways = 1;
  for (let i = 1; i <= df; i++) ways *= (total + i) / i;
  return Math.round(ways);
}

/** Goes through all outcomes, uplink by uplink: the chance of each, and its statistic. */
function exactP(statistic: number, total: number, expected: readonly number[]): number {
  const last = expected.length - 1;
  const ways = Float64Array.from({ length: total + 1 }, (_, k) => -logGamma(k + 1));
  const logs = expected.map((share) => Math.log(share));
  let sum = 0;
  const fall = (uplink: number, left: number, chance: number, apart: number) => {
    for (let k = uplink === last ? left : 0; k <= left; k++) {
      const likely = chance + ways[k] + k * logs[uplink];
      const further = k === 0 ? apart : apart + k * (Math.log(k / total) - logs[uplink]);
      if (uplink < last) fall(uplink + 1, left - k, likely, further);
      else sum += tieWeight(Math.max(0, 2 * further), statistic) * Math.exp(likely);
    }
  };
  fall(0, total, -ways[total], 0);
  return Math.min(1, sum);
}

function drawnP(statistic: number, total: number, expected: readonly number[], draws: number): number {
  const random = seededRandom(SEED);
  const places = expected.length;
  const counts = new Int32Array(places);
  const shares = Float64Array.from(expected);
  // Terms of the statistic by place and count: counts are small and come again and again.
  const terms = new Float64Array(places * (total + 1)).fill(Number.NaN);
  return midP(statistic, draws, () => {
    counts.fill(0);
    for (let i = 0; i < total; i++) {
      let left = random() - shares[0];
      let place = 0;
      while (left >= 0 && place < places - 1) left -= shares[++place];
      counts[place]++;
    }
    let sum = 0;
    for (let place = 0, from = 0; place < places; place++, from += total + 1) {
      const count = counts[place];
      if (count === 0) continue;
      if (Number.isNaN(terms[from + count])) terms[from + count] = termOf(count, total, shares[place]);
      sum += terms[from + count];
    }
    return Math.max(0, 2 * sum);
  });
}

/** How many draws of the null there is time for, each of so many random numbers. */
export function nullDraws(randomNumbers: number): number {
  return Math.max(LEAST_DRAWS, Math.min(MOST_DRAWS, Math.floor(MOST_RANDOM / randomNumbers)));
}

/** The mid-p value of a statistic among draws of the null. The sample itself is one more draw: p is never 0. */
export function midP(statistic: number, draws: number, draw: () => number): number {
  let sum = 0;
  for (let n = 0; n < draws; n++) sum += tieWeight(draw(), statistic);
  return (sum + 0.5) / (draws + 1);
}

/** Mid-p: what is more extreme counts whole, what is as extreme half. */
function tieWeight(drawn: number, seen: number): number {
  const near = SAME * (1 + seen);
  return drawn > seen + near ? 1 : drawn >= seen - near ? 0.5 : 0;
}
