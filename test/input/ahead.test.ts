// Reading ahead: the same records as by reading when they are needed, whoever reads the blocks and whatever they cut.

import assert from 'node:assert/strict';
import fs, { closeSync, openSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { type AheadOptions, pumpAhead, readAlong } from '#src/input/ahead.js';
import { Ring, type RingSpec } from '#src/input/ring.js';
import { type Fed, pumpFile } from '#src/input/window.js';
import type { Along } from './along.js';
import { tempFolder } from './files.js';
import { lengths, Records, records } from './records.js';

const { write } = tempFolder();
const LEAD_BYTES = 1 << 19;

/** So many blocks of so many bytes, not at the beginning of its memory, which is shared as that of the hot loop. */
function roomFor(blockBytes: number, places = 3): Pick<AheadOptions, 'window' | 'blockBytes'> {
  const memory = new SharedArrayBuffer(64 + LEAD_BYTES + places * blockBytes);
  return { window: new Uint8Array(memory, 64).fill(0xee), blockBytes };
}

function withFile<T>(bytes: Uint8Array, use: (fd: number) => T): T {
  const fd = openSync(write('records', bytes), 'r');
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

/** Reads it in parts that meet at the borders, and holds each against `pumpFile`. */
function readInParts(bytes: Buffer, borders: number[], options: AheadOptions): number[] {
  const read: number[] = [];
  withFile(bytes, (fd) => {
    let start = 0;
    for (const border of [...borders, bytes.length]) {
      const limit = border === bytes.length ? Number.POSITIVE_INFINITY : border;
      const framers = [0, 1].map(() => new Records(start, limit, true, read.length));
      const [one, two] = framers as [Records, Records];
      const fileEnd = bytes.length;
      const end = pumpAhead(fd, start, border, one, { ...options, fileEnd });
      assert.equal(end, pumpFile(fd, start, border, two, { fileEnd }));
      assert.deepEqual([one.lengths, one.left, one.ends, one.position], [two.lengths, two.left, 1, two.position]);
      start = end;
      read.push(...one.lengths);
    }
  });
  return read;
}

const blockBytes = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 300, max: 100_000 }));
const places = fc.integer({ min: 1, max: 5 });
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 2 });
const small = fc.array(fc.integer({ min: 0, max: 2000 }), { maxLength: 20 });
const file = fc.record({ list: fc.oneof(lengths, small), blockBytes, places, cuts });

/** A byte at a time takes too long for a long one. */
function contentsOf({ list, blockBytes, cuts }: { list: number[]; blockBytes: number; cuts: number[] }) {
  const sizes = blockBytes < 300 ? list.map((length) => length % 2001) : list;
  const bytes = records(sizes);
  return { sizes, bytes, borders: cuts.map((share) => Math.floor(share * bytes.length)).sort((a, b) => a - b) };
}

test('every record once, in parts that meet, as `pumpFile` reads them', () => {
  fc.assert(
    fc.property(file, fc.integer({ min: 0, max: 3 }), (given, extra) => {
      const { sizes, bytes, borders } = contentsOf(given);
      const all = Buffer.concat([bytes, Buffer.alloc(extra)]);
      assert.deepEqual(readInParts(all, borders, roomFor(given.blockBytes, given.places)), sizes);
    }),
    { numRuns: 100 },
  );
});

test('the same where another reads some of the blocks', () => {
  fc.assert(
    fc.property(file, fc.infiniteStream(fc.integer({ min: 0, max: 3 })), (given, counts) => {
      const { sizes, bytes, borders } = contentsOf(given);
      let other: Ring | null = null;
      const readSome = () => {
        for (let left = counts.next().value as number; left > 0; left--) other?.readNext();
        return true;
      };
      const share = (ring: RingSpec) => {
        other = new Ring(ring);
        readSome();
      };
      const options = { ...roomFor(given.blockBytes, given.places), share, isWorth: readSome };
      assert.deepEqual(readInParts(bytes, borders, options), sizes);
    }),
    { numRuns: 100 },
  );
});

test('a record that no block has room for is read all the same, and what comes after it', () => {
  const list = [10, LEAD_BYTES - 4, LEAD_BYTES - 3, 3 * LEAD_BYTES, 20, 30];
  const framer = new Records();
  const bytes = records(list);
  withFile(bytes, (fd) => pumpAhead(fd, 0, bytes.length, framer, roomFor(1 << 18)));
  assert.deepEqual([framer.lengths, framer.left, framer.ends], [list, 0, 1]);
});

test('a file that has been cut since it was opened ends where it ends', () => {
  const list = Array.from({ length: 50 }, () => 1000);
  const bytes = records(list);
  const framer = new Records();
  withFile(bytes, (fd) => pumpAhead(fd, 0, bytes.length + 20_000, framer, roomFor(8192)));
  assert.deepEqual([framer.lengths, framer.left, framer.ends], [list, 0, 1]);
});

