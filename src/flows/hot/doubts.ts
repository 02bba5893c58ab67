// How far the segments of runs with an unknown past went: chains of nodes, as flows/doubts.ts has them, which also keeps the
// nodes for which there is no more room here and goes on with the chains that begin there.

import { NODE_WORDS, REACH } from '../again.js';
import { MEMORY } from '../layout.js';
import { drainDoubts, nextDoubt } from './host.js';

/** Words of nodes that are elsewhere, and of those that are here; how many there is room for. */
const BASE: usize = MEMORY.nodeCount;
const USED: usize = MEMORY.nodeCount + 4;
const ROOM: usize = MEMORY.nodeCount + 8;

/** A chain of one; returns its head. */
export function begin(end: i32, length: i32): i32 {
  makeRoom();
  const own = load<i32>(BASE) + load<i32>(USED);
  return add(end, 0, own, length);
}

/** The next segment of a side: see `Doubts.next`. */
export function next(head: i32, end: i32, step: i32, before: i32, behind: i32, length: i32): i32 {
  if (head <= 0) return head;
  const base = load<i32>(BASE);
  if (head < base) return nextDoubt(head, end, step, before, behind, length);
  const begun = load<i32>(at(head, base), 8);
  if (begun < base) return nextDoubt(head, end, step, before, behind, length);
  const first = at(begun, base);
  const place = end - load<i32>(first);
  if (step > 2 * REACH || step < -REACH || <i64>place - <i64>length > REACH || behind >= REACH) return -head;
  if (place < load<i32>(first, 4)) store<i32>(first, place, 4);
  else if (step <= before) return head;
  makeRoom();
  return add(end, head, begun, length);
}

function makeRoom(): void {
  if (load<i32>(USED) + NODE_WORDS > load<i32>(ROOM)) drainDoubts();
}

function add(end: i32, previous: i32, begun: i32, length: i32): i32 {
  const used = load<i32>(USED);
  const node: usize = MEMORY.nodes + ((<usize>used) << 2);
  store<i32>(node, end);
  store<i32>(node, previous, 4);
  store<i32>(node, begun, 8);
  store<i32>(node, length, 12);
  store<i32>(USED, used + NODE_WORDS);
  return load<i32>(BASE) + used;
}

function at(node: i32, base: i32): usize {
  return MEMORY.nodes + ((<usize>(node - base)) << 2);
}
