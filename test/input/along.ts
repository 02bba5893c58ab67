// A thread that reads along, as the tests tell it: `readAlong`, or one block, slowly.

import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { parentPort } from 'node:worker_threads';
import { readAlong } from '#src/input/ahead.js';
import { Ring, type RingSpec } from '#src/input/ring.js';

export interface Along {
  ring: RingSpec;
  /** One block, in so many milliseconds; what was there before and after it. */
  slowMs?: number;
}

const pause = new Int32Array(new SharedArrayBuffer(4));

parentPort?.on('message', ({ ring, slowMs }: Along) => {
  if (slowMs === undefined) {
    readAlong(ring);
    return;
  }
  const { readSync } = fs;
  fs.readSync = ((...args: Parameters<typeof readSync>) => {
    Atomics.wait(pause, 0, 0, slowMs);
    return readSync(...args);
  }) as typeof readSync;
  syncBuiltinESMExports();
  new Ring(ring).readNext();
});
parentPort?.postMessage('up');
