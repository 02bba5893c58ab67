// Figures for persons: rounding, prefixes, plurals.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  formatBytes,
  formatCount,
  formatNumberOf,
  formatP,
  formatPoints,
  formatRate,
  formatShare,
  formatShareInterval,
} from '#src/util/units.js';

test('rates and sizes have three digits and an SI prefix', () => {
  const cases: [number, string][] = [
    [0, '0 bit/s'],
    [1, '1 bit/s'],
    [0.1234567, '0.123 bit/s'],
    [999, '999 bit/s'],
    [999.6, '1.00 kbit/s'],
    [12_345, '12.3 kbit/s'],
    [999_499, '999 kbit/s'],
    [999_500, '1.00 Mbit/s'],
    [12_300_000, '12.3 Mbit/s'],
    [-1_500, '-1.50 kbit/s'],
    [1e21, '1,000 Ebit/s'],
  ];
  for (const [rate, text] of cases) assert.equal(formatRate(rate), text);
  assert.equal(formatBytes(4_100_000_000), '4.10 GB');
});

test('a prefix is never followed by four digits below exa', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 999e18, noNaN: true }), (value) => {
      assert.match(formatRate(value), /^(\d{1,3}|\d\.\d+|\d\d\.\d|0\.\d+|\d(\.\d+)?e-\d+) [kMGTPE]?bit\/s$/);
    }),
  );
});

test('what is not known is a dash, never a zero', () => {
  for (const format of [formatBytes, formatRate, formatCount, formatShare, formatShareInterval, formatPoints]) {
    assert.equal(format(null), '–');
  }
  assert.equal(formatRate(Number.NaN), '–');
  assert.equal(formatCount(Number.POSITIVE_INFINITY), '–');
});

test('counts have their thousands set apart', () => {
  assert.equal(formatCount(0), '0');
  assert.equal(formatCount(999), '999');
  assert.equal(formatCount(1_234_567), '1,234,567');
  assert.equal(formatCount(-1_234), '-1,234');
});

test('a share is rounded to nothing or to all only where it is that', () => {
  assert.equal(formatShare(0), '0.0 %');
  assert.equal(formatShare(1e-6), '<0.1 %');
  assert.equal(formatShare(0.7912), '79.1 %');
  assert.equal(formatShare(0.99999), '>99.9 %');
  assert.equal(formatShare(1), '100.0 %');
  assert.equal(formatShare(0.004, 0), '<1 %');
  assert.equal(formatShareInterval([0.7701, 0.8124]), '77.0–81.2');
});

test('points carry their sign, and one of them is no plural', () => {
  assert.deepEqual([1, -1, 2.345, 0.04, -0.04].map(formatPoints), [
    '+1.0 point',
    '-1.0 point',
    '+2.3 points',
    '0.0 points',
    '0.0 points',
  ]);
  assert.equal(formatNumberOf(1, 'flow'), '1 flow');
  assert.equal(formatNumberOf(2_000, 'entry', 'entries'), '2,000 entries');
});

test('a probability is not printed as zero', () => {
  assert.deepEqual([0, 0.0004, 0.0123, 0.41, 1].map(formatP), [
    'p < 0.001',
    'p < 0.001',
    'p = 0.012',
    'p = 0.41',
    'p = 1.00',
  ]);
});
