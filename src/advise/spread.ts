// A flow's bytes over the bins of its life, evenly from its start to its end.
//
// All amounts are multiples of 1/16 byte, so that sums come out the same in any order of the flows.

import type { Ledger } from '../tally/ledger.js';
import type { Axis } from './axis.js';

const PARTS = 16;
const NO_LINK = 255;
export function exact(bytes: number): number {
  return Math.round(bytes * PARTS) / PARTS;
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
