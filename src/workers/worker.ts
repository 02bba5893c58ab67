// A worker thread: reads parts and settles runs as they are handed to it, and sends back what they came to.

import { parentPort } from 'node:worker_threads';
import { dropHots } from '../flows/instance.js';
import type { RingSpec } from '../input/ring.js';
import { buffersOf, type Settled } from '../tally/settle.js';
import type { HeldPart, OtherKeys } from './held.js';
import { type PartResult, type PartSpec, readPart } from './part.js';
import { type ScanOrder, takeScan } from './scan-away.js';
import { type SettleSpec, settleRuns } from './settle.js';

/** `stop` is shared. */
export type Order =
  | { type: 'read'; spec: PartSpec; stop: SharedArrayBuffer }
  | { type: 'settle'; spec: SettleSpec }
  | { type: 'sort'; part: number; others: OtherKeys }
  | ScanOrder;

const port = parentPort;
if (port === null) throw new Error('worker.js runs in a worker thread only');
/** Milliseconds between two words about progress. */
const PROGRESS_MS = 100;
/** By part. */
const held = new Map<number, HeldPart>();
let told = 0;

port.on('message', (order: Order) => {
  if (order.type === 'read') return read(order.spec, new Uint8Array(order.stop));
  if (order.type === 'scan') {
    // Nothing more will be read.
    dropHots();
    return takeScan(order);
  }
  try {
    const settled = order.type === 'settle' ? settleRuns(order.spec) : sort(order.part, order.others);
    port.postMessage({ type: 'settled', settled }, buffersOf(settled));
  } catch (error) {
    fail(error);
  }
});

function sort(number: number, others: OtherKeys): Settled {
  const part = held.get(number) as HeldPart;
  held.delete(number);
  const rest = part.sortOut(others);
  port?.postMessage({ type: 'rest', rest }, [...rest.heads, ...rest.live]);
  return part.settle();
}

/** `stopped` is one byte: not 0 means that the user wants what is known so far. */
function read(spec: PartSpec, stopped: Uint8Array): void {
  const hooks = {
    closed(runs: ArrayBuffer, lanes: unknown, points: unknown) {
      port?.postMessage({ type: 'closed', input: spec.input, part: spec.part, runs, lanes, points }, [runs]);
    },
    progress(bytes: number, packets: number) {
      const now = Date.now();
      if (now - told < PROGRESS_MS) return;
      told = now;
      port?.postMessage({ type: 'progress', input: spec.input, part: spec.part, bytes, packets });
    },
    hold: (part: HeldPart) => held.set(spec.part, part),
    share: (ring: RingSpec) => port?.postMessage({ type: 'share', ring }),
    get aborted() {
      return stopped[0] !== 0;
    },
  };
  readPart(spec, hooks).then((result) => port?.postMessage({ type: 'result', result }, buffersIn(result)), fail);
}

function fail(error: unknown): void {
  const { message, stack, name, exitCode } = error as Error & { exitCode?: number };
  port?.postMessage({ type: 'failed', message, stack, name, exitCode });
}

/** What is handed over instead of being copied. */
function buffersIn({ heads, live, data, settled }: PartResult): ArrayBuffer[] {
  const binned = [data.bins, data.signals].flatMap(({ cells, bins, sums }) => [cells.buffer, bins.buffer, sums.buffer]);
  const rows = settled === null ? [] : buffersOf(settled);
  return [...heads, ...live, ...(binned as ArrayBuffer[]), ...rows];
}
