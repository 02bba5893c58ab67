// A worker thread: reads parts and settles runs as they are handed to it, and sends back what they came to.

import { MessageChannel, parentPort } from 'node:worker_threads';
import { buffersOf } from '../tally/settle.js';
import { type PartResult, type PartSpec, readPart } from './part.js';
import { type SettleSpec, settleRuns } from './settle.js';

/** `stop` is one shared byte: not 0 means that the user wants what is known so far. */
export type Order = { type: 'read'; spec: PartSpec; stop: SharedArrayBuffer } | { type: 'settle'; spec: SettleSpec };

const port = parentPort;
if (port === null) throw new Error('worker.js runs in a worker thread only');
/** Milliseconds between two words about progress. */
const PROGRESS_MS = 100;
let told = 0;

port.on('message', (order: Order) => {
  if (order.type === 'settle') {
    const settled = settleRuns(order.spec);
    port.postMessage({ type: 'settled', settled }, buffersOf(settled));
    return;
  }
  const { spec, stop } = order;
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
    release: giveBack,
    get aborted() {
      return stopped[0] !== 0;
    },
  };
  readPart(spec, hooks).then(
    (result) => port.postMessage({ type: 'result', result }, buffersIn(result)),
    (error: unknown) => {
      const { message, stack, name, exitCode } = error as Error & { exitCode?: number };
      port.postMessage({ type: 'failed', input: spec.input, part: spec.part, message, stack, name, exitCode });
    },
  );
});

/** What is handed over instead of being copied. */
function buffersIn({ heads, open, tails, data, settled }: PartResult): ArrayBuffer[] {
  const binned = [data.bins, data.signals].flatMap(({ cells, bins, sums }) => [cells.buffer, bins.buffer, sums.buffer]);
  const rows = settled === null ? [] : buffersOf(settled);
  return [...heads, ...open, ...tails, ...(binned as ArrayBuffer[]), ...rows];
}

/**
 * Memory goes at once that would else wait for the collector, and what is settled next come on top of it: what is handed
 * to a port at which nobody listens is freed.
 */
function giveBack(memory: ArrayBuffer[]): void {
  const { port1, port2 } = new MessageChannel();
  port2.close();
  port1.postMessage(null, memory);
  port1.close();
}
