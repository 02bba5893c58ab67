// Which of the runs that are open where the parts so far end have the key of a run that comes in: the few that come in
// are indexed, the many that are there are held against them.

import type { Carry } from './carry.js';
import { sameKey } from './carry.js';
import { HOT, RUN_WORDS } from './layout.js';
import type { RunList } from './runs.js';
import { NUMBER_BITS, NUMBER_MASK } from './store.js';

const LEAST_INDEX = 128;

export class Meeting {
  /** For each incoming run, in the order of the lists, the number of its key. */
  readonly keys: Int32Array;
  /** By key: the number of the carried run that has it, -1 for none. */
  readonly carried: Int32Array;
  /** Bits of the hash above, the key's number + 1 below; 0 is an empty place. */
  private readonly index: Int32Array;
  /** By key: the first incoming run that has it, by the number of its list and its first word there. */
  private readonly inList: Int32Array;
  private readonly places: Int32Array;
  private count = 0;

  constructor(
    private readonly incoming: readonly RunList[],
    carry: Carry,
  ) {
    const count = incoming.reduce((sum, list) => sum + list.count, 0);
    let size = LEAST_INDEX;
    while (size < count * 2) size *= 2;
    this.index = new Int32Array(size);
    this.keys = new Int32Array(count);
    this.inList = new Int32Array(count);
    this.places = new Int32Array(count);
    let n = 0;
    for (let i = 0; i < incoming.length; i++) {
      const list = incoming[i];
      for (let at = 0; at < list.count * RUN_WORDS; at += RUN_WORDS) this.keys[n++] = this.keyOf(list, at, i);
    }
    this.carried = new Int32Array(this.count).fill(-1);
    if (this.count > 0) carry.each((list, at, run) => this.meet(list, at, run));
  }

  private keyOf(list: RunList, at: number, listNumber: number): number {
    const slot = this.slotOf(list, at);
    const entry = this.index[slot];
    if (entry !== 0) return (entry & NUMBER_MASK) - 1;
    const key = this.count++;
    this.inList[key] = listNumber;
    this.places[key] = at;
    this.index[slot] = (list.words[at + HOT.hash] & ~NUMBER_MASK) | (key + 1);
    return key;
  }

  private meet(list: RunList, at: number, run: number): void {
    const entry = this.index[this.slotOf(list, at)];
    if (entry !== 0) this.carried[(entry & NUMBER_MASK) - 1] = run;
  }

  /** The place of a run's key, or the empty one where it would stand. */
  private slotOf(list: RunList, at: number): number {
    const { index } = this;
    const mask = index.length - 1;
    const hash = list.words[at + HOT.hash];
    let slot = hash & mask;
    for (;;) {
      const entry = index[slot];
      if (entry === 0) return slot;
      if ((entry ^ hash) >>> NUMBER_BITS === 0) {
        const key = (entry & NUMBER_MASK) - 1;
        if (sameKey(this.incoming[this.inList[key]], this.places[key], list, at)) return slot;
      }
      slot = (slot + 1) & mask;
    }
  }
}
