// Packets and bytes over time, sparse: a cell is a lane and a direction, a bin a step of time aligned to the epoch.

import { MOST_CELLS } from '../flows/layout.js';
import type { CellBins } from '../flows/table.js';

/** Bin widths in seconds; each divides the next, so that coarsening is exact. */
export const BIN_WIDTHS = [1, 5, 15, 60, 300, 900, 3600] as const;
/** Occupied bins beyond which the width grows. A property of the whole: a part never has more than the whole. */
const MAX_OCCUPIED = 2 ** 20;
/** Bins there is room for at first. */
const LEAST_ENTRIES = 256;
/** Numbers a bin: packets, IP bytes, wire bytes, and the exact times of its first and last packet (microseconds). */
export const BIN = { packets: 0, ipBytes: 1, wireBytes: 2, firstUs: 3, lastUs: 4, fields: 5 } as const;
const FIELDS = BIN.fields;

/** Bins as they travel: entry i is cell `cells[i]` in bin `bins[i]`, with its numbers (BIN) from `BIN.fields · i`. */
export interface BinData {
  widthSec: number;
  cells: Int32Array;
  /** Number of the bin since the epoch: floor(seconds / width). */
  bins: Float64Array;
  sums: Float64Array;
}

export class Bins implements CellBins {
  private width = 0;
  /** Sums of the bin that is being filled, by cell. */
  open = new Float64Array(64 * FIELDS);
  private touched: number[] = [];
  /** No whole numbers at first: see `Connection`. */
  startUs = Number.NaN;
  endUs = Number.NaN;
  private startSec = 0;

  /** A bin of one packet: see `note`. */
  private readonly one = new Float64Array(FIELDS);

  private count = 0;
  private cells: Int32Array = new Int32Array(LEAST_ENTRIES);
  private bins: Float64Array = new Float64Array(LEAST_ENTRIES);
  private sums: Float64Array = new Float64Array(LEAST_ENTRIES * FIELDS);
  /** Made when the first bin is looked for: of what comes from one part alone nothing is. */
  private index = new Int32Array(0);

  constructor() {
    this.startUs = this.endUs = 0;
  }

  add(cell: number, timeUs: number, ipBytes: number, wireBytes: number): void {
    if (timeUs >= this.endUs || timeUs < this.startUs) this.turn(timeUs);
    const at = cell * FIELDS;
    if (at >= this.open.length) this.widen(cell);
    const { open } = this;
    if (open[at] === 0) this.touched.push(cell);
    open[at] += 1;
    open[at + 1] += ipBytes;
    open[at + 2] += wireBytes;
    if (open[at] === 1) open[at + 3] = open[at + 4] = timeUs;
    else if (timeUs > open[at + 4]) open[at + 4] = timeUs;
    else if (timeUs < open[at + 3]) open[at + 3] = timeUs;
  }

  /** Counts one packet without bytes, for times that come in no order: the bin that is being filled stays as it is. */
  note(cell: number, timeUs: number): void {
    const { one } = this;
    one[BIN.packets] = 1;
    one[BIN.firstUs] = one[BIN.lastUs] = timeUs;
    this.store(cell, Math.floor(timeUs / 1e6), one, 0);
  }

  /**
   * Adds bins of another part. `cellOf` gives its cells other names; without it no bin may be there twice, for then the columns
   * may be taken over.
   */
  merge(data: BinData, cellOf: ((cell: number) => number) | null = null): void {
    this.settle();
    while (this.widthSec < data.widthSec) this.coarsen();
    const { length } = data.cells;
    if (this.count === 0 && this.widthSec === data.widthSec && cellOf === null && length <= MAX_OCCUPIED) {
      this.count = length;
      ({ cells: this.cells, bins: this.bins, sums: this.sums } = data);
      this.index = new Int32Array(0);
      return;
    }
    for (let i = 0; i < length; i++) {
      const at = i * FIELDS;
      const cell = data.cells[i];
      this.store(cellOf === null ? cell : cellOf(cell), data.bins[i] * data.widthSec, data.sums, at);
    }
  }

  finish(): BinData {
    this.settle();
    return {
      widthSec: this.widthSec,
      cells: this.cells.slice(0, this.count),
      bins: this.bins.slice(0, this.count),
      sums: this.sums.slice(0, this.count * FIELDS),
    };
  }

  private get widthSec(): number {
    return BIN_WIDTHS[this.width];
  }

  /** Another bin than the open one. */
  private turn(timeUs: number): void {
    this.settle();
    const widthUs = this.widthSec * 1e6;
    const bin = Math.floor(timeUs / widthUs);
    this.startSec = bin * this.widthSec;
    this.startUs = bin * widthUs;
    this.endUs = this.startUs + widthUs;
  }

