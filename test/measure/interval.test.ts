import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { effectiveNumber, jainIndex, wilsonInterval } from '#src/measure/interval.js';
import { nearestRank } from '#src/measure/quantile.js';
import { round6 } from '#src/measure/round.js';

describe("Wilson's interval", () => {
  // Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17 (1998), table I, method 3.
  for (const [hits, of, low, high] of [
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ] as const) {
    it(`of ${hits} in ${of} is ${low} to ${high}`, () => {
      const found = wilsonInterval(hits / of, of);
      assert.deepEqual(
        found?.map((bound) => Number(bound.toFixed(4))),
        [low, high],
      );
    });
  }

  it('holds the share, also rounded, and lies within 0 and 1', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 1e-6, max: 1e12, noNaN: true }),
        (p, n) => {
          const [low, high] = wilsonInterval(p, n) ?? [2, -1];
          assert.ok(0 <= low && low <= round6(p) && round6(p) <= high && high <= 1);
        },
      ),
    );
  });

  it('is unknown without draws', () => {
    assert.equal(wilsonInterval(0.5, 0), null);
    assert.equal(wilsonInterval(null, 10), null);
  });
});

describe('the effective number', () => {
  it('is the number of equal sizes', () => assert.equal(effectiveNumber(Float64Array.of(7, 7, 7, 7)), 4));

  it('of 50 weights of 1 and 50 of 2 is 90, of Kish’s formula (Survey sampling, 1965, 11.7): 150² / 250', () => {
    const weights = Float64Array.from({ length: 100 }, (_, n) => 1 + (n % 2));
    assert.equal(effectiveNumber(weights), 90);
  });

  it('is one where one size is all', () =>
    assert.ok(Math.abs(effectiveNumber(Float64Array.of(1e12, 1, 1)) - 1) < 1e-9));

  it('is 0 for nothing', () => assert.equal(effectiveNumber(new Float64Array(3)), 0));

  it('is (Σb)²/Σb², the same in any order', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 2 ** 40 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(sizes, (list) => {
        const sum = list.reduce((total, size) => total + size, 0);
        const squares = list.reduce((total, size) => total + size * size, 0);
        const found = effectiveNumber(Float64Array.from(list));
        const expected = sum === 0 ? 0 : sum ** 2 / squares;
        assert.ok(Math.abs(found - expected) <= 1e-6 * expected);
        assert.equal(effectiveNumber(Float64Array.from(list).reverse()), found);
        assert.equal(effectiveNumber(Float64Array.from(list).sort()), found);
      }),
    );
  });
});

describe("Jain's index", () => {
  // Jain, Chiu and Hawe, DEC-TR-301 (1984): a system that is fair to k of n users has the index k/n.
  it('is k/n where k of n have the same and the others nothing', () => {
    assert.equal(jainIndex([1, 1, 1, 1]), 1);
    assert.equal(jainIndex([3, 3, 0, 0, 0]), 0.4);
    assert.equal(jainIndex([5, 0]), 0.5);
  });
});

describe('quantiles', () => {
  it('are values by nearest rank', () => {
    // The textbook example of the nearest-rank method: 15, 20, 35, 40, 50.
    const values = Float64Array.of(50, 15, 40, 20, 35);
    assert.deepEqual(nearestRank(values, [0.05, 0.3, 0.4, 0.5, 1]), [15, 20, 20, 35, 50]);
  });

  it('of many values are those of a few, each as often as the others', () => {
    // Long enough to be counted by leading bits and not sorted.
    const few = [0, 0.25, 1, 1.5, 3, 1000, 1001, 2 ** 40];
    const many = Float64Array.from({ length: few.length * 5000 }, (_, i) => few[i % few.length]);
    const parts = [0.05, 0.125, 0.126, 0.5, 0.75, 0.751, 1];
    assert.deepEqual(nearestRank(many, parts), [0, 0, 0.25, 1.5, 1000, 1001, 2 ** 40]);
  });

  it('are those of the sorted list, for sizes of every magnitude', () => {
    const value = fc.oneof(
      fc.constant(0),
      fc.integer({ min: 0, max: 20 }),
      fc.maxSafeNat(),
      fc.double({ min: 0, max: 3, noNaN: true }),
    );
    const parts = [0.01, 0.1, 0.5, 0.95, 0.99, 1];
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 150 }), (list) => {
        const sorted = [...list].map(Math.abs).sort((a, b) => a - b);
        const expected = parts.map(
          (part) => sorted[Math.max(1, Math.ceil(Number((part * sorted.length).toFixed(9)))) - 1],
        );
        assert.deepEqual(nearestRank(Float64Array.from(list, Math.abs), parts), expected);
      }),
    );
  });
});

describe('rounding', () => {
  it('keeps six digits and never order', () => {
    assert.equal(round6(1234567.89), 1234570);
    assert.equal(round6(0.123456789), 0.123457);
    assert.ok(Object.is(round6(-0), 0));
  });
});
