// A trend that a few odd days don't bend: Sen's slope, its interval from Kendall's test, days of one kind held against
// each other only (working days, days off), and serial correlation allowed for.
//
// Sen 1968 (the median of the slopes of all pairs); Hirsch, Slack and Smith 1982 (pairs within a season); Gilbert 1987,
// chapters 16 and 17 (the interval); Yue and Wang 2004 (fewer independent values where they follow one another).

export interface Point {
  /** Days, or any other unit of time. */
  x: number;
  y: number;
  /** Points of one season are compared with each other. */
  season: number;
}

export interface Slope {
  slope: number;
  /** 95 %; infinite where there are too few pairs. */
  low: number;
  high: number;
}

const Z = 1.959963984540054;
/** Exceeded by chance in one of twenty. */
const ONE_SIDED = 1.645;

/** Null where no two points of a season differ in time. */
export function seasonalSlope(points: readonly Point[]): Slope | null {
  const slopes: number[] = [];
  let variance = 0;
  for (const season of new Set(points.map((point) => point.season))) {
    const some = points.filter((point) => point.season === season);
    variance += kendallVariance(some.map(({ y }) => y));
    for (let i = 0; i < some.length; i++) {
      for (let j = i + 1; j < some.length; j++) {
        if (some[j].x !== some[i].x) slopes.push((some[j].y - some[i].y) / (some[j].x - some[i].x));
      }
    }
  }
  if (slopes.length === 0) return null;
  slopes.sort((a, b) => a - b);
  const slope = medianOf(slopes);
  const reach = Z * Math.sqrt(variance * inflation(points, slope));
  // Gilbert 1987, 16.4.2: the (M − C)/2-th smallest and the ((M + C)/2 + 1)-th smallest slope, between ranks in proportion.
  const low = (slopes.length - reach) / 2;
  const high = (slopes.length + reach) / 2 + 1;
  return {
    slope,
    low: atRank(slopes, low, Number.NEGATIVE_INFINITY),
    high: atRank(slopes, high, Number.POSITIVE_INFINITY),
  };
}

/** Var(S) of Kendall's test, ties taken off (Gilbert 1987, 16.3). */
function kendallVariance(values: readonly number[]): number {
  const term = (n: number) => n * (n - 1) * (2 * n + 5);
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return (term(values.length) - [...counts.values()].reduce((sum, count) => sum + term(count), 0)) / 18;
}

/** By how much the variance grows where what is left after the trend hangs together from one day to the next. */
function inflation(points: readonly Point[], slope: number): number {
  const rest = points.map(({ x, y, season }) => ({ x, season, y: y - slope * x }));
  for (const season of new Set(points.map((point) => point.season))) {
    const some = rest.filter((point) => point.season === season);
    const level = medianOf(some.map(({ y }) => y).sort((a, b) => a - b));
    for (const point of some) point.y -= level;
  }
  rest.sort((a, b) => a.x - b.x);
  let products = 0;
  let squares = 0;
  for (let i = 0; i < rest.length; i++) {
    squares += rest[i].y ** 2;
    if (i > 0) products += rest[i].y * rest[i - 1].y;
  }
  const correlation = squares > 0 ? products / squares : 0;
  // Of few values the estimate is low by about 1/n on the average; of values without any it is above this in one of twenty.
  const n = rest.length;
  if (correlation <= ONE_SIDED / Math.sqrt(n)) return 1;
  const known = Math.min(0.9, correlation + 1 / n);
  return (1 + known) / (1 - known);
}

/** Ranks from 1; beyond the ends there is nothing known. */
function atRank(sorted: readonly number[], rank: number, beyond: number): number {
  if (rank < 1 || rank > sorted.length) return beyond;
  const below = Math.floor(rank);
  const low = sorted[below - 1];
  const high = sorted[Math.min(sorted.length, below + 1) - 1];
  return low + (high - low) * (rank - below);
}

export function medianOf(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
