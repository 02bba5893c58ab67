// Batches become runs, by the rules of when one flow ends and the next begins.
//
// A batch is worked in passes (hash all rows, find their records, touch them, then update), so that the cache misses of
// neighbouring rows overlap instead of following each other.

import { BATCH_ROWS, type Batch, type BatchSink, FLAG, KIND, META, ROW, ROW_MASK, ROW_SHIFT } from '../decode/batch.js';
import { Doubts, KNOWN, REACH } from './again.js';
import { Clock, DISORDER_US } from './clock.js';
import {
  COLD,
  COLD_SHIFT,
  HOT,
  HOT_SHIFT,
  IN_DOUBT,
  NEVER,
  NO_DATA,
  SEGMENTS,
  SEGMENTS_SHIFT,
  SEGMENTS_WORDS,
  STATE,
} from './layout.js';
import { PROTOCOL, type Timeouts } from './rules.js';
import { RunChunks, type RunTaker } from './runs.js';
import { entryOf, FREE, hashKey, NUMBER_BITS, NUMBER_MASK, RunStore } from './store.js';

export { hashKey } from './store.js';

/** Tells the lane of a new run, and takes the packets of every row. Lanes are small dense numbers. */
export interface LaneBook {
  /** Lane for a key: where it was seen and whose addresses it carries. `wide` holds IPv6 addresses from `wideAt`. */
  laneOf(meta: number, k0: number, k1: number, wide: Int32Array, wideAt: number): number;
  /** Where packets are summed by cell `2 · lane + (sent by the higher endpoint)`. */
  readonly bins: CellBins;
  /** Data segments of TCP by cell; room for all cells there may be. */
  readonly data: Float64Array;
  /** Rows that belong to no flow: ARP, not IP, damaged, ICMP errors. `row` is valid during the call. */
  addOther(batch: Batch, row: number): void;
}

/**
 * Sums by cell over time. While a time lies in [startUs, endUs), cell c's packets, IP bytes, wire bytes, first and last
 * time may be brought up to date at `open[5c]`… directly, by the hot loop alone, where `open[5c]` is not 0; `add` does
 * all the rest.
 */
export interface CellBins {
  open: Float64Array;
  startUs: number;
  endUs: number;
  add(cell: number, timeUs: number, ipBytes: number, wireBytes: number): void;
}

export interface FlowTableOptions {
  timeouts: Timeouts;
  /** What came before this part of the input is not known: first runs may be continuations. */
  leftOpen: boolean;
  /** Every five-tuple as seen: fragments and ICMP errors are flows without ports. */
  asSeen: boolean;
  /** Bytes of the input, where they are known: the table begins with room for what they usually hold. */
  inputBytes?: number;
  /** Seeds the hash, so that nobody can prepare collisions. Nothing else depends on it. */
  seed: number;
}

const RARE = FLAG.fin | FLAG.syn | FLAG.rst | FLAG.firstFragment | FLAG.echoRequest | FLAG.echoReply;
const SYN_ACK = FLAG.syn | FLAG.ack;
/** Records that are looked at for expiry after each batch at least, and in how many batches all are at most once. */
const LEAST_SWEPT = 8;
const SWEEP_BATCHES = 2048;
/** Places of the table of recent flows: small enough for a cache near the processor. */
const RECENT = 2 ** 14;
const RECENT_MASK = RECENT - 1;
/** A keep-alive or a window probe repeats one byte (RFC 9293, 3.8.4); so small a segment is not counted as data. */
const PROBE_BYTES = 1;
/** Cells are numbered by 65,536 lanes and two directions. */
const CELL_MASK = 0x1ffff;
const TAG_MOST = (1 << (32 - NUMBER_BITS)) - 1;

export class FlowTable implements BatchSink {
  /** Runs, or parts of runs, whose past is not known, in the order in which they ended. */
  readonly heads = new RunChunks();
  /** Runs still live at the end of this part whose past is not known: each is the last of its key. */
  readonly open = new RunChunks();
  /** What the runs with an unknown past are in doubt about. */
  readonly doubts = new Doubts();
  readonly clock: Clock;
  /** Where the clock stood before it was first set back, microseconds. */
  stepClock = Number.NEGATIVE_INFINITY;
  private leftOpen: boolean;
  private readonly asSeen: boolean;
  private readonly timeouts: Timeouts;
  private readonly seed: number;

