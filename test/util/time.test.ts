// Times and durations for persons, up to the times that no calendar holds.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  formatClock,
  formatDate,
  formatDuration,
  formatSpan,
  formatTime,
  isSameDate,
  isTimezone,
} from '#src/util/time.js';

const T = 1_700_000_000; // date -u -d @1700000000: Tue Nov 14 22:13:20 UTC 2023

test('times are UTC unless a zone is given', () => {
  assert.equal(formatTime(T), '2023-11-14 22:13:20');
  assert.equal(formatTime(T + 0.999_999), '2023-11-14 22:13:20');
  assert.equal(formatTime(T, 'Europe/Berlin'), '2023-11-14 23:13:20');
  assert.equal(formatTime(T, 'Asia/Kolkata'), '2023-11-15 03:43:20');
  assert.equal(formatTime(0), '1970-01-01 00:00:00');
  assert.equal(formatTime(null), '–');
});

test('midnight is hour 0', () => {
  assert.equal(formatClock(86_400), '00:00:00');
});

test('UTC agrees with ISO 8601 as Date writes it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_294_967_295 }), (seconds) => {
      assert.equal(formatTime(seconds), new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' '));
    }),
  );
});

test('a span shows a date once where both ends share it', () => {
  assert.equal(formatSpan(T, T + 60), '2023-11-14 22:13:20 – 22:14:20 UTC');
  assert.equal(formatSpan(T, T + 7200), '2023-11-14 22:13:20 – 2023-11-15 00:13:20 UTC');
  assert.equal(isSameDate(T, T + 7200, 'America/New_York'), true);
  assert.equal(isSameDate(T, T + 7200), false);
  assert.equal(formatSpan(null, T), '–');
});

test('times beyond the calendar are plain seconds', () => {
  for (const seconds of [1e15, -1e15, 1e300, 2 ** 63]) {
    assert.match(formatTime(seconds), /^-?\d+(e\+\d+)? s$/);
    assert.equal(formatDate(seconds), formatTime(seconds));
  }
  assert.equal(formatTime(Number.NaN), '–');
});

test('durations show their two leading units', () => {
  const cases: [number, string][] = [
    [0, '0 s'],
    [0.000_4, '<1 ms'],
    [0.021, '21 ms'],
    [0.9996, '1 s'],
    [30.24, '30.2 s'],
    [59.96, '1 min'],
    [90, '1 min 30 s'],
    [3599.6, '1 h'],
    [7500, '2 h 5 min'],
    [86_399, '1 d'],
    [100_000, '1 d 4 h'],
    [-1, '-1 s'],
  ];
  for (const [seconds, text] of cases) assert.equal(formatDuration(seconds), text);
  assert.equal(formatDuration(null), '–');
});

test('no duration carries a full unit over', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), (seconds) => {
      assert.doesNotMatch(formatDuration(seconds), /\b(60 s|60 min|24 h|1000 ms)\b/);
    }),
  );
});

test('zones are known by their names', () => {
  assert.equal(isTimezone('UTC'), true);
  assert.equal(isTimezone('Europe/Berlin'), true);
  assert.equal(isTimezone('Mars/Olympus'), false);
  assert.equal(isTimezone(''), false);
});
