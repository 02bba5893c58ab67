// A worker thread: reads parts as they are handed to it and sends back what they came to.

import { parentPort } from 'node:worker_threads';
import { type PartSpec, readPart } from './part.js';

/** `stop` is one shared byte: not 0 means that the user wants what is known so far. */
export interface Order {
  spec: PartSpec;
  stop: SharedArrayBuffer;
}

const port = parentPort;
if (port === null) throw new Error('worker.js runs in a worker thread only');
/** Milliseconds between two words about progress. */
const PROGRESS_MS = 100;
let told = 0;

port.on('message', ({ spec, stop }: Order) => {
  const stopped = new Uint8Array(stop);
  const hooks = {
    closed(runs: ArrayBuffer, lanes: unknown, points: unknown) {
      port.postMessage({ type: 'closed', input: spec.input, part: spec.part, runs, lanes, points }, [runs]);
    },
    progress(bytes: number, packets: number) {
      const now = Date.now();
      if (now - told < PROGRESS_MS) return;
      told = now;
      port.postMessage({ type: 'progress', input: spec.input, part: spec.part, bytes, packets });
    },
    get aborted() {
      return stopped[0] !== 0;
    },
  };
  readPart(spec, hooks).then(
    (result) => {
      const { bins, signals } = result.data;
      const binned = [bins, signals].flatMap(({ cells, bins, sums }) => [cells.buffer, bins.buffer, sums.buffer]);
      const buffers = [...result.heads, ...result.open, ...result.tails, ...binned];
      port.postMessage({ type: 'result', result }, buffers as ArrayBuffer[]);
    },
    (error: unknown) => {
      const { message, stack, name, exitCode } = error as Error & { exitCode?: number };
      port.postMessage({ type: 'failed', input: spec.input, part: spec.part, message, stack, name, exitCode });
    },
  );
});
