// Derived figures as they are printed: six significant digits, so that a sum taken in another order prints the same.

/** Six significant digits; never `-0`. */
export function round6(value: number): number {
  return Number(value.toPrecision(6)) + 0;
}

/** A part of a whole, rounded; null where there is no whole. */
export function shareOf(part: number, whole: number): number | null {
  return whole > 0 ? round6(part / whole) : null;
}
