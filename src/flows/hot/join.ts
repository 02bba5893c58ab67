// Runs of consecutive parts of one input become whole runs: the state at the end of a part decides, by the same rules as in
// the flow table, what the first runs of the next part continue. The room's way in for flows/join.ts.
//
// In memory stand, one after the other: the runs that are open where the parts so far end (as live records, indexed), room
// for as many heads as come in, the runs that come in (heads, then live ones), and what they are in doubt about.

import { META } from '../../decode/batch.js';
import { KNOWN, REACH } from '../again.js';
import {
  COLD,
  ENDED,
  GONE,
  HOT,
  HOT_WORDS,
  IN_DOUBT,
  MEMORY,
  MOST_JOINED,
  NEVER,
  NO_DATA,
  OUTBOX,
  RUN_BYTES,
  SEGMENTS,
  STATE,
} from '../layout.js';
import { empty, hand } from './outbox.js';
import { isOver, lastSight, survives } from './rules.js';
import { dropDoubts } from './segments.js';
import { copyIn, end, find, remove, takeOver } from './store.js';

const COLD_AT: usize = HOT_WORDS << 2;
const WIDE_AT: usize = COLD_AT + (COLD.wide << 2);
const SEGMENTS_AT: usize = COLD_AT + (SEGMENTS.inCold << 2);
const PAGE: u64 = 0x10000;
const MOST_BYTES: u64 = 0x100000000;

let incoming: usize = 0;
let nodes: usize = 0;
let stepClock: f64 = 0;

/** Where runs that come in are to be put, behind the carried ones, 0 where there is no room; then so many words of doubts. */
export function roomFor(carried: i32, heads: i32, live: i32, doubtWords: i32): usize {
  if (<i64>carried + <i64>heads > MOST_JOINED) return 0;
  const records = MEMORY.runs + (<u64>carried + <u64>heads + 1) * RUN_BYTES;
  const coming = <u64>heads + <u64>live;
  const bytes = records + coming * RUN_BYTES + ((<u64>doubtWords) << 2);
  if (bytes > MOST_BYTES - PAGE) return 0;
  const pages = <i32>((bytes + PAGE - 1) / PAGE) - memory.size();
  if (pages > 0 && memory.grow(pages) < 0) return 0;
  incoming = <usize>records;
  nodes = incoming + <usize>coming * RUN_BYTES;
  return incoming;
}

/**
 * Joins the runs that stand where `roomFor` said. `stepUs` is where the recorder's clock stood before it was first set back
 * in this part, Infinity if it never was. Hands over what is over, and then what is still open; where something comes after
 * (not `last`), what is over by `clockUs` counts as over.
 */
export function join(carried: i32, heads: i32, live: i32, stepUs: f64, clockUs: f64, last: boolean): void {
  takeOver(carried, carried + heads);
  stepClock = stepUs;
  let run = incoming;
  const liveAt = incoming + <usize>heads * RUN_BYTES;
  const stop = liveAt + <usize>live * RUN_BYTES;
  for (; run < liveAt; run += RUN_BYTES) joinHead(run);
  for (; run < stop; run += RUN_BYTES) {
    const isOpen = (load<i32>(run, HOT.state << 2) & STATE.leftOpen) !== 0;
    if (load<i32>(run, HOT.meta << 2) !== GONE && isOpen) joinOpen(run);
  }
  for (run = MEMORY.runs + RUN_BYTES; run < end; run += RUN_BYTES) {
    if (load<i32>(run, HOT.meta << 2) === GONE) continue;
    const sight = lastSight(run);
    if (stepUs !== Infinity) close(run, stepFlags(run));
    else if (!last && isOver(run, sight, clockUs - sight)) close(run, STATE.idled);
    else hand(OUTBOX.rest, run);
  }
  // No run among these has a predecessor here: what it followed has ended.
  for (run = liveAt; run < stop; run += RUN_BYTES) {
    if (load<i32>(run, HOT.meta << 2) !== GONE) hand(OUTBOX.rest, run);
  }
  empty();
}

function joinHead(head: usize): void {
  const known = predecessor(head);
  const state = load<i32>(head, HOT.state << 2);
  const flags = state & ENDED;
  if (known === 0) {
    store<i32>(head, state & ~(STATE.leftOpen | ENDED), HOT.state << 2);
    if (flags !== 0) close(head, flags === ENDED ? stepFlags(head) : flags);
    else copyIn(head);
    return;
  }
  merge(known, head);
  if (flags !== 0) {
    close(known, flags === ENDED ? stepFlags(known) : flags);
    remove(known);
  }
}

