// The time axis of capacity and tuning: how wide its bins are, and which of them the inputs cover.

import { binWidth, layOut, type Timeline } from '../measure/timeline.js';
import type { Cover } from '../measure/window.js';
import type { BinData } from '../tally/bins.js';
import type { Lane } from '../uplinks/lanes.js';

const DAY = 86_400;
/** The usual step of burstable billing and of traffic graphs. */
const LONG_SEC = 300;
/** A capture of less than a day has at least so many bins, down to a second each. */
const LEAST_BINS = 100;
const STEPS = [300, 60, 15, 5, 1] as const;

/** Covered bins alone, side by side. */
export interface Axis {
  widthSec: number;
  bins: number;
  /** Number since the epoch of the first bin of the window, covered or not. */
  firstBin: number;
  /** By bin of the window: its place among the covered ones, -1 where it is not covered. */
  placeOf: Int32Array;
  /** By covered bin: its number since the epoch. */
  numbers: Float64Array;
}

/** Bytes by covered bin, both directions of each uplink, as the links carried them. */
export interface Carried {
  axis: Axis;
  up: Float64Array[];
  down: Float64Array[];
  timeline: Timeline;
}

/**
 * Seconds a bin: 5 minutes where the inputs span a day or more, else the widest of 1, 5, 15, 60 and 300 seconds that
 * gives at least 100 bins.
 */
export function chooseWidth({ seconds, coveredSeconds }: Cover): number {
  if ((seconds ?? 0) >= DAY) return LONG_SEC;
  return STEPS.find((step) => coveredSeconds >= step * LEAST_BINS) ?? 1;
}

/** `asked`: a width that the user wants. At most `mostBins` bins, which may make them wider. */
export function layOutCovered(
  data: BinData,
  lanes: readonly Lane[],
  uplinks: number,
  cover: Cover,
  asked: number | null,
  mostBins: number,
): Carried {
  const wanted = asked ?? chooseWidth(cover);
  const timeline = layOut(data, lanes, uplinks, cover, binWidth(data.widthSec, wanted, cover, mostBins));
  const { widthSec, firstBin, covered } = timeline;
  const placeOf = new Int32Array(covered.length).fill(-1);
  let bins = 0;
  for (let bin = 0; bin < covered.length; bin++) if (covered[bin] === 1) placeOf[bin] = bins++;
  const numbers = new Float64Array(bins);
  for (let bin = 0; bin < covered.length; bin++) if (placeOf[bin] >= 0) numbers[placeOf[bin]] = firstBin + bin;
  const keep = (row: Float64Array) => row.filter((_, bin) => placeOf[bin] >= 0);
  return {
    axis: { widthSec, bins, firstBin, placeOf, numbers },
    up: timeline.up.map(keep),
    down: timeline.down.map(keep),
    timeline,
  };
}
