// Runs that are open where the parts joined so far end.
//
// Lists are taken as they come from the flow table, not copied; a run is named by its list and its place there.

import { META } from '../decode/batch.js';
import { EXIT, UserError } from '../util/error.js';
import { COLD, HOT, HOT_WORDS, RUN_WORDS, WIDE_WORDS } from './layout.js';
import { CHUNK_RUNS, RunList } from './runs.js';
import { MOST_RECORDS, TOO_MANY } from './store.js';

/** What stands in HOT.meta of a run that has been handed over. */
export const GONE = -1;

const CHUNK_BITS = Math.log2(CHUNK_RUNS);
/** What lists may have room for beside the runs that are there; more are copied together. */
const LOOSE_RUNS = 4 * CHUNK_RUNS;

export class Carry {
  private lists: RunList[] = [];
  /** Runs that are not gone. */
  private live = 0;

  /** Takes a list over; at most CHUNK_RUNS runs. */
  adopt(list: RunList): void {
    if (list.count === 0) return;
    this.lists.push(list);
    for (let at = 0; at < list.count * RUN_WORDS; at += RUN_WORDS) if (list.words[at + HOT.meta] !== GONE) this.live++;
    if (this.live > 2 * MOST_RECORDS) throw new UserError(TOO_MANY, EXIT.unreadable);
  }

  /** Copies a run that is not there yet; returns its number, which holds until `sift`. */
  insert(runs: RunList, from: number): number {
    let list = this.lists.at(-1);
    if (list === undefined || list.count >= CHUNK_RUNS) {
      list = new RunList(64);
      this.lists.push(list);
    }
    this.live++;
    return ((this.lists.length - 1) << CHUNK_BITS) | list.append(runs.words, from, runs.words, from + HOT_WORDS);
  }

  listOf(run: number): RunList {
    return this.lists[run >>> CHUNK_BITS];
  }

  /** Its first word in its list. */
  placeOf(run: number): number {
    return (run & (CHUNK_RUNS - 1)) * RUN_WORDS;
  }

  /** Every run that is not gone, with its number. */
  each(take: (list: RunList, at: number, run: number) => void): void {
    for (let n = 0; n < this.lists.length; n++) {
      const list = this.lists[n];
      const { words, count } = list;
      for (let i = 0; i < count; i++) {
        const at = i * RUN_WORDS;
        if (words[at + HOT.meta] !== GONE) take(list, at, (n << CHUNK_BITS) | i);
      }
    }
  }

  /** Every run that is not gone; `over` returns whether it is now. */
  sift(over: (list: RunList, at: number) => boolean): void {
    this.each((list, at) => {
      if (over(list, at)) this.drop(list, at);
    });
    if (this.live === 0) this.lists = [];
    else if (this.lists.length * CHUNK_RUNS > 2 * this.live + LOOSE_RUNS) this.pack();
  }

  /** Marks a run as handed over. */
  drop(list: RunList, at: number): void {
    list.words[at + HOT.meta] = GONE;
    this.live--;
  }

  /** All lists, handed away; some of their runs may be gone. */
  take(): RunList[] {
    const { lists } = this;
    this.lists = [];
    this.live = 0;
    return lists;
  }

  /** Copies what is left of many lists into few. */
  private pack(): void {
    const packed: RunList[] = [];
    let last = new RunList(64);
    this.each(({ words }, at) => {
      if (last.count === 0 || last.count === CHUNK_RUNS) {
        if (last.count > 0) last = new RunList(64);
        packed.push(last);
      }
      last.append(words, at, words, at + HOT_WORDS);
    });
    this.lists = packed;
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
