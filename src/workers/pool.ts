// Reads many parts at once, in worker threads or (a few bytes, one job) in this one.

import type { Worker } from 'node:worker_threads';
import type { PointInfo } from '../decode/decoder.js';
import type { Lane } from '../uplinks/lanes.js';
import { type ExitCode, UserError } from '../util/error.js';
import { type PartResult, type PartSpec, readPart } from './part.js';
import { dropThreads, takeThread } from './threads.js';
import type { Order } from './worker.js';

/** Takes what parts hand over while they run and when they end; parts end in any order. */
export interface PoolEvents {
  closed(input: number, part: number, runs: ArrayBuffer, lanes: readonly Lane[], points: readonly PointInfo[]): void;
  progress(input: number, part: number, bytes: number, packets: number): void;
  result(result: PartResult): void;
  /** The part could not be read: a fault of the input. Others are thrown by `run`. */
  failed(input: number, part: number, error: UserError): void;
}

/** A part, and the bytes of an input that can be read only once (such parts stay in this thread). */
export interface Job {
  spec: PartSpec;
  stream?: AsyncIterable<Uint8Array>;
}

type Message =
  | { type: 'closed'; input: number; part: number; runs: ArrayBuffer; lanes: Lane[]; points: PointInfo[] }
  | { type: 'progress'; input: number; part: number; bytes: number; packets: number }
  | { type: 'result'; result: PartResult }
  | { type: 'failed'; input: number; part: number; message: string; stack: string; name: string; exitCode?: ExitCode };

/**
 * Runs all jobs, in their order as places become free. `threads` 0 runs them here. After `signal` parts end early with
 * what they have. Rejects with the first fault that is not an input's.
 */
export async function runParts(
  jobs: readonly Job[],
  threads: number,
  events: PoolEvents,
  signal: AbortSignal | undefined,
): Promise<void> {
  const here = jobs.filter((job) => job.stream !== undefined || threads === 0);
  const away = jobs.filter((job) => job.stream === undefined && threads > 0).map((job) => job.spec);
  await Promise.all([runHere(here, events, signal), runAway(away, threads, events, signal)]);
}

async function runHere(jobs: readonly Job[], events: PoolEvents, signal: AbortSignal | undefined): Promise<void> {
  for (const { spec, stream } of jobs) {
    try {
      const result = await readPart(spec, {
        closed: (runs, lanes, points) => events.closed(spec.input, spec.part, runs, lanes, points),
        progress: (bytes, packets) => events.progress(spec.input, spec.part, bytes, packets),
        get aborted() {
          return signal?.aborted === true;
        },
        ...(stream === undefined ? {} : { stream }),
      });
      events.result(result);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      events.failed(spec.input, spec.part, error);
    }
  }
}

async function runAway(
  specs: readonly PartSpec[],
  threads: number,
  events: PoolEvents,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (specs.length === 0) {
    dropThreads();
    return;
  }
  const queue = [...specs];
  const stop = new SharedArrayBuffer(1);
  const onAbort = () => {
    new Uint8Array(stop)[0] = 1;
  };
  if (signal?.aborted === true) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  const workers = Array.from({ length: Math.min(threads, specs.length) }, takeThread);
  dropThreads();
  try {
    await Promise.all(workers.map((worker) => serve(worker, queue, stop, events)));
  } finally {
    signal?.removeEventListener('abort', onAbort);
    // What they held is given back while the work goes on here.
    for (const worker of workers) void worker.terminate();
  }
}

/** Gives one worker part after part; resolves when the queue is empty and the last one is done. */
function serve(worker: Worker, queue: PartSpec[], stop: SharedArrayBuffer, events: PoolEvents): Promise<void> {
  return new Promise((resolve, reject) => {
    const next = () => {
      const spec = queue.shift();
      if (spec === undefined) resolve();
      else worker.postMessage({ spec, stop } satisfies Order);
    };
    worker.on('error', reject);
    worker.on('exit', (code) => reject(new Error(`a worker thread ended early (exit code ${code})`)));
    worker.on('message', (message: Message) => {
      try {
        if (message.type === 'closed') {
          events.closed(message.input, message.part, message.runs, message.lanes, message.points);
        } else if (message.type === 'progress') {
          events.progress(message.input, message.part, message.bytes, message.packets);
        } else if (message.type === 'result') {
          events.result(message.result);
          next();
        } else if (message.name === 'UserError') {
          events.failed(message.input, message.part, new UserError(message.message, message.exitCode));
          next();
        } else {
          const error = new Error(message.message);
          error.stack = message.stack;
          reject(error);
        }
      } catch (error) {
        reject(error as Error);
      }
    });
    next();
  });
}
