// An instance of the hot loop (src/flows/hot, WebAssembly) and its memory as typed arrays.

import { Batch } from '../decode/batch.js';
import type { PcapHeader } from '../decode/pcap-header.js';
import type { Taken, TakingClock, UsualRecords } from '../decode/usual.js';
import { instanceOf, MOST_PAGES, moduleOf, PAGE_BYTES, type SharedMemory, sharedMemory } from '../util/wasm.js';
import { Doubts } from './doubts.js';
import { CODE } from './hot/code.js';
import {
  LANE_POINTS,
  MEMORY,
  MOST_BLOCKS,
  MOST_CELLS,
  MOST_NODE_WORDS,
  OUTBOX_RUNS,
  RUN_BYTES,
  RUN_WORDS,
  TAKEN,
  WINDOW_BYTES,
} from './layout.js';
import type { Timeouts } from './rules.js';
import { RunList, type RunTaker } from './runs.js';

/**
 * Blocks of IPv4 addresses, a word and a mask each. Those of `sources` have nothing in common: of an address in one of them
 * and one in none, neither link-local, multicast, 0.0.0.0 nor 255.255.255.255, the lane depends on the block, the side and
 * the point alone, but for ICMP with `neighbours`.
 */
export interface UsualLanes {
  sources: Int32Array;
  neighbours: Int32Array;
}

/** What the hot loop calls, seldom: see hot/host.ts. `row` is of the batch. */
export interface HotHost {
  laneOf(meta: number, k0: number, k1: number, row: number): number;
  addOther(row: number): void;
  addToBin(cell: number, timeUs: number, ipBytes: number, wireBytes: number): void;
  take(kind: number, count: number): void;
  setBack(fromUs: number): void;
  drainDoubts(): void;
  nextDoubt(head: number, end: number, step: number, before: number, behind: number, length: number): number;
}

/** Takes the runs that leave the hot loop, by kind of OUTBOX; of the rest it is asked nothing where only runs are joined. */
export class RunHost implements HotHost {
  protected readonly takers: RunTaker[] = [];

  constructor(protected readonly hot: Hot) {
    hot.host = this;
  }

  /** Lists are lent. */
  hand(kind: number, taker: RunTaker): void {
    this.takers[kind] = taker;
  }

  take(kind: number, count: number): void {
    this.takers[kind].takeAll(this.hot.outbox(kind, count));
  }

  laneOf(_meta: number, _k0: number, _k1: number, _row: number): number {
    return 0;
  }

  addOther(_row: number): void {}

  addToBin(_cell: number, _timeUs: number, _ipBytes: number, _wireBytes: number): void {}

  setBack(_fromUs: number): void {}

  drainDoubts(): void {}

  nextDoubt(head: number, _end: number, _step: number, _before: number, _behind: number, _length: number): number {
    return head;
  }
}

/** What it offers: see hot/table.ts and what it hands on. */
interface HotCalls {
  begin(seed: number, leftOpen: boolean, everyTuple: boolean, keyBits: number, least: number, leastUdp: number): void;
  reserve(more: number): boolean;
  flush(rows: number, now: number): number;
  finish(now: number, ended: boolean): number;
  beginFrames(littleEndian: boolean, nanoseconds: boolean, headerBytes: number, captured: number, link: number): void;
  notePoint(ifindex: number, vlan: number, meta: number): void;
  frame(at: number, to: number, limit: number, rows: number): number;
  frameThrough(at: number, to: number, limit: number, rows: number, now: number): number;
  noteLive(): void;
  sortOut(): void;
  roomForHeads(count: number): number;
  sortHeads(at: number, count: number): void;
  roomFor(carried: number, heads: number, live: number, doubtWords: number): number;
  join(carried: number, heads: number, live: number, stepUs: number, clockUs: number, last: boolean): void;
  beginSettling(seed: number): void;
  settle(from: number, count: number): number;
  addressCount(): number;
}

const NO_BLOCKS: Int32Array = new Int32Array(0);

/** At first there is room for some thousand runs. */
const FIRST_PAGES = MEMORY.runs / PAGE_BYTES + 16;
/** Its own ones are cleared when a part begins. */
const OTHERS_BITS = ['before', 'after'] as const;
type KeyBits = 'incoming' | 'live' | (typeof OTHERS_BITS)[number];

