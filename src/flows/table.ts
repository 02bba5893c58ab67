// Batches become runs: an open-addressing table over typed arrays, with one hot and one cold record a live run.
//
// A batch is worked in passes (hash and probe all rows, touch all records, then update), so that the cache misses of
// neighbouring rows overlap instead of following each other.

import { BATCH_ROWS, type Batch, type BatchSink, FLAG, KIND, META } from '../decode/batch.js';
import { EXIT, UserError } from '../util/error.js';
import { Clock, DISORDER_US } from './clock.js';
import { COLD, COLD_WORDS, HOT, HOT_WORDS, NEVER, STATE } from './layout.js';
import type { Timeouts } from './rules.js';
import { RunChunks } from './runs.js';

/** Tells the lane of a new run, and takes the packets of every row. Lanes are small dense numbers. */
export interface LaneBook {
  /** Lane for a key: where it was seen and whose addresses it carries. `wide` holds IPv6 addresses from `wideAt`. */
  laneOf(meta: number, k0: number, k1: number, wide: Int32Array, wideAt: number): number;
  /** Where packets are summed by cell `2 · lane + (sent by the higher endpoint)`. */
  readonly bins: CellBins;
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
const FREE = -1;
/** Records at first: the least, and the most that an input of known length begins with. */
const LEAST_RECORDS = 4096;
const FIRST_RECORDS = 2 ** 17;
const BYTES_A_FLOW = 4096;
/** From the beginning of a large block to the next cache line. */
const ALIGN_BYTES = 48;
/** After each batch one of so many records is looked at for expiry. */
const SWEEP_SHIFT = 11;
/** An index entry is a record number + 1 in the low bits and some bits of the hash above; 0 is an empty place. */
const NUMBER_BITS = 24;
const NUMBER_MASK = (1 << NUMBER_BITS) - 1;
const MOST_RECORDS = NUMBER_MASK;
const TOO_MANY =
  'more than 8 million flows at once: analyse shorter captures, or part of the traffic (--client, --server)';

export class FlowTable implements BatchSink {
  /** Runs that are over and whose whole past is known. */
  readonly closed = new RunChunks();
  /** Runs, or parts of runs, whose past is not known, in the order in which they ended. */
  readonly heads = new RunChunks();
  readonly clock: Clock;
  /** Where the clock stood before it was first set back, microseconds. */
  stepClock = Number.NEGATIVE_INFINITY;
  private leftOpen: boolean;
  private readonly asSeen: boolean;
  private readonly timeouts: Timeouts;
  private readonly seed: number;

  private capacity: number;
  private hot: Int32Array;
  private hotFloats: Float64Array;
  private cold: Int32Array;
  private coldFloats: Float64Array;
  private used = 0;
  private live = 0;
  private freeHead = FREE;
  private slots: Int32Array;
  private mask: number;
  private sweepAt = 0;

  private readonly hashes = new Int32Array(BATCH_ROWS);
  private readonly candidates = new Int32Array(BATCH_ROWS);
  /** The clock at the row that is being worked. */
  private rowClock = Number.NEGATIVE_INFINITY;
  /** Keeps the prefetching reads from being optimised away. */
  sink = 0;

  constructor(
    private readonly lanes: LaneBook,
    options: FlowTableOptions,
  ) {
    this.leftOpen = options.leftOpen;
    this.asSeen = options.asSeen;
    this.timeouts = options.timeouts;
    this.seed = options.seed | 0;
    this.clock = new Clock();
    this.capacity = LEAST_RECORDS;
    while (this.capacity < FIRST_RECORDS && this.capacity * BYTES_A_FLOW < (options.inputBytes ?? 0))
      this.capacity *= 2;
    this.hot = alignedWords(this.capacity * HOT_WORDS);
    this.hotFloats = floatsOver(this.hot);
    this.cold = new Int32Array(this.capacity * COLD_WORDS);
    this.coldFloats = new Float64Array(this.cold.buffer);
    this.slots = new Int32Array(this.capacity * 2);
    this.mask = this.capacity * 2 - 1;
  }

