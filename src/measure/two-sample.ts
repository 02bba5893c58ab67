// Two spans' decisions, some of the same keys: one test whether their shares differ.

import { chiSquareTail } from './chi-square.js';
import { LEAST_EXPECTED, midP, nullDraws, type TestResult } from './g-test.js';
import { effectiveNumber } from './interval.js';
import { seededRandom } from './random.js';
import { quadraticForm } from './score-test.js';

/** By key: the place of the uplink that it chose in either span, −1 where the span does not show it. */
export interface Counts {
  before: Int32Array;
  after: Int32Array;
  places: number;
}

/** Of the change of the widest share: keys of one span alone; a moving key of both, by the part that moves; as it was seen. */
export interface Variance {
  apart: number;
  paired: number;
  seen: number;
}

export interface TwoSampleTest extends TestResult {
  /** The largest p(1 − p) of an uplink, of both spans together. */
  widest: number;
  /** By place: the correlation of what a key of both spans chose before with what it chose after, at least 0. */
  linked: number[];
  variance: Variance;
}

const SEED = 0x74776f73;
const LEAST_SERVERS = 30;

/**
 * X = d′V⁻d with d the change of the shares, V = Σ(1/N₁ + 1/N₂) − n(C + C′)/(N₁N₂): Σ = diag(p) − pp′ of the shares p of both
 * spans together, N₁ and N₂ their keys, n the keys of both, C the covariance of what these chose before and after. Without
 * common keys it is Pearson's chi-square of the 2 × J table; with common keys alone and two uplinks McNemar's (b − c)²/(b + c)
 * (Psychometrika 12 (1947) 153), with more Stuart's test of marginal homogeneity under the null (Biometrika 42 (1955) 412). Chi-square with J−1 degrees of freedom; where fewer than
 * five are expected of an uplink among keys of one span alone and keys that moved, p is by seeded exchange: spans of
 * the former, sides of the latter; neither changes V.
 */
export function twoSampleTest(counts: Counts): TwoSampleTest | null {
  const { places } = counts;
  const pairs = new Float64Array(places * places);
  const alone = [new Float64Array(places), new Float64Array(places)];
  const { before, after } = counts;
  for (let key = 0; key < before.length; key++) {
    if (before[key] >= 0 && after[key] >= 0) pairs[before[key] * places + after[key]]++;
    else if (before[key] >= 0) alone[0][before[key]]++;
    else if (after[key] >= 0) alone[1][after[key]]++;
  }
  return testTables(pairs, alone, places);
}

