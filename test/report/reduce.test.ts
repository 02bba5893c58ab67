// What a long series keeps when it becomes a picture.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { reduce, sumBins } from '#src/report/charts/reduce.js';

const values = fc.array(fc.option(fc.double({ min: 0, max: 1e9, noNaN: true }), { freq: 8, nil: null }), {
  minLength: 1,
  maxLength: 3000,
});
const several = fc
  .tuple(values, values, values)
  .map((all) => all.map((one) => one.slice(0, Math.min(...all.map((other) => other.length)))));

test('indices rise, are bounded in number, and keep both ends', () => {
  fc.assert(
    fc.property(several, fc.integer({ min: 20, max: 2000 }), (series, most) => {
      const kept = reduce(series, most);
      const length = series[0].length;
      assert.ok(kept.every((index, i) => index < length && (i === 0 || index > kept[i - 1])));
      assert.ok(kept.length <= most + 2, `${kept.length} of ${most}`);
      assert.deepEqual([kept[0], kept.at(-1)], [0, length - 1]);
    }),
  );
});

test('the lowest and highest value of every series stay', () => {
  fc.assert(
    fc.property(several, fc.integer({ min: 20, max: 2000 }), (series, most) => {
      const kept = reduce(series, most);
      for (const one of series) {
        const known = one.filter((value) => value !== null);
        const seen = kept.map((index) => one[index]).filter((value) => value !== null);
        if (known.length === 0) continue;
        assert.deepEqual([Math.min(...seen), Math.max(...seen)], [Math.min(...known), Math.max(...known)]);
      }
    }),
  );
});

test('every second of a month leaves its one spike and its one dip', () => {
  const month = Array.from({ length: 2_678_400 }, () => 5);
  month[1_234_567] = 9;
  month[2_000_001] = 1;
  const kept = reduce([month], 1000);
  assert.ok(kept.includes(1_234_567) && kept.includes(2_000_001));
  assert.ok(kept.length <= 1000);
});

test('a gap is not drawn over', () => {
  const series = Array.from({ length: 5000 }, (_, i) => (i >= 2000 && i < 2100 ? null : 7));
  const kept = reduce([series], 100);
  assert.ok(kept.some((index) => index >= 2000 && index < 2100));
});

test('sums of stretches are the sum of all, and unknown where nothing is known', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1000)), fc.integer({ min: 1, max: 40 }), (counts, width) => {
      const sum = (all: (number | null)[]) => all.reduce<number>((total, one) => total + (one ?? 0), 0);
      assert.equal(sum(sumBins(counts, width)), sum(counts));
    }),
  );
  assert.deepEqual(sumBins([null, null, 3, null, null], 2), [null, 3, null]);
});