/** As many as one thread uses at a time. */
const MAX_SPARE = 2;
/** A larger one is left to the garbage collector, which is slow to see that it is large: shared memory does not count. */
const MOST_SPARE_BYTES = MEMORY.runs + 2 ** 28;

const spare: Hot[] = [];
let code: object | undefined;

/** An instance whose sums are all zero. */
export function lendHot(): Hot {
  return spare.pop() ?? new Hot();
}

/** Takes one back that nobody uses any more, its open bins settled. */
export function returnHot(hot: Hot): void {
  if (hot.bytes > MOST_SPARE_BYTES || spare.length >= MAX_SPARE) return;
  hot.clear();
  spare.push(hot);
}

/** Those that are not lent need not be kept any longer. */
export function dropHots(): void {
  spare.length = 0;
}

export class Hot implements UsualRecords {
  readonly window: Uint8Array;
  readonly batch: Batch;
  readonly calls: HotCalls;
  /** Whom the instance calls. */
  host: HotHost | null = null;
  /** Of the open bin: its begin and its end, and the sums of each cell. */
  readonly bounds: Float64Array;
  readonly cells: Float64Array;
  readonly data: Float64Array;
  readonly rules: Float64Array;
  /** Bits of a key's hash that are held against those of other parts. */
  keyBits = 0;
  wants = 0;
  /** Rows, and `wants`. */
  private readonly rowCount: Int32Array;
  /** What `frameThrough` took. */
  private readonly taken: Float64Array;
  private readonly memory: SharedMemory;

  constructor() {
    this.memory = sharedMemory(FIRST_PAGES, MOST_PAGES);
    code ??= moduleOf(CODE);
    const called = () => this.host as HotHost;
    const host: HotHost = {
      laneOf: (meta, k0, k1, row) => called().laneOf(meta, k0, k1, row),
      addOther: (row) => called().addOther(row),
      addToBin: (cell, timeUs, ipBytes, wireBytes) => called().addToBin(cell, timeUs, ipBytes, wireBytes),
      take: (kind, count) => called().take(kind, count),
      setBack: (fromUs) => called().setBack(fromUs),
      drainDoubts: () => called().drainDoubts(),
      nextDoubt: (head, end, step, before, behind, length) =>
        called().nextDoubt(head, end, step, before, behind, length),
    };
    this.calls = instanceOf<HotCalls>(code, { env: { memory: this.memory }, host });
    const { buffer } = this.memory;
    this.window = new Uint8Array(buffer, MEMORY.window, WINDOW_BYTES);
    this.batch = new Batch(buffer, MEMORY.rows, MEMORY.wide);
    this.rules = new Float64Array(buffer, MEMORY.rules, (MEMORY.binBounds - MEMORY.rules) / 8);
    this.bounds = new Float64Array(buffer, MEMORY.binBounds, 2);
    this.cells = new Float64Array(buffer, MEMORY.cells, MOST_CELLS * 5);
    this.data = new Float64Array(buffer, MEMORY.data, MOST_CELLS);
    this.rowCount = new Int32Array(buffer, MEMORY.rowCount, 2);
    this.taken = new Float64Array(buffer, MEMORY.taken, TAKEN.fields);
  }

  /** Fit for the next one: all that counts is as it was when it was new. */
  clear(): void {
    this.host = null;
    this.data.fill(0);
    if (this.keyBits > 0) for (const which of OTHERS_BITS) this.keys(which).fill(0);
  }

  get bytes(): number {
    return this.memory.buffer.byteLength;
  }

  beginFrames({ littleEndian, fractions, recordBytes }: PcapHeader, captured: number, link: number): void {
    this.calls.beginFrames(littleEndian, fractions === 1e9, recordBytes, captured, link);
  }

  notePoint(ifindex: number, vlan: number, meta: number): void {
    this.calls.notePoint(ifindex, vlan, meta);
  }

  frame(at: number, to: number, limit: number): number {
    const { batch } = this;
    const next = this.calls.frame(at, to, limit, batch.count);
    batch.count = this.rowCount[0];
    this.wants = this.rowCount[1];
    return next;
  }

