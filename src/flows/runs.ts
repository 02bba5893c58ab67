// A list of runs as raw records, hot and cold part side by side: what a worker hands over and what a saved tally holds.

import { COLD_WORDS, GONE, HOT, HOT_WORDS, RUN_BYTES, RUN_WORDS } from './layout.js';

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

  /** A list over bytes that came from `take`, or over some of a larger memory; they are not copied. */
  static of(buffer: ArrayBufferLike, offset = 0, count = buffer.byteLength / RUN_BYTES): RunList {
    const list = new RunList(1);
    list.words = new Int32Array(buffer, offset, count * RUN_WORDS);
    list.floats = new Float64Array(buffer, offset, (count * RUN_WORDS) / 2);
    list.count = count;
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

  /** Copies runs `from` to `to` of another list. */
  appendSome({ words }: RunList, from: number, to: number): void {
    while ((this.count + to - from) * RUN_WORDS > this.words.length) this.grow();
    this.words.set(words.subarray(from * RUN_WORDS, to * RUN_WORDS), this.count * RUN_WORDS);
    this.count += to - from;
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
    const { words, count } = this;
    const wider = new RunList((words.length / RUN_WORDS) * 2);
    wider.words.set(words.subarray(0, count * RUN_WORDS));
    this.words = wider.words;
    this.floats = wider.floats;
  }
}

/** Runs a chunk holds. */
export const CHUNK_RUNS = 2 ** 14;

/** Takes runs; the list is lent. */
export interface RunTaker {
  takeAll(runs: RunList): void;
}

/** Runs in the order in which they came, in lists of CHUNK_RUNS, so that growing copies nothing. */
export class RunChunks implements RunTaker {
  private readonly full: RunList[] = [];
  private list = new RunList(64);

  /** `onFull` is told of every list that has become full, which is then there to be taken. */
  constructor(private readonly onFull?: () => void) {}

  takeAll(runs: RunList): void {
    for (let from = 0; from < runs.count; ) {
      if (this.list.count === CHUNK_RUNS) {
        this.full.push(this.list);
        this.list = new RunList(CHUNK_RUNS);
        this.onFull?.();
      }
      const to = Math.min(runs.count, from + CHUNK_RUNS - this.list.count);
      this.list.appendSome(runs, from, to);
      from = to;
    }
  }

  /** The bytes of all chunks (of the full ones alone), handed away. */
  take(fullOnly = false): ArrayBuffer[] {
    const taken = this.full.map((list) => list.take());
    this.full.length = 0;
    if (!fullOnly && this.list.count > 0) taken.push(this.list.take());
    return taken;
  }
}

/** The runs of a list that are not gone, copied. */
export function copyOf({ words, count }: RunList): ArrayBuffer {
  let kept = 0;
  for (let at = 0; at < count * RUN_WORDS; at += RUN_WORDS) if (words[at + HOT.meta] !== GONE) kept++;
  const copy = new RunList(kept);
  for (let at = 0; at < count * RUN_WORDS; at += RUN_WORDS) {
    if (words[at + HOT.meta] === GONE) continue;
    copy.words.set(words.subarray(at, at + RUN_WORDS), copy.count++ * RUN_WORDS);
  }
  return copy.take();
}
