// A list of runs as raw records, hot and cold part side by side: what a worker hands over and what a saved tally holds.

import { META } from '../decode/batch.js';
import {
  COLD_SHIFT,
  COLD_STRIDE,
  COLD_WORDS,
  HOT,
  HOT_SHIFT,
  HOT_WORDS,
  RUN_BYTES,
  RUN_WORDS,
  SEGMENTS_SHIFT,
  SEGMENTS_WORDS,
  WIDE_WORDS,
} from './layout.js';
import { PROTOCOL } from './rules.js';

/** Live runs in the arrays of a flow table, by the number of their record. */
export interface RunParts {
  readonly hot: Int32Array;
  readonly cold: Int32Array;
  /** Of IPv6 alone. */
  readonly wide: Int32Array;
  /** Of TCP alone. */
  readonly segments: Int32Array;
}

/** Runs in one buffer; grows by doubling. Record n starts at word n · RUN_WORDS. */
export class RunList {
  words: Int32Array;
  floats: Float64Array;
  count = 0;

  constructor(capacity = 64) {
    const buffer = new ArrayBuffer(Math.max(1, capacity) * RUN_BYTES);
    this.words = new Int32Array(buffer);
    this.floats = new Float64Array(buffer);
  }

  /** A list over bytes that came from `take`; they are not copied. */
  static of(buffer: ArrayBuffer): RunList {
    const list = new RunList(1);
    list.words = new Int32Array(buffer);
    list.floats = new Float64Array(buffer);
    list.count = buffer.byteLength / RUN_BYTES;
    return list;
  }

  /** Copies a hot record (at word `hotAt` of `hot`) and a cold one; returns the record's number. */
  append(hot: Int32Array, hotAt: number, cold: Int32Array, coldAt: number): number {
    if ((this.count + 1) * RUN_WORDS > this.words.length) this.grow();
    const words = this.words;
    let to = this.count * RUN_WORDS;
    for (let i = 0; i < HOT_WORDS; i++) words[to++] = hot[hotAt + i];
    for (let i = 0; i < COLD_WORDS; i++) words[to++] = cold[coldAt + i];
    return this.count++;
  }

  /** Copies a live run. */
  appendRecord({ hot, cold, wide, segments }: RunParts, record: number): void {
    if ((this.count + 1) * RUN_WORDS > this.words.length) this.grow();
    const words = this.words;
    let to = this.count * RUN_WORDS;
    const meta = hot[(record << HOT_SHIFT) + HOT.meta];
    for (let i = 0, at = record << HOT_SHIFT; i < HOT_WORDS; i++) words[to++] = hot[at + i];
    for (let i = 0, at = record << COLD_SHIFT; i < COLD_STRIDE; i++) words[to++] = cold[at + i];
    // What is not the run's own is no part of it: whoever used the place before may have left something there.
    if ((meta & META.ipv6) !== 0) {
      for (let i = 0, at = record * WIDE_WORDS; i < WIDE_WORDS; i++) words[to++] = wide[at + i];
    } else for (let i = 0; i < WIDE_WORDS; i++) words[to++] = 0;
    if ((meta & META.protocolMask) === PROTOCOL.tcp) {
      for (let i = 0, at = record << SEGMENTS_SHIFT; i < SEGMENTS_WORDS; i++) words[to++] = segments[at + i];
    } else for (let i = 0; i < SEGMENTS_WORDS; i++) words[to++] = 0;
    this.count++;
  }

  /** Empties the list; its room is used again. */
  clear(): void {
    this.count = 0;
  }

  /** The bytes in use, handed away: the list is empty afterwards and starts anew. */
  take(): ArrayBuffer {
    const whole = this.words.buffer as ArrayBuffer;
    const used = this.count * RUN_BYTES;
    const taken = used === whole.byteLength ? whole : whole.slice(0, used);
    const fresh = new RunList(1);
    this.words = fresh.words;
    this.floats = fresh.floats;
    this.count = 0;
    return taken;
  }

  private grow(): void {
    const buffer = new ArrayBuffer(this.words.byteLength * 2);
    const words = new Int32Array(buffer);
    words.set(this.words);
    this.words = words;
    this.floats = new Float64Array(buffer);
  }
}

/** Runs a chunk holds. */
export const CHUNK_RUNS = 2 ** 14;

/** Takes live runs one by one, as copies. */
export interface RunTaker {
  appendRecord(parts: RunParts, record: number): void;
}

/** Runs in the order in which they came, in lists of CHUNK_RUNS, so that growing copies nothing. */
export class RunChunks implements RunTaker {
  private readonly full: RunList[] = [];
  private list = new RunList(64);

  /** `onFull` is told of every list that has become full, which is then there to be taken. */
  constructor(private readonly onFull?: () => void) {}

  appendRecord(parts: RunParts, record: number): void {
    if (this.list.count === CHUNK_RUNS) {
      this.full.push(this.list);
      this.list = new RunList(CHUNK_RUNS);
      this.onFull?.();
    }
    this.list.appendRecord(parts, record);
  }

  /** The bytes of all chunks (of the full ones alone), handed away. */
  take(fullOnly = false): ArrayBuffer[] {
    const taken = this.full.map((list) => list.take());
    this.full.length = 0;
    if (!fullOnly && this.list.count > 0) taken.push(this.list.take());
    return taken;
  }
}

/** Runs a list holds that is lent: few enough to be still in a cache near the processor when they are read again. */
const LENT_RUNS = 512;

/** Runs in a list that is lent to `take` whenever it is full, and then used again. */
export class LentRuns implements RunTaker {
  private readonly list = new RunList(LENT_RUNS);

  constructor(private readonly lend: (list: RunList) => void) {}

  appendRecord(parts: RunParts, record: number): void {
    if (this.list.count === LENT_RUNS) this.flush();
    this.list.appendRecord(parts, record);
  }

  /** Lends what is there. */
  flush(): void {
    this.lend(this.list);
    this.list.clear();
  }
}
