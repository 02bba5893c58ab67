// What one part of an input adds up to besides its runs: lanes, bins, and the packets that belong to no flow.

import { type Batch, KIND } from '../decode/batch.js';
import type { PointInfo } from '../decode/decoder.js';
import type { UsualLanes } from '../flows/instance.js';
import type { LaneBook } from '../flows/table.js';
import { type Lane, LaneTable } from '../uplinks/lanes.js';
import type { Topology } from '../uplinks/topology.js';
import { type BinData, Bins } from './bins.js';
import { Signals } from './signals.js';

/** Packets outside flows. `icmpErrors` is by lane, the rest by kind. */
export interface LooseCounts {
  arp: number;
  other: number;
  damaged: number;
  icmpErrors: number[];
}

/** Everything in it travels between threads. Merged by sum, its points and lanes renamed. */
export interface PartData {
  points: readonly PointInfo[];
  lanes: readonly Lane[];
  bins: BinData;
  /** What tells of a gateway's or a line's health beside the flows: see `SIGNAL`. */
  signals: BinData;
  loose: LooseCounts;
  /** Data segments of TCP by cell, up to the last that has some. */
  segments: Float64Array;
}

export class PartTally implements LaneBook {
  readonly bins = new Bins();
  /** Of the flow table, which sets it. */
  data = new Float64Array(0);
  private readonly signals: Signals;
  private readonly table: LaneTable;
  private readonly loose: LooseCounts = { arp: 0, other: 0, damaged: 0, icmpErrors: [] };

  /** `points` is the decoder's own list and grows as it decodes. */
  constructor(
    topology: Topology,
    input: number,
    private readonly points: readonly PointInfo[],
  ) {
    this.table = new LaneTable(topology, input, points);
    this.signals = new Signals(topology, (point) => this.table.linkOf(point));
  }

  /** Grows as runs begin. */
  get lanes(): readonly Lane[] {
    return this.table.lanes;
  }

  get usual(): UsualLanes | null {
    return this.table.usual;
  }

  laneOf(meta: number, k0: number, k1: number, wide: Int32Array, wideAt: number): number {
    return this.table.laneOf(meta, k0, k1, wide, wideAt);
  }

  addOther(batch: Batch, row: number): void {
    const { loose } = this;
    switch (batch.kind(row)) {
      case KIND.arp:
        loose.arp++;
        this.signals.addArp(batch, row);
        return;
      case KIND.damaged:
        loose.damaged++;
        return;
      case KIND.icmpError: {
        const lane = this.laneOf(batch.meta(row), batch.k0(row), batch.k1(row), batch.wide, row * 8);
        loose.icmpErrors[lane] = (loose.icmpErrors[lane] ?? 0) + 1;
        const cell = (lane << 1) | ((batch.flags(row) >>> 8) & 1);
        this.bins.add(cell, batch.time(row), batch.ipBytes(row), batch.wireBytes(row));
        this.signals.addError(batch, row);
        return;
      }
      default:
        loose.other++;
    }
  }

  finish(): PartData {
    const { points, lanes, bins, signals, loose } = this;
    const segments = this.data.slice(0, 2 * lanes.length);
    return { points, lanes, bins: bins.finish(), signals: signals.bins.finish(), loose, segments };
  }
}
