// Candidates, the replay and its arithmetic, by hand and by what must hold whatever is drawn.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { chooseCandidates, MOST_CANDIDATES, reduced, sumOf } from '#src/advise/candidates.js';
import type { Items } from '#src/advise/items.js';
import { rank95, replay } from '#src/advise/replay.js';
import { estimate, selectRank } from '#src/advise/select.js';

const even = (shares: readonly number[]) => Math.max(...shares) - Math.min(...shares);

test('two uplinks up to a sum of 16 have 79 vectors: the totients of 2 to 16 (OEIS A002088 less one)', () => {
  const { list, possible } = chooseCandidates(2, 16, [0.5, 0.5], even);
  assert.equal(possible, 79);
  assert.equal(list.length, 79);
  assert.ok(list.every((weights) => weights.every((weight) => weight >= 1) && sumOf(weights) <= 16));
  assert.ok(list.every((weights) => reduced(weights).join() === weights.join()));
  assert.equal(new Set(list.map((weights) => weights.join())).size, 79);
});

test('three uplinks up to a sum of 4, by hand', () => {
  const { list } = chooseCandidates(3, 4, [1 / 3, 1 / 3, 1 / 3], even);
  assert.deepEqual(list, [
    [1, 1, 1],
    [2, 1, 1],
    [1, 2, 1],
    [1, 1, 2],
  ]);
});

test('many uplinks: a bounded list that has the best of every sum, and those near the wanted shares', () => {
  for (const [uplinks, maxSum] of [
    [4, 16],
    [8, 16],
    [8, 64],
  ] as const) {
    const ideal = Array.from({ length: uplinks }, (_, n) => (n + 1) / ((uplinks * (uplinks + 1)) / 2));
    const score = (shares: readonly number[]) => Math.max(...shares.map((share, n) => share / (ideal[n] as number)));
    const { list, possible } = chooseCandidates(uplinks, maxSum, ideal, score);
    assert.ok(list.length <= MOST_CANDIDATES && list.length > maxSum - uplinks - 1, `${list.length}`);
    assert.ok(possible >= list.length);
    assert.ok(list.every((weights) => weights.length === uplinks && weights.every((weight) => weight >= 1)));
    assert.ok(list.every((weights) => sumOf(weights) <= maxSum && reduced(weights).join() === weights.join()));
  }
  // 1:2:3:4 is in proportion itself.
  const ideal = [0.1, 0.2, 0.3, 0.4];
  const { list } = chooseCandidates(4, 16, ideal, (shares) =>
    Math.max(...shares.map((share, n) => share / (ideal[n] as number))),
  );
  assert.ok(list.some((weights) => weights.join() === '1,2,3,4'));
});

test('the value of a rank is that of the sorted values', () => {
  const values = fc.array(fc.double({ min: 0, max: 1e12, noNaN: true }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(values, fc.nat(199), (list, rank) => {
      const at = rank % list.length;
      assert.equal(selectRank(Float64Array.from(list), at), Float64Array.from(list).sort()[at]);
    }),
  );
  assert.deepEqual([1, 20, 100, 101].map(rank95), [0, 18, 94, 95]);
});

test('an estimate is the median and the ranks that hold 95 %', () => {
  const draws = Float64Array.from({ length: 200 }, (_, n) => 200 - n);
  assert.deepEqual(estimate(draws), { median: 100, low: 5, high: 195 });
  assert.deepEqual(estimate(draws, 0.5), { median: 50, low: 2.5, high: 97.5 });
});

/** Each with its bins and bytes. */
function itemsOf(list: readonly (readonly (readonly [bin: number, up: number, down: number])[])[]): Items {
  const start = [0];
  for (const item of list) start.push((start.at(-1) as number) + item.length);
  const all = list.flat();
  return {
    count: list.length,
    hash: Uint32Array.from(list, (_, n) => Math.imul(n + 1, 0x9e3779b1) >>> 0),
    start: Int32Array.from(start),
    bin: Int32Array.from(all, ([bin]) => bin),
    up: Float64Array.from(all, ([, up]) => up),
    down: Float64Array.from(all, ([, , down]) => down),
    keys: { all: list.length, single: list.length, groups: 0 },
  };
}

test('one key goes the one way or the other, as often as the weights say', () => {
  const items = itemsOf([
    [
      [0, 10, 100],
      [2, 0, 50],
    ],
  ]);
  const left = {
    up: [new Float64Array(3), new Float64Array(3)],
    down: [Float64Array.of(0, 7, 0), new Float64Array(3)],
  };
  const slices = [
    { uplink: 0, from: 0, to: 0.75 },
    { uplink: 1, from: 0.75, to: 1 },
  ];
  const repetitions = 4000;
  const figures = replay(items, left, 3, slices, repetitions, [
    { up: 5, down: 99 },
    { up: 5, down: 99 },
  ]);
  let first = 0;
  for (let draw = 0; draw < repetitions; draw++) {
    const [bytes, other] = [figures.bytes[draw], figures.bytes[repetitions + draw]];
    if (bytes === 167) {
      first++;
      assert.equal(other, 0);
      assert.deepEqual([figures.peakUp[draw], figures.peakDown[draw], figures.p95Down[draw]], [10, 100, 100]);
      assert.deepEqual([figures.overUp[draw], figures.overDown[draw]], [1, 1]);
    } else {
      assert.deepEqual([bytes, other], [7, 160]);
      assert.deepEqual([figures.peakUp[draw], figures.peakDown[draw]], [0, 7]);
      assert.deepEqual([figures.overUp[draw], figures.overDown[draw]], [0, 0]);
    }
  }
  // 3 in 4; five standard deviations are 0.034.
  assert.ok(Math.abs(first / repetitions - 0.75) < 0.035, `${first}`);
});

test('nothing is lost and nothing doubled: the slices of any weights add up, and a wider one carries no less', () => {
  const item = fc.array(fc.tuple(fc.nat(4), fc.nat(1000), fc.nat(1000)), { minLength: 1, maxLength: 4 });
  const list = fc.array(item, { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(list, fc.integer({ min: 1, max: 15 }), (some, weight) => {
      const items = itemsOf(some);
      const bare = () => [new Float64Array(5), new Float64Array(5)];
      const border = weight / 16;
      const slices = [
        { uplink: 0, from: 0, to: border },
        { uplink: 1, from: border, to: 1 },
        { uplink: 0, from: 0, to: border / 2 },
      ];
      const { bytes, peakUp } = replay(items, { up: bare(), down: bare() }, 5, slices, 20);
      const all = some.flat().reduce((sum, [, up, down]) => sum + up + down, 0);
      for (let draw = 0; draw < 20; draw++) {
        const [wide, rest, narrow] = [bytes[draw], bytes[20 + draw], bytes[40 + draw]] as [number, number, number];
        assert.equal(wide + rest, all);
        assert.ok(narrow <= wide && (peakUp[40 + draw] as number) <= (peakUp[draw] as number));
      }
    }),
  );
});
