// Cuts zstd (RFC 8878) into frames and blocks without decompressing them.

import type { ByteReader } from './reader.js';

const MAGIC = 0xfd2fb528;
/** 0x184D2A50 to 0x184D2A5F. */
const SKIPPABLE = 0x184d2a5;
const MAX_BLOCK_BYTES = 1 << 17;
/** A window as small as this costs nothing, and saves thinking about blocks that are longer than their window. */
const MIN_WINDOW_LOG = 17;

export interface ZstdFrame {
  /** Bytes that a match may reach back, as the frame says, but never more than there are in it. */
  window: number;
  /** Bytes of the content, null where the frame does not say. */
  contentBytes: number | null;
  hasChecksum: boolean;
  /** 0 for none. */
  dictionary: number;
}

export type ZstdBlock =
  /** With its header of three bytes. */
  | { kind: 'block'; bytes: Uint8Array; last: boolean }
  /** Low half of the content's XXH64. */
  | { kind: 'checksum'; bytes: Uint8Array };

/** Passes over the header of the next frame, and over whole skippable frames before it. */
export async function readFrame(reader: ByteReader): Promise<ZstdFrame | 'end' | 'truncated' | 'garbage'> {
  for (;;) {
    const head = await reader.peek(18);
    if (head.length === 0) return 'end';
    const view = new DataView(head.buffer, head.byteOffset, head.length);
    const magic = head.length < 4 ? 0 : view.getUint32(0, true);
    if (magic >>> 4 === SKIPPABLE) {
      if (head.length < 8) return 'truncated';
      reader.skip(8);
      if (!(await skipBytes(reader, view.getUint32(4, true)))) return 'truncated';
      continue;
    }
    if (magic !== MAGIC) return beginsMagic(head) ? 'truncated' : 'garbage';
    if (head.length < 5) return 'truncated';
    const flags = view.getUint8(4);
    if (flags & 0x08) return 'garbage';
    const single = (flags & 0x20) !== 0;
    const dictionaryBytes = [0, 1, 2, 4][flags & 3] as number;
    const sizeBytes = [single ? 1 : 0, 2, 4, 8][flags >>> 6] as number;
    const dictionaryAt = single ? 5 : 6;
    const sizeAt = dictionaryAt + dictionaryBytes;
    if (head.length < sizeAt + sizeBytes) return 'truncated';
    // A field of two bytes counts from 256.
    const size = sizeBytes === 0 ? null : littleEndian(head, sizeAt, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
    const window = single ? (size as number) : windowOf(view.getUint8(5));
    reader.skip(sizeAt + sizeBytes);
    return {
      window: size === null ? window : Math.min(window, size),
      contentBytes: size,
      hasChecksum: (flags & 0x04) !== 0,
      dictionary: littleEndian(head, dictionaryAt, dictionaryBytes),
    };
  }
}

/**
 * The blocks of the frame whose header has been read, then its checksum if it has one. Bytes are valid until the next
 * is asked for. Returns how it ended; only whole blocks are given.
 */
export async function* readBlocks(
  reader: ByteReader,
  frame: ZstdFrame,
): AsyncGenerator<ZstdBlock, 'done' | 'truncated' | 'corrupt'> {
  for (let last = false; !last; ) {
    const head = await reader.peek(3);
    if (head.length < 3) return 'truncated';
    const word = littleEndian(head, 0, 3);
    const type = (word >>> 1) & 3;
    if (type === 3 || word >>> 3 > MAX_BLOCK_BYTES) return 'corrupt';
    // A block of one byte many times over holds that byte alone.
    const length = 3 + (type === 1 ? 1 : word >>> 3);
    const bytes = await reader.peek(length);
    if (bytes.length < length) return 'truncated';
    last = (word & 1) === 1;
    reader.skip(length);
    yield { kind: 'block', bytes: bytes.subarray(0, length), last };
  }
  if (frame.hasChecksum) {
    const bytes = await reader.peek(4);
    if (bytes.length < 4) return 'truncated';
    reader.skip(4);
    yield { kind: 'checksum', bytes: bytes.subarray(0, 4) };
  }
  return 'done';
}

/**
 * A header for the same frame with a window of no more than `maxWindow` (a power of two), without the content's
 * length. A decoder allocates what the header asks for, and it may ask for 2 GiB to hold ten kilobytes.
 */
export function plainHeader(frame: ZstdFrame, maxWindow: number, withChecksum: boolean): Uint8Array {
  const log = Math.max(MIN_WINDOW_LOG, Math.ceil(Math.log2(Math.min(frame.window, maxWindow) || 1)));
  return Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, withChecksum && frame.hasChecksum ? 0x04 : 0, (log - 10) << 3);
}

/** RFC 8878, 3.1.1.1.2. */
function windowOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >>> 3));
  return base + (base / 8) * (descriptor & 7);
}

async function skipBytes(reader: ByteReader, count: number): Promise<boolean> {
  for (let left = count; left > 0; ) {
    const chunk = await reader.chunk();
    if (chunk === null) return false;
    const passed = Math.min(left, chunk.length);
    reader.skip(passed);
    left -= passed;
  }
  return true;
}

function beginsMagic(head: Uint8Array): boolean {
  return head.length < 4 && head.every((byte, index) => byte === [0x28, 0xb5, 0x2f, 0xfd][index]);
}

function littleEndian(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = count - 1; i >= 0; i--) value = value * 256 + (bytes[at + i] as number);
  return value;
}
