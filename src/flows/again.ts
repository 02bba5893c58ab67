// Data that TCP sent again, told from sequence numbers alone: a segment that begins before the furthest byte that its side
// had sent. Lost behind the router it passes twice, lost ahead of it once but late; both count. Order within a direction
// is all it needs, so pieces of a run cut anywhere can be put together exactly.

import { HOT_WORDS, IN_DOUBT, NO_DATA, SEGMENTS } from './layout.js';
import type { RunList } from './runs.js';

/**
 * How far back (bytes) a segment may lie behind the furthest of its side and still be told: more than any window in use.
 * One that is further back than this behind the segment before it begins a new numbering.
 */
export const REACH = 2 ** 24;

/** In the place of a chain's head: a SYN began the numbers of that side, so that what came before can't matter. */
export const KNOWN = -1;

/** Where the segments of a run stand in a list. */
const AT = HOT_WORDS + SEGMENTS.inList;

/** Words of a node of `Doubts`. */
const NODE_WORDS = 4;

/**
 * How far the segments of a part's first runs went, for what came before may have gone further: then some of them, taken
 * for new, were sent again. Of each side the first segment and every one that ended beyond all before it, to either side,
 * until nothing before could matter any more. Chains in one growing array, the latest first: where it ended, the node
 * before (of the first: how far the lowest lies from it), the first node, and its length (0 where it is known to be sent
 * again).
 */
export class Doubts {
  private nodes = new Int32Array(256);
  private used = NODE_WORDS;

  /** A chain of one; returns its head. */
  begin(end: number, length: number): number {
    return this.add(end, 0, this.used, length);
  }

  /**
   * The next segment of a side, which ended `step` beyond the one before; that one lay `before` behind the furthest, this
   * one lies `behind` it. Returns the chain's new head; negative once it is settled.
   */
  next(head: number, end: number, step: number, before: number, behind: number, length: number): number {
    if (head <= 0) return head;
    const { nodes } = this;
    const begin = nodes[head + 2];
    const place = (end - nodes[begin]) | 0;
    if (step > 2 * REACH || step < -REACH || place - length > REACH || behind >= REACH) return -head;
    if (place < nodes[begin + 1]) nodes[begin + 1] = place;
    else if (step <= before) return head;
    return this.add(end, head, begin, length);
  }

  /** All chains, to travel with the runs that name them. */
  finish(): Int32Array {
    return this.nodes.slice(0, this.used);
  }

  private add(end: number, previous: number, begin: number, length: number): number {
    if (this.used + NODE_WORDS > this.nodes.length) {
      const wider = new Int32Array(this.nodes.length * 2);
      wider.set(this.nodes);
      this.nodes = wider;
    }
    const node = this.used;
    this.nodes[node] = end;
    this.nodes[node + 1] = previous;
    this.nodes[node + 2] = begin;
    this.nodes[node + 3] = length;
    this.used += NODE_WORDS;
    return node;
  }
}

/**
 * Settles what a run that continues another was in doubt about, before the two are merged: counts what it took for new
 * although the other had gone further, and says how far it is behind.
 */
export function settleDoubts(before: RunList, at: number, runs: RunList, from: number, nodes: Int32Array): void {
  const known = before.words;
  const words = runs.words;
  for (let high = 0; high < 2; high++) {
    const head = words[from + AT + SEGMENTS.doubtLow + high];
    const behind = known[at + AT + SEGMENTS.behindLow + high];
    if (head === 0) continue;
    // A SYN came last: there is no furthest byte any more.
    if (words[from + AT + SEGMENTS.behindLow + high] === NO_DATA) known[at + AT + SEGMENTS.behindLow + high] = NO_DATA;
    if (head === KNOWN || behind === NO_DATA) continue;
    const begin = nodes[Math.abs(head) + 2];
    const first = nodes[begin];
    const step = (first - known[at + AT + SEGMENTS.endLow + high]) | 0;
    if (step < -REACH) continue;
    let again = behind - step + nodes[begin + 3] > 0 ? 1 : 0;
    /** How far the furthest before lies beyond the end of the first. */
    let beyond = Math.max(0, Math.min(REACH, behind - step));
    let furthest = 0;
    const chain: number[] = [];
    // The usual run goes on where the other ended: nothing of it can have been sent again.
    if (beyond > 0) for (let node = Math.abs(head); node !== begin; node = nodes[node + 1]) chain.push(node);
    for (let node = chain.pop(); node !== undefined; node = chain.pop()) {
      const place = (nodes[node] - first) | 0;
      const length = nodes[node + 3];
      if (place < 0) beyond = Math.min(beyond, REACH + place);
      else {
        furthest = place;
        if (length > 0 && place - length < beyond) again++;
      }
    }
    words[from + AT + SEGMENTS.again] += again;
    if (head > 0 && beyond > furthest) {
      const last = (words[from + AT + SEGMENTS.endLow + high] - first) | 0;
      const own = words[from + AT + SEGMENTS.behindLow + high] & ~IN_DOUBT;
      words[from + AT + SEGMENTS.behindLow + high] = Math.max(own, beyond - last);
    }
  }
}

/** Nothing is in doubt any more: the chains would be other ones with every cut. */
export function dropDoubts({ words }: RunList, at: number): void {
  for (let high = 0; high < 2; high++) {
    words[at + AT + SEGMENTS.doubtLow + high] = 0;
    const behind = words[at + AT + SEGMENTS.behindLow + high];
    if (behind !== NO_DATA) words[at + AT + SEGMENTS.behindLow + high] = behind & ~IN_DOUBT;
  }
}

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
