// A part that has been read and whose runs stay where they are until it is known which of them other parts of the input know
// of as well: only those have to be joined. The others, nearly all where parts are long, are settled here.

import { type Hot, returnHot } from '../flows/instance.js';
import type { RunList } from '../flows/runs.js';
import type { FlowTable } from '../flows/table.js';
import type { Settled, Settler } from '../tally/settle.js';
import type { Lane } from '../uplinks/lanes.js';

/** Bits that stand for keys, in memory that all threads see. */
export interface PartKeys {
  /** Of runs whose past is not known. */
  incoming: Int32Array;
  /** Of runs that live at the part's end. */
  live: Int32Array;
}

/** What the other parts know of. */
export interface OtherKeys {
  /** Keys of live runs of the parts before, and of incoming ones of those after. */
  before: readonly Int32Array[];
  after: readonly Int32Array[];
  /** Nothing is known of them: any key may be among them. */
  any: boolean;
}

/** Runs that are not whole by themselves, in buffers as `RunList.take` gives them. */
export interface PartRest {
  /** Over, their past unknown, in the order in which they ended. */
  heads: ArrayBuffer[];
  /** Live at the part's end, each the last of its key. */
  live: ArrayBuffer[];
  /** What those of both with an unknown past are in doubt about. */
  doubts: Int32Array;
}

export const NO_REST: PartRest = { heads: [], live: [], doubts: new Int32Array() };

export class HeldPart {
  private alone: RunList[] = [];

  constructor(
    private readonly hot: Hot,
    private readonly table: FlowTable,
    private readonly live: readonly RunList[],
    private readonly settler: Settler,
    /** What the lane numbers of its runs mean. */
    private readonly lanes: readonly Lane[],
  ) {
    hot.calls.noteLive();
  }

  keys(): PartKeys {
    return { incoming: sharedCopy(this.hot.keys('incoming')), live: sharedCopy(this.hot.keys('live')) };
  }

  /** Hands over what other parts may know of. To be called once. */
  sortOut({ before, after, any }: OtherKeys): PartRest {
    const { hot, table } = this;
    for (const [bits, others] of [
      [hot.keys('before'), before],
      [hot.keys('after'), after],
    ] as const) {
      if (any) bits.fill(-1);
      else
        others.forEach((other, n) => {
          if (n === 0) bits.set(other);
          else addBits(bits, other);
        });
    }
    const { heads, live, alone } = table.sortOut();
    this.alone = alone;
    return { heads, live, doubts: table.doubts.finish() };
  }

  /** Settles the others. To be called once, after `sortOut`. */
  settle(): Settled {
    const { hot, settler, lanes } = this;
    for (const list of this.alone) settler.takeAll(list, lanes);
    // Looked at anew: the memory may have grown since.
    for (const { words, count } of this.live) settler.takeAll(hot.runs(words.byteOffset, count), lanes);
    const settled = settler.finish();
    returnHot(hot);
    return settled;
  }
}

function sharedCopy(bits: Int32Array): Int32Array {
  const copy = new Int32Array(new SharedArrayBuffer(bits.byteLength));
  copy.set(bits);
  return copy;
}

function addBits(to: Int32Array, bits: Int32Array): void {
  for (let i = 0; i < to.length; i++) to[i] |= bits[i];
}
