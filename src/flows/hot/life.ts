// How runs begin, what is noted of them once, and how they end.

import { FLAG, META, ROW } from '../../decode/batch.js';
import { COLD, GONE, HOT, HOT_WORDS, MEMORY, NEVER, NO_DATA, OUTBOX, RUN_BYTES, SEGMENTS, STATE } from '../layout.js';
import { PROTOCOL } from '../rules.js';
import { keyBits, noteHead } from './alone.js';
import { laneFor } from './lanes.js';
import { hand } from './outbox.js';
import { isOver, lastSight, least, mayBeOver } from './rules.js';
import { beginNumbers } from './segments.js';
import { dropAll, end, entryOf, find, hashOf, insert } from './store.js';

const COLD_AT: usize = HOT_WORDS << 2;
const RECENT_MASK: i32 = ((MEMORY.rules - MEMORY.recent) >> 2) - 1;
const SYN_ACK: i32 = FLAG.syn | FLAG.ack;

/** Runs that begin have an unknown past. */
let leftOpen: boolean = false;
/** Every five-tuple as seen: fragments and ICMP errors are flows without ports. */
export let asSeen: boolean = false;
/** The clock at the row that is being worked. */
let clock: f64 = 0;

export function setPast(unknown: boolean, everyTuple: boolean): void {
  leftOpen = unknown;
  asSeen = everyTuple;
}

export function setClock(now: f64): void {
  clock = now;
}

export function findOrCreate(hash: i32, ports: i32, meta: i32, row: usize): usize {
  const a = load<i32>(row, ROW.k0 << 2);
  const b = load<i32>(row, ROW.k1 << 2);
  const number = (row - MEMORY.rows) >> 6;
  const wide: usize = MEMORY.wide + (number << 5);
  let run = find(hash, a, b, ports, meta, wide);
  if (run === 0) {
    run = insert(hash, a, b, ports, meta, wide);
    store<i32>(run, laneFor(meta, a, b, <i32>number) << STATE.laneShift, HOT.state << 2);
    restart(run, leftOpen);
  }
  store<i32>(MEMORY.recent + ((<usize>(hash & RECENT_MASK)) << 2), entryOf(hash, run));
  return run;
}

/** Empties a record's counters; key and lane stay. */
function restart(run: usize, open: boolean): void {
  store<f64>(run, NEVER, HOT.lastLow64 << 3);
  store<f64>(run, NEVER, HOT.lastHigh64 << 3);
  // Word by word: `memory.fill` is a call out of WebAssembly, which takes longer.
  store<i64>(run, 0, HOT.packetsLow << 2);
  store<i64>(run, 0, HOT.ipLow << 2);
  store<i64>(run, 0, HOT.wireLow << 2);
  const state = load<i32>(run, HOT.state << 2) & ~STATE.bits;
  store<i32>(run, state | (open ? STATE.leftOpen : 0), HOT.state << 2);
  store<f64>(run, NEVER, COLD_AT + (COLD.firstLow64 << 3));
  store<f64>(run, NEVER, COLD_AT + (COLD.firstHigh64 << 3));
  store<f64>(run, clock, COLD_AT + (COLD.startClock64 << 3));
  store<f64>(run, NEVER, COLD_AT + (COLD.firstFragment64 << 3));
  store<i64>(run, 0, COLD_AT + (COLD.isnLow << 2));
  store<i64>(run, 0, COLD_AT + (COLD.seqLow << 2));
  store<i64>(run, 0, COLD_AT + (COLD.ipLowCarry << 2));
  store<i64>(run, 0, COLD_AT + (COLD.wireLowCarry << 2));
  const segments = run + COLD_AT + (SEGMENTS.inCold << 2);
  store<i64>(segments, 0, SEGMENTS.endLow << 2);
  store<i64>(segments, 0, SEGMENTS.behindLow << 2);
  store<i64>(segments, 0, SEGMENTS.again << 2);
  store<i64>(segments, 0, SEGMENTS.doubtLow << 2);
  if ((load<i32>(run, HOT.meta << 2) & META.protocolMask) !== PROTOCOL.tcp) return;
  store<i32>(segments, NO_DATA, SEGMENTS.behindLow << 2);
  store<i32>(segments, NO_DATA, SEGMENTS.behindHigh << 2);
}

/** A packet may begin a new flow: a SYN, or silence longer than the shortest timeout. */
export function consider(run: usize, flags: i32, row: usize): void {
  const state = load<i32>(run, HOT.state << 2);
  const last = lastSight(run);
  const silence = clock - last;
  if ((state & STATE.bothWays) === 0 && silence <= least) return;
  if (isOver(run, last, silence)) {
    close(run, STATE.idled);
    restart(run, false);
    return;
  }
  const open = (state & STATE.leftOpen) !== 0;
  const maybeIdle = open && mayBeOver(run, last, silence);
  if ((flags & SYN_ACK) === FLAG.syn) {
    const high = (flags >>> 8) & 1;
    const known = (state & (STATE.synLow << high)) !== 0;
    const isn = load<i32>(run + ((<usize>high) << 2), COLD_AT + (COLD.isnLow << 2));
    const same = known && isn === load<i32>(row, ROW.seq << 2);
    if ((state & STATE.anyRst) !== 0 || (state & STATE.bothFin) === STATE.bothFin || (known && !same)) {
      close(run, STATE.reused);
      restart(run, false);
      return;
    }
    // One FIN here and one before the cut may have closed the flow that this SYN repeats.
    const maybeClosed = open && (state & STATE.bothFin) !== 0;
    if (!known || maybeClosed) {
      close(run, open ? 0 : STATE.reused);
      restart(run, open);
      return;
    }
  }
  if (maybeIdle) {
    close(run, 0);
    restart(run, true);
  }
}

