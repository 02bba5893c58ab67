// Chooses the decompressor and makes a source of it.

import type { DamageLog } from '../util/error.js';
import type { Compression } from './compression.js';
import type { ByteReader } from './reader.js';
import type { ByteSource } from './source.js';
import { ToolSource } from './tool.js';

/**
 * The uncompressed bytes of what `reader` holds from its next byte on. Closing it closes the reader as well. `path` is
 * for messages.
 */
export function decompress(compression: Compression, path: string, reader: ByteReader, damage: DamageLog): ByteSource {
  switch (compression) {
    case 'gzip':
      return new GeneratorSource(gunzipLater(reader, damage), reader);
    case 'zstd':
      return new GeneratorSource(unzstdLater(reader, damage), reader);
    default:
      return new ToolSource(compression, path, reader, damage);
  }
}

/** What unpacks is loaded for its format alone. */
async function* gunzipLater(reader: ByteReader, damage: DamageLog): AsyncGenerator<Uint8Array, void> {
  const { gunzip } = await import('./gzip.js');
  yield* gunzip(reader, damage);
}

async function* unzstdLater(reader: ByteReader, damage: DamageLog): AsyncGenerator<Uint8Array, void> {
  const { unzstd } = await import('./zstd.js');
  yield* unzstd(reader, damage);
}

/** A generator of chunks seen as a source. */
class GeneratorSource implements ByteSource {
  readonly size = null;
  readonly fd = null;

  constructor(
    private readonly chunks: AsyncGenerator<Uint8Array, void>,
    private readonly inner: ByteReader,
  ) {}

  async read(): Promise<Uint8Array | null> {
    const next = await this.chunks.next();
    return next.done ? null : next.value;
  }

  reopen(): null {
    return null;
  }

  close(): void {
    this.inner.close();
    // Ends what the generator holds; one that waits for its reader is woken by the line above.
    this.chunks.return().catch(() => {});
  }
}
