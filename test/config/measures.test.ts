import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseDuration, parseRate } from '#src/config/measures.js';

describe('parseRate', () => {
  const rates: [string | number, number][] = [
    ['20Mbit', 20e6],
    ['1Gbit', 1e9],
    ['512k', 512e3],
    ['1.5 Gbit/s', 1.5e9],
    ['100Mbps', 100e6],
    ['100mbit', 100e6],
    ['8bit', 8],
    ['8', 8],
    ['2Kibit', 2048],
    [1e6, 1e6],
    [0.5e6, 5e5],
  ];
  for (const [written, bps] of rates) it(String(written), () => assert.equal(parseRate(written), bps));

  for (const written of [
    '',
    'fast',
    '-1Mbit',
    '0',
    '0k',
    '1e6Mbit',
    '010M',
    '1.M',
    '20MB',
    '20 MByte/s',
    '1,5M',
    '2Pbit',
    1e300,
    Number.NaN,
  ]) {
    it(`not ${written}`, () => assert.equal(typeof parseRate(written), 'object'));
  }
});

describe('parseDuration', () => {
  const durations: [string | number, number][] = [
    ['60s', 60],
    ['60', 60],
    [60, 60],
    ['5m', 300],
    ['5 min', 300],
    ['1h', 3600],
    ['1d', 86400],
    ['250ms', 0.25],
    ['1.5s', 1.5],
  ];
  for (const [written, seconds] of durations) it(String(written), () => assert.equal(parseDuration(written), seconds));

  for (const written of ['', '0', '0s', '-1s', '1 week', '010s', 's', Number.POSITIVE_INFINITY]) {
    it(`not ${written}`, () => assert.equal(typeof parseDuration(written), 'object'));
  }
});
