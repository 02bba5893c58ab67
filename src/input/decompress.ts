// Chooses the decompressor and makes a source of it.

import type { DamageLog } from '../util/error.js';
import type { Compression } from './compression.js';
import { gunzip } from './gzip.js';
import type { ByteReader } from './reader.js';
import type { ByteSource } from './source.js';

/** The uncompressed bytes of what `reader` holds from its next byte on. Closing it closes the reader as well. */
export function decompress(compression: Compression, path: string, reader: ByteReader, damage: DamageLog): ByteSource {
  switch (compression) {
    case 'gzip':
      return new GeneratorSource(gunzip(reader, damage), () => reader.close());
    default:
      throw new Error(`not yet: ${compression} ${path}`);
  }
}

/** A generator of chunks seen as a source. */
export class GeneratorSource implements ByteSource {
  readonly size = null;
  readonly fd = null;

  constructor(
    private readonly chunks: AsyncGenerator<Uint8Array, void>,
    private readonly closeInner: () => void,
  ) {}

  async read(): Promise<Uint8Array | null> {
    const next = await this.chunks.next();
    return next.done ? null : next.value;
  }

  reopen(): null {
    return null;
  }

  close(): void {
    this.closeInner();
    // Ends what the generator holds; one that waits for its reader is woken by the line above.
    this.chunks.return().catch(() => {});
  }
}
