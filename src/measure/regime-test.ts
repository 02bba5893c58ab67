// Do the decisions of several regimes follow the weights? One likelihood-ratio test over all of them.

import { chiSquareTail } from './chi-square.js';
import { gTest, LEAST_EXPECTED, midP, nullDraws, type TestResult } from './g-test.js';
import { seededRandom } from './random.js';

/** Decisions of one regime by place, and the shares that its weights give; 0 for an uplink that is not eligible. */
export interface Stratum {
  counts: readonly number[];
  expected: readonly number[];
}

const SEED = 0x72656769;
const MOST_STEPS = 500;
const ENOUGH = 1e-9;

/**
 * With one regime of two uplinks or more the G test of it. With several the same statistic, 2·(log likelihood at its
 * largest − that of the given weights), under one set of weights for all regimes: the choice model of Luce (1959), whose
 * likelihood is climbed as Hunter (2004, Annals of Statistics 32) says. Degrees of freedom: uplinks less one for each
 * group of uplinks that no regime links to another. Null where no regime leaves a choice.
 */
export function testRegimes(strata: readonly Stratum[]): TestResult | null {
  const open = strata.filter(({ counts, expected }) => sumOf(counts) > 0 && expected.filter((p) => p > 0).length > 1);
  if (open.length === 0) return null;
  if (open.length === 1) {
    const [{ counts, expected }] = open;
    const eligible = expected.flatMap((p, place) => (p > 0 ? [place] : []));
    return gTest(
      eligible.map((place) => counts[place]),
      eligible.map((place) => expected[place]),
    );
  }
  const df = freedom(open);
  const statistic = ratio(
    open,
    open.map(({ counts }) => counts),
  );
  const least = Math.min(...expectedCounts(open).filter((count) => count > 0));
  if (least >= LEAST_EXPECTED) {
    return { test: 'G test over regimes, chi-square', statistic, df, pValue: chiSquareTail(statistic, df) };
  }
  const random = seededRandom(SEED);
  const totals = open.map(({ counts }) => sumOf(counts));
  // A draw climbs a likelihood as well.
  const draws = nullDraws(sumOf(totals) + 500 * open.length);
  const pValue = midP(statistic, draws, () =>
    ratio(
      open,
      open.map(({ expected }, n) => draw(expected, totals[n], random)),
    ),
  );
  return { test: `G test over regimes, Monte Carlo (${draws} seeded draws), mid-p`, statistic, df, pValue };
}

/** By place, over all regimes. */
export function expectedCounts(strata: readonly Stratum[]): number[] {
  return strata[0].expected.map((_, place) =>
    strata.reduce((sum, { counts, expected }) => sum + sumOf(counts) * expected[place], 0),
  );
}

/** 2·Σ o·ln(p̂/p), p̂ by the weights that fit best. */
function ratio(strata: readonly Stratum[], counts: readonly (readonly number[])[]): number {
  const weights = fit(strata, counts);
  let sum = 0;
  strata.forEach(({ expected }, n) => {
    const whole = expected.reduce((total, p, place) => total + (p > 0 ? weights[place] : 0), 0);
    expected.forEach((p, place) => {
      const count = counts[n][place];
      if (count > 0) sum += count * Math.log(weights[place] / whole / p);
    });
  });
  return Math.max(0, 2 * sum);
}

function fit(strata: readonly Stratum[], counts: readonly (readonly number[])[]): Float64Array {
  const places = strata[0].expected.length;
  const won = new Float64Array(places);
  for (const row of counts) for (let place = 0; place < places; place++) won[place] += row[place];
  const totals = counts.map(sumOf);
  const weights = new Float64Array(places);
  // From the given weights, as any regime tells them.
  for (const { expected } of strata) for (let i = 0; i < places; i++) weights[i] = Math.max(weights[i], expected[i]);
  for (let step = 0; step < MOST_STEPS; step++) {
    const share = new Float64Array(places);
    strata.forEach(({ expected }, n) => {
      let whole = 0;
      for (let place = 0; place < places; place++) if (expected[place] > 0) whole += weights[place];
      for (let place = 0; place < places; place++) if (expected[place] > 0) share[place] += totals[n] / whole;
    });
    let sum = 0;
    for (let place = 0; place < places; place++) {
      share[place] = won[place] > 0 ? won[place] / share[place] : 0;
      sum += share[place];
    }
    let moved = 0;
    for (let place = 0; place < places; place++) {
      const next = share[place] / sum;
      moved = Math.max(moved, Math.abs(next - weights[place]) / (next + weights[place] || 1));
      weights[place] = next;
    }
    if (moved < ENOUGH) break;
  }
  return weights;
}

/** Uplinks that take part, less one for each group that is linked by common regimes. */
function freedom(strata: readonly Stratum[]): number {
  const group = strata[0].expected.map((_, place) => place);
  const rootOf = (place: number): number => (group[place] === place ? place : rootOf(group[place]));
  const used = new Set<number>();
  for (const { expected } of strata) {
    const eligible = expected.flatMap((p, place) => (p > 0 ? [place] : []));
    for (const place of eligible) {
      used.add(place);
      group[rootOf(place)] = rootOf(eligible[0]);
    }
  }
  return used.size - new Set([...used].map(rootOf)).size;
}

function draw(expected: readonly number[], total: number, random: () => number): number[] {
  const counts = expected.map(() => 0);
  const last = expected.findLastIndex((p) => p > 0);
  for (let i = 0; i < total; i++) {
    let left = random() - expected[0];
    let place = 0;
    while (left >= 0 && place < last) left -= expected[++place];
    counts[place]++;
  }
  return counts;
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
