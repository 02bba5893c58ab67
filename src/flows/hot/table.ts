// Batches become runs, by the rules of when one flow ends and the next begins. The room's way in: flows/table.ts calls it.
//
// A batch is worked in passes (hash all rows, find their records, touch them, then update), so that the cache misses of
// neighbouring rows overlap instead of following each other.

import { BATCH_ROWS, FLAG, KIND, META, ROW } from '../../decode/batch.js';
import { DISORDER_US } from '../clock.js';
import { COLD, GONE, HOT, HOT_WORDS, MEMORY, NUMBER_BITS, RUN_BYTES, SEGMENTS, STATE, TAKEN } from '../layout.js';
import { setKeyBits } from './alone.js';
import { frame } from './frame.js';
import { addOther, addToBin, setBack } from './host.js';
import {
  asSeen,
  barrier,
  close,
  closeKnown,
  consider,
  findOrCreate,
  noteEarlier,
  noteRare,
  setClock,
  setPast,
} from './life.js';
import { empty } from './outbox.js';
import { isOver, lastSight, least, setRules } from './rules.js';
import { noteData } from './segments.js';
import { clearStore, end, hashOf, mask, remove, reserve, runAt, sameWide } from './store.js';

export { addressCount } from './addresses.js';
export { noteLive, roomForHeads, sortHeads, sortOut } from './alone.js';
export { beginFrames, frame, notePoint } from './frame.js';
export { join, roomFor } from './join.js';
export { beginSettling, settle } from './settle.js';
export { reserve } from './store.js';

const RARE: i32 = FLAG.fin | FLAG.syn | FLAG.rst | FLAG.firstFragment | FLAG.echoRequest | FLAG.echoReply;
const SYN_ACK: i32 = FLAG.syn | FLAG.ack;
/** A keep-alive or a window probe repeats one byte (RFC 9293, 3.8.4); so small a segment is not counted as data. */
const PROBE_BYTES: i32 = 1;
const RECENT_MASK: i32 = ((MEMORY.rules - MEMORY.recent) >> 2) - 1;
const TAG_MOST: i32 = (1 << (32 - NUMBER_BITS)) - 1;
const CARRY_AT: usize = HOT_WORDS << 2;
const SEGMENTS_AT: usize = (HOT_WORDS + SEGMENTS.inCold) << 2;
/** Records that are looked at for expiry after each batch at least; in how many batches and shortest timeouts all are, at most once. */
const LEAST_SWEPT: i32 = 8;
const SWEEP_BATCHES: f64 = 4096;
const SWEEP_TIMEOUTS: f64 = 3;

let sweepAt: usize = 0;
let sweptUs: f64 = 0;

/** Begins a part; `bits` of a key's hash are held against those of other parts, 0 for none. */
export function begin(
  seed: i32,
  leftOpen: boolean,
  everyTuple: boolean,
  bits: i32,
  leastAny: f64,
  leastUdp: f64,
): void {
  clearStore(seed);
  setRules(leastAny, leastUdp);
  setPast(leftOpen, everyTuple);
  setKeyBits(bits);
  sweepAt = MEMORY.runs + RUN_BYTES;
  sweptUs = 0;
}

/** Takes the first `rows` rows of the batch; `now` is where the clock stands, and where it stands afterwards. */
export function flush(rows: i32, now: f64): f64 {
  let from: usize = MEMORY.rows;
  const stop = from + ((<usize>rows) << 6);
  let top = now;
  for (let row = from; row < stop; row += 64) {
    const t = load<f64>(row);
    if (t > top) top = t;
    else if (t < top - DISORDER_US) {
      update(from, row, now);
      setClock(top);
      barrier();
      sweepAt = MEMORY.runs + RUN_BYTES;
      setBack(top);
      now = top = t;
      from = row;
    }
  }
  update(from, stop, now);
  sweep(top);
  return top;
}

/**
 * As `frame`, and takes each batch that is full, the clock standing at `now`: until a record is not usual, or there is no room for
 * what a batch may bring. What was taken stands in `MEMORY.taken`.
 */
