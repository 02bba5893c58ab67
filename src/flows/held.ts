// Runs that are kept until the end of all inputs, in lists that growing does not copy; a whole list is taken over as it is.

import { HOT_WORDS, RUN_WORDS } from './layout.js';
import { CHUNK_RUNS, RunList } from './runs.js';

const CHUNK_BITS = Math.log2(CHUNK_RUNS);

export class HeldRuns {
  count = 0;
  private readonly lists: RunList[] = [];
  /** What single runs are copied into; one of `lists` once there is one. */
  private open = new RunList(0);

  /** Copies a run. */
  insert(runs: RunList, from: number): void {
    if (this.open.count === CHUNK_RUNS || this.open.count === 0) {
      this.open = new RunList(64);
      this.lists.push(this.open);
    }
    this.open.append(runs.words, from, runs.words, from + HOT_WORDS);
    this.count++;
  }

  /** Takes a list over. One that is mostly room, or longer than a chunk, is copied, and is empty afterwards. */
  adopt(list: RunList): void {
    if (list.count > CHUNK_RUNS || list.count * RUN_WORDS * 2 < list.words.length) {
      for (let at = 0; at < list.count * RUN_WORDS; at += RUN_WORDS) this.insert(list, at);
      list.take();
      return;
    }
    this.count += list.count;
    this.lists.push(list);
  }

  /** All runs by number. */
  numbers(): Int32Array {
    const numbers = new Int32Array(this.count);
    let n = 0;
    this.lists.forEach(({ count }, list) => {
      for (let i = 0; i < count; i++) numbers[n++] = (list << CHUNK_BITS) | i;
    });
    return numbers;
  }

  listOf(run: number): RunList {
    return this.lists[run >>> CHUNK_BITS];
  }

  /** Its first word in its list. */
  placeOf(run: number): number {
    return (run & (CHUNK_RUNS - 1)) * RUN_WORDS;
  }
}
