// A long series becomes as many points as a picture has room for, and no extreme is lost: of every column of pixels the
// bins with the lowest and with the highest value stay, at their own times, in their order. (A mean for each column
// would hide peaks and dips; every n-th bin would show beats that aren't there.) Areas that are stacked are means all the
// same: what they cover is bytes, and extremes of several uplinks fall into different bins and can't be stacked.

/** Values of one uplink; null where nothing was measured. All series of a picture are equally long. */
export type Values = readonly (number | null)[];

/**
 * Indices to draw, ascending, at most `most` (but at least 2 for each series and column): all where there is room, else
 * of each of some columns the first index, where each series is lowest and highest, and where a gap begins or ends.
 */
export function reduce(series: readonly Values[], most: number): number[] {
  const length = Math.max(0, ...series.map((values) => values.length));
  if (length <= most) return Array.from({ length }, (_, i) => i);
  const columns = Math.max(1, Math.floor(most / (2 * series.length + 3)));
  const kept = new Set<number>([0, length - 1]);
  for (let c = 0; c < columns; c += 1) {
    const from = Math.floor((c * length) / columns);
    const to = Math.floor(((c + 1) * length) / columns);
    for (const values of series) keepExtremes(values, from, to, kept);
    keepGap(series, from, to, kept);
  }
  return [...kept].sort((a, b) => a - b);
}

function keepExtremes(values: Values, from: number, to: number, kept: Set<number>): void {
  let lowest = -1;
  let highest = -1;
  for (let i = from; i < to; i += 1) {
    const value = values[i];
    if (value === null || value === undefined) continue;
    if (lowest < 0 || value < (values[lowest] as number)) lowest = i;
    if (highest < 0 || value > (values[highest] as number)) highest = i;
  }
  if (lowest >= 0) kept.add(lowest).add(highest);
}

/** The first bin that no series has, and the first after it: a column shows one gap at most. */
function keepGap(series: readonly Values[], from: number, to: number, kept: Set<number>): void {
  const missing = (i: number) => series.every((values) => (values[i] ?? null) === null);
  for (let i = from; i < to; i += 1) {
    if (!missing(i)) continue;
    kept.add(i);
    while (i < to && missing(i)) i += 1;
    if (i < to) kept.add(i);
    return;
  }
}

/** Means over stretches of `width` bins, of those that were measured; null where none was. */
export function meanBins(values: Values, width: number): (number | null)[] {
  if (width === 1) return [...values];
  return sumBins(values, width).map((sum, i) => {
    if (sum === null) return null;
    let known = 0;
    for (let at = i * width; at < Math.min(values.length, (i + 1) * width); at += 1) {
      if ((values[at] ?? null) !== null) known += 1;
    }
    return sum / known;
  });
}

/** Sums over stretches of `width` bins; null where no bin of the stretch was measured. */
export function sumBins(values: Values, width: number): (number | null)[] {
  const sums: (number | null)[] = [];
  for (let from = 0; from < values.length; from += width) {
    let sum: number | null = null;
    for (let i = from; i < Math.min(values.length, from + width); i += 1) {
      const value = values[i] ?? null;
      if (value !== null) sum = (sum ?? 0) + value;
    }
    sums.push(sum);
  }
  return sums;
}