/** What is not continued stays where it is. */
function joinOpen(open: usize): void {
  const known = predecessor(open);
  if (known !== 0) {
    merge(known, open);
    store<i32>(open, GONE, HOT.meta << 2);
  } else {
    store<i32>(open, load<i32>(open, HOT.state << 2) & ~(STATE.leftOpen | ENDED), HOT.state << 2);
  }
}

/** The open run that a run continues, 0 for none; one that it follows but does not continue ends. */
function predecessor(run: usize): usize {
  let known = find(
    load<i32>(run, HOT.hash << 2),
    load<i32>(run, HOT.k0 << 2),
    load<i32>(run, HOT.k1 << 2),
    load<i32>(run, HOT.ports << 2),
    load<i32>(run, HOT.meta << 2),
    run + WIDE_AT,
  );
  if (known !== 0) {
    const why = whyNot(known, run);
    if (why !== 0) {
      close(known, why);
      remove(known);
      known = 0;
    } else settleDoubts(known, run);
  }
  dropDoubts(run);
  return known;
}

/** Why a run does not continue an open one, 0 if it does: the flow table's rule, with all of the past known. */
function whyNot(known: usize, run: usize): i32 {
  const last = lastSight(known);
  const silence = load<f64>(run, COLD_AT + (COLD.startClock64 << 3)) - last;
  if (silence > survives(known, last)) return STATE.idled;
  const state = load<i32>(known, HOT.state << 2);
  const next = load<i32>(run, HOT.state << 2);
  if ((next & STATE.startsWithSyn) === 0 || (state & STATE.bothWays) === 0) return 0;
  if ((state & STATE.anyRst) !== 0 || (state & STATE.bothFin) === STATE.bothFin) return STATE.reused;
  const high = usize((next & STATE.firstHigh) !== 0) << 2;
  const isn = COLD_AT + (COLD.isnLow << 2);
  const isKnown = (state & (STATE.synLow << ((high >>> 2) as i32))) !== 0;
  return isKnown && load<i32>(known + high + isn) === load<i32>(run + high + isn) ? 0 : STATE.reused;
}

/** Why a run ended that was there when the clock was set back: by that, unless it was over already. */
function stepFlags(run: usize): i32 {
  const last = lastSight(run);
  return stepClock - last > survives(run, last) ? STATE.idled : ENDED;
}

function close(run: usize, why: i32): void {
  store<i32>(run, load<i32>(run, HOT.state << 2) | why, HOT.state << 2);
  hand(OUTBOX.closed, run);
}

/** Adds run `from` to run `to`, which it continues. */
function merge(to: usize, from: usize): void {
  const state = load<i32>(to, HOT.state << 2);
  const next = load<i32>(from, HOT.state << 2);
  const isDatagram = (load<i32>(to, HOT.meta << 2) & META.datagram) !== 0;
  for (let high = 0; high < 2; high++) {
    const side = (<usize>high) << 2;
    const a = to + side;
    const b = from + side;
    const last = load<f64>(b + side, HOT.lastLow64 << 3);
    if (last > load<f64>(a + side, HOT.lastLow64 << 3)) store<f64>(a + side, last, HOT.lastLow64 << 3);
    takeEarlier(a + side, b + side, COLD_AT + (COLD.firstLow64 << 3));
    if (!isDatagram && (state & (STATE.synLow << high)) === 0) copyWord(a, b, COLD_AT + (COLD.isnLow << 2));
    if (!isDatagram && (state & (STATE.spokeLow << high)) === 0) copyWord(a, b, COLD_AT + (COLD.seqLow << 2));
    addWord(a, b, HOT.packetsLow << 2);
    addBytes(a, b, HOT.ipLow << 2, COLD_AT + (COLD.ipLowCarry << 2));
    addBytes(a, b, HOT.wireLow << 2, COLD_AT + (COLD.wireLowCarry << 2));
    if (load<i32>(b, SEGMENTS_AT + (SEGMENTS.behindLow << 2)) !== NO_DATA) {
      copyWord(a, b, SEGMENTS_AT + (SEGMENTS.behindLow << 2));
      copyWord(a, b, SEGMENTS_AT + (SEGMENTS.endLow << 2));
    }
  }
  addWord(to, from, SEGMENTS_AT + (SEGMENTS.again << 2));
  // The earlier sight of a first fragment tells the ports, as in the flow table.
  if (isDatagram) {
    const earlier = takeEarlier(to, from, COLD_AT + (COLD.firstFragment64 << 3));
    if (earlier) copyWord(to, from, COLD_AT + (COLD.fragmentPorts << 2));
    const last = load<f64>(from, COLD_AT + (COLD.lastFragment64 << 3));
    if (last > load<f64>(to, COLD_AT + (COLD.lastFragment64 << 3))) {
      store<f64>(to, last, COLD_AT + (COLD.lastFragment64 << 3));
    }
  }
  const isFirst = (state & STATE.bothWays) === 0;
  const bits = isFirst ? next : next & ~(STATE.firstHigh | STATE.startsWithSyn);
  store<i32>(to, state | (bits & STATE.bits & ~(STATE.leftOpen | ENDED)), HOT.state << 2);
}

