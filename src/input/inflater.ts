// Drives one raw deflate stream (RFC 1951) of node:zlib, so that all it gave before a fault is kept.

import { constants, createInflateRaw, type InflateRaw } from 'node:zlib';
import { ByteReader } from './reader.js';

/** One output buffer; the next is filled on the thread pool while the consumer works on the last. */
const OUTPUT_BYTES = 1 << 20;

/** What one call of zlib is given: as much has to be gone through byte by byte around a fault. */
const INPUT_BYTES = 1 << 16;

export type InflateEnd = 'done' | 'truncated' | 'corrupt';

/**
 * Inflates from the reader's next byte on. Yields the output, and returns how it ended; after `done` the reader
 * stands behind the deflate stream.
 *
 * node:zlib throws away what a call wrote before it met a fault. So the input is then read once more, the last stretch
 * byte by byte: everything is given but what the faulty byte itself stood for. Where the input can't be read again
 * (a pipe, many megabytes on), up to OUTPUT_BYTES before the fault are lost.
 */
export async function* inflate(reader: ByteReader): AsyncGenerator<Uint8Array, InflateEnd> {
  reader.mark();
  const stream = new DeflateStream();
  const feeding = stream.feed(reader);
  let delivered = 0;
  try {
    for (;;) {
      const output = await stream.next();
      if (output === null) break;
      delivered += output.length;
      yield output;
    }
    const end = await feeding;
    if (end === 'corrupt') yield* salvage(reader, stream.accepted, delivered);
    return end;
  } finally {
    stream.close();
  }
}

/** The output again, from byte `skip` on: `accepted` bytes of input are known to be good, the fault comes soon after. */
async function* salvage(reader: ByteReader, accepted: number, skip: number): AsyncGenerator<Uint8Array, void> {
  const source = reader.again();
  if (source === null) return;
  const again = new ByteReader(source);
  const stream = new DeflateStream();
  let seen = 0;
  try {
    for (;;) {
      const chunk = await again.chunk();
      if (chunk === null) return;
      const input = chunk.subarray(0, again.offset < accepted ? accepted - again.offset : 1);
      const writing = stream.write(input);
      for (;;) {
        const output = await stream.next(writing);
        if (output === null) break;
        const fresh = output.subarray(Math.max(0, Math.min(output.length, skip - seen)));
        seen += output.length;
        if (fresh.length > 0) yield fresh;
      }
      if (stream.over) return;
      again.skip(input.length);
    }
  } finally {
    stream.close();
    again.close();
  }
}

/** The stream of node:zlib with its events turned into promises. */
class DeflateStream {
  /** Bytes of input that were taken without a fault. */
  accepted = 0;
  private readonly zlib: InflateRaw;
  private state: 'open' | 'done' | 'corrupt' | 'closed' = 'open';
  private reading: (() => void)[] = [];
  private writing: (() => void)[] = [];

  constructor() {
    // Without Z_FINISH at its end a cut stream gives what it has.
    this.zlib = createInflateRaw({ chunkSize: OUTPUT_BYTES, finishFlush: constants.Z_SYNC_FLUSH });
    this.zlib.on('readable', () => wake(this.reading));
    this.zlib.on('end', () => this.finish('done'));
    this.zlib.on('error', () => this.finish('corrupt'));
    this.zlib.on('close', () => this.finish('closed'));
  }

  get over(): boolean {
    return this.state !== 'open';
  }

  /** Writes what the reader has, until the deflate stream or the input is over; the reader then stands behind it. */
  async feed(reader: ByteReader): Promise<InflateEnd> {
    try {
      for (;;) {
        const chunk = await reader.chunk();
        if (chunk === null) return 'truncated';
        const input = chunk.length > INPUT_BYTES ? chunk.subarray(0, INPUT_BYTES) : chunk;
        await this.write(input);
        if (this.state === 'corrupt') return 'corrupt';
        const taken = this.zlib.bytesWritten - this.accepted;
        reader.skip(taken);
        this.accepted += taken;
        // zlib takes no more than its own: what is left of the input stands behind the stream.
        if (taken < input.length) return 'done';
      }
    } finally {
      if (!this.over) this.zlib.end();
    }
  }

  /** Resolves when all of `input` has been taken, or the stream is over. */
  write(input: Uint8Array): Promise<void> {
    if (this.over) return Promise.resolve();
    return new Promise((resolve) => {
      this.writing.push(resolve);
      this.zlib.write(input, () => resolve());
    });
  }

  /** The next output; null when the stream is over, or (with `writing`) nothing is left of that write. */
  async next(writing?: Promise<void>): Promise<Uint8Array | null> {
    let written = false;
    for (;;) {
      const output: Uint8Array | null = this.zlib.read();
      if (output !== null) return output;
      if (this.over || written) return null;
      const change = new Promise<void>((resolve) => this.reading.push(resolve));
      const done = writing?.then(() => {
        written = true;
      });
      await (done === undefined ? change : Promise.race([change, done]));
    }
  }

  close(): void {
    this.zlib.destroy();
  }

  private finish(state: 'done' | 'corrupt' | 'closed'): void {
    if (this.state === 'open') this.state = state;
    wake(this.reading);
    wake(this.writing);
  }
}

function wake(waiting: (() => void)[]): void {
  for (const resolve of waiting.splice(0)) resolve();
}