  private readonly store: RunStore;
  /** Index entries of flows seen of late, by hash. What has ended since may still stand here: its key then differs. */
  private readonly recent = new Int32Array(RECENT);
  private sweepAt = 0;
  private sweptUs = 0;

  /** First words of the rows whose flow was not seen of late. */
  private readonly missed = new Int32Array(BATCH_ROWS);
  /** The clock at the row that is being worked. */
  private rowClock = Number.NEGATIVE_INFINITY;
  /** Keeps the prefetching reads from being optimised away. */
  sink = 0;

  /** `closed` takes the runs that are over and whose whole past is known. */
  constructor(
    private readonly lanes: LaneBook,
    private readonly closed: RunTaker,
    options: FlowTableOptions,
  ) {
    this.leftOpen = options.leftOpen;
    this.asSeen = options.asSeen;
    this.timeouts = options.timeouts;
    this.seed = options.seed | 0;
    this.clock = new Clock();
    this.store = new RunStore(options.inputBytes ?? 0);
  }

  flush(batch: Batch): void {
    const rows = batch.count;
    const { floats } = batch;
    const { clock } = this;
    let { now } = clock;
    let from = 0;
    for (let row = 0; row < rows; row++) {
      const t = floats[(row & ROW_MASK) << (ROW_SHIFT - 1)];
      if (t > now) now = t;
      else if (t < now - DISORDER_US) {
        this.update(batch, from, row);
        this.barrier();
        clock.tick(t);
        now = t;
        from = row;
      }
    }
    this.update(batch, from, rows);
    batch.count = 0;
    this.sweep();
  }

  private update(batch: Batch, from: number, to: number): void {
    const { store } = this;
    store.reserve(2 * BATCH_ROWS);
    this.look(batch, from, to);
    const { words, floats } = batch;
    const { hot, hotFloats, segments } = store;
    const { bins, data } = this.lanes;
    const { least } = this.timeouts;
    let { open, startUs, endUs } = bins;
    let { now } = this.clock;
    for (let row = from; row < to; row++) {
      // Masked, here and below, so that the compiler knows its bounds and leaves out checks for overflow.
      const rowAt = (row & ROW_MASK) << ROW_SHIFT;
      const t = floats[rowAt >> 1];
      if (t > now) now = t;
      if (words[rowAt + ROW.kind] !== KIND.flow) {
        this.rowClock = now;
        this.updateOther(batch, row);
        open = bins.open;
        startUs = bins.startUs;
        endUs = bins.endUs;
        continue;
      }
      const rowMeta = words[rowAt + ROW.meta];
      let record = words[rowAt + ROW.record];
      let at = (record & NUMBER_MASK) << HOT_SHIFT;
      // One branch for all of the key: it is nearly always the right one.
      const differs =
        (hot[at + HOT.k0] ^ words[rowAt + ROW.k0]) |
        (hot[at + HOT.k1] ^ words[rowAt + ROW.k1]) |
        (hot[at + HOT.ports] ^ words[rowAt + ROW.ports]) |
        (hot[at + HOT.meta] ^ rowMeta);
      if (differs !== 0 || ((rowMeta & META.ipv6) !== 0 && !store.sameWide(record, batch.wide, row << 3))) {
        this.rowClock = now;
        record = this.findOrCreate(words[rowAt + ROW.hash], words[rowAt + ROW.ports], rowMeta, batch, row);
        at = (record & NUMBER_MASK) << HOT_SHIFT;
      }
      const rowFlags = words[rowAt + ROW.flags];
      const high = (rowFlags >>> 8) & 1;
      const at64 = at >> 1;
      let state = hot[at + HOT.state];
      // Two plain comparisons: which side spoke last is as good as random, and a branch on it would be guessed wrong.
      if (
        (now - hotFloats[at64 + HOT.lastLow64] > least && now - hotFloats[at64 + HOT.lastHigh64] > least) ||
        (rowFlags & SYN_ACK) === FLAG.syn
      ) {
        this.rowClock = now;
        this.consider(record, rowFlags, batch, row);
        state = hot[at + HOT.state];
      }
      if ((rowFlags & RARE) !== 0 || (state & (STATE.spokeLow << high)) === 0) {
        this.noteRare(record, rowFlags, high, batch, row);
      }
      const lastAt = at64 + HOT.lastLow64 + high;
      const previous = hotFloats[lastAt];
      if (t > previous) hotFloats[lastAt] = t;
      else if (t < previous) this.noteEarlier(record, high, batch, row);
      const sums = at + high;
      hot[sums + HOT.packetsLow] = (hot[sums + HOT.packetsLow] + 1) | 0;
      const ip = words[rowAt + ROW.ipBytes];
      const ipBefore = hot[sums + HOT.ipLow];
      const ipAfter = (ipBefore + ip) | 0;
      hot[sums + HOT.ipLow] = ipAfter;
      if (ipAfter >>> 0 < ipBefore >>> 0) this.carry(record, COLD.ipLowCarry + high);
      const wire = words[rowAt + ROW.wireBytes];
      const wireBefore = hot[sums + HOT.wireLow];
      const wireAfter = (wireBefore + wire) | 0;
      hot[sums + HOT.wireLow] = wireAfter;
      if (wireAfter >>> 0 < wireBefore >>> 0) this.carry(record, COLD.wireLowCarry + high);
      const cell = ((state >>> STATE.laneShift) << 1) | high;
      if ((rowFlags & FLAG.seqValid) !== 0 && words[rowAt + ROW.payload] > PROBE_BYTES) {
        const own = ((record & NUMBER_MASK) << SEGMENTS_SHIFT) + high;
        const length = words[rowAt + ROW.payload];
        const end = (words[rowAt + ROW.seq] + length) | 0;
        const step = (end - segments[own + SEGMENTS.endLow]) | 0;
        segments[own + SEGMENTS.endLow] = end;
        // The usual one begins where the furthest ended.
        if (segments[own + SEGMENTS.behindLow] !== 0 || step < length) {
          this.noteSegment(record, high, end, step, length);
        }
        data[cell] += 1;
      }
      const binAt = (cell & CELL_MASK) * 5;
      if (t >= startUs && t < endUs && open[binAt] > 0) {
        open[binAt] += 1;
        open[binAt + 1] += ip;
        open[binAt + 2] += wire;
        if (t > open[binAt + 4]) open[binAt + 4] = t;
        else if (t < open[binAt + 3]) open[binAt + 3] = t;
      } else {
        bins.add(cell, t, ip, wire);
        open = bins.open;
        startUs = bins.startUs;
        endUs = bins.endUs;
      }
    }
    this.clock.now = now;
  }

