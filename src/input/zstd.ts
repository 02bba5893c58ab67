// Turns zstd (RFC 8878) into the bytes that it holds: any number of frames, and all that a damaged one still gives.

import * as zlib from 'node:zlib';
import { Decompress } from 'fzstd';
import type { DamageLog } from '../util/error.js';
import type { ByteReader } from './reader.js';
import { Xxh64 } from './xxh64.js';
import { DRIVEN, ZlibStream } from './zlib-stream.js';
import { plainHeader, readBlocks, readFrame, type ZstdBlock, type ZstdFrame } from './zstd-frame.js';

/** `window`: the frame reaches further back than this decoder can. */
type FrameEnd = 'done' | 'truncated' | 'corrupt' | 'checksum' | 'window';

interface FrameDecoder {
  /** Bytes that a match may reach back. */
  maxWindow: number;
  decode(blocks: AsyncGenerator<ZstdBlock, FrameEnd>, frame: ZstdFrame): AsyncGenerator<Uint8Array, FrameEnd>;
}

/** Frame header descriptor with a dictionary identifier of 4 bytes and a content size of 8. */
const ALL_FIELDS = 0xc3;

/** @types/node of Node 20 do not know of it. */
const native = (zlib as { createZstdDecompress?: (options: object) => zlib.InflateRaw }).createZstdDecompress;

/**
 * Decompresses from the reader's next byte to its end; node:zlib does it where it can (Node 22.15), else fzstd.
 * Offsets of damage count decompressed bytes.
 *
 * Damage: `truncated-zstd` (cut off; the whole blocks before are given), `corrupt-zstd` (the same for a block that
 * contradicts itself, and for a frame that needs a dictionary), `zstd-checksum` (the bytes are given),
 * `zstd-window` (a match may reach back further than memory is lent for; what lies within is given),
 * `trailing-garbage` (something else follows the last frame).
 */
export async function* unzstd(
  reader: ByteReader,
  damage: DamageLog,
  decoder: FrameDecoder = native === undefined ? portableDecoder : nativeDecoder,
): AsyncGenerator<Uint8Array, void> {
  let offset = 0;
  for (;;) {
    const frame = await readFrame(reader);
    if (frame === 'end') return;
    if (typeof frame === 'string') {
      damage.add(frame === 'truncated' ? 'truncated-zstd' : 'trailing-garbage', offset);
      return;
    }
    if (frame.dictionary !== 0) {
      damage.add('corrupt-zstd', offset);
      return;
    }
    const start = offset;
    const capped = frame.window > decoder.maxWindow;
    const outputs = decoder.decode(readBlocks(reader, frame), frame);
    let end: FrameEnd = 'done';
    try {
      for (;;) {
        const next = await outputs.next();
        if (next.done) {
          end = next.value;
          break;
        }
        // Up to here every match lies within the smaller window as well.
        if (capped && offset + next.value.length - start > decoder.maxWindow) {
          end = 'window';
          break;
        }
        offset += next.value.length;
        yield next.value;
      }
    } finally {
      await outputs.return('done');
    }
    if (end === 'done' && frame.contentBytes !== null && offset - start !== frame.contentBytes) end = 'corrupt';
    if (end === 'checksum') damage.add('zstd-checksum', offset);
    else if (end !== 'done') {
      damage.add(end === 'window' ? 'zstd-window' : `${end}-zstd`, offset);
      return;
    }
  }
}

/** node:zlib: on the thread pool, a block a write, so that a fault costs no more than its own block. */
export const nativeDecoder: FrameDecoder = {
  maxWindow: 1 << 27,
  async *decode(blocks, frame) {
    const stream = new ZlibStream((native as NonNullable<typeof native>)({ ...DRIVEN }));
    const feeding = feed(stream, plainHeader(frame, this.maxWindow, true), blocks);
    feeding.catch(() => {});
    try {
      for (;;) {
        const output = await stream.next();
        if (output === null) return await feeding;
        yield output;
      }
    } finally {
      stream.close();
    }
  },
};

async function feed(
  stream: ZlibStream,
  header: Uint8Array,
  blocks: AsyncGenerator<ZstdBlock, FrameEnd>,
): Promise<FrameEnd> {
  try {
    await stream.write(header);
    for (;;) {
      const next = await blocks.next();
      if (next.done) return next.value;
      const taken = await stream.write(next.value.bytes);
      if (taken < next.value.bytes.length) return next.value.kind === 'checksum' ? 'checksum' : 'corrupt';
    }
  } finally {
    stream.end();
  }
}

/**
 * fzstd: a fifth as fast. It moves its whole window for each block, so the window is small; and it looks at no
 * checksum, so that is done here.
 */
export const portableDecoder: FrameDecoder = {
  maxWindow: 1 << 23,
  async *decode(blocks, frame) {
    const outputs: Uint8Array[] = [];
    const decompressor = new Decompress((output) => outputs.push(output));
    const checksum = frame.hasChecksum ? new Xxh64() : null;
    // It waits for 18 bytes before it looks at any: so long is a header with all its fields, the added ones zero.
    const header = new Uint8Array(18);
    header.set(plainHeader(frame, this.maxWindow, false));
    header[4] = ALL_FIELDS;
    decompressor.push(header);
    for (;;) {
      const next = await blocks.next();
      if (next.done) return next.value;
      const { bytes } = next.value;
      if (next.value.kind === 'checksum') {
        const wanted = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
        if (checksum?.digest() !== wanted) return 'checksum';
        continue;
      }
      try {
        // In two pieces, or it would keep hold of every block's memory to the end: it drops what it has gathered only
        // when it joins pieces.
        decompressor.push(bytes.subarray(0, 1));
        decompressor.push(bytes.subarray(1), next.value.last);
      } catch {
        return 'corrupt';
      }
      for (const output of outputs.splice(0)) {
        checksum?.update(output);
        if (output.length > 0) yield output;
      }
    }
  },
};
