import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { chiSquareTail } from '#src/measure/chi-square.js';
import { gTest } from '#src/measure/g-test.js';
import { inferPolicy } from '#src/measure/policy.js';
import { seededRandom } from '#src/measure/random.js';
import { scoreTest } from '#src/measure/score-test.js';

describe('the G test', () => {
  it('finds what McDonald, Handbook of Biological Statistics, finds of crossbills: G = 5.61, p = 0.018', () => {
    const { statistic, df, pValue, test } = gTest([1752, 1895], [0.5, 0.5]);
    assert.equal(statistic.toFixed(2), '5.61');
    assert.equal(df, 1);
    assert.equal(pValue.toFixed(3), '0.018');
    assert.equal(test, 'G test, chi-square');
  });

  it("finds Mendel's peas as he would have them: 315, 108, 101, 32 for 9:3:3:1, G = 0.475", () => {
    const { statistic, df, pValue } = gTest(
      [315, 108, 101, 32],
      [9, 3, 3, 1].map((part) => part / 16),
    );
    assert.equal(statistic.toFixed(3), '0.475');
    assert.equal(df, 3);
    assert.ok(pValue > 0.92 && pValue < 0.93);
  });

  it('is nothing where counts are as expected, and counts an unused uplink', () => {
    assert.equal(gTest([80, 20], [0.8, 0.2]).statistic, 0);
    // All on one of two: 2·n·ln 2.
    assert.ok(Math.abs(gTest([30, 0], [0.5, 0.5]).statistic - 60 * Math.LN2) < 1e-9);
  });

  it('is exact for few draws of two: all five on one side is half of 2/32', () => {
    const { pValue, test } = gTest([5, 0], [0.5, 0.5]);
    assert.ok(Math.abs(pValue - 1 / 32) < 1e-12);
    assert.match(test, /exact/);
  });

  it('sums to the binomial for lopsided weights', () => {
    // 9:1, 3 draws, none on the small one: G is smallest of all, so p = 1 − P(0)/2, P(0) = 0.729.
    assert.ok(Math.abs(gTest([3, 0], [0.9, 0.1]).pValue - (1 - 0.729 / 2)) < 1e-12);
  });

  it('counts out what few draws of three can come to', () => {
    const expected = [0.5, 0.3, 0.2];
    const seen = [1, 5, 2];
    const g = (counts: number[]) =>
      2 * counts.reduce((sum, count, i) => sum + (count > 0 ? count * Math.log(count / (8 * expected[i])) : 0), 0);
    const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
    let exact = 0;
    for (let a = 0; a <= 8; a++) {
      for (let b = 0; a + b <= 8; b++) {
        const counts = [a, b, 8 - a - b];
        const ways = factorial(8) / counts.reduce((product, count) => product * factorial(count), 1);
        const chance = ways * counts.reduce((product, count, i) => product * expected[i] ** count, 1);
        const apart = g(counts) - g(seen);
        exact += apart > 1e-9 ? chance : apart > -1e-9 ? chance / 2 : 0;
      }
    }
    const { pValue, test } = gTest(seen, expected);
    assert.match(test, /exact/);
    assert.ok(Math.abs(pValue - exact) < 1e-12, `${pValue} ${exact}`);
  });

  it('draws the null where there are many outcomes, each time the same', () => {
    const expected = [0.7, 0.2, 0.06, 0.04];
    const seen = [45, 6, 6, 3];
    const { pValue, test } = gTest(seen, expected);
    assert.match(test, /Monte Carlo/);
    // chi-square with 3 degrees is near even here; four standard errors of 9,999 draws would be 0.02.
    const { statistic } = gTest(seen, expected);
    assert.ok(Math.abs(pValue - chiSquareTail(statistic, 3)) < 0.05, `${pValue} ${statistic}`);
    assert.equal(gTest(seen, expected).pValue, pValue);
  });

  it('gives p between 0 and 1 for any counts', () => {
    const counts = fc.array(fc.nat(40), { minLength: 2, maxLength: 5 }).filter((list) => list.some((n) => n > 0));
    fc.assert(
      fc.property(
        counts,
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 5, maxLength: 5 }),
        (list, weights) => {
          const sum = weights.slice(0, list.length).reduce((total, weight) => total + weight, 0);
          const expected = list.map((_, i) => weights[i] / sum);
          const { pValue, statistic } = gTest(list, expected);
          assert.ok(pValue >= 0 && pValue <= 1 && statistic >= 0);
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('the score test', () => {
  it('is the squared sum over the sum of squares for two uplinks', () => {
    const cluster = fc.tuple(fc.nat(30), fc.nat(30));
    const clusters = fc.array(cluster, { minLength: 2, maxLength: 40 });
    fc.assert(
      fc.property(clusters, fc.double({ min: 0.05, max: 0.95, noNaN: true }), (list, p) => {
        const off = list.map(([a, b]) => a - (a + b) * p);
        const squares = off.reduce((sum, r) => sum + r * r, 0);
        fc.pre(squares > 1);
        const x = off.reduce((sum, r) => sum + r, 0) ** 2 / squares;
        const found = scoreTest(Uint32Array.from(list.flat()), [[p, 1 - p]]);
        assert.ok(found !== null && Math.abs(found.statistic - x) < 1e-6 * (1 + x));
        assert.ok(Math.abs(found.pValue - chiSquareTail(found.statistic, 1)) < 1e-12);
      }),
    );
  });

  it('inverts the matrix by hand for three', () => {
    const p = [0.5, 0.3, 0.2];
    const clusters = [
      [4, 1, 2],
      [0, 3, 1],
      [5, 5, 0],
      [1, 0, 1],
      [2, 2, 2],
    ];
    let [s1, s2, v11, v12, v22] = [0, 0, 0, 0, 0];
    for (const cluster of clusters) {
      const m = cluster[0] + cluster[1] + cluster[2];
      const [r1, r2] = [cluster[0] - m * p[0], cluster[1] - m * p[1]];
      s1 += r1;
      s2 += r2;
      v11 += r1 * r1;
      v12 += r1 * r2;
      v22 += r2 * r2;
    }
    const x = (v22 * s1 * s1 - 2 * v12 * s1 * s2 + v11 * s2 * s2) / (v11 * v22 - v12 * v12);
    const found = scoreTest(Uint32Array.from(clusters.flat()), [p]);
    assert.ok(found !== null && Math.abs(found.statistic - x) < 1e-9);
    assert.equal(found.df, 2);
  });

  it('has the variance of Rao and Scott (Biometrics 48 (1992) 577) for the litters of Weil (1970)', () => {
    // Pups of treated mothers: alive after 21 days, of those alive after 4.
    const alive = [12, 11, 10, 9, 10, 9, 9, 8, 8, 4, 7, 4, 5, 3, 3, 0];
    const of = [12, 11, 10, 9, 11, 10, 10, 9, 9, 5, 9, 7, 10, 6, 10, 7];
    const n = of.reduce((sum, one) => sum + one, 0);
    const p = alive.reduce((sum, one) => sum + one, 0) / n;
    const litters = of.length;
    // Their design effect: v / (p(1 − p)/n), v = m / ((m − 1)n²) · Σ(y − n_c·p)².
    const squares = alive.reduce((sum, y, c) => sum + (y - of[c] * p) ** 2, 0);
    const effect = ((litters / ((litters - 1) * n * n)) * squares) / ((p * (1 - p)) / n);
    // The test’s own variance, read off a null that is next to the share that was seen.
    const off = 1e-6;
    const counts = Uint32Array.from(alive.flatMap((y, c) => [y, of[c] - y]));
    const { statistic } = scoreTest(counts, [[p + off, 1 - p - off]]) ?? { statistic: 0 };
    const seen = ((n * off) ** 2 / statistic / (n * p * (1 - p))) * (litters / (litters - 1));
    assert.deepEqual([n, Math.round(p * n)], [145, 112]);
    assert.ok(Math.abs(seen / effect - 1) < 1e-4, `${seen} ${effect}`);
  });

  it('says nothing where the clusters leave no direction open', () => {
    assert.equal(scoreTest(Uint32Array.of(1, 1, 2, 2), [[0.5, 0.5]]), null);
    assert.equal(scoreTest(Uint32Array.of(1, 0, 0), [[0.5, 0.25, 0.25]]), null);
  });
});

describe('the policy', () => {
  const random = seededRandom(11);
  const uplink = (p: number) => (random() < p ? 0 : 1);
  /** Flows by uplink of each pair: three flows, all chosen at once or each alone. */
  const pairs = (count: number, together: boolean, p: number) => {
    const counts = new Uint32Array(count * 2);
    for (let pair = 0; pair < count; pair++) {
      const first = uplink(p);
      for (let flow = 0; flow < 3; flow++) counts[2 * pair + (together ? first : uplink(p))]++;
    }
    return counts;
  };
  const infer = (counts: Uint32Array) => inferPolicy(counts, counts.length / 2, 2, () => true);

  it('is by addresses where pairs stay', () => {
    assert.deepEqual(infer(pairs(60, true, 0.6)), { inferred: 'l3', pairsSeen: 60, pairsOnOneUplink: 60 });
  });

  it('is by connection where pairs part as chance has it', () => {
    assert.equal(infer(pairs(60, false, 0.6))?.inferred, 'l4');
  });

  it('is by addresses though a failover moves one pair in twenty', () => {
    const counts = pairs(200, true, 0.5);
    for (let pair = 0; pair < 10; pair++) counts.set([2, 1], 2 * pair);
    assert.equal(infer(counts)?.inferred, 'l3');
  });

  it('is unknown of a few pairs, of single flows, and of one uplink', () => {
    assert.equal(infer(Uint32Array.of(3, 0, 0, 3, 2, 0))?.inferred, 'unknown');
    assert.deepEqual(infer(Uint32Array.of(1, 0, 0, 1)), { inferred: 'unknown', pairsSeen: 0, pairsOnOneUplink: 0 });
    assert.equal(infer(new Uint32Array(200).map((_, i) => (i % 2 === 0 ? 5 : 0)))?.inferred, 'unknown');
  });

  it('is unknown where flows choose in groups of a pair, which is neither', () => {
    // Ten services a pair, each with ten flows on one uplink: the pairs part, yet their flows are not independent.
    const counts = new Uint32Array(160);
    for (let pair = 0; pair < 80; pair++) for (let n = 0; n < 10; n++) counts[2 * pair + uplink(0.5)] += 10;
    assert.equal(infer(counts)?.inferred, 'unknown');
  });

  it('is null without flows', () =>
    assert.equal(
      inferPolicy(new Uint32Array(4), 2, 2, () => false),
      null,
    ));
});
