import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { progressLine } from '#src/commands/progress.js';

it('the line tells part, amount, rate and time left', () => {
  const line = progressLine({ bytes: 42e6, totalBytes: 100e6, packets: 123_456 }, 2, 100);
  assert.equal(line, '########------------ 42 %  42.0 MB of 100 MB  123,456 packets  21.0 MB/s  3 s left');
});

it('without an end there is no part and no time left', () => {
  const line = progressLine({ bytes: 42e6, totalBytes: null, packets: 123_456 }, 2, 100);
  assert.equal(line, '42.0 MB  123,456 packets  21.0 MB/s');
});

it('it never wraps, whatever the figures', () => {
  const figures = fc.record({
    bytes: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
    totalBytes: fc.option(fc.nat({ max: Number.MAX_SAFE_INTEGER })),
    packets: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  });
  fc.assert(
    fc.property(
      figures,
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      fc.integer({ min: 1, max: 200 }),
      (done, seconds, width) => {
        const line = progressLine(done, seconds, width);
        assert.ok(line.length <= width);
        assert.doesNotMatch(line, /NaN|Infinity|undefined/);
      },
    ),
  );
});