function testTables(pairs: Float64Array, alone: readonly Float64Array[], places: number): TwoSampleTest | null {
  const range = Array.from({ length: places }, (_, n) => n);
  const one = range.map((i) => alone[0][i] + range.reduce((sum, j) => sum + pairs[i * places + j], 0));
  const two = range.map((j) => alone[1][j] + range.reduce((sum, i) => sum + pairs[i * places + j], 0));
  const [n1, n2] = [sumOf(one), sumOf(two)];
  if (n1 === 0 || n2 === 0) return null;
  const p = range.map((i) => (one[i] + two[i]) / (n1 + n2));
  const used = range.filter((i) => p[i] > 0);
  const both = sumOf(pairs);
  const moved = both - range.reduce((sum, i) => sum + pairs[i * places + i], 0);
  const covariance = (i: number, j: number) => {
    let sum = 0;
    for (const a of used) {
      for (const b of used) sum += pairs[a * places + b] * ((a === i ? 1 : 0) - p[i]) * ((b === j ? 1 : 0) - p[j]);
    }
    return sum;
  };
  const spread = (i: number, j: number) => (i === j ? p[i] : 0) - p[i] * p[j];
  const variance = (i: number, j: number) =>
    spread(i, j) * (1 / n1 + 1 / n2) - (covariance(i, j) + covariance(j, i)) / (n1 * n2);
  const kept = used.slice(0, -1);
  const matrix = kept.map((i) => kept.map((j) => variance(i, j)));
  const rank = solve(
    matrix,
    kept.map(() => 0),
  ).rank;
  const form = (d: readonly number[]) =>
    solve(
      matrix,
      kept.map((i) => d[i]),
    ).value;
  const change = range.map((i) => two[i] / n2 - one[i] / n1);
  const df = Math.max(1, rank);
  const linked = range.map((i) =>
    both > 0 && spread(i, i) > 0 ? Math.max(0, Math.min(1, covariance(i, i) / both / spread(i, i))) : 0,
  );
  const widestAt = range.reduce((best, i) => (spread(i, i) > spread(best, best) ? i : best), 0);
  const widest = spread(widestAt, widestAt);
  const shown = {
    widest,
    linked,
    variance: {
      apart: widest * ((n1 - both) / n1 ** 2 + (n2 - both) / n2 ** 2 + both * (1 / n1 - 1 / n2) ** 2),
      paired: both / (n1 * n2),
      seen: Math.max(0, variance(widestAt, widestAt)),
    },
  };
  const statistic = kept.length === 0 ? 0 : form(change);
  const test = both > 0 ? 'two-sample chi-square test with pairs' : 'two-sample chi-square test';
  const free = Math.min(n1 - both, n2 - both) + moved;
  if (free * Math.min(...used.map((i) => p[i])) >= LEAST_EXPECTED || kept.length === 0) {
    return { test, statistic, df, pValue: chiSquareTail(statistic, df), ...shown };
  }
  if (free === 0) return { test, statistic: 0, df, pValue: 1, ...shown };
  const exchange = exchanger(pairs, alone, places, one, two);
  const draws = nullDraws(n1 + n2 - 2 * both + moved + 200);
  const pValue = midP(statistic, draws, () => {
    const [x, y] = exchange();
    return form(range.map((i) => y[i] / n2 - x[i] / n1));
  });
  return { test: `${test}, ${draws} seeded exchanges, mid-p`, statistic, df, pValue, ...shown };
}

/**
 * d′V⁻d by Cholesky's decomposition, and the rank of V. A direction in which no key could move (all that both spans show
 * stayed with an uplink) has no variance and no change, and is passed over.
 */
function solve(v: readonly (readonly number[])[], d: readonly number[]): { value: number; rank: number } {
  const lower = v.map((row) => row.map(() => 0));
  const rest = [...d];
  let value = 0;
  let rank = 0;
  for (let i = 0; i < d.length; i++) {
    let pivot = v[i][i];
    for (let k = 0; k < i; k++) pivot -= lower[i][k] ** 2;
    if (!(pivot > 1e-9 * Math.abs(v[i][i])) || pivot < 1e-15) continue;
    rank++;
    lower[i][i] = Math.sqrt(pivot);
    for (let j = i + 1; j < d.length; j++) {
      let sum = v[j][i];
      for (let k = 0; k < i; k++) sum -= lower[j][k] * lower[i][k];
      lower[j][i] = sum / lower[i][i];
    }
    rest[i] /= lower[i][i];
    for (let j = i + 1; j < d.length; j++) rest[j] -= lower[j][i] * rest[i];
    value += rest[i] ** 2;
  }
  return { value, rank };
}