  private settle(): void {
    const { touched, open } = this;
    this.startUs = 0;
    this.endUs = 0;
    for (let i = 0; i < touched.length; i++) {
      const at = touched[i] * FIELDS;
      this.store(touched[i], this.startSec, open, at);
      open[at] = open[at + 1] = open[at + 2] = 0;
    }
    touched.length = 0;
  }

  /** Adds to the bin that holds the second `startSec`, at whatever width the bins have by then. */
  private store(cell: number, startSec: number, from: Float64Array, fromAt: number): void {
    let bin = Math.floor(startSec / this.widthSec);
    let entry = this.find(cell, bin);
    while (entry < 0 && this.count >= MAX_OCCUPIED && this.width < BIN_WIDTHS.length - 1) {
      this.coarsen();
      bin = Math.floor(startSec / this.widthSec);
      entry = this.find(cell, bin);
    }
    if (entry < 0) entry = this.insert(cell, bin);
    const { sums } = this;
    const at = entry * FIELDS;
    const first = from[fromAt + BIN.firstUs];
    const last = from[fromAt + BIN.lastUs];
    if (sums[at] === 0 || first < sums[at + BIN.firstUs]) sums[at + BIN.firstUs] = first;
    if (sums[at] === 0 || last > sums[at + BIN.lastUs]) sums[at + BIN.lastUs] = last;
    sums[at] += from[fromAt];
    sums[at + 1] += from[fromAt + 1];
    sums[at + 2] += from[fromAt + 2];
  }

  private find(cell: number, bin: number): number {
    if (this.index.length === 0) this.reindex();
    const mask = this.index.length - 1;
    let slot = hashBin(cell, bin) & mask;
    for (;;) {
      const entry = this.index[slot] - 1;
      if (entry < 0) return -1;
      if (this.cells[entry] === cell && this.bins[entry] === bin) return entry;
      slot = (slot + 1) & mask;
    }
  }

  private insert(cell: number, bin: number): number {
    if (this.count === this.cells.length) this.grow();
    const entry = this.count++;
    this.cells[entry] = cell;
    this.bins[entry] = bin;
    const mask = this.index.length - 1;
    let slot = hashBin(cell, bin) & mask;
    while (this.index[slot] !== 0) slot = (slot + 1) & mask;
    this.index[slot] = entry + 1;
    return entry;
  }

  private grow(): void {
    const size = Math.max(LEAST_ENTRIES, this.cells.length * 2);
    const old = { cells: this.cells, bins: this.bins, sums: this.sums };
    this.cells = new Int32Array(size);
    this.bins = new Float64Array(size);
    this.sums = new Float64Array(size * FIELDS);
    this.cells.set(old.cells);
    this.bins.set(old.bins);
    this.sums.set(old.sums);
    this.reindex();
  }

  /** A quarter full at most. */
  private reindex(): void {
    const places = 2 ** Math.ceil(Math.log2(4 * Math.max(LEAST_ENTRIES, this.cells.length)));
    const index = new Int32Array(places);
    const mask = places - 1;
    for (let entry = 0; entry < this.count; entry++) {
      let slot = hashBin(this.cells[entry], this.bins[entry]) & mask;
      while (index[slot] !== 0) slot = (slot + 1) & mask;
      index[slot] = entry + 1;
    }
    this.index = index;
  }

  private coarsen(): void {
    const { cells, bins, sums, count, widthSec } = this;
    this.width++;
    this.count = 0;
    this.cells = new Int32Array(LEAST_ENTRIES);
    this.bins = new Float64Array(LEAST_ENTRIES);
    this.sums = new Float64Array(LEAST_ENTRIES * FIELDS);
    this.index = new Int32Array(0);
    for (let i = 0; i < count; i++) {
      const at = i * FIELDS;
      this.store(cells[i], bins[i] * widthSec, sums, at);
    }
  }

  private widen(cell: number): void {
    let size = this.open.length;
    while (size <= cell * FIELDS + FIELDS) size *= 2;
    const open = new Float64Array(Math.min(size, MOST_CELLS * FIELDS));
    open.set(this.open);
    this.open = open;
  }
}

/** What renaming lanes makes of their cells; null where nothing is renamed. */
export function cellsOf(lanes: Int32Array): ((cell: number) => number) | null {
  return lanes.every((to, lane) => to === lane) ? null : (cell) => (lanes[cell >> 1] << 1) | (cell & 1);
}

function hashBin(cell: number, bin: number): number {
  const h = Math.imul(bin | 0, 0x9e3779b1) ^ Math.imul(cell, 0x85ebca6b);
  return h ^ (h >>> 15);
}
