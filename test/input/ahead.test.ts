// Reading ahead: the same records as by reading when they are needed, whatever the blocks cut.

import assert from 'node:assert/strict';
import fs, { closeSync, openSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { test } from 'node:test';
import fc from 'fast-check';
import { pumpAhead } from '#src/input/ahead.js';
import { pumpFile } from '#src/input/window.js';
import { tempFolder } from './files.js';
import { lengths, Records, records } from './records.js';

const { write } = tempFolder();
const LEAD_BYTES = 1 << 19;

/** Three blocks of so many bytes, not at the beginning of its memory, which is shared as that of the hot loop. */
function windowOf(block: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(3 * (LEAD_BYTES + block) + 64), 64).fill(0xee);
}

async function withFile<T>(bytes: Uint8Array, use: (fd: number) => Promise<T>): Promise<T> {
  const fd = openSync(write('records', bytes), 'r');
  try {
    return await use(fd);
  } finally {
    closeSync(fd);
  }
}

const block = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 300, max: 100_000 }));

test('every record once, in parts that meet, as `pumpFile` reads them', async () => {
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 2 });
  const small = fc.array(fc.integer({ min: 0, max: 2000 }), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(lengths, small),
      block,
      cuts,
      fc.integer({ min: 0, max: 3 }),
      async (list, size, at, extra) => {
        // A byte at a time takes too long for a long one.
        const list2 = size < 300 ? list.map((length) => length % 2001) : list;
        const bytes = Buffer.concat([records(list2), Buffer.alloc(extra)]);
        const window = windowOf(size);
        const borders = [...at.map((share) => Math.floor(share * bytes.length)).sort((a, b) => a - b), bytes.length];
        const read: number[] = [];
        await withFile(bytes, async (fd) => {
          let start = 0;
          for (const border of borders) {
            const limit = border === bytes.length ? Number.POSITIVE_INFINITY : border;
            const framers = [0, 1].map(() => new Records(start, limit, true, read.length));
            const [one, two] = framers as [Records, Records];
            const options = { fileEnd: bytes.length };
            const end = await pumpAhead(fd, start, border, one, { ...options, window });
            assert.equal(end, pumpFile(fd, start, border, two, options));
            assert.deepEqual([one.lengths, one.left, one.ends, one.position], [two.lengths, two.left, 1, two.position]);
            start = end;
            read.push(...one.lengths);
          }
          assert.equal(start, bytes.length - extra);
        });
        assert.deepEqual(read, list2);
      },
    ),
    { numRuns: 100 },
  );
});

test('a record that no block has room for is read all the same, and what comes after it', async () => {
  const list = [10, LEAD_BYTES - 4, LEAD_BYTES - 3, 3 * LEAD_BYTES, 20, 30];
  const framer = new Records();
  const bytes = records(list);
  await withFile(bytes, (fd) => pumpAhead(fd, 0, bytes.length, framer, { window: windowOf(4096) }));
  assert.deepEqual([framer.lengths, framer.left, framer.ends], [list, 0, 1]);
});

test('a file that has been cut since it was opened ends where it ends', async () => {
  const list = Array.from({ length: 50 }, () => 1000);
  const bytes = records(list);
  const framer = new Records();
  await withFile(bytes, (fd) => pumpAhead(fd, 0, bytes.length + 20_000, framer, { window: windowOf(8192) }));
  assert.deepEqual([framer.lengths, framer.left, framer.ends], [list, 0, 1]);
});

test('a framer that is done is fed no more', async () => {
  const bytes = records(Array.from({ length: 100 }, () => 1000));
  const framer = new Records(0, 14);
  const end = await withFile(bytes, (fd) => pumpAhead(fd, 0, bytes.length, framer, { window: windowOf(4096) }));
  assert.deepEqual([framer.lengths, framer.left, framer.ends, end], [[1000], 0, 1, 1004]);
});

