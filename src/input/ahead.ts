// Drives a framer over a file whose next blocks are being read meanwhile, by Node's thread pool, straight to where they are
// looked at: the chunks of `FileSource`, which are read ahead as well, would have to be copied there.

import { read } from 'node:fs';
import { type Fed, type PumpOptions, pumpFile } from './window.js';

/** Blocks that the window is divided into: one is worked on, the others are read. */
const BLOCKS = 3;
/** Room before each block, for a record that began in the one before: of nearly all framers hold no more than 256 KiB and a header. */
const LEAD_BYTES = 1 << 19;

/**
 * As `pumpFile`, with reads that are under way while records are looked at. `window` has room for three blocks with half a
 * MiB before each. `isWorth` is asked after each block, told how many bytes have passed: once it says no, the rest is read
 * when it is needed.
 *
 * For large records: then reading takes about as long as what is done with them. What one processor has read another has to
 * fetch, which with small ones costs more than it brings. Rejects with what `read` fails with.
 */
export async function pumpAhead(
  fd: number,
  start: number,
  end: number,
  framer: Fed,
  options: PumpOptions & { window: Uint8Array; fileEnd?: number; isWorth?: (bytes: number) => boolean },
): Promise<number> {
  const { window, onProgress, isWorth } = options;
  const view = new DataView(window.buffer, window.byteOffset, window.length);
  const room = Math.floor(window.length / BLOCKS);
  const block = room - LEAD_BYTES;
  const placeOf = (position: number) => (((position - start) / block) % BLOCKS) * room + LEAD_BYTES;
  const reads: Promise<number>[] = [];
  let asked = start;
  const ask = () => {
    if (asked >= end) return;
    const count = Math.min(block, end - asked);
    reads.push(readAt(fd, window.subarray(placeOf(asked), placeOf(asked) + count), asked));
    asked += count;
  };
  let position = start;
  /** What was not consumed: so many bytes from there. */
  let rest = 0;
  let from = 0;
  try {
    while (reads.length < BLOCKS - 1 && asked < end) ask();
    while (reads.length > 0 && !framer.done && Math.max(rest, framer.wants) <= LEAD_BYTES) {
      const count = await reads.shift();
      // The file has been cut since it was opened.
      if (count !== Math.min(block, end - position)) break;
      const at = placeOf(position) - rest;
      window.copyWithin(at, from, from + rest);
      ask();
      const to = at + rest + count;
      from = framer.feed(window, view, at, to);
      rest = to - from;
      position += count;
      if (onProgress?.(position - start) === false) {
        framer.end(0);
        return position - rest;
      }
      if (isWorth?.(position - start) === false) break;
    }
  } finally {
    // They write to the window.
    await Promise.allSettled(reads);
  }
  // The end, what is not worth it, or does not fit here.
  const left = position - rest;
  return pumpFile(fd, left, end, framer, {
    ...options,
    onProgress: (bytes) => onProgress?.(left - start + bytes),
  });
}

function readAt(fd: number, into: Uint8Array, position: number): Promise<number> {
  const count = new Promise<number>((resolve, reject) => {
    read(fd, into, 0, into.length, position, (error, bytes) => (error === null ? resolve(bytes) : reject(error)));
  });
  // A failed read is told when its turn comes, not as an unhandled rejection before.
  count.catch(() => {});
  return count;
}
