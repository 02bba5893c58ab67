// Times become the order in which they come.

import type { Room } from '../tally/room.js';

/**
 * Places of `times` (whole microseconds, or numbers further apart than 2^53) from the earliest to the latest; equal ones keep
 * their order. What is returned stands in the room.
 */
export function orderOf(times: Float64Array, room: Room): Uint32Array {
  const places = room.words(times.length);
  for (let i = 0; i < places.length; i++) places[i] = i;
  room.calls.sortRows(places.byteOffset, places.length, room.placeOf(times));
  return places;
}
