// The records of live runs and the index by which they are found: an open-addressing table over typed arrays.
//
// A run is a hot record (one cache line, touched by every packet), a cold one (another) and, for IPv6 alone, its
// addresses. Record 0 is nobody's, so that 0 can stand for "none" and be read without harm.

import { META } from '../decode/batch.js';
import { EXIT, UserError } from '../util/error.js';
import { COLD_STRIDE, HOT, HOT_SHIFT, HOT_WORDS, SEGMENTS_WORDS, WIDE_WORDS } from './layout.js';
import type { RunParts } from './runs.js';

/** An index entry is a record's number in the low bits and bits of the hash above; 0 is an empty place. */
export const NUMBER_BITS = 24;
export const NUMBER_MASK = (1 << NUMBER_BITS) - 1;
/** What stands in HOT.meta of a record that is not in use. */
export const FREE = -1;

/** Records there is room for at first, at least and at most; growing copies, but room that is not used costs nothing. */
const LEAST_RECORDS = 4096;
const FIRST_RECORDS = 2 ** 20;
export const MOST_RECORDS = 2 ** 23;
/** Bytes of a capture in which no more than one new flow is expected. */
const BYTES_A_FLOW = 1024;
const GROWTH = 4;
/** From the beginning of a large block to the next cache line. */
const ALIGN_BYTES = 48;
export const TOO_MANY =
  'more than 8 million flows at once: analyse shorter captures, or part of the traffic (--client, --server)';

export class RunStore implements RunParts {
  hot: Int32Array;
  hotFloats: Float64Array;
  cold: Int32Array;
  coldFloats: Float64Array;
  slots: Int32Array;
  mask: number;
  /** Records below this one have been in use. */
  used = 1;
  wide: Int32Array;
  /** SEGMENTS of each record; of TCP alone. */
  segments: Int32Array;
  private capacity = LEAST_RECORDS;
  private live = 0;
  private freeHead = 0;

  /** `inputBytes` says how long the input is, 0 where that is not known. */
  constructor(inputBytes: number) {
    while (this.capacity < FIRST_RECORDS && this.capacity * BYTES_A_FLOW < inputBytes) this.capacity *= 2;
    this.hot = alignedWords(this.capacity * HOT_WORDS);
    this.hotFloats = floatsOver(this.hot);
    this.cold = alignedWords(this.capacity * COLD_STRIDE);
    this.coldFloats = floatsOver(this.cold);
    this.wide = new Int32Array(this.capacity * WIDE_WORDS);
    this.segments = new Int32Array(this.capacity * SEGMENTS_WORDS);
    this.slots = new Int32Array(LEAST_RECORDS * 2);
    this.mask = this.slots.length - 1;
    this.dropAll();
  }

  /** The record with this key, 0 for none. `wide` holds the addresses of IPv6 from `wideAt`. */
  find(hash: number, a: number, b: number, p: number, meta: number, wide: Int32Array, wideAt: number): number {
    const { slots, mask, hot } = this;
    let slot = hash & mask;
    for (;;) {
      const entry = slots[slot];
      if (entry === 0) return 0;
      if ((entry ^ hash) >>> NUMBER_BITS === 0) {
        const record = entry & NUMBER_MASK;
        const at = record << HOT_SHIFT;
        if (
          hot[at + HOT.k0] === a &&
          hot[at + HOT.k1] === b &&
          hot[at + HOT.ports] === p &&
          hot[at + HOT.meta] === meta &&
          ((meta & META.ipv6) === 0 || this.sameWide(record, wide, wideAt))
        ) {
          return record;
        }
      }
      slot = (slot + 1) & mask;
    }
  }

  sameWide(record: number, wide: Int32Array, wideAt: number): boolean {
    const own = this.wide;
    const at = record * WIDE_WORDS;
    for (let i = 0; i < WIDE_WORDS; i++) if (own[at + i] !== wide[wideAt + i]) return false;
    return true;
  }

  /** A new record with its key, to be filled by the caller; there must be room. */
  insert(hash: number, a: number, b: number, p: number, meta: number, wide: Int32Array, wideAt: number): number {
    const { hot } = this;
    let record = this.freeHead;
    if (record !== 0) this.freeHead = hot[record << HOT_SHIFT];
    else record = this.used++;
    this.live++;
    const at = record << HOT_SHIFT;
    hot[at + HOT.k0] = a;
    hot[at + HOT.k1] = b;
    hot[at + HOT.ports] = p;
    hot[at + HOT.meta] = meta;
    hot[at + HOT.hash] = hash;
    if ((meta & META.ipv6) !== 0) {
      for (let i = 0; i < WIDE_WORDS; i++) this.wide[record * WIDE_WORDS + i] = wide[wideAt + i];
    }
    const { slots, mask } = this;
    let slot = hash & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = entryOf(hash, record);
    return record;
  }

