// Which of many things have the same key: an open-addressing table over typed arrays, since a string a key and an array a
// bucket are several times the things themselves.

/** Keys of things that are known by a number. */
export interface Keys {
  /** Equal for equal keys; mixed, for its low bits are used. */
  hash(n: number): number;
  same(a: number, b: number): boolean;
}

const LEAST_SLOTS = 16;

/** Things 0 to `count` - 1 by key. */
export class Buckets {
  /** Buckets, in the order of their first members. */
  readonly count: number;
  /** Bucket n holds `members[begins[n]]` to `members[begins[n + 1] - 1]`. */
  readonly begins: Int32Array;
  /** Numbers of the things, rising within a bucket. */
  readonly members: Int32Array;
  /** A bucket's number + 1; 0 is an empty place. */
  private readonly slots: Int32Array;
  /** By bucket. */
  private readonly hashes: Int32Array;
  private readonly firsts: Int32Array;

  constructor(count: number, keys: Keys) {
    let size = LEAST_SLOTS;
    while (size < count * 2) size *= 2;
    this.slots = new Int32Array(size);
    this.hashes = new Int32Array(count);
    this.firsts = new Int32Array(count);
    const bucketOf = new Int32Array(count);
    let buckets = 0;
    for (let n = 0; n < count; n++) {
      const hash = keys.hash(n);
      const slot = this.slotOf(hash, (first) => keys.same(first, n));
      if (this.slots[slot] === 0) {
        this.hashes[buckets] = hash;
        this.firsts[buckets] = n;
        this.slots[slot] = ++buckets;
      }
      bucketOf[n] = this.slots[slot] - 1;
    }
    this.count = buckets;
    this.begins = new Int32Array(buckets + 1);
    this.members = new Int32Array(count);
    // Counting sort: sizes become bounds, and each bucket is filled from its end.
    for (let n = 0; n < count; n++) this.begins[bucketOf[n]]++;
    for (let bucket = 0, sum = 0; bucket <= buckets; bucket++) this.begins[bucket] = sum += this.begins[bucket];
    for (let n = count - 1; n >= 0; n--) this.members[--this.begins[bucketOf[n]]] = n;
  }

  /** The bucket with this hash whose first member `isIt` accepts, -1 for none. */
  find(hash: number, isIt: (first: number) => boolean): number {
    return this.slots[this.slotOf(hash, isIt)] - 1;
  }

  private slotOf(hash: number, isIt: (first: number) => boolean): number {
    const { slots, hashes, firsts } = this;
    const mask = slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const bucket = slots[slot] - 1;
      if (bucket < 0 || (hashes[bucket] === hash && isIt(firsts[bucket]))) return slot;
      slot = (slot + 1) & mask;
    }
  }
}