/** The earlier of two times, at the same place in two records; true where that is the second one's. */
function takeEarlier(a: usize, b: usize, at: usize): boolean {
  const known = load<f64>(a + at);
  const t = load<f64>(b + at);
  if (t === NEVER || (known !== NEVER && t >= known)) return false;
  store<f64>(a + at, t);
  return true;
}

function copyWord(a: usize, b: usize, at: usize): void {
  store<i32>(a + at, load<i32>(b + at));
}

function addWord(a: usize, b: usize, at: usize): void {
  store<i32>(a + at, load<i32>(a + at) + load<i32>(b + at));
}

function addBytes(a: usize, b: usize, at: usize, carryAt: usize): void {
  const sum = <u64>load<u32>(a + at) + <u64>load<u32>(b + at);
  store<i32>(a + at, <i32>sum);
  store<i32>(a + carryAt, load<i32>(a + carryAt) + load<i32>(b + carryAt) + <i32>(sum >>> 32));
}

/**
 * Settles what a run that continues another was in doubt about, before the two are merged: counts what it took for new
 * although the other had gone further, and says how far it is behind. See flows/again.ts.
 */
function settleDoubts(known: usize, run: usize): void {
  for (let high: usize = 0; high < 8; high += 4) {
    const own = run + SEGMENTS_AT + high;
    const before = known + SEGMENTS_AT + high;
    const head = load<i32>(own, SEGMENTS.doubtLow << 2);
    const behind = load<i32>(before, SEGMENTS.behindLow << 2);
    if (head === 0) continue;
    // A SYN came last: there is no furthest byte any more.
    if (load<i32>(own, SEGMENTS.behindLow << 2) === NO_DATA) store<i32>(before, NO_DATA, SEGMENTS.behindLow << 2);
    if (head === KNOWN || behind === NO_DATA) continue;
    const lastNode = nodeAt(abs(head));
    const begin = nodeAt(load<i32>(lastNode, 8));
    const first = load<i32>(begin);
    const step = first - load<i32>(before, SEGMENTS.endLow << 2);
    if (step < -REACH) continue;
    /** How far the furthest before lies beyond the end of the first, in more than 32 bits: the numbers are the sender's. */
    const ahead = <i64>behind - <i64>step;
    let again = ahead + <i64>load<i32>(begin, 12) > 0 ? 1 : 0;
    let beyond = <i32>max<i64>(0, min<i64>(REACH, ahead));
    let furthest = 0;
    // The usual run goes on where the other ended: nothing of it can have been sent again.
    if (beyond > 0) {
      for (let node = forwards(lastNode, begin); node !== 0; node = <usize>load<u32>(node, 4)) {
        const place = load<i32>(node) - first;
        const length = load<i32>(node, 12);
        if (place < 0) beyond = min(beyond, REACH + place);
        else {
          furthest = place;
          if (length > 0 && place - length < beyond) again++;
        }
      }
    }
    const count = run + SEGMENTS_AT + (SEGMENTS.again << 2);
    store<i32>(count, load<i32>(count) + again);
    if (head > 0 && beyond > furthest) {
      const last = load<i32>(own, SEGMENTS.endLow << 2) - first;
      const left = load<i32>(own, SEGMENTS.behindLow << 2) & ~IN_DOUBT;
      store<i32>(own, max(left, beyond - last), SEGMENTS.behindLow << 2);
    }
  }
}

/** A chain names the node before in each; turned round, the node after, 0 at the end. Returns the one after `begin`. */
function forwards(lastNode: usize, begin: usize): usize {
  let next: usize = 0;
  let node = lastNode;
  while (node !== begin) {
    const previous = nodeAt(load<i32>(node, 4));
    store<u32>(node, <u32>next, 4);
    next = node;
    node = previous;
  }
  return next;
}

function nodeAt(index: i32): usize {
  return nodes + ((<usize>index) << 2);
}