  /** Takes a record out of the index, closing the gap that it leaves in its probe sequence. */
  remove(record: number): void {
    const { slots, mask, hot } = this;
    let slot = hot[(record << HOT_SHIFT) + HOT.hash] & mask;
    while ((slots[slot] & NUMBER_MASK) !== record) slot = (slot + 1) & mask;
    let next = (slot + 1) & mask;
    while (slots[next] !== 0) {
      const home = hot[(slots[next] & NUMBER_MASK) * HOT_WORDS + HOT.hash] & mask;
      if (((next - home) & mask) >= ((next - slot) & mask)) {
        slots[slot] = slots[next];
        slot = next;
      }
      next = (next + 1) & mask;
    }
    slots[slot] = 0;
    this.clear(record);
    hot[record << HOT_SHIFT] = this.freeHead;
    this.freeHead = record;
    this.live--;
  }

  /** Its memory, to be given back at once: nothing of it may be used afterwards. */
  release(): ArrayBuffer[] {
    return [this.hot, this.cold, this.wide, this.segments, this.slots].map(({ buffer }) => buffer as ArrayBuffer);
  }

  /** Forgets all records. */
  dropAll(): void {
    for (let record = 0; record < this.used; record++) this.clear(record);
    this.slots.fill(0);
    this.used = 1;
    this.freeHead = 0;
    this.live = 0;
  }

  /** Makes sure that so many more records fit. */
  reserve(more: number): void {
    if (this.live + more >= this.capacity) this.grow();
    if ((this.live + more) * 2 > this.slots.length) this.reindex(this.slots.length * 2);
  }

  private clear(record: number): void {
    const at = record << HOT_SHIFT;
    this.hot[at + HOT.meta] = FREE;
    this.hot[at + HOT.state] = 0;
    // So that nobody takes it for silent.
    this.hotFloats[(at >> 1) + HOT.lastLow64] = Number.POSITIVE_INFINITY;
  }

  private grow(): void {
    if (this.capacity >= MOST_RECORDS) throw new UserError(TOO_MANY, EXIT.unreadable);
    const capacity = Math.min(this.capacity * GROWTH, MOST_RECORDS);
    const { used } = this;
    const hot = alignedWords(capacity * HOT_WORDS);
    hot.set(this.hot.subarray(0, used * HOT_WORDS));
    this.hot = hot;
    this.hotFloats = floatsOver(hot);
    const cold = alignedWords(capacity * COLD_STRIDE);
    cold.set(this.cold.subarray(0, used * COLD_STRIDE));
    this.cold = cold;
    this.coldFloats = floatsOver(cold);
    const wide = new Int32Array(capacity * WIDE_WORDS);
    wide.set(this.wide.subarray(0, used * WIDE_WORDS));
    this.wide = wide;
    const segments = new Int32Array(capacity * SEGMENTS_WORDS);
    segments.set(this.segments.subarray(0, used * SEGMENTS_WORDS));
    this.segments = segments;
    this.capacity = capacity;
  }

  private reindex(size: number): void {
    const { hot, used } = this;
    const slots = new Int32Array(size);
    const mask = size - 1;
    for (let record = 1; record < used; record++) {
      const at = record << HOT_SHIFT;
      if (hot[at + HOT.meta] === FREE) continue;
      const hash = hot[at + HOT.hash];
      let slot = hash & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = entryOf(hash, record);
    }
    this.slots = slots;
    this.mask = mask;
  }
}

export function entryOf(hash: number, record: number): number {
  return (hash & ~NUMBER_MASK) | record;
}

/** Mixes a key to 32 bits (the finaliser of MurmurHash3). */
export function hashKey(a: number, b: number, ports: number, meta: number, seed: number): number {
  let h = Math.imul(a ^ seed, 0x85ebca6b) ^ b;
  h = Math.imul(h ^ (h >>> 15), 0xc2b2ae35) ^ ports;
  h = Math.imul(h ^ (h >>> 13), 0x85ebca6b) ^ meta;
  h = Math.imul(h ^ (h >>> 16), 0xc2b2ae35);
  return h ^ (h >>> 15);
}

/**
 * Words that begin at a cache line, so that a record is one line and not two: large blocks of the C library begin
 * 16 bytes behind one. Where that is not so, nothing but time is lost.
 */
function alignedWords(count: number): Int32Array {
  return new Int32Array(new ArrayBuffer(count * 4 + ALIGN_BYTES), ALIGN_BYTES, count);
}

function floatsOver(words: Int32Array): Float64Array {
  return new Float64Array(words.buffer, words.byteOffset, words.length / 2);
}