  /**
   * Hashes of rows, and what is likely to be their records: `update` compares the keys. No branch depends on what was
   * just loaded, so that many cache misses are under way at once.
   */
  private look(batch: Batch, from: number, to: number): void {
    const { words } = batch;
    const { missed, recent, seed } = this;
    const { slots, mask, hot } = this.store;
    let misses = 0;
    for (let row = from; row < to; row++) {
      const rowAt = (row & ROW_MASK) << ROW_SHIFT;
      const hash = hashKey(
        words[rowAt + ROW.k0],
        words[rowAt + ROW.k1],
        words[rowAt + ROW.ports],
        words[rowAt + ROW.meta],
        seed,
      );
      words[rowAt + ROW.hash] = hash;
      const entry = recent[hash & RECENT_MASK];
      words[rowAt + ROW.record] = entry & NUMBER_MASK;
      missed[misses] = rowAt;
      // One more where the tags differ.
      misses += (((entry ^ hash) >>> NUMBER_BITS) + TAG_MOST) >>> (32 - NUMBER_BITS);
    }
    let touched = 0;
    for (let i = 0; i < misses; i++) touched ^= slots[words[missed[i] + ROW.hash] & mask];
    for (let i = 0; i < misses; i++) {
      const rowAt = missed[i];
      const hash = words[rowAt + ROW.hash];
      let slot = hash & mask;
      let entry = slots[slot];
      while (entry !== 0 && (entry ^ hash) >>> NUMBER_BITS !== 0) {
        slot = (slot + 1) & mask;
        entry = slots[slot];
      }
      words[rowAt + ROW.record] = entry & NUMBER_MASK;
      recent[hash & RECENT_MASK] = entry;
    }
    for (let row = from; row < to; row++) {
      touched ^= hot[(words[((row & ROW_MASK) << ROW_SHIFT) + ROW.record] & NUMBER_MASK) << HOT_SHIFT];
    }
    this.sink ^= touched;
  }

