// Looks ahead into a source without consuming, and can give the bytes since a mark once more.

import type { ByteSource } from './source.js';

/** Of a source that can't be read again, so much is kept for a second look at damaged data. */
const KEEP_BYTES = 8 << 20;

/**
 * The unread bytes of a source. What it returns stays valid until bytes are asked for again.
 */
export class ByteReader {
  /** Bytes skipped so far: the position of the next unread byte. */
  offset = 0;
  private chunkBytes: Uint8Array = new Uint8Array(0);
  private at = 0;
  private ended = false;
  private marked = 0;
  private kept: Uint8Array[] | null = [];
  private keptBytes = 0;

  constructor(readonly source: ByteSource) {}

  /** The unread bytes at hand, or the next ones; null at the end. */
  async chunk(): Promise<Uint8Array | null> {
    while (this.at === this.chunkBytes.length && !this.ended) await this.advance();
    return this.at === this.chunkBytes.length ? null : this.chunkBytes.subarray(this.at);
  }

  /** At least `count` unread bytes, fewer only at the end; usually more. `count` is small: they are joined. */
  async peek(count: number): Promise<Uint8Array> {
    while (this.chunkBytes.length - this.at < count && !this.ended) await this.advance();
    return this.chunkBytes.subarray(this.at);
  }

  /** Consumes bytes that `chunk` or `peek` has shown. */
  skip(count: number): void {
    this.at += count;
    this.offset += count;
  }

  /** True where nothing more will come than what is at hand. */
  get atEnd(): boolean {
    return this.ended;
  }

  /** Begins to remember: `again` starts here. */
  mark(): void {
    this.marked = this.offset;
    this.kept = [];
    this.keptBytes = 0;
  }

  /** The bytes from the mark on once more, up to what has been read at least; null where they are gone. */
  again(): ByteSource | null {
    const reopened = this.source.reopen(this.marked);
    if (reopened !== null) return reopened;
    if (this.kept === null) return null;
    return new ListSource([...this.kept, this.chunkBytes.subarray(this.unmarked())]);
  }

  close(): void {
    this.source.close();
  }

  /** Copies with `new Uint8Array`: `slice` of a Buffer is a view, and would change under the next read. */
  private async advance(): Promise<void> {
    const rest = this.at === this.chunkBytes.length ? null : new Uint8Array(this.chunkBytes.subarray(this.at));
    this.keep();
    const next = await this.source.read();
    if (next === null) {
      this.ended = true;
      if (rest === null) return;
    }
    if (rest === null) this.chunkBytes = next as Uint8Array;
    else if (next === null) this.chunkBytes = rest;
    else {
      this.chunkBytes = new Uint8Array(rest.length + next.length);
      this.chunkBytes.set(rest);
      this.chunkBytes.set(next, rest.length);
    }
    this.at = 0;
  }

  /** Copies what is about to be overwritten, where the source can't be read again. */
  private keep(): void {
    if (this.kept === null || this.source.fd !== null) return;
    const consumed = new Uint8Array(this.chunkBytes.subarray(this.unmarked(), this.at));
    this.keptBytes += consumed.length;
    if (this.keptBytes > KEEP_BYTES) this.kept = null;
    else this.kept.push(consumed);
  }

  /** Where in the chunk at hand the first byte after the mark stands. */
  private unmarked(): number {
    return Math.max(0, this.at - (this.offset - this.marked));
  }
}

/** Bytes from memory. */
class ListSource implements ByteSource {
  readonly size = null;
  readonly fd = null;

  constructor(private readonly chunks: Uint8Array[]) {}

  async read(): Promise<Uint8Array | null> {
    for (;;) {
      const chunk = this.chunks.shift();
      if (chunk === undefined) return null;
      if (chunk.length > 0) return chunk;
    }
  }

  reopen(): null {
    return null;
  }

  close(): void {
    this.chunks.length = 0;
  }
}
