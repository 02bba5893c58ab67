// Where the entries that are alive are kept: typed arrays in pages, found by both tuples, chained by hash.

import type { Entry, Tuple } from '../decode/conntrack-entry.js';

/** Words of a slot. What comes before `next` is the key. */
export const W = {
  /** Protocol (0–7), family 6 (8), what the tuples hold beside addresses: original (9–10), reply (11–12). */
  meta: 0,
  zone: 1,
  /** Zone of the original direction in the high half, of the reply in the low one. */
  zones: 2,
  /** Four words each: original source and destination, reply source and destination. */
  addresses: 3,
  /** Two each: ports, ICMP identifier and type with code, GRE keys. */
  original: 19,
  reply: 21,
  next: 23,
  hash: 24,
  id: 25,
  mark: 26,
  state: 27,
  /** Seconds that the last NEW or UPDATE gave the entry, -1 unknown. */
  timeout: 28,
  /** 0 in a free slot. */
  flags: 29,
  /** Number of the list that showed it last. */
  dump: 30,
} as const;
const WORDS = 31;
const KEY_WORDS = W.next;

/** Float64 of a slot; NaN where unknown. */
export const F = {
  start: 0,
  last: 1,
  age: 2,
  /** The first event that shows an answer. */
  answer: 3,
  packetsUp: 4,
  packetsDown: 5,
  bytesUp: 6,
  bytesDown: 7,
} as const;
const FLOATS = 8;

/** What a tuple holds beside its addresses; two bits each in `meta`. */
export const BESIDE = { nothing: 0, ports: 1, icmp: 2, keys: 3, shiftOriginal: 9, shiftReply: 11 } as const;
const IPV6 = 0x100;
const FAMILY_AND_PROTOCOL = 0x1ff;
/** ICMP and ICMPv6. */
export const ICMP: readonly number[] = [1, 58];

const PAGE_SHIFT = 12;
const PAGE_SLOTS = 1 << PAGE_SHIFT;
const NONE = -1;

export interface Page {
  words: Int32Array;
  floats: Float64Array;
}

/** A pool of slots with its index. A slot's words and floats stand in `pages[slot >> 12]` at `wordAt`, `floatAt`. */
export class Slots {
  live = 0;
  /** Slots ever used, which are those from 0 on. */
  used = 0;
  readonly key = new Int32Array(KEY_WORDS);
  hash = 0;
  private readonly pages: Page[] = [];
  private readonly free: number[] = [];
  private heads = new Int32Array(1024).fill(NONE);

  page(slot: number): Page {
    return this.pages[slot >> PAGE_SHIFT] as Page;
  }

  wordAt(slot: number): number {
    return (slot & (PAGE_SLOTS - 1)) * WORDS;
  }

  floatAt(slot: number): number {
    return (slot & (PAGE_SLOTS - 1)) * FLOATS;
  }

  /** Makes the key of an entry the one that is looked for. */
  load(entry: Entry): void {
    const { key } = this;
    const original = besideOf(entry.original);
    const reply = besideOf(entry.reply);
    const family = entry.family === 6 ? IPV6 : 0;
    key[W.meta] = entry.protocol | family | (original << BESIDE.shiftOriginal) | (reply << BESIDE.shiftReply);
    key[W.zone] = entry.zone;
    key[W.zones] = (entry.zoneOriginal << 16) | entry.zoneReply;
    key.set(entry.original.src, W.addresses);
    key.set(entry.original.dst, W.addresses + 4);
    key.set(entry.reply.src, W.addresses + 8);
    key.set(entry.reply.dst, W.addresses + 12);
    writeBeside(entry.original, original, key, W.original);
    writeBeside(entry.reply, reply, key, W.reply);
    this.hash = hashOf(key, 0, KEY_WORDS);
  }

  /** The first slot with the loaded key from `slot` (or, without one, the chain's head) on; -1 at the end. */
  find(slot = this.heads[this.hash & (this.heads.length - 1)]): number {
    for (let at = slot; at !== NONE; at = this.next(at)) if (this.matches(at)) return at;
    return NONE;
  }

  next(slot: number): number {
    return this.page(slot).words[this.wordAt(slot) + W.next];
  }

