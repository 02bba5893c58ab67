// The records of live runs and the index by which they are found: an open-addressing table. Record 0 is nobody's, so that
// 0 can stand for "none" and be read without harm. A run is told by the address of its record.

import { META } from '../../decode/batch.js';
import {
  COLD,
  GONE,
  HOT,
  HOT_WORDS,
  MEMORY,
  MOST_PLACES,
  MOST_RUNS,
  NUMBER_BITS,
  NUMBER_MASK,
  RUN_BYTES,
} from '../layout.js';

const LEAST_PLACES: i32 = 8192;
const PAGE_SHIFT: i32 = 16;
const NOBODY: usize = MEMORY.runs;

/** The address behind the last record that has been in use. */
export let end: usize = 0;
/** Places of the index, less one. */
export let mask: i32 = 0;
let live: i32 = 0;
let freeHead: usize = 0;
/** Seeds the hash, so that nobody can prepare collisions. Nothing else depends on it. */
let seed: i32 = 0;

export function clearStore(hashSeed: i32): void {
  seed = hashSeed;
  mask = LEAST_PLACES - 1;
  dropAll();
}

/** Forgets all records. */
export function dropAll(): void {
  memory.fill(MEMORY.places, 0, (<usize>mask + 1) << 2);
  memory.fill(MEMORY.recent, 0, MEMORY.rules - MEMORY.recent);
  clear(NOBODY);
  end = NOBODY + RUN_BYTES;
  freeHead = 0;
  live = 0;
}

/** Makes sure that so many more records fit; false where there can't be so many. */
export function reserve(more: i32): boolean {
  const wanted = live + more;
  if (wanted > MOST_RUNS) return false;
  if (wanted * 2 > mask + 1 && mask + 1 < MOST_PLACES) reindex(mask * 2 + 1);
  const bytes: usize = MEMORY.runs + (<usize>wanted + 1) * RUN_BYTES;
  const have = (<usize>memory.size()) << PAGE_SHIFT;
  if (bytes <= have) return true;
  const most: usize = MEMORY.runs + (<usize>MOST_RUNS + 1) * RUN_BYTES;
  const next: usize = min<usize>(most, MEMORY.runs + (have - MEMORY.runs) * 2);
  return memory.grow(<i32>((max<usize>(bytes, next) - have + 0xffff) >> PAGE_SHIFT)) >= 0;
}

export function hashOf(a: i32, b: i32, ports: i32, meta: i32): i32 {
  return mix(seed, a, b, ports, meta);
}

/** Mixes a key to 32 bits: `hashKey` of flows/hash.ts. */
export function mix(salt: i32, a: i32, b: i32, c: i32, d: i32): i32 {
  let h = ((a ^ salt) * 0x85ebca6b) ^ b;
  h = ((h ^ (h >>> 15)) * 0xc2b2ae35) ^ c;
  h = ((h ^ (h >>> 13)) * 0x85ebca6b) ^ d;
  h = (h ^ (h >>> 16)) * 0xc2b2ae35;
  return h ^ (h >>> 15);
}

export function runAt(entry: i32): usize {
  return MEMORY.runs + <usize>(entry & NUMBER_MASK) * RUN_BYTES;
}

export function entryOf(hash: i32, run: usize): i32 {
  return (hash & ~NUMBER_MASK) | <i32>((run - MEMORY.runs) / RUN_BYTES);
}

/** The run with this key, 0 for none. `wide` is where the addresses of IPv6 stand. */
export function find(hash: i32, a: i32, b: i32, ports: i32, meta: i32, wide: usize): usize {
  let place = hash & mask;
  let entry = load<i32>(MEMORY.places + ((<usize>place) << 2));
  while (entry !== 0) {
    if ((entry ^ hash) >>> NUMBER_BITS === 0) {
      const run = runAt(entry);
      if (
        load<i32>(run, HOT.k0 << 2) === a &&
        load<i32>(run, HOT.k1 << 2) === b &&
        load<i32>(run, HOT.ports << 2) === ports &&
        load<i32>(run, HOT.meta << 2) === meta &&
        ((meta & META.ipv6) === 0 || sameWide(run, wide))
      ) {
        return run;
      }
    }
    place = (place + 1) & mask;
    entry = load<i32>(MEMORY.places + ((<usize>place) << 2));
  }
  return 0;
}

