// Turns what the user named into an open input: what it is, how it is compressed, and its bytes from the start.

import { DamageLog } from '../util/error.js';
import { COMPRESSION_PREFIX_BYTES, type Compression, sniffCompression } from './compression.js';
import { decompress } from './decompress.js';
import { IterableSource } from './iterable.js';
import { ByteReader } from './reader.js';
import { quotePath } from './reason.js';
import { type Format, SNIFF_BYTES, type Sniffed, sniff } from './sniff.js';
import { type ByteSource, openSource } from './source.js';

/** Enough for every magic number. */
const FIRST_BYTES = 12;

export interface OpenInput {
  readonly path: string;
  /** Bytes of a regular file as it lies on disk; null for pipes and devices. */
  readonly size: number | null;
  readonly format: Format;
  /** How it is compressed; null for not at all. */
  readonly compression: Compression | null;
  /** For format `unknown`: what it is instead and what to do, in words that follow "it is"; else null. */
  readonly why: string | null;
  /** The first bytes, uncompressed: those that told the format. */
  readonly prefix: Uint8Array;
  /** A descriptor to read at any position, for an uncompressed regular file; else null. It is closed by `close`. */
  readonly fd: number | null;
  /** What could not be read, by the present `stream`; offsets count uncompressed bytes. */
  readonly damage: DamageLog;
  /**
   * Uncompressed bytes from the start, in chunks of up to 1 MiB, each valid until the next is asked for or the stream
   * is left. A regular file can be streamed again after the last stream has ended or been left; a pipe only once
   * (throws `Error`).
   */
  stream(): AsyncGenerator<Uint8Array, void>;
  close(): void;
}

/**
 * Opens a file, standard input for `-`, or a stream that is to go by the name `path`. Reads no more than it needs to
 * tell the format; of a file, nothing but its descriptor is then held until it is streamed.
 *
 * Throws `UserError` (exit 3) where it can't be opened, read or decompressed at all.
 */
export async function openInput(path: string, stream?: AsyncIterable<Uint8Array>): Promise<OpenInput> {
  const source = stream === undefined ? await openSource(path) : new IterableSource(stream);
  const again = source.reopen(0);
  let layers: Layers | null = null;
  try {
    layers = await unwrap(path, again ?? source);
    const { prefix, sniffed } = await look(layers);
    return new Input(path, source, layers, prefix, sniffed);
  } catch (error) {
    source.close();
    throw error;
  } finally {
    // A thousand files may be open at once: their buffers and children are not.
    if (again !== null) (layers?.reader ?? again).close();
  }
}

/** A reader of uncompressed bytes, and how they are compressed in the source. */
interface Layers {
  reader: ByteReader;
  compression: Compression | null;
  damage: DamageLog;
}

class Input implements OpenInput {
  readonly size: number | null;
  readonly format: Format;
  readonly compression: Compression | null;
  readonly why: string | null;
  readonly fd: number | null;
  private streamed = false;

  constructor(
    readonly path: string,
    private readonly source: ByteSource,
    private layers: Layers,
    readonly prefix: Uint8Array,
    sniffed: Sniffed,
  ) {
    this.size = source.size;
    this.format = sniffed.format;
    this.compression = layers.compression;
    this.why = sniffed.why;
    this.fd = this.compression === null ? source.fd : null;
  }

  get damage(): DamageLog {
    return this.layers.damage;
  }

  async *stream(): AsyncGenerator<Uint8Array, void> {
    const again = this.source.reopen(0);
    if (again !== null) this.layers = await unwrap(this.path, again);
    else if (this.streamed) throw new Error(`${quotePath(this.path)} can be read only once`);
    this.streamed = true;
    const { reader } = this.layers;
    try {
      for (;;) {
        const chunk = await reader.chunk();
        if (chunk === null) return;
        yield chunk;
        reader.skip(chunk.length);
      }
    } finally {
      reader.close();
    }
  }

  close(): void {
    this.layers.reader.close();
    this.source.close();
  }
}

async function unwrap(path: string, source: ByteSource): Promise<Layers> {
  const raw = new ByteReader(source);
  const damage = new DamageLog();
  const compression = sniffCompression(await raw.peek(COMPRESSION_PREFIX_BYTES));
  if (compression === null) return { reader: raw, compression, damage };
  return { reader: new ByteReader(decompress(compression, path, raw, damage)), compression, damage };
}

/** Looks at as many bytes as it takes to tell the format; on a slow pipe, no more than that. */
async function look({ reader, compression, damage }: Layers): Promise<{ prefix: Uint8Array; sniffed: Sniffed }> {
  let want = FIRST_BYTES;
  for (;;) {
    const bytes = (await reader.peek(want)).subarray(0, SNIFF_BYTES);
    const inner = compression === null ? null : sniffCompression(bytes);
    const sniffed: Sniffed =
      inner === null
        ? sniff(bytes, bytes.length < want)
        : {
            format: 'unknown',
            why: `compressed twice (${inner} within ${compression}): unpack it once first`,
            sure: true,
          };
    if (bytes.length === 0 && damage.list().length > 0) sniffed.why = `${compression} data, damaged from its start`;
    if (sniffed.sure || bytes.length < want || bytes.length === SNIFF_BYTES) {
      return { prefix: new Uint8Array(bytes), sniffed };
    }
    want = bytes.length + 1;
  }
}
