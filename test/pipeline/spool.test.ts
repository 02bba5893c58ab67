// However little fits in memory, the rows come out as a plain sort gives them, and no file stays behind.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import fc from 'fast-check';
import { Spool } from '#src/pipeline/spool.js';

const left = () => readdirSync(tmpdir()).filter((name) => name.startsWith('mlstat-')).length;

test('rows are sorted in pieces as they would be at once', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer(), fc.string({ unit: 'grapheme' })), { maxLength: 200 }),
      fc.integer({ min: 1, max: 40 }),
      (rows, rowsInMemory) => {
        const compare = (a: [number, string], b: [number, string]) =>
          a[0] - b[0] || (a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0);
        const spool = new Spool({ compare, write: JSON.stringify, read: JSON.parse, rowsInMemory });
        try {
          for (const row of rows) spool.add(row);
          assert.deepEqual([...spool.sorted()], [...rows].sort(compare));
        } finally {
          spool.close();
        }
      },
    ),
  );
});

test('pieces longer than one read are read whole', () => {
  const before = left();
  const spool = new Spool<string>({
    compare: (a, b) => (a < b ? -1 : a > b ? 1 : 0),
    write: (row) => row,
    read: (line) => line,
    rowsInMemory: 7,
  });
  const rows = Array.from({ length: 40 }, (_, n) => `${(n * 7919) % 101} ${'é'.repeat(n * 9000)}`);
  for (const row of rows) spool.add(row);
  assert.deepEqual([...spool.sorted()], [...rows].sort());
  spool.close();
  assert.equal(left(), before);
});
