// Runs that are open where the parts joined so far end, and the index by which what continues them is found.
//
// Lists are taken as they come from the flow table, not copied; a run is named by its list and its place there.

import { META } from '../decode/batch.js';
import { EXIT, UserError } from '../util/error.js';
import { COLD, HOT, HOT_WORDS, RUN_WORDS, WIDE_WORDS } from './layout.js';
import { CHUNK_RUNS, RunList } from './runs.js';
import { NUMBER_BITS, NUMBER_MASK, TOO_MANY } from './store.js';

/** What stands in HOT.meta of a run that has been handed over. */
export const GONE = -1;

const CHUNK_BITS = Math.log2(CHUNK_RUNS);
const LEAST_INDEX = 128;
/** What lists may have room for beside the runs that are there; more are copied together. */
const LOOSE_RUNS = 4 * CHUNK_RUNS;
const MOST_LISTS = NUMBER_MASK >>> CHUNK_BITS;

export class Carry {
  private lists: RunList[] = [];
  /** Runs that are not gone. */
  private live = 0;
  /** As the index of the flow table: bits of the hash above, the run's number + 1 below; 0 is an empty place. */
  private index = new Int32Array(LEAST_INDEX);
  private indexed = 0;

  /** Takes a list over; at most CHUNK_RUNS runs. Its runs are found only after `rebuild`. */
  adopt(list: RunList): void {
    if (list.count === 0) return;
    if (this.lists.length === MOST_LISTS) this.pack();
    this.lists.push(list);
    for (let at = 0; at < list.count * RUN_WORDS; at += RUN_WORDS) if (list.words[at + HOT.meta] !== GONE) this.live++;
  }

  /** The number of the run with this run's key, -1 for none. */
  find(runs: RunList, from: number): number {
    const { index } = this;
    const mask = index.length - 1;
    const hash = runs.words[from + HOT.hash];
    let slot = hash & mask;
    for (;;) {
      const entry = index[slot];
      if (entry === 0) return -1;
      if ((entry ^ hash) >>> NUMBER_BITS === 0) {
        const run = (entry & NUMBER_MASK) - 1;
        if (sameKey(this.listOf(run), this.placeOf(run), runs, from)) return run;
      }
      slot = (slot + 1) & mask;
    }
  }

  /** Copies a run that is not there yet; it can be found at once. */
  insert(runs: RunList, from: number): number {
    let list = this.lists.at(-1);
    if (list === undefined || list.count >= CHUNK_RUNS) {
      if (this.lists.length === MOST_LISTS) {
        this.pack();
        this.rebuild();
      }
      list = new RunList(64);
      this.lists.push(list);
    }
    const run = ((this.lists.length - 1) << CHUNK_BITS) | list.append(runs.words, from, runs.words, from + HOT_WORDS);
    this.live++;
    if (this.indexed * 2 >= this.index.length) this.rebuild();
    else this.place(run);
    return run;
  }

  listOf(run: number): RunList {
    return this.lists[run >>> CHUNK_BITS];
  }

  /** Its first word in its list. */
  placeOf(run: number): number {
    return (run & (CHUNK_RUNS - 1)) * RUN_WORDS;
  }

  /** Every run that is not gone; `over` returns whether it is now. */
  sift(over: (list: RunList, at: number) => boolean): void {
    for (const list of this.lists) {
      for (let at = 0; at < list.count * RUN_WORDS; at += RUN_WORDS) {
        if (list.words[at + HOT.meta] === GONE || !over(list, at)) continue;
        this.drop(list, at);
      }
    }
    if (this.live === 0) this.lists = [];
    else if (this.lists.length * CHUNK_RUNS > 2 * this.live + LOOSE_RUNS) this.pack();
  }

  /** Marks a run as handed over. */
  drop(list: RunList, at: number): void {
    list.words[at + HOT.meta] = GONE;
    this.live--;
  }

  /** Indexes all runs anew; to be called after `adopt` and `sift`, before `find`. */
  rebuild(): void {
    let size = LEAST_INDEX;
    while (size < this.live * 4) size *= 2;
    if (size === this.index.length) this.index.fill(0);
    else this.index = new Int32Array(size);
    this.indexed = 0;
    for (let n = 0; n < this.lists.length; n++) {
      const { words, count } = this.lists[n];
      for (let i = 0; i < count; i++) if (words[i * RUN_WORDS + HOT.meta] !== GONE) this.place((n << CHUNK_BITS) | i);
    }
  }

  private place(run: number): void {
    const { index } = this;
    const mask = index.length - 1;
    const hash = this.listOf(run).words[this.placeOf(run) + HOT.hash];
    let slot = hash & mask;
    while (index[slot] !== 0) slot = (slot + 1) & mask;
    index[slot] = (hash & ~NUMBER_MASK) | (run + 1);
    this.indexed++;
  }

  /** Copies what is left of many lists into few. */
  private pack(): void {
    const packed: RunList[] = [];
    let last = new RunList(64);
    for (const { words, count } of this.lists) {
      for (let at = 0; at < count * RUN_WORDS; at += RUN_WORDS) {
        if (words[at + HOT.meta] === GONE) continue;
        if (last.count === 0 || last.count === CHUNK_RUNS) {
          if (last.count > 0) last = new RunList(64);
          packed.push(last);
        }
        last.append(words, at, words, at + HOT_WORDS);
      }
    }
    this.lists = packed;
    if (packed.length >= MOST_LISTS) throw new UserError(TOO_MANY, EXIT.unreadable);
  }
}

/** Whether two runs have one key, point included. */
export function sameKey(a: RunList, at: number, b: RunList, from: number): boolean {
  const x = a.words;
  const y = b.words;
  if (x[at] !== y[from] || x[at + 1] !== y[from + 1] || x[at + 2] !== y[from + 2] || x[at + 3] !== y[from + 3]) {
    return false;
  }
  if ((x[at + HOT.meta] & META.ipv6) === 0) return true;
  const wide = HOT_WORDS + COLD.wide;
  for (let i = 0; i < WIDE_WORDS; i++) if (x[at + wide + i] !== y[from + wide + i]) return false;
  return true;
}
