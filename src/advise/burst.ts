// What a link carried in a bin is seldom what flows spread evenly over their lives would have: some flow burst, or all
// were idle. Which flow it was nobody knows any more; that it was one, and not all a little, is what makes peaks.
//
// So where a link carried less than the even spread, every flow there is made smaller; where it carried more, the rest
// goes to one flow of that bin, drawn in proportion to its even part. Each bin of each uplink adds up to what was carried.

import { hashAddress } from '../tally/addresses.js';
import type { Ledger } from '../tally/ledger.js';
import type { Axis, Carried } from './axis.js';
import { linkOf, spreadFlow } from './spread.js';

/** By bin of one uplink and direction. */
export interface Bend {
  /** What a byte of an even spread stands for. */
  factor: Float64Array;
  /** Bytes beyond that, and the row of the flow that they are given to; -1 for none. */
  rest: Float64Array;
  row: Int32Array;
}

export interface Bends {
  up: Bend[];
  down: Bend[];
  /** False: the bins are empty, and flows stand for themselves. */
  bent: boolean;
}

/** Where the links show less than this part of the flows' bytes, the bins say nothing (a conntrack dump has none). */
const LEAST_SEEN = 0.5;

/** `kept`: the part of the flows that the ledger holds, which stand for all. A function of the flows, not of their order. */
export function bendsOf(ledger: Ledger, carried: Carried, kept: number): Bends {
  const { axis } = carried;
  const blank = (): Bend[] => carried.up.map(() => blankBend(axis.bins));
  const up = blank();
  const down = blank();
  let flowBytes = 0;
  for (let row = 0; row < ledger.count; row++) {
    const link = linkOf(ledger, row);
    const [upOf, downOf] = [up[link].factor, down[link].factor];
    flowBytes += ledger.ipUp[row] + ledger.ipDown[row];
    spreadFlow(ledger, row, axis, (place, ups, downs) => {
      upOf[place] += ups;
      downOf[place] += downs;
    });
  }
  const linkBytes = [...carried.up, ...carried.down].reduce((sum, bins) => sum + total(bins), 0);
  const bent = linkBytes >= (LEAST_SEEN * flowBytes) / kept;
  for (let n = 0; n < up.length; n++) {
    bend(up[n], bent ? carried.up[n] : null, kept);
    bend(down[n], bent ? carried.down[n] : null, kept);
  }
  if (bent) drawBursts(ledger, axis, up, down);
  return { up, down, bent };
}

/** `factor` holds the even spread and becomes what a byte of it stands for. */
function bend({ factor, rest }: Bend, seen: Float64Array | null, kept: number): void {
  for (let bin = 0; bin < factor.length; bin++) {
    const spread = factor[bin];
    if (seen === null) factor[bin] = 1 / kept;
    else if (spread === 0) factor[bin] = 0;
    else {
      factor[bin] = Math.min(1 / kept, seen[bin] / spread);
      rest[bin] = Math.max(0, seen[bin] - spread / kept);
    }
  }
}

/** One flow a bin: the first of an exponential race, which each wins in proportion to its even part. */
function drawBursts(ledger: Ledger, axis: Axis, up: readonly Bend[], down: readonly Bend[]): void {
  const endless = (bends: readonly Bend[]) =>
    bends.map(() => new Float64Array(axis.bins).fill(Number.POSITIVE_INFINITY));
  const [firstUp, firstDown] = [endless(up), endless(down)];
  for (let row = 0; row < ledger.count; row++) {
    const link = linkOf(ledger, row);
    const own = hashRow(ledger, row);
    spreadFlow(ledger, row, axis, (place, ups, downs) => {
      if (up[link].rest[place] === 0 && down[link].rest[place] === 0) return;
      const wait = -Math.log(((hashAddress(own, place, 0, 0) >>> 0) + 0.5) / 2 ** 32);
      enter(up[link], firstUp[link], place, wait / ups, row);
      enter(down[link], firstDown[link], place, wait / downs, row);
    });
  }
}

function enter({ row }: Bend, first: Float64Array, place: number, time: number, own: number): void {
  if (!(time < first[place])) return;
  first[place] = time;
  row[place] = own;
}

/** 32 bits of a flow, whatever its place in the ledger. */
function hashRow({ addresses, server, ports, startUs }: Ledger, row: number): number {
  const [a, b, c, d] = addresses.wordsOf(server[row]);
  const start = startUs[row];
  return hashAddress(hashAddress(a, b, c, d), ports[row], start | 0, (start / 2 ** 32) | 0);
}

function blankBend(bins: number): Bend {
  return { factor: new Float64Array(bins), rest: new Float64Array(bins), row: new Int32Array(bins).fill(-1) };
}

function total(bins: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < bins.length; i++) sum += bins[i];
  return sum;
}
