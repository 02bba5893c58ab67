// A flow's bytes over the bins of its life: evenly from its start to its end, then bent so that every uplink's bins add
// up to what its link really carried.
//
// All amounts are multiples of 1/16 byte, so that sums come out the same in any order of the flows.

import type { Ledger } from '../tally/ledger.js';
import type { Axis, Carried } from './axis.js';

const PARTS = 16;
const NO_LINK = 255;
/** Where the links show less than this part of the flows' bytes, the bins say nothing (a conntrack dump has none). */
const LEAST_SEEN = 0.5;

export function exact(bytes: number): number {
  return Math.round(bytes * PARTS) / PARTS;
}

/** By uplink and bin: what a byte of a flow there stands for. */
export interface Bend {
  up: Float64Array[];
  down: Float64Array[];
  /** False: the bins are empty, and flows stand for themselves. */
  bent: boolean;
}

/** The uplink by which a flow's bytes travelled. */
export function linkOf({ egress, uplink }: Ledger, row: number): number {
  return egress[row] === NO_LINK ? uplink[row] : egress[row];
}

/**
 * Calls `take` for each covered bin that a flow has a part in, with its bytes there, spread evenly. A flow of no length
 * is all in one bin.
 */
export function spreadFlow(
  ledger: Ledger,
  row: number,
  { widthSec, firstBin, placeOf }: Axis,
  take: (place: number, up: number, down: number) => void,
): void {
  const widthUs = widthSec * 1e6;
  const start = ledger.startUs[row];
  const end = ledger.endUs[row];
  const last = placeOf.length - 1;
  const from = Math.min(last, Math.max(0, Math.floor(start / widthUs) - firstBin));
  const to = Math.min(last, Math.max(0, Math.floor(end / widthUs) - firstBin));
  const up = ledger.ipUp[row];
  const down = ledger.ipDown[row];
  if (from >= to) {
    if (from === to && placeOf[from] >= 0) take(placeOf[from], up, down);
    return;
  }
  const length = end - start;
  for (let bin = from; bin <= to; bin++) {
    if (placeOf[bin] < 0) continue;
    const opens = (firstBin + bin) * widthUs;
    const part = (Math.min(end, opens + widthUs) - Math.max(start, opens)) / length;
    if (part > 0) take(placeOf[bin], exact(up * part), exact(down * part));
  }
}

/** How the even spread of all flows has to be bent. `kept`: the part of the flows that the ledger holds. */
export function bendOf(ledger: Ledger, carried: Carried, kept: number): Bend {
  const { axis } = carried;
  const uplinks = carried.up.length;
  const blank = () => Array.from({ length: uplinks }, () => new Float64Array(axis.bins));
  const up = blank();
  const down = blank();
  let flowBytes = 0;
  for (let row = 0; row < ledger.count; row++) {
    const link = linkOf(ledger, row);
    const [upOf, downOf] = [up[link], down[link]];
    flowBytes += ledger.ipUp[row] + ledger.ipDown[row];
    spreadFlow(ledger, row, axis, (place, ups, downs) => {
      upOf[place] += ups;
      downOf[place] += downs;
    });
  }
  const linkBytes = [...carried.up, ...carried.down].reduce((sum, bins) => sum + total(bins), 0);
  const bent = linkBytes >= LEAST_SEEN * flowBytes;
  const factor = (spread: Float64Array, seen: Float64Array) => {
    for (let bin = 0; bin < spread.length; bin++) {
      if (bent) spread[bin] = spread[bin] > 0 ? seen[bin] / spread[bin] : 0;
      else spread[bin] = 1 / kept;
    }
  };
  for (let n = 0; n < uplinks; n++) {
    factor(up[n], carried.up[n]);
    factor(down[n], carried.down[n]);
  }
  return { up, down, bent };
}

/** What every uplink carried by bin: by its link, else (no bins) by its flows. A copy to take away from. */
export function carriedBytes(
  ledger: Ledger,
  { carried, bend }: { carried: Carried; bend: Bend },
): { up: Float64Array[]; down: Float64Array[] } {
  const copy = (rows: readonly Float64Array[]) => rows.map((row) => row.slice());
  const up = copy(carried.up);
  const down = copy(carried.down);
  if (bend.bent) return { up, down };
  for (const row of [...up, ...down]) row.fill(0);
  for (let row = 0; row < ledger.count; row++) {
    const link = linkOf(ledger, row);
    spreadFlow(ledger, row, carried.axis, (place, ups, downs) => {
      up[link][place] += exact(ups * bend.up[link][place]);
      down[link][place] += exact(downs * bend.down[link][place]);
    });
  }
  return { up, down };
}

function total(bins: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < bins.length; i++) sum += bins[i];
  return sum;
}
