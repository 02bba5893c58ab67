// Turns gzip (RFC 1952) into the bytes that it holds: any number of members, and all that a damaged one still gives.

import { constants, crc32, inflateRawSync } from 'node:zlib';
import type { DamageLog } from '../util/error.js';
import { type InflateEnd, inflate } from './inflater.js';
import type { ByteReader } from './reader.js';

/** Header flags, RFC 1952, 2.3.1. */
const FLAG = { headerCrc: 0x02, extra: 0x04, name: 0x08, comment: 0x10, reserved: 0xe0 } as const;
const DEFLATE = 8;
const HEADER_BYTES = 10;
const TRAILER_BYTES = 8;
/** A name or comment longer than this is no header. */
const TEXT_BYTES = 1 << 16;
/** A member of up to so many bytes is inflated at one go, without the cost of setting up a stream. */
const SMALL_INPUT_BYTES = 1 << 16;
const SMALL_OUTPUT_BYTES = 1 << 20;

/**
 * Inflates from the reader's next byte to its end. Offsets of damage count inflated bytes.
 *
 * Damage: `truncated-gzip` (cut off; what was there is given), `corrupt-gzip` (the deflate stream contradicts itself;
 * nothing behind it can be read), `gzip-checksum` (CRC-32 or length is wrong; the bytes are given), `trailing-garbage`
 * (something else follows the last member; zeros are padding, as for gzip(1)).
 */
export async function* gunzip(reader: ByteReader, damage: DamageLog): AsyncGenerator<Uint8Array, void> {
  let offset = 0;
  for (;;) {
    const header = await skipHeader(reader);
    if (header === 'end') return;
    if (header !== 'member') {
      damage.add(header, offset);
      return;
    }
    let crc = 0;
    let length = 0;
    const small = inflateSmall(await reader.peek(1));
    let end: InflateEnd = 'done';
    if (small !== null) {
      reader.skip(small.consumed);
      crc = crc32(small.output);
      length = small.output.length;
      if (length > 0) yield small.output;
    } else {
      const outputs = inflate(reader);
      try {
        for (;;) {
          const next = await outputs.next();
          if (next.done) {
            end = next.value;
            break;
          }
          crc = crc32(next.value, crc);
          length += next.value.length;
          yield next.value;
        }
      } finally {
        await outputs.return('done');
      }
    }
    offset += length;
    if (end === 'corrupt') damage.add('corrupt-gzip', offset);
    const trailer = end === 'done' ? await reader.peek(TRAILER_BYTES) : null;
    if (end === 'truncated' || (trailer !== null && trailer.length < TRAILER_BYTES))
      damage.add('truncated-gzip', offset);
    if (trailer === null || trailer.length < TRAILER_BYTES) return;
    const view = new DataView(trailer.buffer, trailer.byteOffset, TRAILER_BYTES);
    // The length is kept modulo 2^32.
    if (view.getUint32(0, true) !== crc || view.getUint32(4, true) !== length % 2 ** 32)
      damage.add('gzip-checksum', offset);
    reader.skip(TRAILER_BYTES);
  }
}

/** Passes over a member's header; says where there is none, and what stands there instead. */
async function skipHeader(reader: ByteReader): Promise<'member' | 'end' | 'truncated-gzip' | 'trailing-garbage'> {
  const first = reader.offset === 0;
  let head = await reader.peek(HEADER_BYTES);
  if (head.length === 0) return 'end';
  if (head[0] === 0 && !first) return skipPadding(reader);
  const known = head[0] === 0x1f && (head.length < 2 || head[1] === 0x8b) && (head.length < 3 || head[2] === DEFLATE);
  const flags = head.length > 3 ? (head[3] as number) : 0;
  if (!known || flags & FLAG.reserved) return 'trailing-garbage';
  if (head.length < HEADER_BYTES) return 'truncated-gzip';
  reader.skip(HEADER_BYTES);
  if (flags & FLAG.extra) {
    head = await reader.peek(2);
    if (head.length < 2) return 'truncated-gzip';
    const bytes = 2 + ((head[0] as number) | ((head[1] as number) << 8));
    if ((await reader.peek(bytes)).length < bytes) return 'truncated-gzip';
    reader.skip(bytes);
  }
  for (const flag of [FLAG.name, FLAG.comment]) {
    if ((flags & flag) === 0) continue;
    const end = await findZero(reader);
    if (end < 0) return reader.atEnd ? 'truncated-gzip' : 'trailing-garbage';
    reader.skip(end + 1);
  }
  if (flags & FLAG.headerCrc) {
    if ((await reader.peek(2)).length < 2) return 'truncated-gzip';
    reader.skip(2);
  }
  return 'member';
}

/** Tapes and block devices fill the last block with zeros. */
async function skipPadding(reader: ByteReader): Promise<'end' | 'trailing-garbage'> {
  for (;;) {
    const chunk = await reader.chunk();
    if (chunk === null) return 'end';
    if (chunk.some((byte) => byte !== 0)) return 'trailing-garbage';
    reader.skip(chunk.length);
  }
}

async function findZero(reader: ByteReader): Promise<number> {
  for (let want = 256; ; want *= 2) {
    const bytes = await reader.peek(want);
    const end = bytes.subarray(0, TEXT_BYTES).indexOf(0);
    if (end >= 0 || bytes.length < want || bytes.length >= TEXT_BYTES) return end;
  }
}

/** A member that lies whole in the bytes at hand, or null where it doesn't, or is damaged. */
function inflateSmall(bytes: Uint8Array): { output: Uint8Array; consumed: number } | null {
  const input = bytes.subarray(0, SMALL_INPUT_BYTES);
  try {
    const result: unknown = inflateRawSync(input, {
      info: true,
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: SMALL_OUTPUT_BYTES,
    });
    const { buffer, engine } = result as { buffer: Uint8Array; engine: { bytesWritten: number } };
    // All taken: it may go on.
    return engine.bytesWritten < input.length ? { output: buffer, consumed: engine.bytesWritten } : null;
  } catch {
    return null;
  }
}
