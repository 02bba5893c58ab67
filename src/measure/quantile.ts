// Quantiles by nearest rank: the smallest value that at least the wanted part of all values does not exceed.

import { lendRoomOf } from '../tally/room.js';

/** Up to so many values are sorted as a whole: that is faster than a walk over all buckets. */
const FEW = 2 ** 14;

/**
 * One value for each of the parts (above 0, at most 1). Values are 0 or above and finite; there must be some. Many
 * are counted by their leading bits, so that only the buckets where the ranks lie are sorted.
 */
export function nearestRank(values: Float64Array, parts: readonly number[]): number[] {
  const count = values.length;
  const ranks = parts.map((part) => Math.max(0, Math.ceil(part * count - 1e-9) - 1));
  if (count <= FEW) {
    const sorted = values.slice().sort();
    return ranks.map((rank) => sorted[rank]);
  }
  return lendRoomOf(values, (room) => {
    const at = room.placeOf(values);
    const places = room.integers(ranks.length);
    places.set(ranks);
    const inside = room.floats(room.calls.takeRanks(at, count, places.byteOffset, ranks.length));
    inside.sort();
    return Array.from(places, (place) => inside[place]);
  });
}
