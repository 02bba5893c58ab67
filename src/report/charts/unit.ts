// Large figures become small ones with one prefix for a whole axis, so that its labels stay short.

export interface Unit {
  /** `Mbit/s`. */
  name: string;
  /** What a value is divided by. */
  size: number;
}

const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P', 'E'];

/** The prefix in which the largest value has one to three digits before its point. */
export function unitFor(most: number, base: string): Unit {
  let power = 0;
  while (power < PREFIXES.length - 1 && most >= 1000 ** (power + 1)) power += 1;
  return { name: `${PREFIXES[power]}${base}`, size: 1000 ** power };
}

/** In that unit, to four significant digits: what is more than a picture shows. */
export function inUnit(value: number, unit: Unit): number {
  return Number((value / unit.size).toPrecision(4));
}
