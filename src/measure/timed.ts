// First flows of decisions become a list in the order of time, as a search for changes wants them.

import { SPAN } from '../tally/key-parts.js';
import { lendRoomOf } from '../tally/room.js';
import type { TimedDecisions } from './blocks.js';
import { seededRandom } from './random.js';

const SEED = 0x74696573;

/**
 * `codes` (regime · places + place) and `startsUs` are by decision, in any order; those with a negative code are left out.
 * Decisions of one moment stand in seeded disorder, for dumps with times of whole seconds would else sort them by uplink.
 * The result is a function of what is in the list, not of its order.
 */
export function inOrderOfTime(
  codes: Int32Array,
  startsUs: Float64Array,
  regimes: number,
  places: number,
): TimedDecisions {
  return lendRoomOf(codes, (room) => {
    const codesAt = room.placeOf(codes);
    const startsAt = room.placeOf(startsUs);
    const span = room.floats(SPAN.numbers);
    room.calls.spanOf(codes.length, codesAt, startsAt, span.byteOffset);
    const count = span[SPAN.count];
    const first = span[SPAN.first];
    // Time and code in one number below 2^53; where a bad clock spans years, microseconds give way.
    const cells = regimes * places;
    const step = Math.max(1, Math.ceil(((span[SPAN.last] - first + 1) * cells) / 2 ** 53));
    const packed = room.floats(count);
    room.calls.packTimes(codes.length, codesAt, startsAt, first, step, cells, packed.byteOffset);
    packed.sort();
    const startUs = room.floats(count);
    const code = room.words(count);
    room.calls.unpackTimes(count, packed.byteOffset, first, step, cells, startUs.byteOffset, code.byteOffset);
    mixTies(code, startUs, (from) => room.calls.nextTie(startUs.byteOffset, from, count));
    return { startUs: startUs.slice(), code: code.slice(), regimes, places };
  });
}

function mixTies(code: Uint32Array, startUs: Float64Array, nextTie: (from: number) => number): void {
  const random = seededRandom(SEED);
  for (let from = nextTie(0), to = from; from < startUs.length; from = nextTie(to)) {
    for (to = from + 2; to < startUs.length && startUs[to] === startUs[from]; ) to++;
    for (let i = to - 1; i > from; i--) {
      const j = from + Math.floor(random() * (i - from + 1));
      const kept = code[i];
      code[i] = code[j];
      code[j] = kept;
    }
  }
}
