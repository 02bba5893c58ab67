// Addresses as small dense numbers, while runs are settled: the numbers of the ledger's `client` and `server`.

import { MEMORY, MOST_ADDRESSES } from '../layout.js';
import { mix } from './store.js';

const LEAST_PLACES: i32 = 2 ** 15;

let count: i32 = 0;
/** Places of the index, less one: four times as many as there are addresses, at first. */
let mask: i32 = LEAST_PLACES - 1;
/** Its own: the flow table may take another while addresses are numbered. */
let salt: i32 = 0;

export function forgetAddresses(seed: i32): void {
  if (count > 0) memory.fill(MEMORY.addressIndex, 0, (<usize>mask + 1) << 2);
  count = 0;
  mask = LEAST_PLACES - 1;
  salt = seed;
}

export function addressCount(): i32 {
  return count;
}

/** The address's number; a new one gets the next. There must be room: `MOST_ADDRESSES`. */
export function numberOf(w0: i32, w1: i32, w2: i32, w3: i32): i32 {
  let place = mix(salt, w0, w1, w2, w3) & mask;
  const high = (<i64>w0 & 0xffffffff) | ((<i64>w1) << 32);
  const low = (<i64>w2 & 0xffffffff) | ((<i64>w3) << 32);
  for (;;) {
    const number = load<i32>(indexAt(place)) - 1;
    if (number < 0) break;
    const words = wordsAt(number);
    if (load<i64>(words) === high && load<i64>(words, 8) === low) return number;
    place = (place + 1) & mask;
  }
  const words = wordsAt(count);
  store<i64>(words, high);
  store<i64>(words, low, 8);
  store<i32>(indexAt(place), ++count);
  if (count * 2 > mask && count < MOST_ADDRESSES) widen();
  return count - 1;
}

function widen(): void {
  mask = mask * 2 + 1;
  memory.fill(MEMORY.addressIndex, 0, (<usize>mask + 1) << 2);
  for (let number = 0; number < count; number++) {
    const words = wordsAt(number);
    let place = mix(salt, load<i32>(words), load<i32>(words, 4), load<i32>(words, 8), load<i32>(words, 12)) & mask;
    while (load<i32>(indexAt(place)) !== 0) place = (place + 1) & mask;
    store<i32>(indexAt(place), number + 1);
  }
}

function indexAt(place: i32): usize {
  return MEMORY.addressIndex + ((<usize>place) << 2);
}

function wordsAt(number: i32): usize {
  return MEMORY.addresses + ((<usize>number) << 4);
}