  /** Fragments after the first, ICMP errors, and rows that are no IP. */
  private updateOther(batch: Batch, row: number): void {
    const kind = batch.kind(row);
    if (kind === KIND.fragment || (this.asSeen && kind === KIND.icmpError)) {
      const ports = this.asSeen ? 0 : batch.ident(row);
      const base = batch.meta(row) & ~META.hasPorts;
      const meta = this.asSeen ? base : base | META.datagram;
      const hash = hashKey(batch.k0(row), batch.k1(row), ports, meta, this.seed);
      const record = this.findOrCreate(hash, ports, meta, batch, row);
      this.consider(record, 0, batch, row);
      this.count(record, batch, row);
    } else {
      this.lanes.addOther(batch, row);
    }
  }

  /** The general form of the hot loop's update, for rows that are rare. */
  private count(record: number, batch: Batch, row: number): void {
    const { hot, hotFloats } = this.store;
    const high = (batch.flags(row) >>> 8) & 1;
    const at = record << HOT_SHIFT;
    const t = batch.time(row);
    this.noteRare(record, 0, high, batch, row);
    const lastAt = (at >> 1) + HOT.lastLow64 + high;
    if (t > hotFloats[lastAt]) hotFloats[lastAt] = t;
    else this.noteEarlier(record, high, batch, row);
    hot[at + HOT.packetsLow + high] = (hot[at + HOT.packetsLow + high] + 1) | 0;
    this.addBytes(record, HOT.ipLow + high, COLD.ipLowCarry + high, batch.ipBytes(row));
    this.addBytes(record, HOT.wireLow + high, COLD.wireLowCarry + high, batch.wireBytes(row));
    const cell = ((hot[at + HOT.state] >>> STATE.laneShift) << 1) | high;
    this.lanes.bins.add(cell, t, batch.ipBytes(row), batch.wireBytes(row));
  }

  private addBytes(record: number, word: number, carryWord: number, bytes: number): void {
    const { hot } = this.store;
    const at = (record << HOT_SHIFT) + word;
    const sum = (hot[at] >>> 0) + bytes;
    hot[at] = sum | 0;
    if (sum >= 0x1_0000_0000) this.carry(record, carryWord);
  }

  private carry(record: number, word: number): void {
    const { cold } = this.store;
    const at = (record << COLD_SHIFT) + word;
    cold[at] = cold[at] + 1;
  }

  /** A packet may begin a new flow: a SYN, or silence longer than the shortest timeout. */
  private consider(record: number, flags: number, batch: Batch, row: number): void {
    const { hot, cold } = this.store;
    const at = record << HOT_SHIFT;
    const state = hot[at + HOT.state];
    const meta = hot[at + HOT.meta];
    const last = this.lastSight(record);
    const silence = this.rowClock - last;
    if ((state & STATE.bothWays) === 0 && silence <= this.timeouts.least) return;
    if (this.isOver(record, meta, state, last, silence)) {
      this.close(record, STATE.idled);
      this.restart(record, false);
      return;
    }
    const open = (state & STATE.leftOpen) !== 0;
    const maybeIdle = open && silence > this.timeouts.leastOf(meta, state, this.lasted(record, meta, last));
    if ((flags & SYN_ACK) === FLAG.syn) {
      const high = (flags >>> 8) & 1;
      const isn = cold[(record << COLD_SHIFT) + COLD.isnLow + high];
      const verdict = synVerdict(state, high, isn, batch.seq(row));
      if (verdict === 'new') {
        this.close(record, STATE.reused);
        this.restart(record, false);
        return;
      }
      // One FIN here and one before the cut may have closed the flow that this SYN repeats.
      const maybeClosed = open && (state & STATE.bothFin) !== 0;
      if (verdict === 'new-unless-known' || maybeClosed) {
        this.close(record, open ? 0 : STATE.reused);
        this.restart(record, open);
        return;
      }
    }
    if (maybeIdle) {
      this.close(record, 0);
      this.restart(record, true);
    }
  }

