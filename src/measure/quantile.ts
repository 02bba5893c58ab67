// Quantiles by nearest rank: the smallest value that at least the wanted part of all values does not exceed.

/** One value for each of the parts (above 0, at most 1). Sorts the values in place; there must be some. */
export function nearestRank(values: Float64Array, parts: readonly number[]): number[] {
  values.sort();
  return parts.map((part) => values[Math.max(0, Math.ceil(part * values.length - 1e-9) - 1)]);
}