export function frameThrough(at: i32, to: i32, limit: i32, rows: i32, now: f64): i32 {
  const stop: usize = MEMORY.rows + (BATCH_ROWS << 6);
  let packets: i32 = 0;
  let wireBytes: i64 = 0;
  let first: f64 = Infinity;
  let last: f64 = -Infinity;
  let next = frame(at, to, limit, rows);
  while (load<i32>(MEMORY.rowCount) === BATCH_ROWS && reserve(2 * BATCH_ROWS)) {
    for (let row: usize = MEMORY.rows; row < stop; row += 64) {
      const t = load<f64>(row);
      if (t < first) first = t;
      if (t > last) last = t;
      wireBytes += load<i32>(row, ROW.wireBytes << 2);
    }
    packets += BATCH_ROWS;
    now = flush(BATCH_ROWS, now);
    next = frame(next, to, limit, 0);
  }
  store<f64>(MEMORY.taken, packets, TAKEN.packets << 3);
  store<f64>(MEMORY.taken, <f64>wireBytes, TAKEN.wireBytes << 3);
  store<f64>(MEMORY.taken, first, TAKEN.firstUs << 3);
  store<f64>(MEMORY.taken, last, TAKEN.lastUs << 3);
  store<f64>(MEMORY.taken, now, TAKEN.now << 3);
  return next;
}

/**
 * Ends the part at this clock; where nothing comes after it (`ended`), so do the runs whose past is known. Returns how many
 * records there are up to the last that lives; those that are not gone live. No more batches afterwards.
 */
export function finish(now: f64, ended: boolean): i32 {
  setClock(now);
  const lastEnd = ended ? closeKnown() : end;
  empty();
  return <i32>((lastEnd - MEMORY.runs) / RUN_BYTES) - 1;
}

function update(from: usize, stop: usize, now: f64): void {
  look(from, stop);
  let binStart = load<f64>(MEMORY.binBounds);
  let binEnd = load<f64>(MEMORY.binBounds + 8);
  for (let row = from; row < stop; row += 64) {
    const t = load<f64>(row);
    if (t > now) now = t;
    if (load<i32>(row, ROW.kind << 2) !== KIND.flow) {
      setClock(now);
      updateOther(row);
      binStart = load<f64>(MEMORY.binBounds);
      binEnd = load<f64>(MEMORY.binBounds + 8);
      continue;
    }
    let run: usize = load<u32>(row, ROW.record << 2);
    const meta = load<i32>(row, ROW.meta << 2);
    // One branch for all of the key: it is nearly always the right one.
    const differs =
      (load<i64>(run, HOT.k0 << 2) ^ load<i64>(row, ROW.k0 << 2)) |
      (load<i64>(run, HOT.ports << 2) ^ load<i64>(row, ROW.ports << 2));
    if (differs !== 0 || ((meta & META.ipv6) !== 0 && !sameWide(run, MEMORY.wide + ((row - MEMORY.rows) >> 1)))) {
      setClock(now);
      run = findOrCreate(load<i32>(row, ROW.hash << 2), load<i32>(row, ROW.ports << 2), meta, row);
    }
    const flags = load<i32>(row, ROW.flags << 2);
    const high = (flags >>> 8) & 1;
    let state = load<i32>(run, HOT.state << 2);
    // Two plain comparisons: which side spoke last is as good as random, and a branch on it would be guessed wrong.
    if (
      (now - load<f64>(run, HOT.lastLow64 << 3) > least && now - load<f64>(run, HOT.lastHigh64 << 3) > least) ||
      (flags & SYN_ACK) === FLAG.syn
    ) {
      setClock(now);
      consider(run, flags, row);
      state = load<i32>(run, HOT.state << 2);
    }
    if ((flags & RARE) !== 0 || (state & (STATE.spokeLow << high)) === 0) {
      setClock(now);
      noteRare(run, flags, high, row);
    }
    const side = run + ((<usize>high) << 2);
    const lastAt = side + ((<usize>high) << 2);
    const previous = load<f64>(lastAt, HOT.lastLow64 << 3);
    if (t > previous) store<f64>(lastAt, t, HOT.lastLow64 << 3);
    else if (t < previous) noteEarlier(run, high, t);
    const ip = load<i32>(row, ROW.ipBytes << 2);
    const wire = load<i32>(row, ROW.wireBytes << 2);
    addPacket(side, ip, wire);
    const cell = ((state >>> STATE.laneShift) << 1) | high;
    if ((flags & FLAG.seqValid) !== 0) {
      const payload = load<i32>(row, ROW.payload << 2);
      if (payload > PROBE_BYTES) {
        noteData(run, high, load<i32>(row, ROW.seq << 2), payload);
        const dataAt: usize = MEMORY.data + ((<usize>cell) << 3);
        store<f64>(dataAt, load<f64>(dataAt) + 1);
      }
    }
    const bin: usize = MEMORY.cells + <usize>cell * 40;
    const packets = load<f64>(bin);
    if (t >= binStart && t < binEnd && packets > 0) {
      store<f64>(bin, packets + 1);
      store<f64>(bin, load<f64>(bin, 8) + <f64>ip, 8);
      store<f64>(bin, load<f64>(bin, 16) + <f64>wire, 16);
      if (t > load<f64>(bin, 32)) store<f64>(bin, t, 32);
      else if (t < load<f64>(bin, 24)) store<f64>(bin, t, 24);
    } else {
      addToBin(cell, t, ip, wire);
      binStart = load<f64>(MEMORY.binBounds);
      binEnd = load<f64>(MEMORY.binBounds + 8);
    }
  }
}

