// Turns one raw deflate stream (RFC 1951) into its bytes, up to the very byte that is damaged.

import { constants, createInflateRaw } from 'node:zlib';
import { ByteReader } from './reader.js';
import { DRIVEN, ZlibStream } from './zlib-stream.js';

/** What one call of zlib is given; so much has to be gone through again, in smaller and smaller steps, around a fault. */
const INPUT_BYTES = 1 << 18;
const SALVAGE_STEPS = [1 << 12, 1];

/** Bytes of input that are known to be good, and bytes of output that were given away. */
interface Good {
  accepted: number;
  delivered: number;
}

export type InflateEnd = 'done' | 'truncated' | 'corrupt';

/**
 * Inflates from the reader's next byte on. Yields the output, and returns how it ended; after `done` the reader
 * stands behind the deflate stream.
 *
 * node:zlib throws away what a call wrote before it met a fault. So the input is then read again, the last stretch byte
 * by byte: everything is given but what the faulty byte itself stood for. Where the input can't be read again
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
    if (end === 'corrupt') {
      let good = { accepted: stream.accepted, delivered };
      for (const step of SALVAGE_STEPS) good = yield* salvage(reader, good, step);
    }
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

/**
 * Inflates once more from the mark on: what is known to be good at one go, then in steps until the fault comes up again.
 * Yields what has not been delivered yet.
 */
async function* salvage(reader: ByteReader, known: Good, step: number): AsyncGenerator<Uint8Array, Good> {
  const source = reader.again();
  if (source === null) return known;
  const again = new ByteReader(source);
  const stream = deflateStream();
  let seen = 0;
  try {
    while (!stream.over) {
      const chunk = await again.chunk();
      if (chunk === null) break;
      const input = chunk.subarray(0, again.offset < known.accepted ? known.accepted - again.offset : step);
      const writing = stream.write(input);
      for (;;) {
        const output = await stream.next(writing);
        if (output === null) break;
        const fresh = output.subarray(Math.max(0, Math.min(output.length, known.delivered - seen)));
        seen += output.length;
        if (fresh.length > 0) yield fresh;
      }
      again.skip(input.length);
    }
    return { accepted: stream.accepted, delivered: Math.max(seen, known.delivered) };
  } finally {
    stream.close();
    again.close();
  }
}

function deflateStream(): ZlibStream {
  // Without Z_FINISH at its end a cut stream gives what it has.
  return new ZlibStream(createInflateRaw({ ...DRIVEN, finishFlush: constants.Z_SYNC_FLUSH }));
}
