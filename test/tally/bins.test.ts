// Bins of parts that are put together, and that grow so many that their width changes on the way.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BIN, Bins } from '#src/tally/bins.js';

const PART_SEC = 700_000;

test('parts that coarsen only together are as wide and as full as the whole', () => {
  const whole = new Bins();
  const parts = [new Bins(), new Bins()];
  for (let sec = 0; sec < 2 * PART_SEC; sec++) {
    whole.add(0, sec * 1e6, 100, 114);
    parts[sec < PART_SEC ? 0 : 1].add(0, sec * 1e6, 100, 114);
  }
  const merged = new Bins();
  for (const part of parts) merged.merge(part.finish(), (cell) => cell);
  const expected = whole.finish();
  const found = merged.finish();
  assert.equal(expected.widthSec, 5);
  assert.equal(found.widthSec, expected.widthSec);
  assert.deepEqual(byBin(found), byBin(expected));
  assert.deepEqual([...byBin(found).values()].slice(0, 2), [5, 5]);
});

function byBin({ bins, sums }: { bins: Float64Array; sums: Float64Array }): Map<number, number> {
  const entries = Array.from(bins, (bin, n): [number, number] => [bin, sums[BIN.fields * n]]);
  return new Map(entries.sort((a, b) => a[0] - b[0]));
}