test('a framer that is done is fed no more', () => {
  const bytes = records(Array.from({ length: 100 }, () => 1000));
  const framer = new Records(0, 14);
  const end = withFile(bytes, (fd) => pumpAhead(fd, 0, bytes.length, framer, roomFor(4096)));
  assert.deepEqual([framer.lengths, framer.left, framer.ends, end], [[1000], 0, 1, 1004]);
});

test('what is not worth it any more is read when it is needed', () => {
  const list = Array.from({ length: 100 }, () => 1000);
  const bytes = records(list);
  const framer = new Records();
  const asked: number[] = [];
  const isWorth = (passed: number) => asked.push(passed) < 3;
  const end = withFile(bytes, (fd) => pumpAhead(fd, 0, bytes.length, framer, { ...roomFor(4096), isWorth }));
  assert.deepEqual([framer.lengths, framer.left, framer.ends, end], [list, 0, 1, bytes.length]);
  assert.deepEqual(asked, [4096, 8192, 12_288]);
});

test('progress is told in bytes, also of what is read otherwise, and can call it off', () => {
  const few = Array.from({ length: 20 }, () => 1000);
  const bytes = records([...few, 2 * LEAD_BYTES, ...few]);
  for (const most of [1, 2, 4, Number.POSITIVE_INFINITY]) {
    const seen: number[] = [];
    const framer = new Records();
    const onProgress = (count: number) => seen.push(count) < most;
    const end = withFile(bytes, (fd) => pumpAhead(fd, 0, bytes.length, framer, { ...roomFor(8192), onProgress }));
    assert.ok(seen.every((count, index) => count >= (seen[index - 1] ?? 0) && count <= bytes.length));
    assert.deepEqual([framer.left, framer.ends, framer.position], [0, 1, end]);
    if (Number.isFinite(most)) assert.equal(seen.length, most);
    else assert.equal(seen.at(-1), bytes.length);
  }
});

type Read = typeof fs.readSync;
type Reading = (fd: number, into: Uint8Array, at: number, length: number, position: number) => number;

/** What the clock says where reads are others. */
let clockMs = 0;

/** With another `readSync`, and a clock that stands still but for what `slowly` adds. */
function withReads<T>(other: (real: Reading) => Reading, use: () => T): T {
  const real = fs.readSync;
  const { now } = performance;
  const restore = () => {
    performance.now = now;
    fs.readSync = real;
    syncBuiltinESMExports();
  };
  performance.now = () => clockMs;
  fs.readSync = other(real as Reading) as Read;
  syncBuiltinESMExports();
  try {
    const result = use();
    if (result instanceof Promise) return result.finally(restore) as T;
    restore();
    return result;
  } catch (error) {
    restore();
    throw error;
  }
}

test('a read that brings less than was asked for, in the middle of the file', () => {
  const list = Array.from({ length: 60 }, () => 1000);
  const bytes = records(list);
  for (let short = 0; short < 14; short++) {
    let reads = 0;
    const other =
      (real: Reading): Reading =>
      (fd, into, at, length, position) =>
        real(fd, into, at, reads++ === short ? Math.min(length, 700) : length, position);
    withReads(other, () =>
      withFile(bytes, (fd) => {
        const framer = new Records();
        pumpAhead(fd, 0, bytes.length, framer, roomFor(4096));
        assert.deepEqual([framer.lengths, framer.left, framer.ends], [list, 0, 1], `${short}`);
      }),
    );
  }
});

test('a read that fails is told once, after what came before it', () => {
  const bytes = records(Array.from({ length: 60 }, () => 1000));
  for (const isShared of [false, true]) {
    const framer = new Records();
    const other =
      (real: Reading): Reading =>
      (fd, into, at, length, position) => {
        if (position + length > 9000) throw Object.assign(new Error('bad sector'), { code: 'EIO', syscall: 'read' });
        return real(fd, into, at, length, position);
      };
    // Another one meets it long before its turn.
    const share = (spec: RingSpec) => {
      const ring = new Ring(spec);
      while (isShared && ring.readNext());
    };
    withReads(other, () =>
      withFile(bytes, (fd) => {
        const pump = () => pumpAhead(fd, 0, bytes.length, framer, { ...roomFor(4096), share });
        assert.throws(pump, { code: 'EIO', syscall: 'read' });
      }),
    );
    assert.deepEqual([framer.lengths.length, framer.ends], [8, 0]);
  }
});

test('what can not be read at all is told once', () => {
  const framer = new Records();
  const bytes = records([10]);
  const fd = openSync(write('records', bytes), 'w');
  try {
    assert.throws(() => pumpAhead(fd, 0, 1e6, framer, roomFor(4096)), { code: 'EBADF', syscall: 'read' });
  } finally {
    closeSync(fd);
  }
  assert.deepEqual([framer.lengths, framer.ends], [[], 0]);
});