  flush(batch: Batch): void {
    const rows = batch.count;
    const { time } = batch;
    const { clock } = this;
    let { now } = clock;
    let from = 0;
    for (let row = 0; row < rows; row++) {
      const t = time[row];
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
    this.sweep((this.used >> SWEEP_SHIFT) + 8);
  }

  private update(batch: Batch, from: number, to: number): void {
    if (this.live + 2 * BATCH_ROWS > this.capacity) this.grow();
    const { kind, k0, k1, ports, meta, flags, time, ipBytes, wireBytes } = batch;
    const { hashes, candidates, hot, hotFloats, slots, mask, seed, clock } = this;
    const { bins } = this.lanes;
    const least = this.timeouts.least;

    // No branch depends on what is loaded, so many of these cache misses are under way at once.
    let touched = 0;
    for (let row = from; row < to; row++) {
      const hash = hashKey(k0[row], k1[row], ports[row], meta[row], seed);
      hashes[row] = hash;
      touched ^= slots[hash & mask];
    }

    for (let row = from; row < to; row++) {
      const hash = hashes[row];
      let slot = hash & mask;
      let entry = slots[slot];
      while (entry !== 0 && (entry ^ hash) >>> NUMBER_BITS !== 0) {
        slot = (slot + 1) & mask;
        entry = slots[slot];
      }
      const record = kind[row] === KIND.flow ? entry & NUMBER_MASK : 0;
      candidates[row] = record;
      touched ^= hot[(record > 0 ? record - 1 : 0) * HOT_WORDS];
    }
    this.sink ^= touched;

    let { now } = clock;
    for (let row = from; row < to; row++) {
      const t = time[row];
      if (t > now) now = t;
      if (kind[row] !== KIND.flow) {
        this.rowClock = now;
        this.updateOther(batch, row);
        continue;
      }
      const rowMeta = meta[row];
      const a = k0[row];
      const b = k1[row];
      const p = ports[row];
      let record = candidates[row] - 1;
      let at = record * HOT_WORDS;
      if (
        record < 0 ||
        hot[at + HOT.k0] !== a ||
        hot[at + HOT.k1] !== b ||
        hot[at + HOT.ports] !== p ||
        hot[at + HOT.meta] !== rowMeta ||
        ((rowMeta & META.ipv6) !== 0 && !this.sameWide(record, batch.wide, row * 8))
      ) {
        record = this.find(hashes[row], a, b, p, rowMeta, batch.wide, row * 8);
        this.rowClock = now;
        if (record < 0) record = this.create(hashes[row], a, b, p, rowMeta, batch, row);
        at = record * HOT_WORDS;
      }
      const rowFlags = flags[row];
      const high = (rowFlags >>> 8) & 1;
      const at64 = at >> 1;
      const lastLow = hotFloats[at64 + HOT.lastLow64];
      const lastHigh = hotFloats[at64 + HOT.lastHigh64];
      const last = lastLow > lastHigh ? lastLow : lastHigh;
      if (now - last > least || (rowFlags & SYN_ACK) === FLAG.syn) {
        this.rowClock = now;
        this.consider(record, rowFlags, batch, row);
      }
      if ((rowFlags & RARE) !== 0 || (hot[at + HOT.state] & (STATE.spokeLow << high)) === 0) {
        this.noteRare(record, rowFlags, high, t, batch, row);
      }
      const lastAt = at64 + HOT.lastLow64 + high;
      const previous = hotFloats[lastAt];
      if (t > previous) hotFloats[lastAt] = t;
      else if (t < previous) this.noteEarlier(record, high, t);
      hot[at + HOT.packetsLow + high] = (hot[at + HOT.packetsLow + high] + 1) | 0;
      const ip = ipBytes[row];
      const ipAt = at + HOT.ipLow + high;
      const ipSum = (hot[ipAt] >>> 0) + ip;
      hot[ipAt] = ipSum | 0;
      if (ipSum >= 0x1_0000_0000) this.carry(record, COLD.ipLowCarry + high);
      const wire = wireBytes[row];
      const wireAt = at + HOT.wireLow + high;
      const wireSum = (hot[wireAt] >>> 0) + wire;
      hot[wireAt] = wireSum | 0;
      if (wireSum >= 0x1_0000_0000) this.carry(record, COLD.wireLowCarry + high);
      const cell = ((hot[at + HOT.state] >>> STATE.laneShift) << 1) | high;
      const { open } = bins;
      const binAt = cell * 5;
      if (t >= bins.startUs && t < bins.endUs && open[binAt] > 0) {
        open[binAt] += 1;
        open[binAt + 1] += ip;
        open[binAt + 2] += wire;
        if (t > open[binAt + 4]) open[binAt + 4] = t;
        else if (t < open[binAt + 3]) open[binAt + 3] = t;
      } else bins.add(cell, t, ip, wire);
    }
    clock.now = now;
  }

  /** Fragments after the first, ICMP errors, and rows that are no IP. */
  private updateOther(batch: Batch, row: number): void {
    const kind = batch.kind[row];
    if (kind === KIND.fragment || (this.asSeen && kind === KIND.icmpError)) {
      const ports = this.asSeen ? 0 : batch.ident[row];
      const base = batch.meta[row] & ~META.hasPorts;
      const meta = this.asSeen ? base : base | META.datagram;
      const record = this.findOrCreate(ports, meta, batch, row);
      this.consider(record, 0, batch, row);
      this.count(record, batch, row);
    } else {
      this.lanes.addOther(batch, row);
    }
  }

  /** The general form of the hot loop's update, for rows that are rare. */
  private count(record: number, batch: Batch, row: number): void {
    const { hot, hotFloats } = this;
    const high = (batch.flags[row] >>> 8) & 1;
    const at = record * HOT_WORDS;
    const t = batch.time[row];
    this.noteRare(record, 0, high, t, batch, row);
    const lastAt = (at >> 1) + HOT.lastLow64 + high;
    if (t > hotFloats[lastAt]) hotFloats[lastAt] = t;
    else this.noteEarlier(record, high, t);
    hot[at + HOT.packetsLow + high] = (hot[at + HOT.packetsLow + high] + 1) | 0;
    this.addBytes(record, HOT.ipLow + high, COLD.ipLowCarry + high, batch.ipBytes[row]);
    this.addBytes(record, HOT.wireLow + high, COLD.wireLowCarry + high, batch.wireBytes[row]);
    const cell = ((hot[at + HOT.state] >>> STATE.laneShift) << 1) | high;
    this.lanes.bins.add(cell, t, batch.ipBytes[row], batch.wireBytes[row]);
  }

  private addBytes(record: number, word: number, carryWord: number, bytes: number): void {
    const at = record * HOT_WORDS + word;
    const sum = (this.hot[at] >>> 0) + bytes;
    this.hot[at] = sum | 0;
    if (sum >= 0x1_0000_0000) this.carry(record, carryWord);
  }

  private carry(record: number, word: number): void {
    const at = record * COLD_WORDS + word;
    this.cold[at] = this.cold[at] + 1;
  }

  /** A packet may begin a new flow: a SYN, or silence longer than the shortest timeout. */
  private consider(record: number, flags: number, batch: Batch, row: number): void {
    const at = record * HOT_WORDS;
    const state = this.hot[at + HOT.state];
    const meta = this.hot[at + HOT.meta];
    const last = this.lastSight(record);
    const silence = this.rowClock - last;
    const lasted = last - this.startClock(record);
    if ((state & STATE.bothWays) === 0 && silence <= this.timeouts.least) return;
    const open = (state & STATE.leftOpen) !== 0;
    if (silence > (open ? this.timeouts.mostOf(meta, state, lasted) : this.timeouts.of(meta, state, lasted))) {
      this.close(record, STATE.idled);
      this.restart(record, false);
      return;
    }
    const maybeIdle = open && silence > this.timeouts.leastOf(meta, state, lasted);
    if ((flags & SYN_ACK) === FLAG.syn) {
      const high = (flags >>> 8) & 1;
      const isn = this.cold[record * COLD_WORDS + COLD.isnLow + high];
      const verdict = synVerdict(state, high, isn, batch.seq[row]);
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
  private noteRare(record: number, flags: number, high: number, t: number, batch: Batch, row: number): void {
    const at = record * HOT_WORDS;
    const coldAt = record * COLD_WORDS;
    let state = this.hot[at + HOT.state];
    if ((state & (STATE.spokeLow << high)) === 0) {
      if ((state & STATE.bothWays) === 0) {
        if (high !== 0) state |= STATE.firstHigh;
        if ((flags & SYN_ACK) === FLAG.syn) state |= STATE.startsWithSyn;
      }
      state |= STATE.spokeLow << high;
      this.coldFloats[(coldAt >> 1) + COLD.firstLow64 + high] = t;
      if ((this.hot[at + HOT.meta] & META.datagram) === 0) this.cold[coldAt + COLD.seqLow + high] = batch.seq[row];
    }
    if ((flags & FLAG.syn) !== 0) {
      if ((flags & FLAG.ack) !== 0) state |= STATE.synAckLow << high;
      else if ((state & (STATE.synLow << high)) === 0) {
        state |= STATE.synLow << high;
        this.cold[coldAt + COLD.isnLow + high] = batch.seq[row];
      }
    }
    if ((flags & FLAG.echoRequest) !== 0) state |= STATE.synLow << high;
    if ((flags & FLAG.echoReply) !== 0) state |= STATE.synAckLow << high;
    if ((flags & FLAG.fin) !== 0) state |= STATE.finLow << high;
    if ((flags & FLAG.rst) !== 0) state |= STATE.rstLow << high;
    if ((flags & FLAG.firstFragment) !== 0 && !this.asSeen) {
      state |= STATE.fragments;
      this.hot[at + HOT.state] = state;
      this.noteFirstFragment(batch, row);
    }
    this.hot[at + HOT.state] = state;
  }

  /** Tells the datagram of a first fragment its ports, so that the later ones find their flow. */
  private noteFirstFragment(batch: Batch, row: number): void {
    const meta = (batch.meta[row] & ~META.hasPorts) | META.datagram;
    const datagram = this.findOrCreate(batch.ident[row], meta, batch, row);
    this.consider(datagram, 0, batch, row);
    const cold = datagram * COLD_WORDS;
    const at64 = (cold >> 1) + COLD.firstFragment64;
    const t = batch.time[row];
    const known = this.coldFloats[at64];
    if (known === NEVER || t < known) {
      this.coldFloats[at64] = t;
      this.cold[cold + COLD.fragmentPorts] = batch.ports[row];
    }
  }

  private noteEarlier(record: number, high: number, t: number): void {
    const at = ((record * COLD_WORDS) >> 1) + COLD.firstLow64 + high;
    if (t < this.coldFloats[at]) this.coldFloats[at] = t;
  }

  private findOrCreate(ports: number, meta: number, batch: Batch, row: number): number {
    const a = batch.k0[row];
    const b = batch.k1[row];
    const hash = hashKey(a, b, ports, meta, this.seed);
    const found = this.find(hash, a, b, ports, meta, batch.wide, row * 8);
    return found >= 0 ? found : this.create(hash, a, b, ports, meta, batch, row);
  }

  private find(hash: number, a: number, b: number, p: number, meta: number, wide: Int32Array, wideAt: number): number {
    const { slots, mask, hot } = this;
    let slot = hash & mask;
    for (;;) {
      const entry = slots[slot];
      if (entry === 0) return -1;
      if ((entry ^ hash) >>> NUMBER_BITS === 0) {
        const record = (entry & NUMBER_MASK) - 1;
        const at = record * HOT_WORDS;
        if (
          hot[at + HOT.k0] === a &&
          hot[at + HOT.k1] === b &&
          hot[at + HOT.ports] === p &&
          hot[at + HOT.meta] === meta &&
          ((meta & META.ipv6) === 0 || this.sameWide(record, wide, wideAt))
        ) {
          return record;
        }
      }
      slot = (slot + 1) & mask;
    }
  }

  private sameWide(record: number, wide: Int32Array, wideAt: number): boolean {
    const { cold } = this;
    const at = record * COLD_WORDS + COLD.wide;
    for (let i = 0; i < 8; i++) if (cold[at + i] !== wide[wideAt + i]) return false;
    return true;
  }

  private create(hash: number, a: number, b: number, p: number, meta: number, batch: Batch, row: number): number {
    const { hot, cold } = this;
    let record = this.freeHead;
    if (record >= 0) this.freeHead = hot[record * HOT_WORDS];
    else record = this.used++;
    this.live++;
    const at = record * HOT_WORDS;
    const coldAt = record * COLD_WORDS;
    hot[at + HOT.k0] = a;
    hot[at + HOT.k1] = b;
    hot[at + HOT.ports] = p;
    hot[at + HOT.meta] = meta;
    hot[at + HOT.hash] = hash;
    if ((meta & META.ipv6) !== 0) {
      for (let i = 0; i < 8; i++) cold[coldAt + COLD.wide + i] = batch.wide[row * 8 + i];
    } else {
      for (let i = 0; i < 8; i++) cold[coldAt + COLD.wide + i] = 0;
    }
    const lane = this.lanes.laneOf(meta, a, b, cold, coldAt + COLD.wide);
    hot[at + HOT.state] = lane << STATE.laneShift;
    this.restart(record, this.leftOpen);
    const { slots, mask } = this;
    let slot = hash & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = entryOf(hash, record);
    return record;
  }

  /** Empties a record's counters; key and lane stay. */
  private restart(record: number, leftOpen: boolean): void {
    const { hot, hotFloats, cold, coldFloats } = this;
    const at = record * HOT_WORDS;
    const coldAt = record * COLD_WORDS;
    hotFloats[(at >> 1) + HOT.lastLow64] = NEVER;
    hotFloats[(at >> 1) + HOT.lastHigh64] = NEVER;
    for (let word = HOT.packetsLow; word < HOT.state; word++) hot[at + word] = 0;
    hot[at + HOT.state] = (hot[at + HOT.state] & ~STATE.bits) | (leftOpen ? STATE.leftOpen : 0);
    coldFloats[(coldAt >> 1) + COLD.firstLow64] = NEVER;
    coldFloats[(coldAt >> 1) + COLD.firstHigh64] = NEVER;
    coldFloats[(coldAt >> 1) + COLD.startClock64] = this.rowClock;
    coldFloats[(coldAt >> 1) + COLD.firstFragment64] = NEVER;
    for (let word = COLD.isnLow; word < COLD.wide; word++) cold[coldAt + word] = 0;
  }

  /** Hands a run over: `why` is STATE.reused, STATE.idled, both (the clock was set back) or 0 (it may go on). */
  private close(record: number, why: number): void {
    const at = record * HOT_WORDS;
    const state = this.hot[at + HOT.state] | why;
    this.hot[at + HOT.state] = state;
    const list = (state & STATE.leftOpen) !== 0 ? this.heads : this.closed;
    list.append(this.hot, at, this.cold, record * COLD_WORDS);
  }

  /** The recorder's clock was set back: nothing before can be timed against what comes. */
  private barrier(): void {
    for (let record = 0; record < this.used; record++) {
      const at = record * HOT_WORDS;
      const meta = this.hot[at + HOT.meta];
      if (meta === FREE) continue;
      const state = this.hot[at + HOT.state];
      // Was over already, though not swept yet. With an unknown past only the joiner can tell.
      const last = this.lastSight(record);
      const over = this.clock.now - last > this.timeouts.of(meta, state, last - this.startClock(record));
      this.close(record, over && (state & STATE.leftOpen) === 0 ? STATE.idled : STATE.reused | STATE.idled);
      this.remove(record);
    }
    // All places are free: those ever used need not be walked again at the next step.
    this.used = 0;
    this.freeHead = FREE;
    this.sweepAt = 0;
    if (this.clock.steps === 0) this.stepClock = this.clock.now;
    this.leftOpen = false;
  }

  /** Looks at some records in turn and retires those whose silence no rule survives. */
  private sweep(records: number): void {
    const { hot, hotFloats, timeouts } = this;
    const now = this.clock.now;
    const { least } = timeouts;
    let record = this.sweepAt;
    const count = Math.min(records, this.used);
    for (let i = 0; i < count; i++) {
      if (record >= this.used) record = 0;
      const at = record * HOT_WORDS;
      const at64 = at >> 1;
      const low = hotFloats[at64 + HOT.lastLow64];
      const high = hotFloats[at64 + HOT.lastHigh64];
      const silence = now - (low > high ? low : high);
      if (silence > least && hot[at + HOT.meta] !== FREE) this.expire(record, now);
      record++;
    }
    this.sweepAt = record;
  }

  private expire(record: number, now: number): void {
    const at = record * HOT_WORDS;
    const meta = this.hot[at + HOT.meta];
    const state = this.hot[at + HOT.state];
    const last = this.lastSight(record);
    const silence = now - last;
    const lasted = last - this.startClock(record);
    const open = (state & STATE.leftOpen) !== 0;
    if (silence > (open ? this.timeouts.mostOf(meta, state, lasted) : this.timeouts.of(meta, state, lasted))) {
      this.close(record, STATE.idled);
      this.remove(record);
    }
  }

  /** A datagram may hold nothing but its first fragment's ports; then its start stands for its last sight. */
  private lastSight(record: number): number {
    const at64 = (record * HOT_WORDS) >> 1;
    const low = this.hotFloats[at64 + HOT.lastLow64];
    const high = this.hotFloats[at64 + HOT.lastHigh64];
    const last = low > high ? low : high;
    return last !== NEVER ? last : this.startClock(record);
  }

  private startClock(record: number): number {
    return this.coldFloats[((record * COLD_WORDS) >> 1) + COLD.startClock64];
  }

  /** Takes a record out of the index, closing the gap that it leaves in its probe sequence. */
  private remove(record: number): void {
    const { slots, mask, hot } = this;
    let slot = hot[record * HOT_WORDS + HOT.hash] & mask;
    while ((slots[slot] & NUMBER_MASK) !== record + 1) slot = (slot + 1) & mask;
    let next = (slot + 1) & mask;
    while (slots[next] !== 0) {
      const home = hot[((slots[next] & NUMBER_MASK) - 1) * HOT_WORDS + HOT.hash] & mask;
      if (((next - home) & mask) >= ((next - slot) & mask)) {
        slots[slot] = slots[next];
        slot = next;
      }
      next = (next + 1) & mask;
    }
    slots[slot] = 0;
    const at = record * HOT_WORDS;
    hot[at + HOT.meta] = FREE;
    hot[at + HOT.state] = 0;
    hot[at] = this.freeHead;
    this.hotFloats[(at >> 1) + HOT.lastLow64] = Number.POSITIVE_INFINITY;
    this.freeHead = record;
    this.live--;
  }

  private grow(): void {
    const capacity = this.capacity * 2;
    if (capacity > MOST_RECORDS) throw new UserError(TOO_MANY, EXIT.unreadable);
    const hot = alignedWords(capacity * HOT_WORDS);
    hot.set(this.hot);
    this.hot = hot;
    this.hotFloats = floatsOver(hot);
    const cold = new Int32Array(capacity * COLD_WORDS);
    cold.set(this.cold);
    this.cold = cold;
    this.coldFloats = new Float64Array(cold.buffer);
    const mask = capacity * 2 - 1;
    const slots = new Int32Array(capacity * 2);
    for (const entry of this.slots) {
      if (entry === 0) continue;
      const hash = hot[((entry & NUMBER_MASK) - 1) * HOT_WORDS + HOT.hash];
      let slot = hash & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = entry;
    }
    this.slots = slots;
    this.mask = mask;
    this.capacity = capacity;
  }

  /** Ends this part of the input: the runs still live, those with an unknown past among the heads. */
  finish(): RunChunks {
    const tails = new RunChunks();
    for (let record = 0; record < this.used; record++) {
      const at = record * HOT_WORDS;
      if (this.hot[at + HOT.meta] === FREE) continue;
      const list = (this.hot[at + HOT.state] & STATE.leftOpen) !== 0 ? this.heads : tails;
      list.append(this.hot, at, this.cold, record * COLD_WORDS);
    }
    return tails;
  }
}

function entryOf(hash: number, record: number): number {
  return (hash & ~NUMBER_MASK) | (record + 1);
}

/** Whether a SYN begins a new flow. `high`: sent by the higher endpoint; `isn`: that side's known one. */
export function synVerdict(state: number, high: number, isn: number, seq: number): 'same' | 'new' | 'new-unless-known' {
  if ((state & STATE.anyRst) !== 0 || (state & STATE.bothFin) === STATE.bothFin) return 'new';
  if ((state & (STATE.synLow << high)) !== 0) return isn === seq ? 'same' : 'new';
  return 'new-unless-known';
}

/** Mixes a key to 32 bits (the finaliser of MurmurHash3). */
export function hashKey(a: number, b: number, ports: number, meta: number, seed: number): number {
  let h = Math.imul(a ^ seed, 0x85ebca6b) ^ b;
  h = Math.imul(h ^ (h >>> 15), 0xc2b2ae35) ^ ports;
  h = Math.imul(h ^ (h >>> 13), 0x85ebca6b) ^ meta;
  h = Math.imul(h ^ (h >>> 16), 0xc2b2ae35);
  return h ^ (h >>> 15);
}

/**
 * Words that begin at a cache line, so that a hot record is one line and not two: large blocks of the C library begin
 * 16 bytes behind one. Where that is not so, nothing but time is lost.
 */
function alignedWords(count: number): Int32Array {
  return new Int32Array(new ArrayBuffer(count * 4 + ALIGN_BYTES), ALIGN_BYTES, count);
}

function floatsOver(words: Int32Array): Float64Array {
  return new Float64Array(words.buffer, words.byteOffset, words.length / 2);
}
