// What the data segments of TCP tell: see flows/again.ts.

import { KNOWN, REACH } from '../again.js';
import { HOT, HOT_WORDS, IN_DOUBT, NO_DATA, SEGMENTS, STATE } from '../layout.js';
import { begin, next } from './doubts.js';

const AT: usize = (HOT_WORDS + SEGMENTS.inCold) << 2;

/** Nothing is in doubt any more: the chains would be other ones with every cut. */
export function dropDoubts(run: usize): void {
  for (let own = run + AT; own < run + AT + 8; own += 4) {
    store<i32>(own, 0, SEGMENTS.doubtLow << 2);
    const behind = load<i32>(own, SEGMENTS.behindLow << 2);
    if (behind !== NO_DATA) store<i32>(own, behind & ~IN_DOUBT, SEGMENTS.behindLow << 2);
  }
}

/** A SYN: what its side sent before has other numbers. */
export function beginNumbers(run: usize, high: i32): void {
  const own = run + AT + ((<usize>high) << 2);
  store<i32>(own, NO_DATA, SEGMENTS.behindLow << 2);
  const head = load<i32>(own, SEGMENTS.doubtLow << 2);
  store<i32>(own, head === 0 ? KNOWN : -abs(head), SEGMENTS.doubtLow << 2);
}

export function noteData(run: usize, high: i32, seq: i32, length: i32): void {
  const own = run + AT + ((<usize>high) << 2);
  const end = seq + length;
  const step = end - load<i32>(own, SEGMENTS.endLow << 2);
  store<i32>(own, end, SEGMENTS.endLow << 2);
  // The usual one begins where the furthest ended.
  if (load<i32>(own, SEGMENTS.behindLow << 2) !== 0 || step < length) noteUnusual(run, own, end, step, length);
}

/** A data segment that is not simply the next one; `step` is how far it ends beyond the one before. */
function noteUnusual(run: usize, own: usize, end: i32, step: i32, payload: i32): void {
  const length = min(payload, REACH);
  const behind = load<i32>(own, SEGMENTS.behindLow << 2);
  const doubt = load<i32>(own, SEGMENTS.doubtLow << 2);
  if (behind === NO_DATA) {
    const doubted = (load<i32>(run, HOT.state << 2) & STATE.leftOpen) !== 0 && doubt === 0;
    if (doubted) store<i32>(own, begin(end, length), SEGMENTS.doubtLow << 2);
    store<i32>(own, doubted ? IN_DOUBT : 0, SEGMENTS.behindLow << 2);
    return;
  }
  const before = behind & ~IN_DOUBT;
  // How far the furthest byte lies beyond this one's end, in more than 32 bits: the numbers are the sender's.
  const ahead = <i64>before - <i64>step;
  const isNew = step < -REACH || ahead + <i64>length <= 0;
  if (!isNew) store<i32>(run, load<i32>(run, AT + (SEGMENTS.again << 2)) + 1, AT + (SEGMENTS.again << 2));
  const left = step < -REACH ? 0 : <i32>max<i64>(0, min<i64>(REACH, ahead));
  const head = next(doubt, end, step, before, left, isNew ? length : 0);
  store<i32>(own, head, SEGMENTS.doubtLow << 2);
  store<i32>(own, head > 0 ? left | IN_DOUBT : left, SEGMENTS.behindLow << 2);
}