  /** What happens once a run or once a direction: openings, ends, first words, first fragments. */
  private noteRare(record: number, flags: number, high: number, batch: Batch, row: number): void {
    const { hot, cold, coldFloats } = this.store;
    const at = record << HOT_SHIFT;
    const coldAt = record << COLD_SHIFT;
    let state = hot[at + HOT.state];
    if ((state & (STATE.spokeLow << high)) === 0) {
      if ((state & STATE.bothWays) === 0) {
        if (high !== 0) state |= STATE.firstHigh;
        if ((flags & SYN_ACK) === FLAG.syn) state |= STATE.startsWithSyn;
      }
      state |= STATE.spokeLow << high;
      coldFloats[(coldAt >> 1) + COLD.firstLow64 + high] = batch.time(row);
      if ((hot[at + HOT.meta] & META.datagram) === 0) cold[coldAt + COLD.seqLow + high] = batch.seq(row);
    }
    if ((flags & FLAG.syn) !== 0) {
      this.beginNumbers(record, high);
      if ((flags & FLAG.ack) !== 0) state |= STATE.synAckLow << high;
      else if ((state & (STATE.synLow << high)) === 0) {
        state |= STATE.synLow << high;
        cold[coldAt + COLD.isnLow + high] = batch.seq(row);
      }
    }
    if ((flags & FLAG.echoRequest) !== 0) state |= STATE.synLow << high;
    if ((flags & FLAG.echoReply) !== 0) state |= STATE.synAckLow << high;
    if ((flags & FLAG.fin) !== 0) state |= STATE.finLow << high;
    if ((flags & FLAG.rst) !== 0) state |= STATE.rstLow << high;
    if ((flags & FLAG.firstFragment) !== 0 && !this.asSeen) {
      state |= STATE.fragments;
      hot[at + HOT.state] = state;
      this.noteFirstFragment(batch, row);
    }
    hot[at + HOT.state] = state;
  }

  /** Tells the datagram of a first fragment its ports, so that the later ones find their flow. */
  private noteFirstFragment(batch: Batch, row: number): void {
    const meta = (batch.meta(row) & ~META.hasPorts) | META.datagram;
    const ident = batch.ident(row);
    const hash = hashKey(batch.k0(row), batch.k1(row), ident, meta, this.seed);
    const datagram = this.findOrCreate(hash, ident, meta, batch, row);
    this.consider(datagram, 0, batch, row);
    const { cold, coldFloats } = this.store;
    const coldAt = datagram << COLD_SHIFT;
    const at64 = (coldAt >> 1) + COLD.firstFragment64;
    const t = batch.time(row);
    const known = coldFloats[at64];
    if (known === NEVER || t < known) {
      coldFloats[at64] = t;
      cold[coldAt + COLD.fragmentPorts] = batch.ports(row);
    }
  }

  /** A SYN: what its side sent before has other numbers. */
  private beginNumbers(record: number, high: number): void {
    const { segments } = this.store;
    const at = (record << SEGMENTS_SHIFT) + high;
    segments[at + SEGMENTS.behindLow] = NO_DATA;
    const head = segments[at + SEGMENTS.doubtLow];
    segments[at + SEGMENTS.doubtLow] = head === 0 ? KNOWN : -Math.abs(head);
  }

  /** A data segment that is not simply the next one; `step` is how far it ends beyond the one before. See `again.ts`. */
  private noteSegment(record: number, high: number, end: number, step: number, payload: number): void {
    const { segments } = this.store;
    const at = record << SEGMENTS_SHIFT;
    const behindAt = at + SEGMENTS.behindLow + high;
    const doubtAt = at + SEGMENTS.doubtLow + high;
    const length = Math.min(payload, REACH);
    if (segments[behindAt] === NO_DATA) {
      const open = (this.store.hot[(record << HOT_SHIFT) + HOT.state] & STATE.leftOpen) !== 0;
      const doubted = open && segments[doubtAt] === 0;
      if (doubted) segments[doubtAt] = this.doubts.begin(end, length);
      segments[behindAt] = doubted ? IN_DOUBT : 0;
      return;
    }
    const before = segments[behindAt] & ~IN_DOUBT;
    const isNew = step < -REACH || before - step + length <= 0;
    if (!isNew) segments[at + SEGMENTS.again] = (segments[at + SEGMENTS.again] + 1) | 0;
    const behind = step < -REACH ? 0 : Math.max(0, Math.min(REACH, before - step));
    const head = this.doubts.next(segments[doubtAt], end, step, before, behind, isNew ? length : 0);
    segments[doubtAt] = head;
    segments[behindAt] = head > 0 ? behind | IN_DOUBT : behind;
  }

