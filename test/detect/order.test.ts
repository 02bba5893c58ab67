import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { orderOf } from '#src/detect/order.js';
import { Room } from '#src/tally/room.js';

test('any times come in order, equal ones in the order in which they stood', () => {
  const room = new Room();
  // Further apart than whole numbers reach, and before the beginning of time.
  const apart = fc.constantFrom(-(2 ** 60), -5, -0, 0, 2 ** 60, 2 ** 60 + 4096);
  const time = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 2 ** 52 }), apart);
  fc.assert(
    fc.property(fc.array(time, { maxLength: 300 }), (times) => {
      const expected = times.map((_, n) => n).sort((a, b) => times[a] - times[b] || a - b);
      assert.deepEqual([...orderOf(Float64Array.from(times), room)], expected);
    }),
  );
});
