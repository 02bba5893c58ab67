// Several places say something of one thing: which is taken, and what is told where they disagree.

import { type Note, type Place, placeText } from './facts.js';

export interface Claim<T> {
  value: T;
  place: Place;
}

/** The claim of the best rank, of several the first; null where there is none. Each other value is told once. */
export function settle<T>(
  claims: readonly Claim<T>[],
  what: string,
  notes: Note[],
  text: (value: T) => string = String,
): Claim<T> | null {
  const [taken, ...others] = [...claims].sort((a, b) => a.place.rank - b.place.rank);
  if (taken === undefined) return null;
  const told = new Set([text(taken.value)]);
  for (const { value, place } of others) {
    if (told.has(text(value))) continue;
    told.add(text(value));
    notes.push({
      kind: 'contradiction',
      place,
      text: `${what} is ${text(value)} here, and ${text(taken.value)} at ${placeText(taken.place)}: the latter is taken`,
    });
  }
  return taken;
}
