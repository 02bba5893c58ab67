// The scan for outages in a thread that has read, while the main one measures what hangs on no outage.

import { MessageChannel, type MessagePort, receiveMessageOnPort, type Worker } from 'node:worker_threads';
import type { Found } from '../detect/found.js';
import { type ScanInput, scan } from '../detect/scan.js';

/** What is handed over. Columns of flows stand in shared memory, so only marks are copied. */
export interface ScanOrder {
  type: 'scan';
  input: ScanInput;
  /** One word, shared: see CLAIM. */
  claim: Int32Array;
  /** Takes what was found. */
  port: MessagePort;
}

/** Who has the scan: nobody yet; the thread; it is done with, one way or the other. */
const CLAIM = { open: 0, taken: 1, done: 2 } as const;

/**
 * A scan of a million flows takes a fifth of a second. What has not come by then is done here as well: the thread died in the midst
 * of it, or the machine was asleep.
 */
const PATIENCE_MS = 10_000;

/** Keeps a thread until there is something to scan. */
export interface Spare {
  thread: ScanThread | null;
}

export class ScanThread {
  constructor(private readonly worker: Worker) {
    // Idle, it does not hold the process.
    worker.unref();
  }

  /**
   * Hands the scan over. Who asks for the result waits for it, and hears of nothing else meanwhile; what the thread has not
   * begun by then, or could not do, is done here.
   */
  readonly scan = (input: ScanInput): (() => Found) => {
    const { port1: port, port2: far } = new MessageChannel();
    const claim = new Int32Array(new SharedArrayBuffer(4));
    const order: ScanOrder = { type: 'scan', input, claim, port: far };
    this.worker.postMessage(order, [far]);
    return () => {
      const isTaken = Atomics.compareExchange(claim, 0, CLAIM.open, CLAIM.done) !== CLAIM.open;
      if (isTaken) Atomics.wait(claim, 0, CLAIM.taken, PATIENCE_MS);
      const found: { message: Found } | undefined = receiveMessageOnPort(port);
      port.close();
      return found?.message ?? scan(input);
    };
  };

  end(): void {
    void this.worker.terminate();
  }
}

/** The thread's side of it. */
export function takeScan({ input, claim, port }: ScanOrder): void {
  if (Atomics.compareExchange(claim, 0, CLAIM.open, CLAIM.taken) !== CLAIM.open) return;
  try {
    port.postMessage(scan(input));
  } catch {
    // Who asked tries it again, and tells what is wrong.
  }
  Atomics.store(claim, 0, CLAIM.done);
  Atomics.notify(claim, 0);
}
