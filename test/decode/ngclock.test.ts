// Times of pcapng against arithmetic in big integers.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NgClock } from '#src/decode/ngclock.js';

const ticks = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.bigInt({ min: 0n, max: 2n ** 32n }),
  // Near the present in nanoseconds.
  fc.bigInt({ min: 1_600_000_000_000_000_000n, max: 1_800_000_000_000_000_000n }),
);

function exact(resolution: number, count: bigint): bigint {
  const n = BigInt(resolution & 0x7f);
  return resolution & 0x80 ? (count * 1_000_000n) >> n : (count * 1_000_000n) / 10n ** n;
}

test('every resolution gives whole microseconds, exactly as far as numbers go', () => {
  fc.assert(
    fc.property(fc.nat(255), ticks, (resolution, count) => {
      const us = new NgClock(resolution).toMicros(Number(count >> 32n), Number(count & 0xffffffffn));
      const truth = exact(resolution, count);
      if (truth <= BigInt(Number.MAX_SAFE_INTEGER)) assert.equal(us, Number(truth));
      else assert.ok(Number.isFinite(us) && us >= Number.MAX_SAFE_INTEGER, `${us}`);
    }),
    { numRuns: 2000 },
  );
});

test('an offset is whole seconds, either way', () => {
  assert.equal(new NgClock(9, -5).toMicros(0, 1_999), -5_000_000 + 1);
  assert.equal(new NgClock(6, 7).toMicros(1, 0), 7_000_000 + 4_294_967_296);
});

test('a unit so fine that its count ends before the present can’t be right without an offset', () => {
  for (const resolution of [6, 9, 10, 0x80 | 20, 0x80 | 34]) assert.ok(new NgClock(resolution).sound);
  for (const resolution of [11, 19, 127, 0x80 | 35, 0xff]) assert.ok(!new NgClock(resolution).sound);
  assert.ok(new NgClock(12, 1_700_000_000).sound);
});
