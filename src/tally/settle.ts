// Whole runs into a tally of their own, in the thread that read them: for inputs that show a flow at one point only,
// where nobody wants to see the flows themselves.

import { META } from '../decode/batch.js';
import { Connection } from '../flows/connection.js';
import { GONE, HOT, HOT_WORDS, RUN_WORDS, STATE } from '../flows/layout.js';
import { RunList } from '../flows/runs.js';
import type { Lane } from '../uplinks/lanes.js';
import type { Topology } from '../uplinks/topology.js';
import { dataOf, type TallyData } from './merge.js';
import { Tally } from './tally.js';

/** Everything in it travels between threads. */
export interface Settled {
  /** Sums and rows, for `mergeData`; without points, lanes and bins of packets. */
  data: TallyData;
  /** Runs that fragments belong to, and fragments: they have yet to find each other. */
  loose: ArrayBuffer;
}

export class Settler {
  private readonly tally: Tally;
  private readonly flow = new Connection();
  private readonly loose = new RunList(1);

  constructor(topology: Topology, ledgerRows?: number) {
    this.tally = new Tally(topology, ledgerRows);
  }

  /** One run; `lanes` is the list that its lane's number is of. */
  take(runs: RunList, at: number, lanes: readonly Lane[]): void {
    const { words } = runs;
    const state = words[at + HOT.state];
    if ((state & STATE.fragments) !== 0 || (words[at + HOT.meta] & META.datagram) !== 0) {
      this.loose.append(words, at, words, at + HOT_WORDS);
      return;
    }
    this.flow.take(runs, at, lanes[state >>> STATE.laneShift]);
    this.tally.addFlow(this.flow, 0, false);
  }

  /** All that are not gone. */
  takeAll(runs: RunList, lanes: readonly Lane[]): void {
    const { words } = runs;
    for (let at = 0; at < runs.count * RUN_WORDS; at += RUN_WORDS) {
      if (words[at + HOT.meta] !== GONE) this.take(runs, at, lanes);
    }
  }

  /** What it came to; nothing may be added afterwards. */
  finish(): Settled {
    return { data: dataOf(this.tally), loose: this.loose.take() };
  }
}

/** The buffers that can be handed over with it instead of being copied. */
export function buffersOf({ data, loose }: Settled): ArrayBuffer[] {
  const binned = [data.bins, data.starts, data.signals].flatMap(({ cells, bins, sums }) => [cells, bins, sums]);
  const columns = [...binned, data.ledger.addresses, ...Object.values(data.ledger.columns)];
  return [loose, ...columns.map(({ buffer }) => buffer as ArrayBuffer)];
}