/** Draws counts of both spans as they would be if either choice could as well have been the other span's. */
function exchanger(
  pairs: Float64Array,
  alone: readonly Float64Array[],
  places: number,
  one: readonly number[],
  two: readonly number[],
): () => [number[], number[]] {
  const random = seededRandom(SEED);
  const single = alone.flatMap((counts) => Array.from(counts).flatMap((count, i) => new Array<number>(count).fill(i)));
  const first = sumOf(alone[0]);
  const moves: [number, number][] = [];
  for (let a = 0; a < places; a++) {
    for (let b = 0; b < places; b++) {
      if (a !== b) for (let n = 0; n < pairs[a * places + b]; n++) moves.push([a, b]);
    }
  }
  const stay = one.map((count, i) => count - alone[0][i]);
  const staySecond = two.map((count, i) => count - alone[1][i]);
  for (const [a, b] of moves) {
    stay[a]--;
    staySecond[b]--;
  }
  return () => {
    const x = [...stay];
    const y = [...staySecond];
    for (let i = 0; i < first; i++) {
      const j = i + Math.floor(random() * (single.length - i));
      const kept = single[i];
      single[i] = single[j];
      single[j] = kept;
      x[single[i]]++;
    }
    for (let i = first; i < single.length; i++) y[single[i]]++;
    for (const [a, b] of moves) {
      const turned = random() < 0.5;
      x[turned ? b : a]++;
      y[turned ? a : b]++;
    }
    return [x, y];
  };
}

/**
 * Where clients can't be seen: servers are clusters, u = (y − m₂p)/M₂ − (x − m₁p)/M₁ each, and X = d′V⁻d with V = Σuu′, as in
 * the score test. With few or heavy servers the test of their first flows stands for it, and p is no smaller than
 * what all flows say at their effective number.
 */
export function twoServerTest(counts: Counts, before: Uint32Array, after: Uint32Array): TwoSampleTest | null {
  const { places } = counts;
  const first = twoSampleTest(counts);
  if (first === null) return null;
  const servers = counts.before.length;
  const totals = [before, after].map((flows) => totalsOf(flows, places));
  const [m1, m2] = totals.map(sumOf);
  const p = totals[0].map((count, i) => (count + totals[1][i]) / (m1 + m2));
  const used = p.flatMap((share, i) => (share > 0 ? [i] : []));
  const kept = used.slice(0, -1);
  const change = totals[1].map((count, i) => count / m2 - totals[0][i] / m1);
  const size = kept.length;
  const matrix = new Float64Array(size * size);
  const sizes = [new Float64Array(servers), new Float64Array(servers)];
  const u = new Float64Array(size);
  for (let server = 0; server < servers; server++) {
    const at = server * places;
    for (let i = 0; i < places; i++) {
      sizes[0][server] += before[at + i];
      sizes[1][server] += after[at + i];
    }
    kept.forEach((place, i) => {
      u[i] =
        (after[at + place] - sizes[1][server] * p[place]) / m2 -
        (before[at + place] - sizes[0][server] * p[place]) / m1;
    });
    for (let i = 0; i < size; i++) for (let j = 0; j <= i; j++) matrix[i * size + j] += u[i] * u[j];
  }
  const [n1, n2] = sizes.map((list) => effectiveNumber(list));
  const widest = Math.max(...p.map((share) => share * (1 - share)));
  const variance: Variance = { apart: widest * (1 / n1 + 1 / n2), paired: 0, seen: 0 };
  const shown = { widest, linked: p.map(() => 0), variance };
  const df = Math.max(1, size);
  const many = servers >= LEAST_SERVERS;
  if (many && size > 0 && Math.min(n1, n2) * Math.min(...used.map((i) => p[i])) >= LEAST_EXPECTED) {
    const statistic = quadraticForm(
      matrix,
      Float64Array.from(kept, (i) => change[i]),
    );
    if (statistic !== null) {
      return { test: 'two-sample cluster score test', statistic, df, pValue: chiSquareTail(statistic, df), ...shown };
    }
  }
  const test = { ...first, ...shown, test: `${first.test}, first flow of each server` };
  if (many) return test;
  const ofAll = used.reduce((sum, i) => sum + change[i] ** 2 / p[i], 0) / (1 / n1 + 1 / n2);
  return { ...test, pValue: Math.max(test.pValue, chiSquareTail(ofAll, df)) };
}

function totalsOf(flows: Uint32Array, places: number): number[] {
  const totals = new Array<number>(places).fill(0);
  for (let at = 0; at < flows.length; at++) totals[at % places] += flows[at];
  return totals;
}

function sumOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum;
}
