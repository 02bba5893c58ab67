// Reads many parts at once, in worker threads or (a few bytes, one job) in this one.

import type { Worker } from 'node:worker_threads';
import type { PointInfo } from '../decode/decoder.js';
import { RUN_BYTES } from '../flows/layout.js';
import { readAlong } from '../input/ahead.js';
import type { RingSpec } from '../input/ring.js';
import type { Settled } from '../tally/settle.js';
import type { Lane } from '../uplinks/lanes.js';
import { type ExitCode, isInputFault, UserError } from '../util/error.js';
import type { HeldPart, OtherKeys, PartRest } from './held.js';
import { type PartResult, type PartSpec, readPart } from './part.js';
import type { ScanThread } from './scan-away.js';
import { type SettleSpec, settleRuns } from './settle.js';
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
  | { type: 'share'; ring: RingSpec }
  | { type: 'result'; result: PartResult }
  | { type: 'settled'; settled: Settled }
  | { type: 'rest'; rest: PartRest }
  | { type: 'failed'; message: string; stack: string; name: string; exitCode?: ExitCode };

/** Fewer runs than these are settled here: handing them over would take as long. */
const LEAST_SETTLED = 8192;

/** Threads, started as they are needed; `close` ends them. */
export class Pool {
  private readonly hands: Hand[] = [];
  /** Parts whose runs are held, by number: here, or by the thread that has read them. */
  private readonly held = new Map<number, HeldPart | Hand>();

  /** `threads` 0 does everything here. */
  constructor(private readonly threads: number) {}

  /**
   * Runs all jobs, in their order as places become free. After `signal` parts end early with what they have. Rejects with
   * the first fault that is not an input's.
   */
  async read(jobs: readonly Job[], events: PoolEvents, signal: AbortSignal | undefined): Promise<void> {
    const { threads } = this;
    const here = jobs.filter((job) => job.stream !== undefined || threads === 0);
    const away = jobs.filter((job) => job.stream === undefined && threads > 0).map((job) => job.spec);
    const count = Math.min(threads, away.length);
    this.hands.push(...(await Promise.all(Array.from({ length: count }, takeThread))).map((one) => new Hand(one)));
    dropThreads();
    await Promise.all([runHere(here, this.held, events, signal), runAway(away, this.hands, this.held, events, signal)]);
  }

  /**
   * Sorts out the runs of a part that is held, and settles those that no other part knows of. `onRest` takes the others,
   * before that is done.
   */
  async sortOut(part: number, others: OtherKeys, onRest: (rest: PartRest) => void): Promise<Settled> {
    const place = this.held.get(part) as HeldPart | Hand;
    this.held.delete(part);
    if (!(place instanceof Hand)) {
      onRest(place.sortOut(others));
      return place.settle();
    }
    const settled = await place.sortOut(part, others, onRest);
    // Its memory goes while the others are still at work; the last one may be spared.
    if (this.hands.length > 1 && place.isIdle && ![...this.held.values()].includes(place)) this.end(place);
    return settled;
  }

  /** Settles lists of runs, in the threads that have read where it is worth it; the lists are taken over. */
  async settle(spec: SettleSpec): Promise<Settled[]> {
    const { lists } = spec;
    const { hands } = this;
    const bytes = lists.reduce((sum, { byteLength }) => sum + byteLength, 0);
    if (hands.length === 0 || bytes < LEAST_SETTLED * RUN_BYTES) return lists.length > 0 ? [settleRuns(spec)] : [];
    const shares = hands.map((): ArrayBuffer[] => []);
    const loads = hands.map(() => 0);
    for (const list of lists) {
      const place = loads.indexOf(Math.min(...loads));
      shares[place].push(list);
      loads[place] += list.byteLength;
    }
    return Promise.all(hands.map((hand, n) => settleAway(hand, { ...spec, lists: shares[n] })));
  }

  /** Gives a thread away, for what is left to do after all runs are settled; null where there is none. */
  async spare(): Promise<ScanThread | null> {
    const hand = this.hands.pop();
    if (hand === undefined) return null;
    const { ScanThread } = await import('./scan-away.js');
    return new ScanThread(hand.worker);
  }

  /** What the threads held is given back while the work goes on here. */
  close(): void {
    for (const hand of [...this.hands]) this.end(hand);
  }

  private end(hand: Hand): void {
    this.hands.splice(this.hands.indexOf(hand), 1);
    void hand.worker.terminate();
  }
}

async function runHere(
  jobs: readonly Job[],
  held: Map<number, HeldPart | Hand>,
  events: PoolEvents,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const { spec, stream } of jobs) {
    try {
      const result = await readPart(spec, {
        closed: (runs, lanes, points) => events.closed(spec.input, spec.part, runs, lanes, points),
        progress: (bytes, packets) => events.progress(spec.input, spec.part, bytes, packets),
        hold: (part) => held.set(spec.part, part),
        get aborted() {
          return signal?.aborted === true;
        },
        ...(stream === undefined ? {} : { stream }),
      });
      events.result(result);
    } catch (error) {
      if (!isInputFault(error)) throw error;
      events.failed(spec.input, spec.part, error);
    }
  }
}