test('what is not worth it any more is read when it is needed', async () => {
  const list = Array.from({ length: 100 }, () => 1000);
  const bytes = records(list);
  const framer = new Records();
  const asked: number[] = [];
  const isWorth = (passed: number) => asked.push(passed) < 3;
  const end = await withFile(bytes, (fd) =>
    pumpAhead(fd, 0, bytes.length, framer, { window: windowOf(4096), isWorth }),
  );
  assert.deepEqual([framer.lengths, framer.left, framer.ends, end], [list, 0, 1, bytes.length]);
  assert.deepEqual(asked, [4096, 8192, 12_288]);
});

test('progress is told in bytes, also of what is read otherwise, and can call it off', async () => {
  const bytes = records([
    ...Array.from({ length: 20 }, () => 1000),
    2 * LEAD_BYTES,
    ...Array.from({ length: 500 }, () => 1000),
  ]);
  for (const most of [1, 2, 4, Number.POSITIVE_INFINITY]) {
    const seen: number[] = [];
    const framer = new Records();
    const onProgress = (count: number) => seen.push(count) < most;
    const end = await withFile(bytes, (fd) =>
      pumpAhead(fd, 0, bytes.length, framer, { window: windowOf(8192), onProgress }),
    );
    assert.ok(seen.every((count, index) => count >= (seen[index - 1] ?? 0) && count <= bytes.length));
    assert.deepEqual([framer.left, framer.ends, framer.position], [0, 1, end]);
    if (Number.isFinite(most)) assert.equal(seen.length, most);
    else assert.equal(seen.at(-1), bytes.length);
  }
});

test('a read that fails is told once, after what came before it', async () => {
  const framer = new Records();
  const fd = openSync(write('records', records([10])), 'w');
  try {
    await assert.rejects(pumpAhead(fd, 0, 1e6, framer, { window: windowOf(4096) }), { code: 'EBADF', syscall: 'read' });
  } finally {
    closeSync(fd);
  }
  assert.deepEqual([framer.lengths, framer.ends], [[], 0]);
});

type Read = (
  fd: number,
  into: Uint8Array,
  at: number,
  length: number,
  position: number,
  done: (error: Error | null, count: number) => void,
) => void;

/** With another `fs.read`. */
async function withReads(other: (real: Read) => Read, use: () => Promise<void>): Promise<void> {
  const real = fs.read;
  try {
    fs.read = other(real as unknown as Read) as unknown as typeof fs.read;
    syncBuiltinESMExports();
    await use();
  } finally {
    fs.read = real;
    syncBuiltinESMExports();
  }
}

test('a read that brings less than was asked for, in the middle of the file', async () => {
  const list = Array.from({ length: 60 }, () => 1000);
  const bytes = records(list);
  for (let short = 0; short < 14; short++) {
    let reads = 0;
    const other =
      (real: Read): Read =>
      (fd, into, at, length, position, done) =>
        real(fd, into, at, reads++ === short ? Math.min(length, 700) : length, position, done);
    await withReads(other, () =>
      withFile(bytes, async (fd) => {
        const framer = new Records();
        await pumpAhead(fd, 0, bytes.length, framer, { window: windowOf(4096) });
        assert.deepEqual([framer.lengths, framer.left, framer.ends], [list, 0, 1], `${short}`);
      }),
    );
  }
});

test('a read that fails long before its turn is told when its turn has come', async () => {
  const list = Array.from({ length: 60 }, () => 1000);
  const bytes = records(list);
  const other =
    (real: Read): Read =>
    (fd, into, at, length, position, done) => {
      // The first one takes long, the second one fails at once.
      if (position === 0) setTimeout(() => real(fd, into, at, length, position, done), 50);
      else if (position === 4096) setImmediate(() => done(Object.assign(new Error('bad sector'), { code: 'EIO' }), 0));
      else real(fd, into, at, length, position, done);
    };
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  await withReads(other, () =>
    withFile(bytes, async (fd) => {
      const framer = new Records();
      const pumped = pumpAhead(fd, 0, bytes.length, framer, { window: windowOf(4096) });
      await assert.rejects(pumped, { code: 'EIO' });
      assert.equal(framer.lengths.length, 4);
    }),
  );
  process.off('unhandledRejection', note);
  assert.deepEqual(unhandled, []);
});
