// Which runs of a part other parts of the input can know nothing of: their keys are held against bits that stand for the
// keys of all others. They are whole by themselves; only the rest has to be joined. See workers/held.ts.

import { META } from '../../decode/batch.js';
import { ENDED, GONE, HOT, MEMORY, OUTBOX, RUN_BYTES, STATE } from '../layout.js';
import { empty, hand } from './outbox.js';
import { dropDoubts } from './segments.js';
import { end, hashOf } from './store.js';

/** So many bits of a hash stand for a key; 0 where no part is held against others. */
export let keyBits: i32 = 0;

export function setKeyBits(bits: i32): void {
  keyBits = bits;
  if (bits === 0) return;
  // Written at once: a page that is read before it is written costs twice, and a word to the other processors.
  for (let at: usize = MEMORY.incoming; at <= MEMORY.own; at += MEMORY.live - MEMORY.incoming) {
    if (at !== MEMORY.before && at !== MEMORY.after) memory.fill(at, 0, (<usize>1) << (bits - 3));
  }
}

/** Notes a run that is over and has an unknown past. */
export function noteHead(run: usize): void {
  const bit = keyBit(run);
  set(MEMORY.incoming, bit);
  // It may go on in a later run of this part, as one that was live before could.
  if ((load<i32>(run, HOT.state << 2) & ENDED) === 0) set(MEMORY.own, bit);
}

/** Notes the runs that live at the part's end. */
export function noteLive(): void {
  for (let run: usize = MEMORY.runs + RUN_BYTES; run < end; run += RUN_BYTES) {
    if (load<i32>(run, HOT.meta << 2) === GONE) continue;
    const bit = keyBit(run);
    set(MEMORY.live, bit);
    if ((load<i32>(run, HOT.state << 2) & STATE.leftOpen) !== 0) set(MEMORY.incoming, bit);
  }
}

/**
 * Of the live runs, hands over those that other parts may know of: those before have a live run with this key, if it has an
 * unknown past, or those after have one that may continue it. The others are whole, and stay; nobody asks why they ended.
 */
export function sortOut(): void {
  for (let run: usize = MEMORY.runs + RUN_BYTES; run < end; run += RUN_BYTES) {
    if (load<i32>(run, HOT.meta << 2) === GONE) continue;
    const bit = keyBit(run);
    const state = load<i32>(run, HOT.state << 2);
    const isIncoming = (state & STATE.leftOpen) !== 0;
    if ((isIncoming && (has(MEMORY.before, bit) || has(MEMORY.own, bit))) || has(MEMORY.after, bit)) {
      hand(OUTBOX.rest, run);
      store<i32>(run, GONE, HOT.meta << 2);
    } else settleAlone(run);
  }
  empty();
}

function settleAlone(run: usize): void {
  store<i32>(run, load<i32>(run, HOT.state << 2) & ~STATE.leftOpen, HOT.state << 2);
  dropDoubts(run);
}

/** The same for runs that are over and have an unknown past, copies of which stand where `roomForHeads` said. */
export function sortHeads(heads: usize, count: i32): void {
  const stop = heads + <usize>count * RUN_BYTES;
  for (let run = heads; run < stop; run += RUN_BYTES) {
    const bit = keyBit(run);
    if (has(MEMORY.before, bit) || has(MEMORY.own, bit)) {
      hand(OUTBOX.heads, run);
      store<i32>(run, GONE, HOT.meta << 2);
    } else settleAlone(run);
  }
  empty();
}

/** Where so many runs can stand behind the live ones; 0 if nowhere. */
export function roomForHeads(count: i32): usize {
  const at = end;
  const bytes = <u64>at + <u64>count * RUN_BYTES;
  const pages = <i32>((bytes + 0xffff) >> 16) - memory.size();
  return bytes < 0xffff0000 && (pages <= 0 || memory.grow(pages) >= 0) ? at : 0;
}

/** The point is no part of it: every part has numbers of its own for them. */
function keyBit(run: usize): u32 {
  const meta = load<i32>(run, HOT.meta << 2) & ((1 << META.pointShift) - 1);
  const hash = hashOf(load<i32>(run, HOT.k0 << 2), load<i32>(run, HOT.k1 << 2), load<i32>(run, HOT.ports << 2), meta);
  return <u32>hash >>> (32 - keyBits);
}

function set(bits: usize, bit: u32): void {
  const at = bits + (<usize>bit >>> 3);
  const one: u8 = 1;
  store<u8>(at, load<u8>(at) | (one << ((bit & 7) as u8)));
}

function has(bits: usize, bit: u32): boolean {
  return ((load<u8>(bits + (<usize>bit >>> 3)) >>> (bit & 7)) & 1) !== 0;
}