export function sameWide(run: usize, wide: usize): bool {
  const differs =
    (load<i64>(run, (HOT_WORDS + COLD.wide) << 2) ^ load<i64>(wide, 0)) |
    (load<i64>(run, ((HOT_WORDS + COLD.wide) << 2) + 8) ^ load<i64>(wide, 8)) |
    (load<i64>(run, ((HOT_WORDS + COLD.wide) << 2) + 16) ^ load<i64>(wide, 16)) |
    (load<i64>(run, ((HOT_WORDS + COLD.wide) << 2) + 24) ^ load<i64>(wide, 24));
  return differs === 0;
}

/** A new record with its key, to be filled by the caller; there must be room. */
export function insert(hash: i32, a: i32, b: i32, ports: i32, meta: i32, wide: usize): usize {
  const run = allocate();
  store<i32>(run, a, HOT.k0 << 2);
  store<i32>(run, b, HOT.k1 << 2);
  store<i32>(run, ports, HOT.ports << 2);
  store<i32>(run, meta, HOT.meta << 2);
  store<i32>(run, hash, HOT.hash << 2);
  const own = run + ((HOT_WORDS + COLD.wide) << 2);
  // What is not the run's own is no part of it: whoever used the place before may have left something there.
  const isWide = (meta & META.ipv6) !== 0;
  store<i64>(own, isWide ? load<i64>(wide) : 0);
  store<i64>(own, isWide ? load<i64>(wide, 8) : 0, 8);
  store<i64>(own, isWide ? load<i64>(wide, 16) : 0, 16);
  store<i64>(own, isWide ? load<i64>(wide, 24) : 0, 24);
  enter(hash, run);
  return run;
}

function allocate(): usize {
  let run = freeHead;
  if (run !== 0) freeHead = load<u32>(run);
  else {
    run = end;
    end += RUN_BYTES;
  }
  live++;
  return run;
}

function enter(hash: i32, run: usize): void {
  let place = hash & mask;
  while (load<i32>(MEMORY.places + ((<usize>place) << 2)) !== 0) place = (place + 1) & mask;
  store<i32>(MEMORY.places + ((<usize>place) << 2), entryOf(hash, run));
}

/** Takes over `count` records that stand in place, and makes room in the index for `most`. */
export function takeOver(count: i32, most: i32): void {
  end = NOBODY + (<usize>count + 1) * RUN_BYTES;
  freeHead = 0;
  live = count;
  let places = LEAST_PLACES;
  while (places < 2 * most && places < MOST_PLACES) places *= 2;
  reindex(places - 1);
}

/** A copy of a run that stands elsewhere; there must be room. */
export function copyIn(from: usize): void {
  const hash = load<i32>(from, HOT.hash << 2);
  const run = allocate();
  for (let at: usize = 0; at < RUN_BYTES; at += 8) store<i64>(run + at, load<i64>(from + at));
  enter(hash, run);
}

/** Takes a run out of the index, closing the gap that it leaves in its probe sequence. */
export function remove(run: usize): void {
  const hash = load<i32>(run, HOT.hash << 2);
  const own = entryOf(hash, run);
  let place = hash & mask;
  while (load<i32>(MEMORY.places + ((<usize>place) << 2)) !== own) place = (place + 1) & mask;
  let next = (place + 1) & mask;
  for (;;) {
    const entry = load<i32>(MEMORY.places + ((<usize>next) << 2));
    if (entry === 0) break;
    const home = load<i32>(runAt(entry), HOT.hash << 2) & mask;
    if (((next - home) & mask) >= ((next - place) & mask)) {
      store<i32>(MEMORY.places + ((<usize>place) << 2), entry);
      place = next;
    }
    next = (next + 1) & mask;
  }
  store<i32>(MEMORY.places + ((<usize>place) << 2), 0);
  clear(run);
  store<u32>(run, <u32>freeHead);
  freeHead = run;
  live--;
}

function clear(run: usize): void {
  store<i32>(run, GONE, HOT.meta << 2);
  store<i32>(run, 0, HOT.state << 2);
  // So that nobody takes it for silent.
  store<f64>(run, Infinity, HOT.lastLow64 << 3);
}

function reindex(newMask: i32): void {
  mask = newMask;
  memory.fill(MEMORY.places, 0, (<usize>mask + 1) << 2);
  for (let run = NOBODY + RUN_BYTES; run < end; run += RUN_BYTES) {
    if (load<i32>(run, HOT.meta << 2) === GONE) continue;
    enter(load<i32>(run, HOT.hash << 2), run);
  }
}