/**
 * Hashes of rows, and what is likely to be their records: `update` compares the keys. No branch depends on what was
 * just loaded, so that many cache misses are under way at once.
 */
function look(from: usize, stop: usize): void {
  let misses: usize = MEMORY.missed;
  for (let row = from; row < stop; row += 64) {
    const hash = hashOf(
      load<i32>(row, ROW.k0 << 2),
      load<i32>(row, ROW.k1 << 2),
      load<i32>(row, ROW.ports << 2),
      load<i32>(row, ROW.meta << 2),
    );
    store<i32>(row, hash, ROW.hash << 2);
    const entry = load<i32>(MEMORY.recent + ((<usize>(hash & RECENT_MASK)) << 2));
    store<u32>(row, <u32>runAt(entry), ROW.record << 2);
    store<u32>(misses, <u32>row);
    // One more where the tags differ.
    misses += ((((entry ^ hash) >>> NUMBER_BITS) + TAG_MOST) >>> (32 - NUMBER_BITS)) << 2;
  }
  let touched = 0;
  for (let miss: usize = MEMORY.missed; miss < misses; miss += 4) {
    const hash = load<i32>(load<u32>(miss), ROW.hash << 2);
    touched ^= load<i32>(MEMORY.places + ((<usize>(hash & mask)) << 2));
  }
  for (let miss: usize = MEMORY.missed; miss < misses; miss += 4) {
    const row: usize = load<u32>(miss);
    const hash = load<i32>(row, ROW.hash << 2);
    let place = hash & mask;
    let entry = load<i32>(MEMORY.places + ((<usize>place) << 2));
    while (entry !== 0 && (entry ^ hash) >>> NUMBER_BITS !== 0) {
      place = (place + 1) & mask;
      entry = load<i32>(MEMORY.places + ((<usize>place) << 2));
    }
    store<u32>(row, <u32>runAt(entry), ROW.record << 2);
    store<i32>(MEMORY.recent + ((<usize>(hash & RECENT_MASK)) << 2), entry);
  }
  for (let row = from; row < stop; row += 64) {
    const run: usize = load<u32>(row, ROW.record << 2);
    const isData =
      (load<i32>(row, ROW.flags << 2) & FLAG.seqValid) !== 0 && load<i32>(row, ROW.payload << 2) > PROBE_BYTES;
    touched ^= load<i32>(run) ^ load<i32>(isData ? run + SEGMENTS_AT : run);
  }
  // Kept, so that the reads are not optimised away.
  store<i32>(MEMORY.touched, touched);
}

