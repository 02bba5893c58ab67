// Large buffers that are used again: left to the garbage collector, those of some hundred files would lie about at once.

/** Larger reads fall out of the second-level cache. */
export const READ_BYTES = 1 << 18;

/** As many as one thread uses at a time. */
const MAX_SPARE = 4;

const spare: Buffer[] = [];

/** A buffer of READ_BYTES with whatever was in it. */
export function lendBuffer(): Buffer {
  return spare.pop() ?? Buffer.allocUnsafeSlow(READ_BYTES);
}

/** Takes a buffer back that nobody looks at or writes to any more; one of another length is dropped. */
export function returnBuffer(buffer: Buffer): void {
  if (buffer.length === READ_BYTES && spare.length < MAX_SPARE) spare.push(buffer);
}
