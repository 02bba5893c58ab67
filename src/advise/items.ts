// Decision keys become the items of a replay: the heaviest one by one, the rest in groups, each with its bytes by bin.

import { NONE } from '../flows/layout.js';
import type { Decisions } from '../measure/decisions.js';
import { numberKeys } from '../measure/keys.js';
import { hashAddress } from '../tally/addresses.js';
import type { Ledger } from '../tally/ledger.js';
import type { Axis, Carried } from './axis.js';
import type { Bend, Bends } from './burst.js';
import { exact, linkOf, spreadFlow } from './spread.js';

/** Keys that are replayed singly, and the groups that the others share. */
export const SINGLES = 4096;
export const GROUPS = 4096;

/** What each item moves: entries `start[i]` to `start[i + 1]` are its bins with their bytes. */
export interface Items {
  count: number;
  /** 32 bits that belong to the item whatever the order of the ledger: its draws are made of them. */
  hash: Uint32Array;
  start: Int32Array;
  bin: Int32Array;
  up: Float64Array;
  down: Float64Array;
  keys: { all: number; single: number; groups: number };
}

/** Rows that a new decision would move, and which of them are one decision. */
export interface Movable {
  rows: Int32Array;
  /** By place in `rows`: the number of its key. */
  keyOf: Int32Array;
  keys: number;
  /** By key: one of its rows. */
  row: Int32Array;
  /** Whether ports are part of the key. */
  fine: boolean;
}

/**
 * The flows of the balance by decision. Where clients can't be seen but the router is known to hash five-tuples, each
 * connection is one; NAT changes neither its server nor that it is a connection of its own.
 */
export function movableOf(
  ledger: Ledger,
  { rows, keys, key, clientsVisible }: Decisions,
  hashPolicy: number | null,
): Movable {
  const isFine = key === 'five-tuple';
  if (clientsVisible || isFine || hashPolicy !== 1) {
    return { rows, keyOf: keys.keyOf, keys: keys.count, row: keys.first, fine: isFine };
  }
  const numbering = numberKeys(ledger, rows, { ipv4: 'five-tuple', ipv6: 'five-tuple' });
  return { rows, keyOf: numbering.keyOf, keys: numbering.count, row: numbering.row, fine: true };
}

/**
 * The bytes of `movable` by item and bin. What they carried is taken off `left`, by uplink: what remains there stays
 * where it is, whatever is decided.
 */
export function itemsOf(
  ledger: Ledger,
  movable: Movable,
  axis: Axis,
  bends: Bends,
  left: { up: Float64Array[]; down: Float64Array[] },
): Items {
  const { rows, keyOf } = movable;
  const hashes = hashKeys(ledger, movable);
  const { itemOf, count, hash, keys } = assign(ledger, movable, hashes);

  // Rows side by side that belong to one item.
  const from = new Int32Array(count + 1);
  for (let i = 0; i < rows.length; i++) from[itemOf[keyOf[i]] + 1]++;
  for (let item = 0; item < count; item++) from[item + 1] += from[item];
  const order = new Int32Array(rows.length);
  const next = from.slice(0, count);
  for (let i = 0; i < rows.length; i++) order[next[itemOf[keyOf[i]]]++] = rows[i];

  const entries = new Entries(rows.length + count);
  const start = new Int32Array(count + 1);
  const ups = new Float64Array(axis.bins);
  const downs = new Float64Array(axis.bins);
  const isTouched = new Uint8Array(axis.bins);
  const touched = new Int32Array(axis.bins);
  for (let item = 0; item < count; item++) {
    let found = 0;
    for (let i = from[item]; i < from[item + 1]; i++) {
      const row = order[i];
      const link = linkOf(ledger, row);
      const [bendUp, bendDown] = [bends.up[link], bends.down[link]];
      const [leftUp, leftDown] = [left.up[link], left.down[link]];
      spreadFlow(ledger, row, axis, (place, up, down) => {
        if (isTouched[place] === 0) {
          isTouched[place] = 1;
          touched[found++] = place;
        }
        const upHere = bytesIn(bendUp, place, up, row);
        const downHere = bytesIn(bendDown, place, down, row);
        ups[place] += upHere;
        downs[place] += downHere;
        leftUp[place] -= upHere;
        leftDown[place] -= downHere;
      });
    }
    for (let i = 0; i < found; i++) {
      const place = touched[i];
      entries.add(place, ups[place], downs[place]);
      ups[place] = downs[place] = isTouched[place] = 0;
    }
    start[item + 1] = entries.count;
  }
  for (const bins of [...left.up, ...left.down]) {
    // Rounding may leave a hair below nothing.
    for (let bin = 0; bin < bins.length; bin++) if (bins[bin] < 1) bins[bin] = 0;
  }
  return { count, hash, start, ...entries.finish(), keys };
}

