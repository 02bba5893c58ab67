// Data that TCP sent again, told from sequence numbers alone: a segment that begins before the furthest byte that its side
// had sent. Lost behind the router it passes twice, lost ahead of it once but late; both count. Order within a direction
// is all it needs, so pieces of a run cut anywhere can be put together exactly.

import { HOT_WORDS, NO_DATA, SEGMENTS } from './layout.js';
import type { RunList } from './runs.js';

/**
 * How far back (bytes) a segment may lie behind the furthest of its side and still be told: more than any window in use.
 * One that is further back than this behind the segment before it begins a new numbering.
 */
export const REACH = 2 ** 24;

/** In the place of a chain's head: a SYN began the numbers of that side, so that what came before can't matter. */
export const KNOWN = -1;

/** Where the segments of a run stand in a list. */
const AT = HOT_WORDS + SEGMENTS.inCold;

/** Words of a node of `Doubts`. */
export const NODE_WORDS = 4;

/** Adds the segments of run `from` to run `at`, which it continues. */
export function mergeSegments(into: RunList, at: number, runs: RunList, from: number): void {
  const w = into.words;
  const { words } = runs;
  for (let high = 0; high < 2; high++) {
    const behind = words[from + AT + SEGMENTS.behindLow + high];
    if (behind === NO_DATA) continue;
    w[at + AT + SEGMENTS.behindLow + high] = behind;
    w[at + AT + SEGMENTS.endLow + high] = words[from + AT + SEGMENTS.endLow + high];
  }
  w[at + AT + SEGMENTS.again] = (w[at + AT + SEGMENTS.again] + words[from + AT + SEGMENTS.again]) | 0;
}
