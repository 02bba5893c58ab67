// The malformed captures, decoded in this process: as many packets as can be read, and damage exactly where there is some.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { sharedDir, withoutShared } from '../shared.js';
import { parseTsv } from '../system/tables.js';
import { damageOf, read } from './rows.js';

describe('hostile captures', { skip: withoutShared }, () => {
  const cases = withoutShared ? [] : parseTsv(readFileSync(`${sharedDir}/hostile/EXPECT.tsv`, 'utf8'));
  for (const { file = '', kind, readable, expectation } of cases) {
    if (!/\.pcap(ng)?$/.test(file) || file.startsWith('gz_')) continue;
    test(`${file}: ${expectation}`, () => {
      const bytes = new Uint8Array(readFileSync(`${sharedDir}/hostile/${file}`));
      const format = file.endsWith('ng') ? 'pcapng' : 'pcap';
      const reading = read(bytes, format);
      const unknown = reading.counts.unknownLink.size > 0;
      const seen = reading.framer.fatal !== null || unknown ? 'error' : damageOf(reading).length > 0 ? 'warn' : 'ok';
      assert.equal(seen, kind, JSON.stringify([reading.framer.fatal, ...damageOf(reading)]));
      if (!unknown) assert.equal(reading.counts.packets, Number(readable));
      for (const { timeUs, wireBytes } of reading.rows) {
        assert.ok(Number.isSafeInteger(timeUs) && timeUs >= 0 && wireBytes >= 0 && wireBytes < 2 ** 31);
      }
    });
  }
});