async function runAway(
  specs: readonly PartSpec[],
  hands: readonly Hand[],
  held: Map<number, HeldPart | Hand>,
  events: PoolEvents,
  signal: AbortSignal | undefined,
): Promise<void> {
  const queue = [...specs];
  const stop = new SharedArrayBuffer(1);
  const onAbort = () => {
    new Uint8Array(stop)[0] = 1;
  };
  if (signal?.aborted === true) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.all(hands.map((hand) => serve(hand, queue, stop, held, events)));
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

/** Gives one worker part after part; resolves when the queue is empty and the last one is done. */
function serve(
  hand: Hand,
  queue: PartSpec[],
  stop: SharedArrayBuffer,
  held: Map<number, HeldPart | Hand>,
  events: PoolEvents,
): Promise<void> {
  return hand.converse((resolve, reject) => {
    let spec: PartSpec | undefined;
    const next = () => {
      spec = queue.shift();
      if (spec === undefined) resolve();
      else hand.worker.postMessage({ type: 'read', spec, stop } satisfies Order);
    };
    next();
    return (message) => {
      try {
        if (message.type === 'closed') {
          events.closed(message.input, message.part, message.runs, message.lanes, message.points);
        } else if (message.type === 'progress') {
          events.progress(message.input, message.part, message.bytes, message.packets);
        } else if (message.type === 'share') {
          hand.readAlong(message.ring);
        } else if (message.type === 'result') {
          if (message.result.keys !== null) held.set(message.result.part, hand);
          events.result(message.result);
          next();
        } else if (message.type === 'failed') {
          const fault = faultOf(message);
          if (!isInputFault(fault) || spec === undefined) return reject(fault);
          events.failed(spec.input, spec.part, fault);
          next();
        }
      } catch (error) {
        reject(error as Error);
      }
    };
  });
}

function settleAway(hand: Hand, spec: SettleSpec): Promise<Settled> {
  return hand.converse((resolve, reject) => {
    hand.worker.postMessage({ type: 'settle', spec } satisfies Order, [...spec.lists]);
    return (message) => {
      if (message.type === 'settled') resolve(message.settled);
      else if (message.type === 'failed') reject(faultOf(message));
    };
  });
}

/** As it was thrown in its thread. */
function faultOf({ name, message, stack, exitCode }: Extract<Message, { type: 'failed' }>): Error {
  if (name === 'UserError') return new UserError(message, exitCode);
  const error = new Error(message);
  error.stack = stack;
  return error;
}

/** A worker, and what is waited for from it: a fault of its ends that, or the next thing that is asked for. */
class Hand {
  private fault: Error | null = null;
  private busy: Promise<unknown> = Promise.resolve();
  private asked = 0;
  private reject: ((fault: Error) => void) | null = null;
  private stopReading = () => {};

  constructor(readonly worker: Worker) {
    const lose = (fault: Error) => {
      this.fault ??= fault;
      this.reject?.(this.fault);
    };
    worker.on('error', lose);
    worker.on('exit', (code) => {
      this.stopReading();
      lose(new Error(`a worker thread ended early (exit code ${code})`));
    });
  }

  /** Nothing that was asked of it is left to be done. */
  get isIdle(): boolean {
    return this.asked === 0;
  }

  /** Reads what it is about to look at, while this thread has nothing else to do. */
  readAlong(ring: RingSpec): void {
    this.stopReading = readAlong(ring);
  }

  /** See `Pool.sortOut`; parts that it holds come after each other. */
  sortOut(part: number, others: OtherKeys, onRest: (rest: PartRest) => void): Promise<Settled> {
    this.asked++;
    const sorted = this.busy.then(() =>
      this.converse<Settled>((resolve, reject) => {
        this.worker.postMessage({ type: 'sort', part, others } satisfies Order);
        return (message) => {
          if (message.type === 'rest') onRest(message.rest);
          else if (message.type === 'settled') resolve(message.settled);
          else if (message.type === 'failed') reject(faultOf(message));
        };
      }),
    );
    this.busy = sorted.catch(() => {});
    return sorted.finally(() => this.asked--);
  }

  /** Listens until what `begin` has asked for is settled, one way or the other. */
  async converse<T>(
    begin: (resolve: (value: T) => void, reject: (fault: Error) => void) => (message: Message) => void,
  ): Promise<T> {
    if (this.fault !== null) throw this.fault;
    let listener: (message: Message) => void = () => {};
    try {
      return await new Promise<T>((resolve, reject) => {
        this.reject = reject;
        listener = begin(resolve, reject);
        this.worker.on('message', listener);
      });
    } finally {
      this.reject = null;
      this.worker.off('message', listener);
    }
  }
}
