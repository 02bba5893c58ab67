// A tally as bytes and back: for `--save`, and for whoever wants to add the days of a week together.
//
// Counters and what was fixed before reading are plain data (the *head*); bins, signals, the ledger and its addresses are
// columns. Nothing is trusted on the way back: every number is held against what it may be.

import { ORIGIN } from '../flows/connection.js';
import { NONE } from '../flows/layout.js';
import { CLASS, type Lane } from '../uplinks/lanes.js';
import type { Topology } from '../uplinks/topology.js';
import {
  count,
  flag,
  like,
  list,
  nullable,
  number,
  object,
  optional,
  type Shape,
  text,
  tuple,
  whole,
} from '../util/shape.js';
import { AddressBook } from './addresses.js';
import { BIN, BIN_WIDTHS, type BinData } from './bins.js';
import { type Column, type ColumnPlan, planOf, readColumns, writeColumns } from './columns.js';
import { type LedgerData, NO_LINK } from './ledger.js';
import { countsOf, mergeData, type TallyData } from './merge.js';
import { SIGNAL } from './signals.js';
import { Tally, type TallyPoint } from './tally.js';

/** Plain data beside the columns. */
export interface TallyHead {
  topology: Topology;
  points: TallyPoint[];
  lanes: Lane[];
  counts: TallyData['counts'];
  strangers: TallyData['strangers'];
  sources: TallyData['sources'];
  told: TallyData['told'];
  binWidths: { bins: number; starts: number; signals: number };
  ledger: { count: number; threshold: number };
  columns: ColumnPlan[];
}

const MOST_UPLINKS = 254;

export function encodeTally(data: TallyData): { head: TallyHead; body: Uint8Array } {
  const { bins, starts, signals, ledger } = data;
  const columns: Record<string, Column> = {
    ...binColumns('bins', bins),
    ...binColumns('starts', starts),
    ...binColumns('signals', signals),
    addresses: ledger.addresses,
  };
  for (const [name, column] of Object.entries(ledger.columns)) {
    columns[`ledger.${name}`] = (column as Column).subarray(0, ledger.count);
  }
  const head: TallyHead = {
    topology: data.topology,
    points: data.points,
    lanes: data.lanes,
    counts: data.counts,
    strangers: data.strangers,
    sources: data.sources,
    told: data.told,
    binWidths: { bins: bins.widthSec, starts: starts.widthSec, signals: signals.widthSec },
    ledger: { count: ledger.count, threshold: ledger.threshold },
    columns: planOf(columns),
  };
  return { head, body: writeColumns(columns) };
}

/** Null where the bytes are not what `encodeTally` of this version writes. */
export function decodeTally(head: unknown, body: Uint8Array): TallyData | null {
  if (!isHead(head)) return null;
  const columns = readColumns(body, head.columns);
  // What carries an uplink's address is of an uplink.
  const isPlaced = (lane: Lane) => lane.uplink >= 0 || (lane.class !== CLASS.wan && lane.class !== CLASS.second);
  if (columns === null || !head.lanes.every(isPlaced)) return null;
  const uplinks = head.topology.uplinks.length;
  const { binWidths, lanes, points } = head;
  const bins = readBins('bins', columns, binWidths.bins, 2 * lanes.length);
  const starts = readBins('starts', columns, binWidths.starts, 2 * uplinks);
  const signals = readBins('signals', columns, binWidths.signals, SIGNAL.kinds * (uplinks + 1));
  const ledger = readLedger(columns, head, uplinks);
  if (bins === null || starts === null || signals === null || ledger === null) return null;
  const { topology, counts, strangers, sources, told } = head;
  return { topology, points, lanes, counts, strangers, sources, told, bins, starts, signals, ledger };
}

/** A tally that holds what was decoded. */
export function tallyOfData(data: TallyData): Tally {
  const tally = new Tally(data.topology);
  mergeData(tally, data);
  return tally;
}

function binColumns(name: string, { cells, bins, sums }: BinData): Record<string, Column> {
  return { [`${name}.cells`]: cells, [`${name}.bins`]: bins, [`${name}.sums`]: sums };
}

function readBins(
  name: string,
  columns: Readonly<Record<string, Column>>,
  widthSec: number,
  cellsBelow: number,
): BinData | null {
  const cells = columns[`${name}.cells`];
  const bins = columns[`${name}.bins`];
  const sums = columns[`${name}.sums`];
  if (!(cells instanceof Int32Array && bins instanceof Float64Array && sums instanceof Float64Array)) return null;
  if (!BIN_WIDTHS.some((width) => width === widthSec)) return null;
  if (bins.length !== cells.length || sums.length !== cells.length * BIN.fields) return null;
  if (!cells.every((cell) => cell >= 0 && cell < cellsBelow)) return null;
  if (!bins.every(Number.isSafeInteger) || !sums.every(Number.isFinite)) return null;
  return { widthSec, cells, bins, sums };
}

