// Clock times of a zone, with its changes to and from summer time.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wallClockOf } from '#src/util/wall-clock.js';

test('a clock time is the moment at which the zone shows it', () => {
  const berlin = wallClockOf('Europe/Berlin');
  const at = (text: string) => new Date(berlin(Date.parse(`${text}Z`))).toISOString();
  assert.equal(at('2026-01-31T14:30:00'), '2026-01-31T13:30:00.000Z');
  assert.equal(at('2026-07-31T14:30:00'), '2026-07-31T12:30:00.000Z');
  // 2026-03-29 02:00 becomes 03:00; 2026-10-25 03:00 becomes 02:00: of two moments the earlier.
  assert.equal(at('2026-03-29T01:59:59'), '2026-03-29T00:59:59.000Z');
  assert.equal(at('2026-03-29T03:00:00'), '2026-03-29T01:00:00.000Z');
  assert.equal(at('2026-10-25T02:30:00'), '2026-10-25T00:30:00.000Z');
  assert.equal(at('2026-10-25T03:00:00'), '2026-10-25T02:00:00.000Z');
  assert.equal(
    new Date(wallClockOf('Asia/Kathmandu')(Date.parse('2026-01-01T00:00:00Z'))).toISOString(),
    '2025-12-31T18:15:00.000Z',
  );
  assert.equal(wallClockOf('UTC')(5), 5);
});

test('what no calendar holds is left as it is', () => {
  assert.equal(wallClockOf('Europe/Berlin')(9e15), 9e15);
  assert.ok(Number.isNaN(wallClockOf('Europe/Berlin')(Number.NaN)));
});