  frameThrough(at: number, to: number, limit: number, clock: TakingClock, sums: Taken): number {
    const { batch, taken } = this;
    const next = this.calls.frameThrough(at, to, limit, batch.count, clock.now);
    batch.count = this.rowCount[0];
    this.wants = this.rowCount[1];
    clock.now = taken[TAKEN.now];
    sums.packets += taken[TAKEN.packets];
    sums.wireBytes += taken[TAKEN.wireBytes];
    sums.firstUs = Math.min(sums.firstUs, taken[TAKEN.firstUs]);
    sums.lastUs = Math.max(sums.lastUs, taken[TAKEN.lastUs]);
    return next;
  }

  /** What runs are in doubt about; `room` words of it at a time. */
  doubts(room?: number): Doubts {
    const { buffer } = this.memory;
    const nodes = new Int32Array(buffer, MEMORY.nodes, MOST_NODE_WORDS);
    return new Doubts(nodes, new Int32Array(buffer, MEMORY.nodeCount, 3), room);
  }

  /** Before the first batch, or before runs are joined. */
  begin(timeouts: Timeouts, seed: number, leftOpen: boolean, everyTuple: boolean, keyBits: number): void {
    this.keyBits = keyBits;
    this.rules.set(timeouts.table());
    this.calls.begin(seed, leftOpen, everyTuple, keyBits, timeouts.least, timeouts.leastUdp);
  }

  /** By what lanes are known that need not be asked for: see hot/lanes.ts. With too many blocks, none. */
  noteUsual(usual: UsualLanes | null): void {
    const { sources, neighbours } = usual ?? { sources: NO_BLOCKS, neighbours: NO_BLOCKS };
    const fits = Math.max(sources.length, neighbours.length) <= 2 * MOST_BLOCKS;
    this.words(MEMORY.sourceCount, 1)[0] = fits ? sources.length / 2 : 0;
    this.words(MEMORY.knownLanes, LANE_POINTS * MOST_BLOCKS * 2).fill(0);
    if (!fits) return;
    this.words(MEMORY.neighbourCount, 1)[0] = neighbours.length / 2;
    this.words(MEMORY.sources, sources.length).set(sources);
    this.words(MEMORY.neighbours, neighbours.length).set(neighbours);
  }

  /** Puts runs that are to be joined where there is room for them: see `roomFor`. Returns the byte behind them. */
  fillRuns(at: number, lists: readonly RunList[]): number {
    let to = at;
    for (const { words, count } of lists) {
      this.fill(to, words.subarray(0, count * RUN_WORDS));
      to += count * RUN_BYTES;
    }
    return to;
  }

  fill(at: number, words: Int32Array): void {
    new Int32Array(this.memory.buffer, at, words.length).set(words);
  }

  /** Where some runs stand in this memory, copied if they are not there already: SETTLED_RUNS at most. */
  placeOf({ words }: RunList, from: number, to: number): number {
    if (words.buffer === this.memory.buffer) return words.byteOffset + from * RUN_BYTES;
    this.fill(MEMORY.settling, words.subarray(from * RUN_WORDS, to * RUN_WORDS));
    return MEMORY.settling;
  }

  /** So many numbers at a byte of the memory. */
  words(at: number, count: number): Int32Array {
    return new Int32Array(this.memory.buffer, at, count);
  }

  floats(at: number, count: number): Float64Array {
    return new Float64Array(this.memory.buffer, at, count);
  }

  /** Bits that stand for keys: see MEMORY. */
  keys(which: KeyBits): Int32Array {
    return new Int32Array(this.memory.buffer, MEMORY[which], 2 ** (this.keyBits - 5));
  }

  /** So many records of live runs. */
  live(from: number, count: number): RunList {
    return this.runs(MEMORY.runs + (1 + from) * RUN_BYTES, count);
  }

  /** Runs that begin at a byte of the memory. */
  runs(at: number, count: number): RunList {
    return RunList.of(this.memory.buffer, at, count);
  }

  /** The runs in an outbox. */
  outbox(kind: number, count: number): RunList {
    return this.runs(MEMORY.outboxes + kind * OUTBOX_RUNS * RUN_BYTES, count);
  }
}
