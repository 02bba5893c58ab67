// Bytes that a program hands over instead of naming a file: a stream becomes a source like any pipe.

import type { ByteSource } from './source.js';

export class IterableSource implements ByteSource {
  readonly size = null;
  readonly fd = null;
  private readonly iterator: AsyncIterator<Uint8Array>;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.iterator = chunks[Symbol.asyncIterator]();
  }

  async read(): Promise<Uint8Array | null> {
    for (;;) {
      const next = await this.iterator.next();
      if (next.done === true) return null;
      if (next.value.length > 0) return next.value;
    }
  }

  reopen(): null {
    return null;
  }

  close(): void {
    // The stream is the caller's; it is told that no more is wanted, and may fail at that without harm to us.
    Promise.resolve(this.iterator.return?.()).catch(() => {});
  }
}
