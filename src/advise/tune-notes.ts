// What the reader has to know before trusting the figures of a replay: a sentence each.

import { formatDuration } from '../util/time.js';
import { formatCount, formatShare } from '../util/units.js';
import { FULL } from './goal.js';
import type { Movable } from './items.js';
import { rank95 } from './replay.js';
import type { Traffic } from './traffic.js';

const FEW_BINS = 100;
const FEW_KEYS = 100;
const TOLD_STAYS = 0.01;

/** By place of an uplink: part of its bins in which a direction is above 90 % of its capacity, the higher of both. */
export function fullParts({ uplinks, carried }: Traffic, places: readonly number[]): number[] {
  const { bins, widthSec } = carried.axis;
  return places.map((n) => {
    const { capacity } = uplinks[n];
    const part = (bytes: Float64Array, bps: number | null) =>
      bps === null || bins === 0 ? 0 : bytes.filter((sum) => (sum * 8) / widthSec > FULL * bps).length / bins;
    return Math.max(part(carried.up[n], capacity.up), part(carried.down[n], capacity.down));
  });
}

/** `stays` is what no decision moves, by uplink; `demand` what all carried. */
export function tuneNotes(
  traffic: Traffic,
  { keys, fine }: Movable,
  stays: { up: readonly Float64Array[]; down: readonly Float64Array[] },
  demand: { up: number; down: number },
  full: readonly number[],
): string[] {
  const { decisions, uplinks, carried, bends, kept } = traffic;
  const { axis } = carried;
  const notes = ['The replay holds for traffic like that of the inputs, at the times that they cover.'];
  decisions.places.forEach((n, place) => {
    if (full[place] === 0) return;
    notes.push(
      `${uplinks[n].name} was above ${formatShare(FULL, 0)} of its capacity in ${formatShare(full[place])} of the bins, where more may have been wanted than was carried: figures say “at least”.`,
    );
  });
  for (const { name, inView } of uplinks) {
    if (!inView) notes.push(`Nothing of ${name} is in the inputs, so it takes no part.`);
  }
  if (axis.bins < FEW_BINS) {
    notes.push(
      `The inputs give ${formatCount(axis.bins)} bins of ${formatDuration(axis.widthSec)} only: p95 leaves out the top ${formatCount(axis.bins - 1 - rank95(axis.bins))}.`,
    );
  }
  if (keys < FEW_KEYS) notes.push(`There are ${formatCount(keys)} decision keys only, so much is left to chance.`);
  if (!decisions.clientsVisible && !fine) {
    notes.push(
      'Clients can’t be seen, so all flows with a server are replayed as one decision: the router’s own are finer, and its results vary less than told here.',
    );
  }
  const { ipv4, ipv6 } = decisions.policy;
  if (ipv4?.inferred === 'per-packet' || ipv6?.inferred === 'per-packet') {
    notes.push('The router decides by packet, so that shares follow the weights far more closely than told here.');
  }
  const all = demand.up + demand.down;
  const fixed = decisions.places.reduce((sum, n) => sum + sumOf(stays.up[n]) + sumOf(stays.down[n]), 0);
  if (all > 0 && fixed / all >= TOLD_STAYS) {
    notes.push(
      `${formatShare(fixed / all)} of the bytes stay where they are whatever the weights: inbound flows, the router’s own, pinned ones.`,
    );
  }
  if (!bends.bent) {
    notes.push('The inputs tell no rates over time, so every flow’s bytes are spread evenly over its life.');
  }
  if (kept < 1) {
    notes.push(`${formatShare(kept)} of the decision keys stand for all, so the intervals are too wide.`);
  }
  notes.push(
    'New weights move flows under way to another uplink, unless connections are held to theirs by a mark: set them at a quiet hour.',
  );
  return notes;
}

function sumOf(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum;
}
