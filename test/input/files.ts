// Folders that go away, chunks of any size, and bytes put together again: what the tests of this room share.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

/** A folder that is removed when the file's tests are over; returns a writer of files in it. */
export function tempFolder(): { folder: string; write(name: string, bytes: Uint8Array | string): string } {
  const folder = mkdtempSync(join(tmpdir(), 'mlstat-input-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return {
    folder,
    write(name, bytes) {
      const path = join(folder, name);
      writeFileSync(path, bytes);
      return path;
    },
  };
}

/** All that a stream gives, copied as it comes: its chunks are lent. */
export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const copies: Buffer[] = [];
  for await (const chunk of chunks) copies.push(Buffer.from(chunk));
  return Buffer.concat(copies);
}

/** Bytes that compress somewhat, the same for the same seed: runs, repeats and noise. */
export function sampleBytes(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed | 1;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state >>> 8;
  };
  for (let at = 0; at < length; ) {
    const kind = random() >>> 22;
    const run = Math.min(length - at, 1 + (random() & 63));
    if (kind === 0 && at > 500) bytes.copy(bytes, at, at - 500, at - 500 + run);
    else if (kind === 1) bytes.fill(random() >>> 16, at, at + run);
    else for (let i = 0; i < run; i++) bytes[at + i] = random() >>> 16;
    at += run;
  }
  return bytes;
}

/** A source that hands out `bytes` in pieces of the given sizes (in turn), each in memory that is wiped afterwards. */
export function pieces(bytes: Uint8Array, sizes: readonly number[]) {
  let at = 0;
  let turn = 0;
  let lent: Uint8Array | null = null;
  return {
    size: null,
    fd: null,
    async read(): Promise<Uint8Array | null> {
      lent?.fill(0xaa);
      if (at >= bytes.length) return null;
      const size = Math.max(1, sizes[turn++ % sizes.length] ?? 1);
      lent = Buffer.from(bytes.subarray(at, at + size));
      at += size;
      return lent;
    },
    reopen: () => null,
    close: () => {},
  };
}
