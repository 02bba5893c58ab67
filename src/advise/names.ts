// Names of uplinks become a part of a sentence that stays one.

/** Of more than this many the rest is counted. */
const MOST_NAMES = 8;

/** `dsl1, dsl2, dsl3`; of many the first ones, and how many more there are. */
export function fewNames(names: readonly string[]): string {
  if (names.length <= MOST_NAMES) return names.join(', ');
  return `${names.slice(0, MOST_NAMES - 1).join(', ')} and ${names.length - MOST_NAMES + 1} more`;
}
