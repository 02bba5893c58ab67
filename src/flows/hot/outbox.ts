// The way out for runs: by kind, some hundred at a time.

import { MEMORY, OUTBOX, OUTBOX_RUNS, RUN_BYTES } from '../layout.js';
import { take } from './host.js';

/** Bytes from one outbox to the next; runs that are in each. */
const OUTBOX_BYTES: usize = OUTBOX_RUNS * RUN_BYTES;
const COUNTS: usize = MEMORY.outboxes + OUTBOX.kinds * OUTBOX_BYTES;

export function hand(kind: i32, run: usize): void {
  const counter = COUNTS + ((<usize>kind) << 2);
  let count = load<i32>(counter);
  if (count === OUTBOX_RUNS) {
    take(kind, count);
    count = 0;
  }
  let to: usize = MEMORY.outboxes + <usize>kind * OUTBOX_BYTES + <usize>count * RUN_BYTES;
  const stop: usize = to + RUN_BYTES;
  for (; to < stop; to += 16, run += 16) {
    store<i64>(to, load<i64>(run));
    store<i64>(to, load<i64>(run, 8), 8);
  }
  store<i32>(counter, count + 1);
}

/** Has what is left in the outboxes taken. */
export function empty(): void {
  for (let kind = 0; kind < OUTBOX.kinds; kind++) {
    const counter = COUNTS + ((<usize>kind) << 2);
    const count = load<i32>(counter);
    if (count > 0) take(kind, count);
    store<i32>(counter, 0);
  }
}
