// Blocks of decisions, held against counting them one by one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { blocksOf, type TimedDecisions } from '#src/measure/blocks.js';

interface Block {
  regime: number;
  last: number;
  codes: number[];
}

/** As they stand in the docstring: in order, so many of a regime to a block, by their last decisions. */
function plainBlocks({ code, places }: TimedDecisions, from: number, to: number): Block[] {
  const full = Math.ceil((to - from) / 2048);
  const blocks: Block[] = [];
  code.slice(from, to).forEach((one, n) => {
    const regime = Math.floor(one / places);
    const open = blocks.findLast((block) => block.regime === regime);
    if (open === undefined || open.codes.length === full) blocks.push({ regime, last: from + n, codes: [one] });
    else {
      open.codes.push(one);
      open.last = from + n;
    }
  });
  return blocks.sort((a, b) => a.last - b.last);
}

test('blocks are those of counting one by one', () => {
  let blocked = 0;
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.nat(15), { minLength: 1, maxLength: 9000, size: 'max' }),
      fc.nat(40),
      fc.nat(40),
      (regimes, places, list, before, behind) => {
        const code = Uint32Array.from(list, (one) => one % (regimes * places));
        const decisions = { code, startUs: Float64Array.from(list, (_, n) => n), regimes, places };
        const from = Math.min(before, list.length - 1);
        const to = Math.max(from + 1, list.length - behind);
        const found = blocksOf(decisions, from, to);
        const expected = plainBlocks(decisions, from, to);
        const own = code.slice(from, to);
        const countOf = (codes: Iterable<number>, wanted: number) => [...codes].filter((one) => one === wanted).length;
        assert.deepEqual(
          [...found.regime],
          expected.map(({ regime }) => regime),
        );
        assert.deepEqual(
          [...found.last],
          expected.map(({ last }) => last),
        );
        assert.deepEqual(
          [...found.sizes],
          expected.map(({ codes }) => codes.length),
        );
        assert.deepEqual(
          [...found.counts],
          expected.flatMap(({ regime, codes }) =>
            Array.from({ length: places }, (_, place) => countOf(codes, regime * places + place)),
          ),
        );
        assert.deepEqual(
          [...found.totals],
          Array.from({ length: regimes * places }, (_, one) => countOf(own, one)),
        );
        assert.deepEqual(
          [...found.sums],
          Array.from({ length: regimes }, (_, n) => own.filter((one) => Math.floor(one / places) === n).length),
        );
        assert.equal(found.xLogX.length, own.length + 1);
        found.xLogX.forEach((value, x) => {
          assert.equal(value, x < 2 ? 0 : x * Math.log(x));
        });
        for (const column of Object.values(found)) {
          if (ArrayBuffer.isView(column)) assert.ok(column.buffer instanceof ArrayBuffer);
        }
        if (own.length > 2048) blocked++;
      },
    ),
    { numRuns: 60 },
  );
  assert.ok(blocked > 5);
});