  /** A new slot with the loaded key; everything else in it is undefined. */
  add(): number {
    if (this.live * 2 > this.heads.length) this.rehash();
    const slot = this.free.pop() ?? this.used++;
    if (slot >> PAGE_SHIFT === this.pages.length) {
      this.pages.push({
        words: new Int32Array(PAGE_SLOTS * WORDS),
        floats: new Float64Array(PAGE_SLOTS * FLOATS),
      });
    }
    const { words } = this.page(slot);
    const at = this.wordAt(slot);
    const bucket = this.hash & (this.heads.length - 1);
    words.set(this.key, at);
    words[at + W.hash] = this.hash;
    words[at + W.next] = this.heads[bucket];
    this.heads[bucket] = slot;
    this.live++;
    return slot;
  }

  remove(slot: number): void {
    const { words } = this.page(slot);
    const at = this.wordAt(slot);
    const bucket = words[at + W.hash] & (this.heads.length - 1);
    if (this.heads[bucket] === slot) this.heads[bucket] = words[at + W.next];
    else {
      let before = this.heads[bucket];
      while (this.next(before) !== slot) before = this.next(before);
      this.page(before).words[this.wordAt(before) + W.next] = words[at + W.next];
    }
    // No flags: free.
    words[at + W.flags] = 0;
    this.free.push(slot);
    this.live--;
  }

  /** Gives up the slot's page, if it is the page's last one. Nothing of it may be asked for any more. */
  release(slot: number): void {
    if ((slot & (PAGE_SLOTS - 1)) === PAGE_SLOTS - 1) delete this.pages[slot >> PAGE_SHIFT];
  }

  /** Whether the slot has the loaded key, as far as both tell: XML has nothing beside the addresses of ICMP. */
  resembles(slot: number): boolean {
    const { words } = this.page(slot);
    const at = this.wordAt(slot);
    const { key } = this;
    if (((words[at] ^ key[0]) & FAMILY_AND_PROTOCOL) !== 0) return false;
    if (words[at] !== (words[at] & FAMILY_AND_PROTOCOL) && key[0] !== (key[0] & FAMILY_AND_PROTOCOL)) return false;
    for (let i = 1; i < W.original; i++) if (words[at + i] !== key[i]) return false;
    return true;
  }

  private matches(slot: number): boolean {
    const { words } = this.page(slot);
    const at = this.wordAt(slot);
    if (words[at + W.hash] !== this.hash) return false;
    const { key } = this;
    for (let i = 0; i < KEY_WORDS; i++) if (words[at + i] !== key[i]) return false;
    return true;
  }

  private rehash(): void {
    this.heads = new Int32Array(this.heads.length * 2).fill(NONE);
    const vacant = new Set(this.free);
    for (let slot = 0; slot < this.used; slot++) {
      if (vacant.has(slot)) continue;
      const { words } = this.page(slot);
      const at = this.wordAt(slot);
      const bucket = words[at + W.hash] & (this.heads.length - 1);
      words[at + W.next] = this.heads[bucket];
      this.heads[bucket] = slot;
    }
  }
}

/** The hash of a key as far as every dump tells it: XML has nothing beside the addresses of ICMP. */
export function commonHash(words: Int32Array, at: number): number {
  return hashOf(words, at, ICMP.includes(words[at] & 0xff) ? W.original : KEY_WORDS);
}

function hashOf(words: Int32Array, at: number, end: number): number {
  let hash = (words[at] & FAMILY_AND_PROTOCOL) ^ Math.imul(words[at + W.zone] ^ words[at + W.zones], 0x9e3779b1);
  for (let i = W.addresses; i < end; i++) {
    hash = Math.imul(hash ^ words[at + i], 0x85ebca6b);
    hash ^= hash >>> 15;
  }
  return hash;
}

function besideOf(tuple: Tuple): number {
  if (tuple.sport !== null) return BESIDE.ports;
  if (tuple.icmpId !== null) return BESIDE.icmp;
  return tuple.srcKey !== null ? BESIDE.keys : BESIDE.nothing;
}

function writeBeside(tuple: Tuple, beside: number, key: Int32Array, at: number): void {
  key[at] = (beside === BESIDE.ports ? tuple.sport : beside === BESIDE.icmp ? tuple.icmpId : tuple.srcKey) ?? 0;
  const typeAndCode = ((tuple.icmpType ?? 0) << 8) | (tuple.icmpCode ?? 0);
  key[at + 1] = beside === BESIDE.icmp ? typeAndCode : ((beside === BESIDE.ports ? tuple.dport : tuple.dstKey) ?? 0);
}
