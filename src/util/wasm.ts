// What is told where Node can't run WebAssembly: that it is switched off, that addresses are limited.

import { UserError } from './error.js';

/** Of the standard's interface what is used here; TypeScript has it with the browser's alone. */
declare const WebAssembly: {
  Memory: new (pages: { initial: number; maximum: number; shared: boolean }) => SharedMemory;
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: Record<string, object>) => { exports: object };
  RuntimeError: new () => Error;
};

const NO_WEBASSEMBLY = 'this Node has WebAssembly switched off, which mlstat needs: run it without --jitless';
const BIG_ENDIAN = 'mlstat does not run on big-endian processors';
const NO_ADDRESSES =
  'a limit on addresses leaves too little room: raise it (ulimit -v), or set NODE_OPTIONS=--disable-wasm-trap-handler';

export const PAGE_BYTES: number = 2 ** 16;
/** All that can be addressed. */
export const MOST_PAGES: number = 2 ** 16;

/** Travels between threads, which all see the same. Arrays over it stay when it grows. */
export interface SharedMemory {
  readonly buffer: SharedArrayBuffer;
}

/** In pages. */
export function sharedMemory(initial: number, maximum: number): SharedMemory {
  checkProcessor();
  return withAddresses(() => new WebAssembly.Memory({ initial, maximum, shared: true }));
}

/** Compiled code, from base64. */
export function moduleOf(code: string): object {
  checkProcessor();
  return new WebAssembly.Module(Buffer.from(code, 'base64'));
}

/** What an instance offers, its memory included where it has one of its own. */
export function instanceOf<Calls extends object>(module: object, imports: Record<string, object>): Calls {
  return withAddresses(() => new WebAssembly.Instance(module, imports).exports as Calls);
}

/** Takes room in a memory, which traps where it can grow no further: under a limit, that is soon. */
export function withRoom<T>(take: () => T): T {
  try {
    return take();
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) throw new UserError(NO_ADDRESSES);
    throw error;
  }
}

function checkProcessor(): void {
  if (typeof WebAssembly === 'undefined') throw new UserError(NO_WEBASSEMBLY);
  // Its numbers are little-endian, and those of arrays over it the processor's.
  if (new Uint8Array(new Uint16Array([1]).buffer)[0] !== 1) throw new UserError(BIG_ENDIAN);
}

function withAddresses<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    // V8 spares itself checks of bounds by 10 GB of addresses for each memory, which nothing ever fills.
    if (error instanceof RangeError) throw new UserError(NO_ADDRESSES);
    throw error;
  }
}
