// Drives a framer over a file whose next blocks are read by another thread meanwhile, straight to where they are looked at: the
// chunks of `FileSource`, which are read ahead as well, would have to be copied there.

import { READ_BYTES } from './buffers.js';
import { Ring, type RingSpec } from './ring.js';
import { type Fed, type PumpOptions, pumpFile } from './window.js';

/** Room before the first place, for a record that began in the last one: nearly all framers hold no more than 256 KiB and a header. */
const LEAD_BYTES = 1 << 19;
/** Milliseconds that are read for at a time, before others have their turn; and until it is looked again whether there is room. */
const TURN_MS = 5;
const REST_MS = 1;
/**
 * What takes longer comes from a disk, or from far away. A thread that has others to answer does not read that: not where the
 * first block took so long, and not for a while after another one did.
 */
const SLOW_MS = 20;
const SLOW_REST_MS = 1000;

export interface AheadOptions extends PumpOptions {
  /** In shared memory. Has room for some blocks, with half a MiB before them. */
  window: Uint8Array;
  fileEnd?: number;
  /** Asked after each block, told how many bytes have passed: once it says no, the rest is read when it is needed. */
  isWorth?: (bytes: number) => boolean;
  /** Asks another thread to `readAlong`. */
  share?: ((spec: RingSpec) => void) | undefined;
  blockBytes?: number;
}

/**
 * As `pumpFile`, with blocks that other threads read while records are looked at; those that they have not begun to read when they
 * are needed are read here.
 *
 * For large records: then reading takes about as long as what is done with them. What one processor has read another has to
 * fetch, which with small ones costs more than it brings.
 */
export function pumpAhead(fd: number, start: number, end: number, framer: Fed, options: AheadOptions): number {
  const { window, onProgress, isWorth, share, blockBytes = READ_BYTES } = options;
  const view = new DataView(window.buffer, window.byteOffset, window.length);
  const places = Math.floor((window.length - LEAD_BYTES) / blockBytes);
  const memory = window.buffer as SharedArrayBuffer;
  const state = Ring.stateFor(places);
  const spec = { fd, start, end, blockBytes, places, memory, at: window.byteOffset + LEAD_BYTES, state };
  const ring = new Ring(spec);
  /** Bytes of a record that can wait for the next block. */
  const most = Math.min(LEAD_BYTES, (places - 1) * blockBytes);
  const begunMs = performance.now();
  ring.readNext();
  if (performance.now() - begunMs < SLOW_MS) share?.(spec);
  let position = start;
  /** So many bytes before the next block are not consumed. */
  let rest = 0;
  try {
    for (let block = 0; block < ring.blocks && !framer.done; block++) {
      if (rest > most || !ring.has(block)) break;
      const place = block % places;
      const at = LEAD_BYTES + place * blockBytes;
      const last = LEAD_BYTES + places * blockBytes;
      if (place === 0) window.copyWithin(at - rest, last - rest, last);
      const to = at + ring.bytesOf(block);
      rest = to - framer.feed(window, view, at - rest, to);
      position += to - at;
      ring.release(block + 1 - Math.ceil(rest / blockBytes));
      if (onProgress?.(position - start) === false) {
        framer.end(0);
        return position - rest;
      }
      if (isWorth?.(position - start) === false) break;
    }
  } finally {
    ring.close();
  }
  // The end, what is not worth it, does not fit here or can't be read.
  const left = position - rest;
  return pumpFile(fd, left, end, framer, {
    ...options,
    onProgress: (bytes) => onProgress?.(left - start + bytes),
  });
}

/** Reads blocks for another thread, as long as there are any, and lets all else of this one go on. Returns what stops it. */
export function readAlong(spec: RingSpec): () => void {
  const ring = new Ring(spec);
  let isStopped = false;
  const turn = () => {
    const since = performance.now();
    let before = since;
    while (!isStopped && ring.readNext()) {
      const now = performance.now();
      if (now - before > SLOW_MS) {
        setTimeout(turn, SLOW_REST_MS);
        return;
      }
      if (now - since > TURN_MS) {
        setImmediate(turn);
        return;
      }
      before = now;
    }
    if (!isStopped && !ring.isClosed) setTimeout(turn, REST_MS);
  };
  turn();
  return () => {
    isStopped = true;
  };
}