/** A ring that nobody looks at. */
function ringOver(fd: number, blocks: number, places: number): RingSpec {
  const { window } = roomFor(1000, places);
  const memory = window.buffer as SharedArrayBuffer;
  const [blockBytes, state] = [1000, Ring.stateFor(places)];
  return { fd, start: 0, end: blocks * blockBytes, blockBytes, places, memory, at: 64 + LEAD_BYTES, state };
}

/** Reads that take so many milliseconds of that clock, counted. */
function slowly(takesMs: number, count: () => void): (real: Reading) => Reading {
  return (real) =>
    (...args) => {
      count();
      clockMs += takesMs;
      return real(...args);
    };
}

test('reading along goes on as there is room, and others have their turn', async () => {
  const bytes = Buffer.alloc(40_000);
  let reads = 0;
  await withReads(
    slowly(2, () => reads++),
    async () => {
      const fd = openSync(write('records', bytes), 'r');
      const spec = ringOver(fd, 40, 30);
      const ring = new Ring(spec);
      readAlong(spec);
      assert.equal(reads, 3);
      while (reads < 30) await sleep(1);
      await sleep(10);
      assert.equal(reads, 30);
      ring.release(35);
      while (!ring.isClosed) await sleep(1);
      assert.equal(reads, 40);
      closeSync(fd);
    },
  );
});

test('where the first block takes long nobody is asked to read along', () => {
  const list = Array.from({ length: 20 }, () => 1000);
  const bytes = records(list);
  for (const takesMs of [0, 25]) {
    let isAsked = false;
    let reads = 0;
    const framer = new Records();
    const share = () => {
      isAsked = true;
    };
    const other =
      (real: Reading): Reading =>
      (...args) =>
        slowly(reads++ === 0 ? takesMs : 0, () => {})(real)(...args);
    withReads(other, () =>
      withFile(bytes, (fd) => pumpAhead(fd, 0, bytes.length, framer, { ...roomFor(4096), share })),
    );
    assert.deepEqual([framer.lengths, isAsked], [list, takesMs === 0]);
  }
});

test('reading along pauses when it is slow, and ends when it is told to or nobody needs it', async () => {
  const bytes = Buffer.alloc(40_000);
  const fd = openSync(write('records', bytes), 'r');
  let reads = 0;
  await withReads(
    slowly(25, () => reads++),
    async () => {
      const stop = readAlong(ringOver(fd, 40, 30));
      await sleep(20);
      assert.equal(reads, 1);
      await sleep(1100);
      assert.equal(reads, 2);
      stop();
    },
  );
  const told = ringOver(fd, 40, 30);
  readAlong(told)();
  new Ring(told).release(10);
  const unneeded = ringOver(fd, 40, 30);
  readAlong(unneeded);
  new Ring(unneeded).close();
  reads = 0;
  await withReads(
    slowly(0, () => reads++),
    () => sleep(20),
  );
  assert.equal(reads, 0);
  closeSync(fd);
});

const threads: Worker[] = [];
before(async () => {
  for (let n = 0; n < 2; n++) {
    const thread = new Worker(new URL('./along.js', import.meta.url));
    await new Promise((resolve) => thread.once('message', resolve));
    threads.push(thread);
  }
});
after(() => Promise.all(threads.map((thread) => thread.terminate())));

test('threads that read along at once', () => {
  const list = Array.from({ length: 4000 }, (_, n) => (n * 7919) % 1500);
  const bytes = records(list);
  for (const blockBytes of [64, 1000, 4096, 65_536]) {
    for (const places of [2, 3, 40]) {
      const framer = new Records();
      const share = (ring: RingSpec) => {
        for (const thread of threads) thread.postMessage({ ring } satisfies Along);
      };
      const options = { ...roomFor(blockBytes, places), share };
      const end = withFile(bytes, (fd) => pumpAhead(fd, 0, bytes.length, framer, options));
      assert.deepEqual([framer.lengths, framer.left, end], [list, 0, bytes.length]);
    }
  }
});

test('when it is over nobody writes to the window any more', async () => {
  const bytes = records(Array.from({ length: 40 }, () => 1000));
  const { window, blockBytes } = roomFor(1004, 30);
  let spec: RingSpec | undefined;
  const share = (ring: RingSpec) => {
    spec = ring;
    threads[0]?.postMessage({ ring, slowMs: 200 } satisfies Along);
    // Until it has begun the second block; the first one is there.
    while (Atomics.load(new Int32Array(ring.state), 0) < 2);
  };
  const framer: Fed = { done: false, wants: 0, feed: (_bytes, _view, from) => from, end: () => {} };
  const begun = performance.now();
  withFile(bytes, (fd) => {
    pumpAhead(fd, 0, bytes.length, framer, { window, blockBytes, share, onProgress: () => false });
    window.fill(0xee);
  });
  assert.ok(performance.now() - begun >= 150);
  assert.ok(spec !== undefined && new Ring(spec).isClosed);
  await sleep(300);
  assert.ok(window.every((byte) => byte === 0xee));
});
