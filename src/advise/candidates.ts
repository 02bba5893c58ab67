// Which weights are tried: vectors of small integers without a common divisor, the most promising of them where there
// are many.

export interface Candidates {
  /** By sum, then in the order of the uplinks. */
  list: number[][];
  /** How many there are up to the largest sum. */
  possible: number;
}

/** Replayed at most: all of two uplinks up to a sum of 16, which are 79. */
export const MOST_CANDIDATES = 80;
/** Vectors that are listed one by one; where there are more, those near the wanted shares stand for them. */
const MOST_LISTED = 20_000;

/**
 * `score` is lower for shares that promise more. Of more than `most` vectors the best of each sum by its score are taken
 * first, then the best of the rest; `ideal` are the shares around which is looked where there are too many to list.
 */
export function chooseCandidates(
  uplinks: number,
  maxSum: number,
  ideal: readonly number[],
  score: (shares: readonly number[]) => number,
  most = MOST_CANDIDATES,
): Candidates {
  const possible = countVectors(uplinks, maxSum);
  const vectors = possible <= MOST_LISTED ? listVectors(uplinks, maxSum) : nearVectors(maxSum, ideal);
  if (vectors.length <= most) return { list: vectors.sort(bySum), possible };
  const scored = vectors
    .map((weights) => ({ weights, sum: sumOf(weights), score: score(sharesOf(weights)) }))
    .sort((a, b) => a.score - b.score || a.sum - b.sum || bySum(a.weights, b.weights));
  const taken = new Set<(typeof scored)[number]>();
  for (let sum = uplinks; sum <= maxSum && taken.size < most; sum++) {
    const best = scored.find((one) => one.sum === sum);
    if (best !== undefined) taken.add(best);
  }
  for (const one of scored) {
    if (taken.size >= most) break;
    taken.add(one);
  }
  return { list: [...taken].map(({ weights }) => weights).sort(bySum), possible };
}

export function sharesOf(weights: readonly number[]): number[] {
  const sum = sumOf(weights);
  return weights.map((weight) => weight / sum);
}

/** The smallest integers of the same proportions. */
export function reduced(weights: readonly number[]): number[] {
  const divisor = Math.max(1, weights.reduce(commonDivisor, 0));
  return weights.map((weight) => weight / divisor);
}

export function sumOf(weights: readonly number[]): number {
  return weights.reduce((sum, weight) => sum + weight, 0);
}

/**
 * Vectors of positive integers with a sum up to `maxSum` and no common divisor: over all sums s and divisors d of s,
 * μ(d) · C(s/d − 1, uplinks − 1).
 */
function countVectors(uplinks: number, maxSum: number): number {
  let count = 0;
  for (let sum = uplinks; sum <= maxSum; sum++) {
    for (let d = 1; d <= sum; d++) {
      if (sum % d === 0) count += moebius(d) * binomial(sum / d - 1, uplinks - 1);
    }
  }
  return Math.round(count);
}

function listVectors(uplinks: number, maxSum: number): number[][] {
  const found: number[][] = [];
  const weights: number[] = [];
  const place = (left: number) => {
    if (weights.length === uplinks) {
      if (weights.reduce(commonDivisor, 0) === 1) found.push([...weights]);
      return;
    }
    const behind = uplinks - weights.length - 1;
    for (let weight = 1; weight <= left - behind; weight++) {
      weights.push(weight);
      place(left - weight);
      weights.pop();
    }
  };
  place(maxSum);
  return found;
}

/** For each sum the vector nearest to the shares, and those that differ from it by one unit moved. */
function nearVectors(maxSum: number, ideal: readonly number[]): number[][] {
  const found = new Map<string, number[]>();
  const add = (weights: readonly number[]) => {
    const small = reduced(weights);
    found.set(small.join(' '), small);
  };
  for (let sum = ideal.length; sum <= maxSum; sum++) {
    const nearest = apportion(sum, ideal);
    add(nearest);
    for (let from = 0; from < nearest.length; from++) {
      if (nearest[from] < 2) continue;
      for (let to = 0; to < nearest.length; to++) {
        if (to === from) continue;
        add(nearest.map((weight, n) => (n === from ? weight - 1 : n === to ? weight + 1 : weight)));
      }
    }
  }
  return [...found.values()];
}

/** Whole numbers of a given sum, at least 1 each, nearest to the shares: largest remainders (Hamilton's method). */
function apportion(sum: number, shares: readonly number[]): number[] {
  const room = sum - shares.length;
  const all = shares.reduce((total, share) => total + share, 0);
  // One each is given; the rest goes to whoever is still short of its part.
  const short = shares.map((share) => Math.max(0, (share / all) * sum - 1));
  const shortAll = short.reduce((total, part) => total + part, 0);
  const quota = short.map((part) => (shortAll > 0 ? (part / shortAll) * room : 0));
  const weights = quota.map((part) => 1 + Math.floor(part));
  const order = quota
    .map((part, n) => ({ n, rest: part - Math.floor(part) }))
    .sort((a, b) => b.rest - a.rest || a.n - b.n);
  for (let i = 0; sumOf(weights) < sum; i++) weights[order[i % order.length].n]++;
  return weights;
}

function bySum(a: readonly number[], b: readonly number[]): number {
  const apart = sumOf(a) - sumOf(b);
  if (apart !== 0) return apart;
  const at = a.findIndex((weight, n) => weight !== b[n]);
  return at < 0 ? 0 : b[at] - a[at];
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}

function binomial(n: number, k: number): number {
  if (k > n) return 0;
  let value = 1;
  for (let i = 1; i <= k; i++) value = (value * (n - k + i)) / i;
  return value;
}

function moebius(n: number): number {
  let sign = 1;
  let rest = n;
  for (let prime = 2; prime * prime <= rest; prime++) {
    if (rest % prime !== 0) continue;
    rest /= prime;
    if (rest % prime === 0) return 0;
    sign = -sign;
  }
  return rest > 1 ? -sign : sign;
}
