// The room in which loops over the ledger's rows run (src/tally/hot, WebAssembly), and its memory as typed arrays. Each loop
// runs once a report: as JavaScript it would be interpreted for the most part.

import {
  instanceOf,
  MOST_PAGES,
  moduleOf,
  PAGE_BYTES,
  type SharedMemory,
  sharedMemory,
  withRoom,
} from '../util/wasm.js';
import type { Column } from './columns.js';
import { CODE } from './hot/code.js';
import type { RoomCalls } from './room-calls.js';

/** Room for the columns of some thousand rows at first; it grows, for what nobody writes to costs nothing. */
const FIRST_PAGES = 64;
const MOST_BYTES = MOST_PAGES * PAGE_BYTES;

let code: object | undefined;

/** By their memory, which is another object each time it has grown. */
const rooms = new WeakMap<ArrayBufferLike, Room>();

/** For arrays that stand in no room. */
let spare: Room | undefined;

/** Lends the room in which an array stands, else another one for that long. */
export function lendRoomOf<T>({ buffer }: Column, use: (room: Room) => T): T {
  const own = rooms.get(buffer);
  if (own !== undefined) return own.lend(use);
  spare ??= new Room();
  return spare.lend(use);
}

export class Room {
  readonly calls: RoomCalls;
  /** How many times over. */
  protected lent = 0;

  constructor(private readonly memory: SharedMemory = sharedMemory(FIRST_PAGES, MOST_PAGES)) {
    code ??= moduleOf(CODE);
    this.calls = instanceOf<RoomCalls>(code, { env: { memory }, math: Math });
    rooms.set(memory.buffer, this);
  }

  /** What is put here meanwhile is gone afterwards. */
  lend<T>(use: (room: this) => T): T {
    const top = this.calls.top();
    this.lent++;
    try {
      return use(this);
    } finally {
      this.lent--;
      this.calls.release(top);
    }
  }

  /**
   * Arrays in this room hold whatever was there before. What is taken while it is lent is gone when the loan ends; all else
   * stays as long as the room.
   */
  floats(count: number): Float64Array {
    const at = this.take(count * 8);
    return new Float64Array(this.buffer, at, count);
  }

  words(count: number): Uint32Array {
    const at = this.take(count * 4);
    return new Uint32Array(this.buffer, at, count);
  }

  integers(count: number): Int32Array {
    const at = this.take(count * 4);
    return new Int32Array(this.buffer, at, count);
  }

  bytes(count: number): Uint8Array {
    const at = this.take(count);
    return new Uint8Array(this.buffer, at, count);
  }

  /** Where an array stands in this room: copied into it if it does not stand there already. */
  placeOf(array: Column): number {
    if (this.holds(array)) return array.byteOffset;
    const own = this.bytes(array.byteLength);
    own.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    return own.byteOffset;
  }

  /** As `placeOf`, 0 for none. */
  placeOfAny(array: Column | null): number {
    return array === null ? 0 : this.placeOf(array);
  }

  holds({ buffer }: Column): boolean {
    return rooms.get(buffer) === this;
  }

  private take(bytes: number): number {
    // On the way it would be cut to 32 bits.
    if (bytes > MOST_BYTES) throw new RangeError(`${bytes} bytes are more than a room can hold`);
    return withRoom(() => this.calls.take(bytes)) >>> 0;
  }

  private get buffer(): SharedArrayBuffer {
    const { buffer } = this.memory;
    rooms.set(buffer, this);
    return buffer;
  }
}