/** What every uplink carried by bin: by its link, else (no bins) by its flows. A copy to take away from. */
export function carriedBytes(
  ledger: Ledger,
  { carried, bends }: { carried: Carried; bends: Bends },
): { up: Float64Array[]; down: Float64Array[] } {
  const copy = (rows: readonly Float64Array[]) => rows.map((row) => row.slice());
  const up = copy(carried.up);
  const down = copy(carried.down);
  if (bends.bent) return { up, down };
  for (const bins of [...up, ...down]) bins.fill(0);
  for (let row = 0; row < ledger.count; row++) {
    const link = linkOf(ledger, row);
    spreadFlow(ledger, row, carried.axis, (place, ups, downs) => {
      up[link][place] += bytesIn(bends.up[link], place, ups, row);
      down[link][place] += bytesIn(bends.down[link], place, downs, row);
    });
  }
  return { up, down };
}

/** What an even part of a flow stands for. */
function bytesIn({ factor, rest, row }: Bend, place: number, bytes: number, own: number): number {
  return exact(bytes * factor[place]) + (row[place] === own ? exact(rest[place]) : 0);
}

/** Which item a key belongs to: its own for the heaviest, else that of its group. Ties of weight go by hash. */
function assign(ledger: Ledger, { rows, keyOf, keys }: Movable, hashes: Uint32Array) {
  const bytes = new Float64Array(keys);
  for (let i = 0; i < rows.length; i++) bytes[keyOf[i]] += ledger.ipUp[rows[i]] + ledger.ipDown[rows[i]];
  const itemOf = new Int32Array(keys).fill(-1);
  const hash = new Uint32Array(SINGLES + GROUPS);
  let count = 0;
  const single = (key: number) => {
    hash[count] = hashes[key];
    itemOf[key] = count++;
  };
  if (keys <= SINGLES) {
    for (let key = 0; key < keys; key++) single(key);
    return { itemOf, count, hash: hash.slice(0, count), keys: { all: keys, single: count, groups: 0 } };
  }
  const least = bytes.slice().sort()[keys - SINGLES];
  const tied: number[] = [];
  for (let key = 0; key < keys; key++) {
    if (bytes[key] > least) single(key);
    else if (bytes[key] === least) tied.push(hashes[key]);
  }
  const border = Uint32Array.from(tied).sort()[SINGLES - count - 1] ?? 0;
  for (let key = 0; key < keys && count < SINGLES; key++) {
    if (bytes[key] === least && hashes[key] <= border) single(key);
  }
  const singles = count;
  const groupItem = new Int32Array(GROUPS).fill(-1);
  for (let key = 0; key < keys; key++) {
    if (itemOf[key] >= 0) continue;
    const group = hashes[key] % GROUPS;
    if (groupItem[group] < 0) {
      hash[count] = Math.imul(group + 1, 0x9e3779b1) >>> 0;
      groupItem[group] = count++;
    }
    itemOf[key] = groupItem[group];
  }
  const groups = count - singles;
  return { itemOf, count, hash: hash.slice(0, count), keys: { all: keys, single: singles, groups } };
}

/** By key: of its addresses, and of its ports where they belong to it. */
function hashKeys({ addresses, client, server, ports, protocol }: Ledger, { keys, row, fine }: Movable): Uint32Array {
  const hashes = new Uint32Array(keys);
  for (let key = 0; key < keys; key++) {
    const at = row[key];
    const [a, b, c, d] = addresses.wordsOf(server[at]);
    let hash = hashAddress(a, b, c, d);
    if (client[at] !== NONE) {
      const [e, f, g, h] = addresses.wordsOf(client[at]);
      hash = hashAddress(hash ^ e, f, g, h ^ 0x5bd1e995);
    }
    if (fine) hash = hashAddress(hash, ports[at], protocol[at], 0);
    hashes[key] = hash;
  }
  return hashes;
}

class Entries {
  count = 0;
  private bin: Int32Array;
  private up: Float64Array;
  private down: Float64Array;

  constructor(room: number) {
    this.bin = new Int32Array(room);
    this.up = new Float64Array(room);
    this.down = new Float64Array(room);
  }

  add(bin: number, up: number, down: number): void {
    if (this.count === this.bin.length) this.grow();
    this.bin[this.count] = bin;
    this.up[this.count] = up;
    this.down[this.count++] = down;
  }

  finish() {
    const { bin, up, down, count } = this;
    return { bin: bin.subarray(0, count), up: up.subarray(0, count), down: down.subarray(0, count) };
  }

  private grow(): void {
    const size = Math.max(1024, this.bin.length * 2);
    const { bin, up, down } = this;
    this.bin = new Int32Array(size);
    this.up = new Float64Array(size);
    this.down = new Float64Array(size);
    this.bin.set(bin);
    this.up.set(up);
    this.down.set(down);
  }
}
