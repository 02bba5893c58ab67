// Whole runs into a tally of their own, in the thread that read them: for inputs that show a flow at one point only,
// where nobody wants to see the flows themselves.

import { META } from '../decode/batch.js';
import { Connection } from '../flows/connection.js';
import type { Hot } from '../flows/instance.js';
import { GONE, HOT, HOT_WORDS, RUN_WORDS, SETTLED_RUNS, STATE } from '../flows/layout.js';
import { RunList } from '../flows/runs.js';
import type { Lane } from '../uplinks/lanes.js';
import type { Topology } from '../uplinks/topology.js';
import { LEDGER_ROWS } from './ledger.js';
import { dataOf, type TallyData } from './merge.js';
import { PlainRuns } from './plain-runs.js';
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
  private plain: PlainRuns | null;
  private readonly flow = new Connection();
  private readonly loose = new RunList(1);

  /**
   * `hot` settles what is plain, and is nobody else's until `finish`; without it all goes the long way. `shares`: rows are
   * handed over in a memory of their own, 10 GB of addresses, instead of being copied.
   */
  constructor(hot: Hot | null, topology: Topology, ledgerRows = LEDGER_ROWS, shares = false) {
    this.tally = new Tally(topology, ledgerRows);
    this.plain = hot === null ? null : new PlainRuns(hot, this.tally, ledgerRows, shares);
  }

  /** All that are not gone; `lanes` is the list that their lanes' numbers are of. */
  takeAll(runs: RunList, lanes: readonly Lane[]): void {
    for (let from = 0; from < runs.count; from += SETTLED_RUNS) {
      const to = Math.min(runs.count, from + SETTLED_RUNS);
      const leftOut = this.plain?.take(runs, from, to, lanes) ?? null;
      if (leftOut === null) {
        this.endPlain();
        for (let n = from; n < to; n++) this.take(runs, n * RUN_WORDS, lanes);
      } else for (const n of leftOut) this.take(runs, (from + n) * RUN_WORDS, lanes);
    }
  }

  private take(runs: RunList, at: number, lanes: readonly Lane[]): void {
    const { words } = runs;
    if (words[at + HOT.meta] === GONE) return;
    const state = words[at + HOT.state];
    if ((state & STATE.fragments) !== 0 || (words[at + HOT.meta] & META.datagram) !== 0) {
      this.loose.append(words, at, words, at + HOT_WORDS);
      return;
    }
    this.flow.take(runs, at, lanes[state >>> STATE.laneShift]);
    this.tally.addFlow(this.flow, 0, false);
  }

  /** What it came to; nothing may be added afterwards. */
  finish(): Settled {
    const rows = this.plain?.finish() ?? null;
    const { ledger } = this.tally;
    const isAll = rows !== null && ledger.count === 0 && !ledger.sampled;
    if (rows !== null && !isAll) ledger.merge(rows);
    const data = dataOf(this.tally);
    return { data: isAll ? { ...data, ledger: rows } : data, loose: this.loose.take() };
  }

  /** No more room there: its rows go where all others come to. */
  private endPlain(): void {
    if (this.plain !== null) this.tally.ledger.merge(this.plain.finish());
    this.plain = null;
  }
}

/** The buffers that can be handed over with it instead of being copied. */
export function buffersOf({ data, loose }: Settled): ArrayBuffer[] {
  const binned = [data.bins, data.starts, data.signals].flatMap(({ cells, bins, sums }) => [cells, bins, sums]);
  const columns = [...binned, data.ledger.addresses, ...Object.values(data.ledger.columns)];
  const buffers = columns.map(({ buffer }) => buffer);
  // What is shared stays with both.
  return [loose, ...buffers.filter((buffer) => buffer instanceof ArrayBuffer)];
}
