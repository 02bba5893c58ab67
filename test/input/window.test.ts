// The window: whatever the reads and chunks, a framer sees the same records, once each and in order.

import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { pumpFile, pumpStream } from '#src/input/window.js';
import { DamageLog } from '#src/util/error.js';
import { pieces, tempFolder } from './files.js';
import { lengths, Records, records } from './records.js';

const { write } = tempFolder();

function withFile<T>(bytes: Uint8Array, use: (fd: number) => T): T {
  const fd = openSync(write('records', bytes), 'r');
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

describe('pumpFile', () => {
  test('every record once, those longer than a read as well, whether they are asked for or not', () => {
    fc.assert(
      fc.property(lengths, fc.boolean(), fc.integer({ min: 0, max: 3 }), (list, sayWants, extra) => {
        const bytes = Buffer.concat([records(list), Buffer.alloc(extra)]);
        const framer = new Records(0, Number.POSITIVE_INFINITY, sayWants);
        const end = withFile(bytes, (fd) => pumpFile(fd, 0, bytes.length, framer));
        assert.deepEqual(framer.lengths, list);
        assert.deepEqual([end, framer.left, framer.ends], [bytes.length - extra, extra, 1]);
      }),
      { numRuns: 50 },
    );
  });

  test('segments meet: each record belongs to the one in which it starts', () => {
    const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 });
    fc.assert(
      fc.property(lengths, cuts, (list, at) => {
        const bytes = records(list);
        const borders = [...at.map((share) => Math.floor(share * bytes.length)).sort((a, b) => a - b), bytes.length];
        const read: number[] = [];
        withFile(bytes, (fd) => {
          let start = 0;
          for (const border of borders) {
            const framer = new Records(start, border, true, read.length);
            start = pumpFile(fd, start, border, framer, { fileEnd: bytes.length });
            assert.equal(start, framer.position);
            assert.deepEqual([framer.left, framer.ends], [0, 1]);
            read.push(...framer.lengths);
          }
        });
        assert.deepEqual(read, list);
      }),
      { numRuns: 50 },
    );
  });

  test('a file that has been cut since it was opened ends where it ends', () => {
    const bytes = records([10, 20]);
    const framer = new Records();
    withFile(bytes, (fd) => pumpFile(fd, 0, bytes.length + 1000, framer));
    assert.deepEqual([framer.lengths, framer.left], [[10, 20], 0]);
  });

  test('a record that claims more than 64 MiB is damage, and the end', () => {
    const bytes = Buffer.concat([records([10]), Buffer.from([0, 0, 0, 5]), Buffer.alloc(2_000_000)]);
    const damage = new DamageLog();
    const framer = new Records();
    withFile(bytes, (fd) => pumpFile(fd, 0, bytes.length, framer, { damage }));
    assert.deepEqual(framer.lengths, [10]);
    assert.deepEqual(damage.list(), [{ reason: 'oversized-record', count: 1, offset: 14 }]);
    assert.equal(framer.left, 0);
  });

  test('progress is told in bytes, and can call it off', () => {
    const bytes = records(Array.from({ length: 5000 }, () => 1000));
    const seen: number[] = [];
    const framer = new Records();
    withFile(bytes, (fd) => pumpFile(fd, 0, bytes.length, framer, { onProgress: (count) => seen.push(count) < 3 }));
    assert.equal(seen.length, 3);
    assert.ok(seen.every((count, index) => count > (seen[index - 1] ?? 0)));
    assert.deepEqual([framer.left, framer.ends], [0, 1]);
  });
});

describe('pumpStream', () => {
  test('chunks of any size give the same records', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 1 << 20 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(lengths, sizes, fc.boolean(), async (list, chunkSizes, sayWants) => {
        const small = Math.max(...chunkSizes) < 100;
        const bytes = records(small ? list.filter((length) => length < 5000) : list);
        const framer = new Records(0, Number.POSITIVE_INFINITY, sayWants);
        const consumed = await pumpStream(chunksOf(bytes, chunkSizes), framer);
        assert.deepEqual([consumed, framer.left, framer.ends], [bytes.length, 0, 1]);
        assert.deepEqual(records(framer.lengths), bytes);
      }),
      { numRuns: 50 },
    );
  });

  test('a framer that is done leaves the stream, and closes it', async () => {
    const bytes = records([10, 20, 30, 40]);
    let closed = false;
    async function* stream() {
      try {
        for (;;) yield bytes;
      } finally {
        closed = true;
      }
    }
    const framer = new Records(0, 14);
    assert.equal(await pumpStream(stream(), framer), 14);
    assert.ok(closed);
    assert.deepEqual([framer.lengths, framer.left], [[10], 0]);
  });

  test('a stream that fails fails the pump', async () => {
    async function* stream() {
      yield records([10]);
      throw new Error('the disk is gone');
    }
    await assert.rejects(pumpStream(stream(), new Records()), /the disk is gone/);
  });
});

async function* chunksOf(bytes: Uint8Array, chunkSizes: readonly number[]): AsyncGenerator<Uint8Array, void> {
  const source = pieces(bytes, chunkSizes);
  for (;;) {
    const chunk = await source.read();
    if (chunk === null) return;
    yield chunk;
  }
}
