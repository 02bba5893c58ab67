// Blocks of a file in memory that threads share: whichever of them has time reads the next one.

import { readSync } from 'node:fs';

/** A ring, as it travels between threads. */
export interface RingSpec {
  /** Open in all threads of the process. */
  fd: number;
  /** The file's bytes from `start` to `end`, in blocks of `blockBytes` (the last one may be shorter). */
  start: number;
  end: number;
  blockBytes: number;
  /** Blocks that there is room for, one after the other from `at` on. */
  places: number;
  memory: SharedArrayBuffer;
  at: number;
  /** `Ring.stateFor`. */
  state: SharedArrayBuffer;
}

/**
 * Words of the state: the next block that nobody reads yet, the first one that is still needed; then for each place one more
 * than the number of the block that was read there last, negative where it could not be had, 0 before the first.
 */
const NEXT = 0;
const NEEDED = 1;
const PLACES = 2;
/** Beyond all blocks. */
const CLOSED = 0x7fffffff;

export class Ring {
  /** How many blocks there are. */
  readonly blocks: number;
  private readonly state: Int32Array;

  constructor(private readonly spec: RingSpec) {
    this.blocks = Math.ceil((spec.end - spec.start) / spec.blockBytes);
    this.state = new Int32Array(spec.state);
  }

  static stateFor(places: number): SharedArrayBuffer {
    return new SharedArrayBuffer((PLACES + places) * Int32Array.BYTES_PER_ELEMENT);
  }

  /** Nothing is left to be read. */
  get isClosed(): boolean {
    return Atomics.load(this.state, NEXT) >= this.blocks;
  }

  bytesOf(block: number): number {
    const { start, end, blockBytes } = this.spec;
    return Math.min(blockBytes, end - start - block * blockBytes);
  }

  /** Reads the next block that nobody else does; false where there is no room or nothing left. */
  readNext(): boolean {
    const { state, spec } = this;
    for (;;) {
      const block = Atomics.load(state, NEXT);
      if (block >= this.blocks || block >= Atomics.load(state, NEEDED) + spec.places) return false;
      if (Atomics.compareExchange(state, NEXT, block, block + 1) !== block) continue;
      this.read(block);
      return true;
    }
  }

  /** What can't be had whole, for whatever reason, is told as missing: who needs it will find out why. */
  private read(block: number): void {
    const { fd, start, blockBytes, memory, at } = this.spec;
    const length = this.bytesOf(block);
    let count = -1;
    try {
      const into = new Uint8Array(memory, at + this.placeOf(block) * blockBytes, length);
      count = readSync(fd, into, 0, length, start + block * blockBytes);
    } catch {}
    const word = this.wordOf(block);
    Atomics.store(this.state, word, count === length ? block + 1 : -(block + 1));
    Atomics.notify(this.state, word);
  }

  /** Whether the block is there whole, as soon as that is known; reads what is next meanwhile. The block must be needed. */
  has(block: number): boolean {
    while (!this.isRead(block)) {
      if (!this.readNext()) this.wait(block);
    }
    return Atomics.load(this.state, this.wordOf(block)) > 0;
  }

  /** From now on none before this one is needed. */
  release(block: number): void {
    Atomics.store(this.state, NEEDED, block);
  }

  /** Called once, by whom the blocks are for. When it returns, nobody reads into the memory any more. */
  close(): void {
    const next = Math.min(Atomics.exchange(this.state, NEXT, CLOSED), this.blocks);
    for (let block = Math.max(0, next - this.spec.places); block < next; block++) this.wait(block);
  }

  /** Until a block that somebody has begun to read is read. */
  private wait(block: number): void {
    const word = this.wordOf(block);
    for (;;) {
      const held = Atomics.load(this.state, word);
      if (Math.abs(held) > block) return;
      Atomics.wait(this.state, word, held);
    }
  }

  private isRead(block: number): boolean {
    return Math.abs(Atomics.load(this.state, this.wordOf(block))) > block;
  }

  private wordOf(block: number): number {
    return PLACES + this.placeOf(block);
  }

  private placeOf(block: number): number {
    return block % this.spec.places;
  }
}
