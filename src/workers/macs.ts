// Where uplinks share an address or have a changing one, the gateway's link address tells them apart: a point is divided
// into one view for each gateway that its packets come from or go to.

import { type Batch, type BatchSink, META, ROW, ROW_WORDS } from '../decode/batch.js';
import type { PointInfo } from '../decode/decoder.js';
import type { MacRule } from '../uplinks/topology.js';

const MOST_VIEWS = 0xffff;

/** A point as seen through one gateway; `link` is its uplink, -1 for packets of none. */
export interface PointView extends PointInfo {
  link: number;
}

/** Rewrites the point in `meta` to the number of a view. */
export class MacSink implements BatchSink {
  readonly views: PointView[] = [];
  private readonly numbers = new Map<number, number>();

  constructor(
    private readonly rules: readonly MacRule[],
    private readonly points: readonly PointInfo[],
    private readonly next: BatchSink,
  ) {}

  flush(batch: Batch): void {
    const low = (1 << META.pointShift) - 1;
    for (let row = 0; row < batch.count; row++) {
      const meta = batch.meta(row);
      const view = this.viewOf(meta >>> META.pointShift, this.linkOf(batch, row));
      batch.words[row * ROW_WORDS + ROW.meta] = (meta & low) | (view << META.pointShift);
    }
    this.next.flush(batch);
  }

  private linkOf(batch: Batch, row: number): number {
    for (const { low, high, uplink } of this.rules) {
      if (batch.macToLow[row] === low && batch.macToHigh[row] === high) return uplink;
      if (batch.macFromLow[row] === low && batch.macFromHigh[row] === high) return uplink;
    }
    return -1;
  }

  private viewOf(point: number, link: number): number {
    const key = point * 512 + link + 1;
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    const view = this.views.length;
    // The last one takes what comes beyond what a key has bits for.
    if (view > MOST_VIEWS) return MOST_VIEWS;
    this.views.push({ ...this.points[point], link });
    this.numbers.set(key, view);
    return view;
  }
}

/** The rule for `aa:bb:cc:dd:ee:ff`, as the decoder's columns hold link addresses. */
export function macRule(mac: string, uplink: number): MacRule {
  const octets = mac.split(/[:-]/).map((octet) => Number.parseInt(octet, 16));
  return {
    high: (octets[0] << 8) | octets[1],
    low: (octets[2] << 24) | (octets[3] << 16) | (octets[4] << 8) | octets[5],
    uplink,
  };
}
