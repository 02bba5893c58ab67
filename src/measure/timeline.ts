// Sparse bins of lanes become one row of bins an uplink and direction, over the whole window.

import { BIN, type BinData } from '../tally/bins.js';
import { CLASS, type Lane } from '../uplinks/lanes.js';
import type { Cover } from './window.js';

export interface Timeline {
  widthSec: number;
  /** Number of the first bin since the epoch. */
  firstBin: number;
  bins: number;
  /** By bin: 1 where the inputs cover it. */
  covered: Uint8Array;
  /** By uplink: IP bytes a bin. */
  up: Float64Array[];
  down: Float64Array[];
  /** By uplink: packets and IP bytes in all. */
  totals: { packets: { up: number; down: number }; ipBytes: { up: number; down: number } }[];
}

/** Bins of all uplinks and directions at most: a longer window has wider bins. */
const MOST_BINS = 2 ** 23;
/** Widths that divide each other, beyond which it goes on in hours. */
const STEPS = [1, 5, 15, 60, 300, 900, 3600];

/**
 * The width of the bins: a multiple of the tally's own that is at least `wanted` seconds, and wide enough that the window
 * has no more than `most` bins.
 */
export function binWidth(ownSec: number, wanted: number, cover: Cover, most: number): number {
  let width = ownSec * Math.max(1, Math.ceil(wanted / ownSec - 1e-9));
  const { start, end } = cover;
  if (start === null || end === null) return width;
  const binsOf = (sec: number) => Math.floor(end / sec) - Math.floor(start / sec) + 1;
  while (binsOf(width) > most) {
    const next = STEPS.find((step) => step > width && step % width === 0);
    width = next ?? width * Math.max(2, Math.ceil(binsOf(width) / most));
  }
  return width;
}

export function layOut(
  data: BinData,
  lanes: readonly Lane[],
  uplinks: number,
  cover: Cover,
  wantedSec: number,
): Timeline {
  const widthSec = binWidth(data.widthSec, wantedSec, cover, Math.floor(MOST_BINS / (2 * uplinks || 1)));
  const firstBin = cover.start === null ? 0 : Math.floor(cover.start / widthSec);
  const bins = cover.start === null || cover.end === null ? 0 : Math.floor(cover.end / widthSec) - firstBin + 1;
  const up = Array.from({ length: uplinks }, () => new Float64Array(bins));
  const down = Array.from({ length: uplinks }, () => new Float64Array(bins));
  const totals = up.map(() => ({ packets: { up: 0, down: 0 }, ipBytes: { up: 0, down: 0 } }));
  const factor = widthSec / data.widthSec;
  for (let i = 0; i < data.cells.length; i++) {
    const lane = lanes[data.cells[i] >> 1];
    if (lane.class !== CLASS.wan) continue;
    const uplink = lane.egress >= 0 ? lane.egress : lane.uplink;
    const isUp = ((data.cells[i] & 1) === 1) === lane.localHigh;
    const direction = isUp ? 'up' : 'down';
    const packets = data.sums[BIN.fields * i];
    const ipBytes = data.sums[BIN.fields * i + BIN.ipBytes];
    totals[uplink].packets[direction] += packets;
    totals[uplink].ipBytes[direction] += ipBytes;
    const bin = Math.floor(data.bins[i] / factor) - firstBin;
    if (bin >= 0 && bin < bins) (isUp ? up : down)[uplink][bin] += ipBytes;
  }
  return { widthSec, firstBin, bins, covered: coveredBins(cover, widthSec, firstBin, bins), up, down, totals };
}

/** 1 for each bin that shares a moment with what the inputs cover. */
export function coveredBins({ spans }: Cover, widthSec: number, firstBin: number, bins: number): Uint8Array {
  const covered = new Uint8Array(bins);
  for (const [from, to] of spans) {
    const first = Math.floor(from / widthSec) - firstBin;
    covered.fill(1, Math.max(0, first), Math.max(0, Math.floor(to / widthSec) - firstBin + 1));
  }
  return covered;
}