  private noteEarlier(record: number, high: number, batch: Batch, row: number): void {
    const { coldFloats } = this.store;
    const t = batch.time(row);
    const at = ((record << COLD_SHIFT) >> 1) + COLD.firstLow64 + high;
    if (t < coldFloats[at]) coldFloats[at] = t;
  }

  private findOrCreate(hash: number, ports: number, meta: number, batch: Batch, row: number): number {
    const { store } = this;
    const a = batch.k0(row);
    const b = batch.k1(row);
    const wideAt = row * 8;
    const found = store.find(hash, a, b, ports, meta, batch.wide, wideAt);
    if (found !== 0) return found;
    const record = store.insert(hash, a, b, ports, meta, batch.wide, wideAt);
    const lane = this.lanes.laneOf(meta, a, b, batch.wide, wideAt);
    store.hot[(record << HOT_SHIFT) + HOT.state] = lane << STATE.laneShift;
    this.restart(record, this.leftOpen);
    this.recent[hash & RECENT_MASK] = entryOf(hash, record);
    return record;
  }

  /** Empties a record's counters; key and lane stay. */
  private restart(record: number, leftOpen: boolean): void {
    const { hot, hotFloats, cold, coldFloats } = this.store;
    const at = record << HOT_SHIFT;
    const coldAt = record << COLD_SHIFT;
    hotFloats[(at >> 1) + HOT.lastLow64] = NEVER;
    hotFloats[(at >> 1) + HOT.lastHigh64] = NEVER;
    for (let word = HOT.packetsLow; word < HOT.state; word++) hot[at + word] = 0;
    hot[at + HOT.state] = (hot[at + HOT.state] & ~STATE.bits) | (leftOpen ? STATE.leftOpen : 0);
    coldFloats[(coldAt >> 1) + COLD.firstLow64] = NEVER;
    coldFloats[(coldAt >> 1) + COLD.firstHigh64] = NEVER;
    coldFloats[(coldAt >> 1) + COLD.startClock64] = this.rowClock;
    coldFloats[(coldAt >> 1) + COLD.firstFragment64] = NEVER;
    for (let word = COLD.isnLow; word < COLD.wide; word++) cold[coldAt + word] = 0;
    if ((hot[at + HOT.meta] & META.protocolMask) !== PROTOCOL.tcp) return;
    const { segments } = this.store;
    const segmentsAt = record << SEGMENTS_SHIFT;
    for (let word = 0; word < SEGMENTS_WORDS; word++) segments[segmentsAt + word] = 0;
    segments[segmentsAt + SEGMENTS.behindLow] = NO_DATA;
    segments[segmentsAt + SEGMENTS.behindHigh] = NO_DATA;
  }

  /** Hands a run over: `why` is STATE.reused, STATE.idled, both (the clock was set back) or 0 (it may go on). */
  private close(record: number, why: number): void {
    const { hot } = this.store;
    const at = (record << HOT_SHIFT) + HOT.state;
    hot[at] = hot[at] | why;
    ((hot[at] & STATE.leftOpen) !== 0 ? this.heads : this.closed).appendRecord(this.store, record);
  }

  /** The recorder's clock was set back: nothing before can be timed against what comes. */
  private barrier(): void {
    const { store } = this;
    for (let record = 1; record < store.used; record++) {
      const meta = store.hot[(record << HOT_SHIFT) + HOT.meta];
      if (meta === FREE) continue;
      const state = store.hot[(record << HOT_SHIFT) + HOT.state];
      // Was over already, though not swept yet. With an unknown past only the joiner can tell.
      const last = this.lastSight(record);
      const known = (state & STATE.leftOpen) === 0;
      const over = known && this.isOver(record, meta, state, last, this.clock.now - last);
      this.close(record, over ? STATE.idled : STATE.reused | STATE.idled);
    }
    store.dropAll();
    this.sweepAt = 0;
    if (this.clock.steps === 0) this.stepClock = this.clock.now;
    this.leftOpen = false;
  }

