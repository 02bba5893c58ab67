// Turns one raw deflate stream (RFC 1951) into its bytes, up to the very byte that is damaged.

import { constants, createInflateRaw } from 'node:zlib';
import { ByteReader } from './reader.js';
import { DRIVEN, ZlibStream } from './zlib-stream.js';

/** What one call of zlib is given: as much has to be gone through byte by byte around a fault. */
const INPUT_BYTES = 1 << 16;

export type InflateEnd = 'done' | 'truncated' | 'corrupt';

/**
 * Inflates from the reader's next byte on. Yields the output, and returns how it ended; after `done` the reader
 * stands behind the deflate stream.
 *
 * node:zlib throws away what a call wrote before it met a fault. So the input is then read once more, the last stretch
 * byte by byte: everything is given but what the faulty byte itself stood for. Where the input can't be read again
 * (a pipe, many megabytes on), less than one output buffer before the fault is lost.
 */
export async function* inflate(reader: ByteReader): AsyncGenerator<Uint8Array, InflateEnd> {
  reader.mark();
  const stream = deflateStream();
  const feeding = feed(stream, reader);
  // Its failure is told below, unless the consumer has left by then.
  feeding.catch(() => {});
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

/** Writes what the reader has, until the deflate stream or the input is over; the reader then stands behind it. */
async function feed(stream: ZlibStream, reader: ByteReader): Promise<InflateEnd> {
  try {
    for (;;) {
      const chunk = await reader.chunk();
      if (chunk === null) return 'truncated';
      const input = chunk.length > INPUT_BYTES ? chunk.subarray(0, INPUT_BYTES) : chunk;
      const taken = await stream.write(input);
      if (stream.failed) return 'corrupt';
      reader.skip(taken);
      // zlib takes no more than its own: what is left of the input stands behind the stream.
      if (taken < input.length) return 'done';
    }
  } finally {
    stream.end();
  }
}

/** The output again, from byte `skip` on: `accepted` bytes of input are known to be good, the fault comes soon after. */
async function* salvage(reader: ByteReader, accepted: number, skip: number): AsyncGenerator<Uint8Array, void> {
  const source = reader.again();
  if (source === null) return;
  const again = new ByteReader(source);
  const stream = deflateStream();
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

function deflateStream(): ZlibStream {
  // Without Z_FINISH at its end a cut stream gives what it has.
  return new ZlibStream(createInflateRaw({ ...DRIVEN, finishFlush: constants.Z_SYNC_FLUSH }));
}
