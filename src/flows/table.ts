// Batches become runs, by the rules of when one flow ends and the next begins. The work is done in WebAssembly (src/flows/hot);
// this is its memory, and its way to what it needs seldom.

import { BATCH_ROWS, type Batch, type BatchSink } from '../decode/batch.js';
import { EXIT, UserError } from '../util/error.js';
import { Clock } from './clock.js';
import type { Doubts } from './doubts.js';
import { type Hot, RunHost, type UsualLanes } from './instance.js';
import { OUTBOX } from './layout.js';
import type { Timeouts } from './rules.js';
import { CHUNK_RUNS, RunChunks, RunList, type RunTaker } from './runs.js';

export const TOO_MANY =
  'more flows at once than there is memory for, or than 8 million: analyse shorter captures, or part of the traffic (--client, --server)';

/** Tells the lane of a new run, and takes the packets of every row. Lanes are small dense numbers. */
export interface LaneBook {
  /** Lane for a key: where it was seen and whose addresses it carries. `wide` holds IPv6 addresses from `wideAt`. */
  laneOf(meta: number, k0: number, k1: number, wide: Int32Array, wideAt: number): number;
  readonly usual: UsualLanes | null;
  /** Where packets are summed by cell `2 · lane + (sent by the higher endpoint)`. */
  readonly bins: CellBins;
  /** Data segments of TCP by cell; set to the table's own memory as long as that lasts. */
  data: Float64Array;
  /** Rows that belong to no flow: ARP, not IP, damaged, ICMP errors. `row` is valid during the call. */
  addOther(batch: Batch, row: number): void;
}

/**
 * Sums by cell over time. While a time lies in [startUs, endUs), cell c's packets, IP bytes, wire bytes, first and last
 * time may be brought up to date at `open[5c]`… directly, by the hot loop alone, where `open[5c]` is not 0; `add` does
 * all the rest. `open` is the table's own memory, all cells that there may be, as long as that lasts.
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
  /** Seeds the hash, so that nobody can prepare collisions. Nothing else depends on it. */
  seed: number;
  /** So many bits of a key's hash are held against those of other parts: see `sortOut`. */
  keyBits?: number;
  /** Words for what runs are in doubt about before they have to go elsewhere; for tests. */
  doubtWords?: number;
}

export class FlowTable extends RunHost implements BatchSink {
  /** Runs, or parts of runs, whose past is not known, in the order in which they ended. */
  readonly heads = new RunChunks();
  /** What the runs with an unknown past are in doubt about. */
  readonly doubts: Doubts;
  readonly clock = new Clock();
  /** Where the clock stood before it was first set back, microseconds. */
  stepClock = Number.NEGATIVE_INFINITY;

  /** `closed` takes the runs that are over and whose whole past is known; `hot` is the table's own. */
  constructor(
    hot: Hot,
    private readonly lanes: LaneBook,
    closed: RunTaker,
    { timeouts, leftOpen, asSeen, seed, keyBits = 0, doubtWords }: FlowTableOptions,
  ) {
    super(hot);
    this.doubts = hot.doubts(doubtWords);
    this.hand(OUTBOX.closed, closed);
    this.hand(OUTBOX.heads, this.heads);
    hot.begin(timeouts, seed, leftOpen, asSeen, keyBits);
    hot.noteUsual(lanes.usual);
    lanes.bins.open = hot.cells;
    lanes.data = hot.data;
    this.bound();
  }

  /** Takes the batch of `hot`, and no other. */
  flush(batch: Batch): void {
    if (!this.hot.calls.reserve(2 * BATCH_ROWS)) throw new UserError(TOO_MANY, EXIT.unreadable);
    this.clock.now = this.hot.calls.flush(batch.count, this.clock.now);
    batch.count = 0;
  }

  /**
   * Ends this part of the input. Where nothing comes after it (`ended`), all runs whose past is known are over. Returns
   * those that live where they are, each the last of its key and some of them gone, in lists of CHUNK_RUNS at most.
   */
  finish(ended: boolean): RunList[] {
    const { hot } = this;
    const count = hot.calls.finish(this.clock.now, ended);
    const live: RunList[] = [];
    for (let from = 0; from < count; from += CHUNK_RUNS) live.push(hot.live(from, Math.min(CHUNK_RUNS, count - from)));
    return live;
  }

  /**
   * For a table that is held, after `finish`: takes out the runs that other parts may know of, by the bits in `hot`. The
   * others are over: `alone` has the heads among them, the live ones stay where they are.
   */
  sortOut(): { heads: ArrayBuffer[]; live: ArrayBuffer[]; alone: RunList[] } {
    const { hot } = this;
    const ended = this.heads.take().map((buffer) => RunList.of(buffer));
    const heads = new RunChunks();
    const live = new RunChunks();
    this.hand(OUTBOX.heads, heads);
    this.hand(OUTBOX.rest, live);
    hot.calls.sortOut();
    for (const list of ended) {
      const at = hot.calls.roomForHeads(list.count) >>> 0;
      if (at === 0) throw new UserError(TOO_MANY, EXIT.unreadable);
      hot.fillRuns(at, [list]);
      hot.calls.sortHeads(at, list.count);
      list.words.set(hot.runs(at, list.count).words);
    }
    return { heads: heads.take(), live: live.take(), alone: ended };
  }

  override laneOf(meta: number, k0: number, k1: number, row: number): number {
    return this.lanes.laneOf(meta, k0, k1, this.hot.batch.wide, row << 3);
  }

  override addOther(row: number): void {
    this.lanes.addOther(this.hot.batch, row);
    this.bound();
  }

  override addToBin(cell: number, timeUs: number, ipBytes: number, wireBytes: number): void {
    this.lanes.bins.add(cell, timeUs, ipBytes, wireBytes);
    this.bound();
  }

  override setBack(fromUs: number): void {
    if (this.clock.steps === 0) this.stepClock = fromUs;
    this.clock.steps++;
  }

  override drainDoubts(): void {
    this.doubts.drain();
  }

  override nextDoubt(head: number, end: number, step: number, before: number, behind: number, length: number): number {
    return this.doubts.next(head, end, step, before, behind, length);
  }

  /** Tells the hot loop which bin is open. */
  private bound(): void {
    const { bounds } = this.hot;
    bounds[0] = this.lanes.bins.startUs;
    bounds[1] = this.lanes.bins.endUs;
  }
}
