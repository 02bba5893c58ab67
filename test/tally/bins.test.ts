// Bins of parts that are put together, and that grow so many that their width changes on the way.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BIN, Bins, cellsOf } from '#src/tally/bins.js';

const PART_SEC = 700_000;

test('parts that coarsen only together are as wide and as full as the whole', () => {
  const whole = new Bins();
  const parts = [new Bins(), new Bins()];
  for (let sec = 0; sec < 2 * PART_SEC; sec++) {
    whole.add(0, sec * 1e6, 100, 114);
    parts[sec < PART_SEC ? 0 : 1].add(0, sec * 1e6, 100, 114);
  }
  const merged = new Bins();
  for (const part of parts) merged.merge(part.finish());
  const expected = whole.finish();
  const found = merged.finish();
  assert.equal(expected.widthSec, 5);
  assert.equal(found.widthSec, expected.widthSec);
  assert.deepEqual(byBin(found), byBin(expected));
  assert.deepEqual([...byBin(found).values()].slice(0, 2), [5, 5]);
});

test('a part that is taken over counts as one whose bins are added one by one', () => {
  const packet = fc.record({ cell: fc.nat(9), sec: fc.nat(400), bytes: fc.nat(1500) });
  fc.assert(
    fc.property(
      fc.array(fc.array(packet, { maxLength: 600, size: 'max' }), { minLength: 1, maxLength: 3 }),
      (parts) => {
        const taken = new Bins();
        const added = new Bins();
        for (const part of parts) {
          const bins = new Bins();
          for (const { cell, sec, bytes } of part) bins.add(cell, sec * 1e6 + bytes, bytes, bytes + 14);
          taken.merge(bins.finish());
          added.merge(bins.finish(), (cell) => cell);
          // Also by packets that come in between.
          for (const one of [taken, added]) for (const { cell, sec } of part.slice(0, 3)) one.note(cell + 5, sec * 1e6);
        }
        assert.deepEqual(taken.finish(), added.finish());
      },
    ),
    { numRuns: 200 },
  );
});

test('lanes that keep their numbers rename nothing', () => {
  assert.equal(cellsOf(Int32Array.of(0, 1, 2)), null);
  const renamed = cellsOf(Int32Array.of(0, 2, 1));
  assert.deepEqual(
    [2, 3, 4, 5].map((cell) => renamed?.(cell)),
    [4, 5, 2, 3],
  );
});

function byBin({ bins, sums }: { bins: Float64Array; sums: Float64Array }): Map<number, number> {
  const entries = Array.from(bins, (bin, n): [number, number] => [bin, sums[BIN.fields * n]]);
  return new Map(entries.sort((a, b) => a[0] - b[0]));
}