function readLedger(
  columns: Readonly<Record<string, Column>>,
  { ledger }: TallyHead,
  uplinks: number,
): LedgerData | null {
  const words = columns.addresses;
  if (!(words instanceof Int32Array) || words.length % 4 !== 0) return null;
  // A flow has two.
  if (words.length / 4 > 2 * ledger.count || !AddressBook.areDistinct(words)) return null;
  const own = new Tally({ ...EMPTY, uplinks: [] }).ledger.columns() as Record<string, Column>;
  const found: Record<string, Column> = {};
  for (const [name, column] of Object.entries(own)) {
    const saved = columns[`ledger.${name}`];
    if (saved?.constructor !== column.constructor || saved.length !== ledger.count) return null;
    found[name] = saved;
  }
  const within = (name: string, low: number, high: number) =>
    (found[name] as Column).every((value: number) => value >= low && value < high);
  const isAmount = (name: string) =>
    (found[name] as Float64Array).every((value) => Number.isSafeInteger(value) && value >= 0);
  const fits =
    within('uplink', 0, uplinks) &&
    (found.egress as Uint8Array).every((link) => link < uplinks || link === NO_LINK) &&
    within('origin', 0, Object.keys(ORIGIN).length) &&
    within('client', NONE, words.length / 4) &&
    within('server', 0, words.length / 4) &&
    isAmount('ipUp') &&
    isAmount('ipDown') &&
    (found.startUs as Float64Array).every(Number.isFinite) &&
    (found.endUs as Float64Array).every(Number.isFinite);
  return fits ? { ...ledger, addresses: words, columns: found as unknown as LedgerData['columns'] } : null;
}

const EMPTY: Topology = { asSeen: false, uplinks: [], lan: [], roles: [], macs: [], lanVisible: false };

const word = whole(0, 2 ** 32 - 1);
const prefix = object({
  family: (value) => value === 4 || value === 6,
  words: tuple(word, word, word, word),
  length: whole(0, 128),
  text,
});

function isHead(value: unknown): value is TallyHead {
  if (!object({ topology: object({ uplinks: list(number0, MOST_UPLINKS) }) })(value)) return false;
  const uplinks = (value as { topology: { uplinks: unknown[] } }).topology.uplinks.length;
  const uplink = whole(0, uplinks - 1);
  const link = whole(-1, uplinks - 1);
  const points = (value as { points?: unknown[] }).points;
  const point = whole(0, Math.max(0, (Array.isArray(points) ? points.length : 0) - 1));
  const empty = new Tally({ ...EMPTY, uplinks: new Array(uplinks).fill({ snat: [] }) as Topology['uplinks'] });
  const sample = countsOf(empty);
  return object({
    topology: object({
      asSeen: flag,
      uplinks: list(
        object({
          name: text,
          snat: list(prefix),
          gateways: list(prefix),
          interface: nullable(text),
          vlan: nullable(count),
        }),
        MOST_UPLINKS,
      ),
      lan: list(prefix),
      roles: list(object({ input: count, iface: count, ifindex: number, vlan: count, role: whole(-3, uplinks - 1) })),
      macs: list(object({ low: number, high: number, uplink })),
      lanVisible: flag,
    }),
    points: list(
      object({
        chain: count,
        iface: count,
        name: nullable(text),
        ifindex: number,
        vlan: count,
        linkType: count,
        link: optional(link),
      }),
      2 ** 16 + 1,
    ),
    lanes: list(
      object({
        point,
        class: whole(0, Object.keys(CLASS).length - 1),
        uplink: link,
        egress: link,
        localHigh: flag,
        lanSide: flag,
      }),
      2 ** 16 + 1,
    ),
    counts: like(sample.counts),
    told: object({ counts: like(sample.told.counts), sources: list(tuple(text, count), 4096) }),
    strangers: object({
      addresses: list(
        object({ egress: uplink, address: text, prefix, flows: count, firstUs: number, lastUs: number }),
        2 ** 15,
      ),
      flowsByLink: list(tuple(link, count), 256),
      tooMany: flag,
    }),
    sources: list(
      object({
        uplink,
        family: (value) => value === 4 || value === 6,
        address: text,
        flows: count,
        firstUs: number,
        lastUs: number,
        heardUs: number,
      }),
      256,
    ),
    binWidths: object({ bins: count, starts: count, signals: count }),
    ledger: object({ count: whole(0, 2 ** 26), threshold: isThreshold }),
    columns: list(
      object({
        name: text,
        kind: (kind) => ['f64', 'u32', 'i32', 'u8'].includes(kind as string),
        length: whole(0, 2 ** 27),
      }),
      256,
    ),
  })(value);
}

const number0: Shape = (value) => typeof value === 'object' && value !== null;

/** Halved from 2^32 some times. */
function isThreshold(value: unknown): boolean {
  return typeof value === 'number' && value >= 2 ** 15 && value <= 2 ** 32 && Number.isInteger(Math.log2(value));
}
