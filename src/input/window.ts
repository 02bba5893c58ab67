// Drives a framer over a file or a stream through one reused window of bytes.

import { readSync } from 'node:fs';
import type { DamageLog } from '../util/error.js';
import { lendBuffer, READ_BYTES, returnBuffer } from './buffers.js';

/** No record of any format is as long as this; a framer that asks for more has been misled by its input. */
const MAX_WINDOW_BYTES = 1 << 26;
/** What is read at a time behind the end of a segment. */
const STRADDLE_BYTES = 1 << 16;

/**
 * What is driven: it consumes whole records of bytes[from, to) and returns the first offset not consumed.
 *
 * The bytes are borrowed: they are overwritten after `feed` returns. `wants` is the length in bytes, from the first
 * byte not consumed, that the next record needs; 0 or less than is at hand where the framer does not know. After
 * `done` nothing is fed any more. `end` is called once, with the bytes that were left at the end of the input.
 */
export interface Fed {
  readonly done: boolean;
  readonly wants: number;
  feed(bytes: Uint8Array, view: DataView, from: number, to: number): number;
  end(left: number): void;
}

export interface PumpOptions {
  /** Where the bytes are put, unless a record is longer; else in a buffer of its own. */
  window?: Uint8Array | undefined;
  /** Bytes passed so far, after each read; returning false ends the work early (`end` is still called, with 0 left). */
  onProgress?: ((bytes: number) => unknown) | undefined;
  /** Takes `oversized-record`: a record longer than 64 MiB, at which reading stops. */
  damage?: DamageLog | undefined;
}

/**
 * Feeds the bytes of a file from `start` on. At `end` it goes on, in small steps and up to `fileEnd`, until the framer is
 * done: it alone knows where the record ends that begins before `end`. Returns the offset of the first byte that was
 * not consumed.
 *
 * Synchronous: for a thread of its own. Throws what `readSync` throws.
 */
export function pumpFile(
  fd: number,
  start: number,
  end: number,
  framer: Fed,
  options: PumpOptions & { fileEnd?: number } = {},
): number {
  const fileEnd = Math.max(end, options.fileEnd ?? end);
  const window = new ByteWindow(options.window);
  let position = start;
  let stopped = false;
  try {
    while (!framer.done && !stopped && position < fileEnd) {
      if (!window.fit(framer.wants)) {
        options.damage?.add('oversized-record', position - window.filled);
        stopped = true;
        break;
      }
      const ahead = position < end ? end - position : Math.min(STRADDLE_BYTES, fileEnd - position);
      const count = readSync(fd, window.bytes, window.filled, Math.min(window.room, READ_BYTES, ahead), position);
      // The file has been cut since it was opened.
      if (count === 0) break;
      position += count;
      window.filled += count;
      window.drive(framer);
      stopped = options.onProgress?.(position - start) === false;
    }
    framer.end(framer.done || stopped ? 0 : window.filled);
    return position - window.filled;
  } finally {
    window.close();
  }
}

/**
 * Feeds all bytes of a stream. Returns how many were consumed. Rejects with what the stream throws (`end` is not
 * called then). Leaves the stream, closing it, as soon as the framer is done.
 */
export async function pumpStream(
  chunks: AsyncIterable<Uint8Array>,
  framer: Fed,
  options: PumpOptions = {},
): Promise<number> {
  const window = new ByteWindow(options.window);
  let position = 0;
  let stopped = false;
  try {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length && !framer.done && !stopped; ) {
        if (!window.fit(framer.wants)) {
          options.damage?.add('oversized-record', position - window.filled);
          stopped = true;
          break;
        }
        const count = Math.min(window.room, READ_BYTES, chunk.length - at);
        window.bytes.set(count === chunk.length ? chunk : chunk.subarray(at, at + count), window.filled);
        at += count;
        position += count;
        window.filled += count;
        window.drive(framer);
      }
      if (options.onProgress?.(position) === false) stopped = true;
      if (framer.done || stopped) break;
    }
    framer.end(framer.done || stopped ? 0 : window.filled);
    return position - window.filled;
  } finally {
    window.close();
  }
}

/** The buffer, made anew only when a record asks for more than it holds. */
class ByteWindow {
  bytes: Uint8Array;
  /** Bytes at the front that are not consumed yet. */
  filled = 0;
  private view: DataView;

  constructor(private readonly given?: Uint8Array) {
    this.bytes = given ?? lendBuffer();
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length);
  }

  get room(): number {
    return this.bytes.length - this.filled;
  }

  /** Feeds what is there and moves the rest to the front. */
  drive(framer: Fed): void {
    const consumed = framer.feed(this.bytes, this.view, 0, this.filled);
    const rest = this.filled - consumed;
    const { given } = this;
    // Back from the larger one that a long record took.
    if (given !== undefined && this.bytes !== given && rest < given.length / 2) {
      given.set(this.bytes.subarray(consumed, this.filled));
      this.close();
      this.use(given);
    } else if (consumed > 0) this.bytes.copyWithin(0, consumed, this.filled);
    this.filled = rest;
  }

  /** Makes room for a record of `wants` bytes; false where that is more than any record may have. */
  fit(wants: number): boolean {
    // A full window of which nothing was consumed must grow, whatever the framer says, or the work would stand still.
    const need = Math.max(wants, this.filled + 1);
    if (need <= this.bytes.length) return true;
    if (need > MAX_WINDOW_BYTES) return false;
    const larger = Buffer.allocUnsafeSlow(Math.min(MAX_WINDOW_BYTES, Math.max(need, this.bytes.length * 2)));
    larger.set(this.bytes.subarray(0, this.filled));
    this.close();
    this.use(larger);
    return true;
  }

  private use(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Nothing is fed any more. */
  close(): void {
    if (this.bytes !== this.given && this.bytes instanceof Buffer) returnBuffer(this.bytes);
  }
}