  /**
   * Retires those whose silence no rule survives: looks at some records in turn, at each no more often than once in the
   * shortest timeout and once in SWEEP_BATCHES.
   */
  private sweep(): void {
    const { hot, hotFloats, used } = this.store;
    const { now } = this.clock;
    const { least } = this.timeouts;
    const share = Math.min(1 / SWEEP_BATCHES, Math.max(0, (now - this.sweptUs) / (least + 1)));
    this.sweptUs = now;
    const records = Math.min(used, LEAST_SWEPT + Math.floor(share * used));
    let record = this.sweepAt;
    for (let left = records; left > 0; left--) {
      if (record >= used) record = 0;
      const at = record << HOT_SHIFT;
      const at64 = at >> 1;
      if (now - hotFloats[at64 + HOT.lastLow64] > least && now - hotFloats[at64 + HOT.lastHigh64] > least) {
        if (hot[at + HOT.meta] !== FREE) this.expire(record, now);
      }
      record++;
    }
    this.sweepAt = record;
  }

  private expire(record: number, now: number): void {
    const { hot } = this.store;
    const at = record << HOT_SHIFT;
    const last = this.lastSight(record);
    if (this.isOver(record, hot[at + HOT.meta], hot[at + HOT.state], last, now - last)) {
      this.close(record, STATE.idled);
      this.store.remove(record);
    }
  }

  /** Whether a run is over after such a silence, whatever came before it. */
  private isOver(record: number, meta: number, state: number, last: number, silence: number): boolean {
    const { timeouts } = this;
    // Spares most of them the look at their age, which stands in the cold record.
    if (silence <= timeouts.least || (isUdp(meta) && silence <= timeouts.leastUdp)) return false;
    const lasted = this.lasted(record, meta, last);
    const open = (state & STATE.leftOpen) !== 0;
    return silence > (open ? timeouts.mostOf(meta, state, lasted) : timeouts.of(meta, state, lasted));
  }

  /** How old a run is, where a rule asks for it: else the cold record is left alone. */
  private lasted(record: number, meta: number, last: number): number {
    return isUdp(meta) ? last - this.startClock(record) : 0;
  }

  /** A datagram may hold nothing but its first fragment's ports; then its start stands for its last sight. */
  private lastSight(record: number): number {
    const { hotFloats } = this.store;
    const at64 = (record << HOT_SHIFT) >> 1;
    const low = hotFloats[at64 + HOT.lastLow64];
    const high = hotFloats[at64 + HOT.lastHigh64];
    const last = low > high ? low : high;
    return last !== NEVER ? last : this.startClock(record);
  }

  private startClock(record: number): number {
    return this.store.coldFloats[((record << COLD_SHIFT) >> 1) + COLD.startClock64];
  }

  /**
   * Ends this part of the input: the runs still live, those with an unknown past in `open`. Where nothing comes after it
   * (`ended`) the others are over.
   */
  finish(ended: boolean): RunChunks {
    const { store } = this;
    const { now } = this.clock;
    const tails = new RunChunks();
    for (let record = 1; record < store.used; record++) {
      const meta = store.hot[(record << HOT_SHIFT) + HOT.meta];
      if (meta === FREE) continue;
      const state = store.hot[(record << HOT_SHIFT) + HOT.state];
      if ((state & STATE.leftOpen) !== 0) this.open.appendRecord(store, record);
      else if (!ended) tails.appendRecord(store, record);
      else {
        const last = this.lastSight(record);
        this.close(record, this.isOver(record, meta, state, last, now - last) ? STATE.idled : 0);
      }
    }
    return tails;
  }

  /** After `finish`: the memory of all that was live, which need not wait for the collector. */
  release(): ArrayBuffer[] {
    return this.store.release();
  }
}

function isUdp(meta: number): boolean {
  const protocol = meta & META.protocolMask;
  return protocol === PROTOCOL.udp || protocol === PROTOCOL.udpLite;
}

/** Whether a SYN begins a new flow. `high`: sent by the higher endpoint; `isn`: that side's known one. */
export function synVerdict(state: number, high: number, isn: number, seq: number): 'same' | 'new' | 'new-unless-known' {
  if ((state & STATE.anyRst) !== 0 || (state & STATE.bothFin) === STATE.bothFin) return 'new';
  if ((state & (STATE.synLow << high)) !== 0) return isn === seq ? 'same' : 'new';
  return 'new-unless-known';
}
