// How many parts of a pcap file are looked at at a time: fewer where its middle has large records.

import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { areLarge, readersOf } from '#src/workers/sample.js';
import { pcap, zeros } from '../decode/build.js';

const folder = mkdtempSync(join(tmpdir(), 'mlstat-sample-'));
after(() => rmSync(folder, { recursive: true }));

/** Records of so many bytes each. */
function capture(sizes: readonly number[], little = true): Uint8Array {
  const records = sizes.map((size, n) => ({
    data: zeros(size).fill(0x5a),
    seconds: 1_700_000_000 + (n >> 8),
    fraction: n,
  }));
  return pcap(records, { little });
}

function readers(bytes: Uint8Array, threads: number, flags = 'r'): number {
  const path = join(folder, 'sample.pcap');
  writeFileSync(path, bytes);
  const fd = openSync(path, flags);
  try {
    return readersOf(fd, bytes.length, threads);
  } finally {
    closeSync(fd);
  }
}

const small = Array.from({ length: 20_000 }, (_, n) => 60 + (n % 40));
const large = Array.from({ length: 2000 }, (_, n) => (n % 3 === 0 ? 60 : 1400));

test('small records by as many as there are threads, large ones by half of them', () => {
  for (const little of [true, false]) {
    assert.deepEqual(
      [1, 2, 3, 4].map((threads) => readers(capture(small, little), threads)),
      [1, 2, 3, 4],
    );
    assert.deepEqual(
      [1, 2, 3, 4].map((threads) => readers(capture(large, little), threads)),
      [1, 1, 2, 2],
    );
  }
});

test('it is the middle that counts', () => {
  const first = small.slice(0, 2000);
  assert.equal(readers(capture([...first, ...large, ...first]), 2), 1);
  assert.equal(readers(capture([...large, ...small, ...small, ...large]), 2), 2);
});

test('what is no pcap is one part; nothing like a record in its middle counts as small', () => {
  assert.equal(readers(Buffer.alloc(100_000, 0x11), 2), 1);
  assert.equal(readers(Buffer.alloc(10), 2), 1);
  assert.equal(readers(Buffer.concat([capture(large.slice(0, 3)), Buffer.alloc(600_000)]), 2), 2);
});

test('what can\u2019t be read is told elsewhere', () => {
  assert.equal(readers(capture(large), 2, 'r+'), 1);
  const path = join(folder, 'unreadable.pcap');
  writeFileSync(path, capture(large));
  // Open for writing alone: every read fails.
  const fd = openSync(path, 'a');
  assert.equal(readersOf(fd, 1_000_000, 2), 2);
  closeSync(fd);
});

test('while reading, records are judged once there are enough', () => {
  assert.ok(areLarge(1_000_000, 2 ** 20));
  assert.ok(areLarge(100_000, 2 ** 26));
  assert.ok(!areLarge(1_000_000, 2 ** 26));
});
