// Runs that are flows by themselves, on an uplink with one SNAT source of their family: nearly all of them. The hot loop makes
// rows and sums of them, some thousand at a time (flows/hot/settle.ts); what it leaves out goes the long way.

import type { Hot } from '../flows/instance.js';
import { COLUMNS, MEMORY, MOST_ADDRESSES, PLAIN_LANE, SETTLED_RUNS, STARTS, SUMS } from '../flows/layout.js';
import type { RunList } from '../flows/runs.js';
import { CLASS, type Lane } from '../uplinks/lanes.js';
import { BIN, type BinData } from './bins.js';
import type { Column } from './columns.js';
import { Ledger, type LedgerColumns, type LedgerData, NO_LINK } from './ledger.js';
import type { Tally } from './tally.js';

const NOBODY: Int32Array = new Int32Array(0);

export class PlainRuns {
  private readonly ledger: Ledger;
  private readonly columns: Readonly<Record<keyof LedgerColumns, Column>>;
  /** What has been told of the lanes: of which list, and of how many. */
  private lanes: readonly Lane[] = [];
  private told = 0;

  /** `hot` is nobody else's until `finish`; `tally` takes the sums. `shares`: rows are handed over in their memory. */
  constructor(
    private readonly hot: Hot,
    private readonly tally: Tally,
    private readonly ledgerRows: number,
    shares: boolean,
  ) {
    this.ledger = shares ? Ledger.shared(ledgerRows) : new Ledger(ledgerRows);
    this.columns = columnsOf(hot);
    hot.calls.beginSettling((Math.random() * 2 ** 32) | 0);
  }

  /** Settles runs `from` to `to` of a list, SETTLED_RUNS at most; returns the numbers of those left out, null where there is no more room. */
  take(runs: RunList, from: number, to: number, lanes: readonly Lane[]): Int32Array | null {
    const { hot, ledger } = this;
    const rows = ledger.count + to - from;
    // Each has one address that may be new.
    if (rows > this.ledgerRows || hot.calls.addressCount() + to - from > MOST_ADDRESSES) return null;
    this.tell(lanes);
    ledger.append(this.columns, hot.calls.settle(hot.placeOf(runs, from, to), to - from));
    const [out = 0] = hot.words(MEMORY.startsOutCount, 1);
    if (out > 0) this.addStarts(MEMORY.startsOut, out);
    const [leftOut = 0] = hot.words(MEMORY.leftOut, 1);
    return leftOut === 0 ? NOBODY : hot.words(MEMORY.leftOut + 4, leftOut);
  }

  /** Adds the sums to the tally; the rows of all that were taken. */
  finish(): LedgerData {
    const { hot, tally, ledger } = this;
    this.addStarts(MEMORY.starts, STARTS.entries);
    const sums = hot.floats(MEMORY.sums, tally.flows.length * SUMS.fields);
    tally.flows.forEach((counts, uplink) => {
      const at = uplink * SUMS.fields;
      counts.flows += sums[at + SUMS.flows];
      counts.inbound += sums[at + SUMS.inbound];
      counts.answered += sums[at + SUMS.answered];
      counts.long += sums[at + SUMS.long];
      counts.segmentsAgain += sums[at + SUMS.segmentsAgain];
      tally.packets.attributed += sums[at + SUMS.packets];
    });
    const addresses = Int32Array.from(hot.words(MEMORY.addresses, 4 * hot.calls.addressCount()));
    const { shared } = ledger;
    return { ...ledger.data(), addresses, ...(shared === null ? {} : { shared }) };
  }

  private tell(lanes: readonly Lane[]): void {
    if (lanes !== this.lanes) this.told = 0;
    this.lanes = lanes;
    if (this.told === lanes.length) return;
    const words = this.hot.words(MEMORY.lanes, lanes.length);
    for (; this.told < lanes.length; this.told++) words[this.told] = this.wordOf(lanes[this.told]);
  }

  private wordOf({ class: laneClass, uplink, egress, localHigh }: Lane): number {
    if (laneClass !== CLASS.wan || (egress >= 0 && egress !== uplink)) return 0;
    const { sources } = this.tally;
    const families =
      (sources.isNoted(uplink, 4) ? 0 : PLAIN_LANE.ipv4) | (sources.isNoted(uplink, 6) ? 0 : PLAIN_LANE.ipv6);
    const local = localHigh ? PLAIN_LANE.localHigh : 0;
    const link = egress < 0 ? NO_LINK : egress;
    return families | local | (uplink << PLAIN_LANE.uplinkShift) | (link << PLAIN_LANE.egressShift);
  }

  private addStarts(at: number, entries: number): void {
    const words = this.hot.words(at, entries * STARTS.words);
    const floats = this.hot.floats(at, (entries * STARTS.words) / 2);
    const used: number[] = [];
    for (let entry = 0; entry < entries; entry++) if (words[entry * STARTS.words + STARTS.flows] > 0) used.push(entry);
    const data: BinData = {
      widthSec: 1,
      cells: Int32Array.from(used, (entry) => words[entry * STARTS.words + STARTS.cell]),
      bins: Float64Array.from(used, (entry) => floats[(entry * STARTS.words) / 2 + STARTS.second64]),
      sums: new Float64Array(used.length * BIN.fields),
    };
    used.forEach((entry, n) => {
      data.sums[n * BIN.fields + BIN.packets] = words[entry * STARTS.words + STARTS.flows];
      data.sums[n * BIN.fields + BIN.firstUs] = floats[(entry * STARTS.words) / 2 + STARTS.firstUs64];
      data.sums[n * BIN.fields + BIN.lastUs] = floats[(entry * STARTS.words) / 2 + STARTS.lastUs64];
    });
    // A second that had to make room may be there twice.
    this.tally.starts.merge(data, (cell) => cell);
  }
}

/** The columns that the hot loop fills; nobody's client is known there. */
function columnsOf(hot: Hot): PlainRuns['columns'] {
  const { buffer } = hot.window;
  const at = (column: number) => MEMORY.columns + column;
  const f64 = (column: number) => new Float64Array(buffer, at(column), SETTLED_RUNS);
  const u32 = (column: number) => new Uint32Array(buffer, at(column), SETTLED_RUNS);
  const i32 = (column: number) => new Int32Array(buffer, at(column), SETTLED_RUNS);
  const u8 = (column: number) => new Uint8Array(buffer, at(column), SETTLED_RUNS);
  return {
    startUs: f64(COLUMNS.startUs),
    endUs: f64(COLUMNS.endUs),
    ipUp: f64(COLUMNS.ipUp),
    ipDown: f64(COLUMNS.ipDown),
    packetsUp: u32(COLUMNS.packetsUp),
    packetsDown: u32(COLUMNS.packetsDown),
    answerUs: i32(COLUMNS.answerUs),
    lagUs: i32(COLUMNS.lagUs),
    course: u8(COLUMNS.course),
    client: new Int32Array(SETTLED_RUNS).fill(-1),
    server: i32(COLUMNS.server),
    ports: i32(COLUMNS.ports),
    uplink: u8(COLUMNS.uplink),
    egress: u8(COLUMNS.egress),
    origin: u8(COLUMNS.origin),
    protocol: u8(COLUMNS.protocol),
  };
}
