// Addresses as small dense numbers: an open-addressing table over four words each.

/** Room that is not used costs nothing. */
const LEAST_CAPACITY = 2 ** 14;

export class AddressBook {
  count = 0;
  private capacity = 0;
  /** Four words an address, IPv4 in the last with `0 0 ffff` ahead of it, so that families never meet. */
  private words: Int32Array = new Int32Array(0);
  /** Made when the first address is looked for: many a list is read only by its numbers. */
  private index = new Int32Array(0);

  /** The address's number; new ones get the next. */
  idOf(family: 4 | 6, words: ArrayLike<number>): number {
    if (family === 4) return this.numberOf(-1, 0, 0xffff, words[3] | 0);
    return this.numberOf(words[0] | 0, words[1] | 0, words[2] | 0, words[3] | 0);
  }

  /** By words as `toWords` has them. */
  numberOf(w0: number, w1: number, w2: number, w3: number): number {
    if (this.index.length === 0) this.grow();
    const { words, index } = this;
    const mask = index.length - 1;
    let slot = hashAddress(w0, w1, w2, w3) & mask;
    for (;;) {
      const id = index[slot] - 1;
      if (id < 0) break;
      const at = id * 4;
      if (words[at + 3] === w3 && words[at] === w0 && words[at + 1] === w1 && words[at + 2] === w2) return id;
      slot = (slot + 1) & mask;
    }
    if (this.count === this.capacity) {
      this.grow();
      return this.numberOf(w0, w1, w2, w3);
    }
    const id = this.count++;
    const at = id * 4;
    words[at] = w0;
    words[at + 1] = w1;
    words[at + 2] = w2;
    words[at + 3] = w3;
    index[slot] = id + 1;
    return id;
  }

  family(id: number): 4 | 6 {
    const at = id * 4;
    return this.words[at] === -1 && this.words[at + 1] === 0 && this.words[at + 2] === 0xffff ? 4 : 6;
  }

  /** Four words, IPv4 in the last and zeros ahead. */
  wordsOf(id: number): [number, number, number, number] {
    const at = id * 4;
    const w3 = this.words[at + 3] >>> 0;
    if (this.family(id) === 4) return [0, 0, 0, w3];
    return [this.words[at] >>> 0, this.words[at + 1] >>> 0, this.words[at + 2] >>> 0, w3];
  }

  /** Four words an address, in the order of their numbers: what `of` takes. */
  toWords(): Int32Array {
    return this.words.slice(0, this.count * 4);
  }

  /** Takes over a list as `toWords` gave it, where each address stands once. */
  static of(words: Int32Array): AddressBook {
    const book = new AddressBook();
    book.words = words;
    book.count = book.capacity = words.length / 4;
    return book;
  }

  /** Whether each address stands once in a list of whole addresses. */
  static areDistinct(words: Int32Array): boolean {
    const book = new AddressBook();
    for (let at = 0; at < words.length; at += 4) {
      if (book.numberOf(words[at], words[at + 1], words[at + 2], words[at + 3]) !== at / 4) return false;
    }
    return true;
  }

  private grow(): void {
    this.capacity = LEAST_CAPACITY;
    while (this.capacity <= this.count) this.capacity *= 2;
    const words = new Int32Array(this.capacity * 4);
    words.set(this.words);
    this.words = words;
    this.index = new Int32Array(this.capacity * 4);
    const mask = this.index.length - 1;
    for (let id = 0; id < this.count; id++) {
      const at = id * 4;
      let slot = hashAddress(words[at], words[at + 1], words[at + 2], words[at + 3]) & mask;
      while (this.index[slot] !== 0) slot = (slot + 1) & mask;
      this.index[slot] = id + 1;
    }
  }
}

/** 32 bits of four words; also the base of the ledger's thinning, so it depends on nothing else. */
export function hashAddress(w0: number, w1: number, w2: number, w3: number): number {
  let h = Math.imul(w0, 0x9e3779b1) ^ w1;
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b) ^ w2;
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35) ^ w3;
  h = Math.imul(h ^ (h >>> 16), 0x27d4eb2f);
  return h ^ (h >>> 15);
}
