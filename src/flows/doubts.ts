// What the first runs of a part are in doubt about, as data that TCP sent again goes: see `again.ts`. The hot loop keeps it
// (hot/doubts.ts) as long as there is room; what came before is here.

import { NODE_WORDS, REACH } from './again.js';

/**
 * How far the segments of a part's first runs went, for what came before may have gone further: then some of them, taken
 * for new, were sent again. Of each side the first segment and every one that ended beyond all before it, to either side,
 * until nothing before could matter any more. Chains in one growing array, the latest first: where it ended, the node
 * before (of the first: how far the lowest lies from it), the first node, and its length (0 where it is known to be sent
 * again).
 */
export class Doubts {
  private drained: Int32Array = new Int32Array(NODE_WORDS);

  /**
   * @param nodes what the hot loop has room for
   * @param counts words of nodes that are drained, that are in `nodes`, and that there is room for
   */
  constructor(
    private readonly nodes: Int32Array,
    private readonly counts: Int32Array,
    room = nodes.length,
  ) {
    // Node 0 is nobody's.
    counts.set([NODE_WORDS, 0, Math.min(room, nodes.length)]);
  }

  /**
   * The next segment of a side, which ended `step` beyond the one before; that one lay `before` behind the furthest, this
   * one lies `behind` it. Returns the chain's new head; negative once it is settled.
   */
  next(head: number, end: number, step: number, before: number, behind: number, length: number): number {
    const begin = this.get(head + 2);
    const place = (end - this.get(begin)) | 0;
    if (step > 2 * REACH || step < -REACH || place - length > REACH || behind >= REACH) return -head;
    if (place < this.get(begin + 1)) this.set(begin + 1, place);
    else if (step <= before) return head;
    const { counts, nodes } = this;
    if (counts[1] + NODE_WORDS > counts[2]) this.drain();
    const used = counts[1];
    nodes[used] = end;
    nodes[used + 1] = head;
    nodes[used + 2] = begin;
    nodes[used + 3] = length;
    counts[1] = used + NODE_WORDS;
    return counts[0] + used;
  }

  /** Takes what the hot loop has, so that it has room again. */
  drain(): void {
    this.drained = this.finish();
    this.counts[0] = this.drained.length;
    this.counts[1] = 0;
  }

  /** All chains, to travel with the runs that name them. */
  finish(): Int32Array {
    const { drained, counts } = this;
    const all = new Int32Array(drained.length + counts[1]);
    all.set(drained);
    all.set(this.nodes.subarray(0, counts[1]), drained.length);
    return all;
  }

  private get(word: number): number {
    const { drained } = this;
    return word < drained.length ? drained[word] : this.nodes[word - drained.length];
  }

  private set(word: number, value: number): void {
    const { drained } = this;
    if (word < drained.length) drained[word] = value;
    else this.nodes[word - drained.length] = value;
  }
}
