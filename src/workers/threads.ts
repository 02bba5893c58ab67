// Worker threads that are started before it is known what they are to read, so that they come up in the meantime.

import { closeSync, openSync, statSync } from 'node:fs';
import type { Worker } from 'node:worker_threads';
import { readersOf } from './sample.js';

/** Below this many bytes threads cost more than they bring. */
export const THREAD_BYTES = 4 * 2 ** 20;
/** What a thread is given of a plain pcap file at least. */
export const PART_BYTES = 32 * 2 ** 20;

const waiting: Worker[] = [];

/**
 * Starts as many threads as reading these files will take, as far as a glance tells; of what is no file it says nothing.
 * They wait, without holding the process, to be taken.
 */
export async function startThreads(paths: readonly string[], most: number): Promise<void> {
  let bytes = 0;
  let parts = 0;
  for (const path of paths) {
    try {
      const stat = statSync(path);
      if (!stat.isFile()) continue;
      bytes += stat.size;
      parts += stat.size < 2 * PART_BYTES ? 1 : partsOf(path, stat.size, most);
    } catch {
      // It will be told when it is opened in earnest.
    }
  }
  if (bytes < THREAD_BYTES) return;
  while (waiting.length < Math.min(parts, most)) {
    const worker = await newThread();
    worker.unref();
    waiting.push(worker);
  }
}

/** A thread that was started before, else a new one. */
export async function takeThread(): Promise<Worker> {
  const worker = waiting.pop() ?? (await newThread());
  worker.ref();
  return worker;
}

/** Ends those that were not taken. */
export function dropThreads(): void {
  for (const worker of waiting.splice(0)) void worker.terminate();
}

/** What starts threads is loaded with the first one. */
async function newThread(): Promise<Worker> {
  const { Worker } = await import('node:worker_threads');
  return new Worker(new URL('./worker.js', import.meta.url));
}

function partsOf(path: string, size: number, most: number): number {
  const fd = openSync(path, 'r');
  try {
    return Math.min(Math.floor(size / PART_BYTES), readersOf(fd, size, most));
  } finally {
    closeSync(fd);
  }
}