/** What happens once a run or once a direction: openings, ends, first words, first fragments. */
export function noteRare(run: usize, flags: i32, high: i32, row: usize): void {
  let state = load<i32>(run, HOT.state << 2);
  const cold = run + COLD_AT;
  const side = (<usize>high) << 2;
  if ((state & (STATE.spokeLow << high)) === 0) {
    if ((state & STATE.bothWays) === 0) {
      if (high !== 0) state |= STATE.firstHigh;
      if ((flags & SYN_ACK) === FLAG.syn) state |= STATE.startsWithSyn;
    }
    state |= STATE.spokeLow << high;
    store<f64>(cold + (side << 1), load<f64>(row), COLD.firstLow64 << 3);
    if ((load<i32>(run, HOT.meta << 2) & META.datagram) === 0) {
      // Where it was not captured the row has that of another packet.
      const seq = (flags & FLAG.seqValid) !== 0 ? load<i32>(row, ROW.seq << 2) : 0;
      store<i32>(cold + side, seq, COLD.seqLow << 2);
    }
  }
  if ((flags & FLAG.syn) !== 0) {
    beginNumbers(run, high);
    if ((flags & FLAG.ack) !== 0) state |= STATE.synAckLow << high;
    else if ((state & (STATE.synLow << high)) === 0) {
      state |= STATE.synLow << high;
      store<i32>(cold + side, load<i32>(row, ROW.seq << 2), COLD.isnLow << 2);
    }
  }
  if ((flags & FLAG.echoRequest) !== 0) state |= STATE.synLow << high;
  if ((flags & FLAG.echoReply) !== 0) state |= STATE.synAckLow << high;
  if ((flags & FLAG.fin) !== 0) state |= STATE.finLow << high;
  if ((flags & FLAG.rst) !== 0) state |= STATE.rstLow << high;
  if ((flags & FLAG.firstFragment) !== 0 && !asSeen) {
    state |= STATE.fragments;
    noteFirstFragment(row);
  }
  store<i32>(run, state, HOT.state << 2);
}

/** Tells the datagram of a first fragment its ports, so that the later ones find their flow. */
function noteFirstFragment(row: usize): void {
  const meta = (load<i32>(row, ROW.meta << 2) & ~META.hasPorts) | META.datagram;
  const ident = load<i32>(row, ROW.ident << 2);
  const hash = hashOf(load<i32>(row, ROW.k0 << 2), load<i32>(row, ROW.k1 << 2), ident, meta);
  const datagram = findOrCreate(hash, ident, meta, row);
  consider(datagram, 0, row);
  const t = load<f64>(row);
  if (t > load<f64>(datagram, COLD_AT + (COLD.lastFragment64 << 3))) {
    store<f64>(datagram, t, COLD_AT + (COLD.lastFragment64 << 3));
  }
  const known = load<f64>(datagram, COLD_AT + (COLD.firstFragment64 << 3));
  if (known === NEVER || t < known) {
    store<f64>(datagram, t, COLD_AT + (COLD.firstFragment64 << 3));
    store<i32>(datagram, load<i32>(row, ROW.ports << 2), COLD_AT + (COLD.fragmentPorts << 2));
  }
}

/** A packet that is earlier than the last one of its side. */
export function noteEarlier(run: usize, high: i32, t: f64): void {
  const at = run + COLD_AT + ((<usize>high) << 3);
  if (t < load<f64>(at, COLD.firstLow64 << 3)) store<f64>(at, t, COLD.firstLow64 << 3);
}

/** Hands a run over: `why` is STATE.reused, STATE.idled, both (the clock was set back) or 0 (it may go on). */
export function close(run: usize, why: i32): void {
  const state = load<i32>(run, HOT.state << 2) | why;
  store<i32>(run, state, HOT.state << 2);
  const isHead = (state & STATE.leftOpen) !== 0;
  if (isHead && keyBits > 0) noteHead(run);
  hand(isHead ? OUTBOX.heads : OUTBOX.closed, run);
}

/** The recorder's clock was set back: nothing before can be timed against what comes. */
export function barrier(): void {
  for (let run: usize = MEMORY.runs + RUN_BYTES; run < end; run += RUN_BYTES) {
    if (load<i32>(run, HOT.meta << 2) === GONE) continue;
    // Was over already, though not swept yet. With an unknown past only the joiner can tell.
    const last = lastSight(run);
    const known = (load<i32>(run, HOT.state << 2) & STATE.leftOpen) === 0;
    close(run, known && isOver(run, last, clock - last) ? STATE.idled : STATE.reused | STATE.idled);
  }
  dropAll();
  leftOpen = false;
}

/** Closes all that live with a known past; returns where the last one ends that lives on. */
export function closeKnown(): usize {
  let lastEnd: usize = MEMORY.runs + RUN_BYTES;
  for (let run: usize = MEMORY.runs + RUN_BYTES; run < end; run += RUN_BYTES) {
    if (load<i32>(run, HOT.meta << 2) === GONE) continue;
    if ((load<i32>(run, HOT.state << 2) & STATE.leftOpen) !== 0) {
      lastEnd = run + RUN_BYTES;
      continue;
    }
    const last = lastSight(run);
    close(run, isOver(run, last, clock - last) ? STATE.idled : 0);
    store<i32>(run, GONE, HOT.meta << 2);
  }
  return lastEnd;
}