/** Fragments after the first, ICMP errors, and rows that are no IP. */
function updateOther(row: usize): void {
  const kind = load<i32>(row, ROW.kind << 2);
  if (kind !== KIND.fragment && !(asSeen && kind === KIND.icmpError)) {
    addOther(<i32>((row - MEMORY.rows) >> 6));
    return;
  }
  const ports = asSeen ? 0 : load<i32>(row, ROW.ident << 2);
  const base = load<i32>(row, ROW.meta << 2) & ~META.hasPorts;
  const meta = asSeen ? base : base | META.datagram;
  const hash = hashOf(load<i32>(row, ROW.k0 << 2), load<i32>(row, ROW.k1 << 2), ports, meta);
  const run = findOrCreate(hash, ports, meta, row);
  consider(run, 0, row);
  count(run, row);
}

/** The general form of the hot loop's update, for rows that are rare. */
function count(run: usize, row: usize): void {
  const high = (load<i32>(row, ROW.flags << 2) >>> 8) & 1;
  const t = load<f64>(row);
  noteRare(run, 0, high, row);
  const side = run + ((<usize>high) << 2);
  const lastAt = side + ((<usize>high) << 2);
  if (t > load<f64>(lastAt, HOT.lastLow64 << 3)) store<f64>(lastAt, t, HOT.lastLow64 << 3);
  else noteEarlier(run, high, t);
  const ip = load<i32>(row, ROW.ipBytes << 2);
  const wire = load<i32>(row, ROW.wireBytes << 2);
  addPacket(side, ip, wire);
  const state = load<i32>(run, HOT.state << 2);
  addToBin(((state >>> STATE.laneShift) << 1) | high, t, ip, wire);
}

/** Counts a packet of one side of a run. */
function addPacket(side: usize, ip: i32, wire: i32): void {
  store<i32>(side, load<i32>(side, HOT.packetsLow << 2) + 1, HOT.packetsLow << 2);
  const ipSum = load<i32>(side, HOT.ipLow << 2) + ip;
  store<i32>(side, ipSum, HOT.ipLow << 2);
  if (<u32>ipSum < <u32>ip) carry(side + (COLD.ipLowCarry << 2));
  const wireSum = load<i32>(side, HOT.wireLow << 2) + wire;
  store<i32>(side, wireSum, HOT.wireLow << 2);
  if (<u32>wireSum < <u32>wire) carry(side + (COLD.wireLowCarry << 2));
}

/** A byte counter of 32 bits has overflown. */
function carry(at: usize): void {
  store<i32>(at, load<i32>(at, CARRY_AT) + 1, CARRY_AT);
}

/**
 * Retires those whose silence no rule survives: looks at some records in turn, at each no more often than once in
 * SWEEP_TIMEOUTS of the shortest timeout and once in SWEEP_BATCHES.
 */
function sweep(now: f64): void {
  const used = <f64>((end - MEMORY.runs) / RUN_BYTES);
  const share = min<f64>(1 / SWEEP_BATCHES, max<f64>(0, (now - sweptUs) / (SWEEP_TIMEOUTS * (least + 1))));
  sweptUs = now;
  let left = <i32>min<f64>(used, <f64>LEAST_SWEPT + floor<f64>(share * used));
  setClock(now);
  let run = sweepAt;
  for (; left > 0; left--) {
    if (run >= end) run = MEMORY.runs;
    if (
      now - load<f64>(run, HOT.lastLow64 << 3) > least &&
      now - load<f64>(run, HOT.lastHigh64 << 3) > least &&
      load<i32>(run, HOT.meta << 2) !== GONE
    ) {
      const last = lastSight(run);
      if (isOver(run, last, now - last)) {
        close(run, STATE.idled);
        remove(run);
      }
    }
    run += RUN_BYTES;
  }
  sweepAt = run;
}
