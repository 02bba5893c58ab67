// Classic pcap: every variant of its headers, and damage by its reason.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parsePcapHeader } from '#src/decode/pcap-header.js';
import { ethernet, ipv4, join, type PcapRecord, pcap, UDP, zeros } from './build.js';
import { damageOf, read, timesOf } from './rows.js';

const FRAME = ethernet(0x0800, ipv4(17, UDP));
const SECONDS = 1_700_000_000;

describe('pcap', () => {
  const record: PcapRecord = { data: FRAME, fraction: 123_456 };

  test('either byte order, micro- and nanoseconds, Kuznetzov’s longer records', () => {
    for (const little of [true, false]) {
      for (const magic of [0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34]) {
        const reading = read(pcap([record, record], { little, magic }));
        const us = magic === 0xa1b23c4d ? 123 : 123_456;
        assert.deepEqual(timesOf(reading), [SECONDS * 1e6 + us, SECONDS * 1e6 + us]);
        assert.deepEqual(
          reading.rows.map(({ packet }) => packet?.toPort),
          [2222, 2222],
        );
        assert.deepEqual(damageOf(reading), []);
      }
    }
  });

  test('versions before 2.4 have the lengths of a record swapped, 2.3 now and then', () => {
    const longer: PcapRecord = { data: FRAME, original: 1000 };
    for (const minor of [0, 2, 3, 4, 5]) {
      assert.deepEqual(
        read(pcap([longer], { minor })).rows.map(({ wireBytes }) => wireBytes),
        [1000],
      );
    }
    const swapped: PcapRecord = { data: FRAME, captured: 1000, original: FRAME.length };
    assert.equal(read(pcap([swapped], { minor: 3 })).rows[0].wireBytes, 1000);
  });

  test('frame check sequence bits of the link type are taken off, reserved ones refused', () => {
    assert.equal(read(pcap([record], { linkType: 0x24000001 })).rows[0].kind, 'flow');
    assert.match(read(pcap([record], { linkType: 0x00200001 })).framer.fatal ?? '', /reserved bits .* 0x00200001/);
  });

  test('other versions and magic numbers are refused', () => {
    assert.match(read(pcap([record], { major: 9 })).framer.fatal ?? '', /version 9\.4/);
    assert.match(read(pcap([record], { magic: 0xa1b2c3d5 })).framer.fatal ?? '', /magic number 0xd5c3b2a1/);
    assert.deepEqual(parsePcapHeader(zeros(23)), { error: 'pcap file header is cut off' });
  });

  test('an empty file, a header alone, a header cut off', () => {
    assert.equal(read(zeros(0)).framer.fatal, 'empty file');
    assert.equal(read(pcap([])).framer.fatal, null);
    assert.deepEqual(damageOf(read(pcap([]))), []);
    assert.equal(read(pcap([]).subarray(0, 20)).framer.fatal, 'pcap file header is cut off');
  });

  test('a last record that is cut off is told, and where', () => {
    const whole = pcap([record, record]);
    for (const cut of [1, 15, 16, 17, 16 + FRAME.length - 1]) {
      const reading = read(whole.subarray(0, 24 + 16 + FRAME.length + cut));
      assert.equal(reading.rows.length, 1);
      assert.deepEqual(reading.counts.damage.list(), [
        { reason: 'truncated-file', count: 1, offset: 24 + 16 + FRAME.length },
      ]);
    }
  });

  test('a captured length that can not be ends the reading', () => {
    for (const captured of [262_145, 0x7fffffff, 0x80000000, 0xffffffff]) {
      const reading = read(pcap([record, { data: FRAME, captured }, record]));
      assert.equal(reading.rows.length, 1);
      assert.deepEqual(damageOf(reading), ['bad-record-length 1']);
    }
  });

  test('a packet of 262,144 bytes is read; one of a bus may be longer, its rest is passed over', () => {
    const large = join(FRAME, zeros(262_144 - FRAME.length));
    const bus = zeros(3_000_000);
    assert.equal(read(pcap([{ data: large }, record])).rows.length, 2);
    const records = [{ data: bus }, record];
    assert.deepEqual(damageOf(read(pcap(records, { linkType: 231, snaplen: 0 }), 'pcap', [65_536])), []);
    assert.equal(read(pcap(records, { linkType: 231, snaplen: 0 }), 'pcap', [65_536]).rows.length, 2);
    const cut = read(pcap(records, { linkType: 231, snaplen: 0 }).subarray(0, 2_000_000), 'pcap', [65_536]);
    assert.deepEqual(damageOf(cut), ['truncated-file 1']);
  });

  test('a kilobyte of zeros and more ends the reading, fewer are packets without bytes', () => {
    const whole = pcap([record, record]);
    for (const chunks of [[], [1000], [33, 500]]) {
      const unwritten = read(join(whole, zeros(100_000)), 'pcap', chunks);
      assert.equal(unwritten.rows.length, 2);
      assert.deepEqual(unwritten.counts.damage.list(), [{ reason: 'zero-bytes', count: 1, offset: whole.length }]);

      assert.equal(read(join(whole, zeros(63 * 16)), 'pcap', chunks).rows.length, 2 + 63);
      const few = read(join(whole, zeros(5 * 16), pcap([record]).subarray(24), zeros(20)), 'pcap', chunks);
      assert.deepEqual(
        few.rows.map(({ wireBytes }) => wireBytes > 0),
        [true, true, false, false, false, false, false, true, false],
      );
      assert.deepEqual(damageOf(few), ['truncated-file 1']);
    }
  });

  test('packets above the snaplen of the header are read and told', () => {
    const reading = read(pcap([record, record], { snaplen: 20 }));
    assert.equal(reading.rows.length, 2);
    assert.deepEqual(damageOf(reading), ['above-snaplen 2']);
  });

  test('an original length below the captured one stays, one that can’t be gives way to it', () => {
    const wireBytes = (original: number) => read(pcap([{ data: FRAME, original }])).rows[0].wireBytes;
    assert.equal(wireBytes(20), 20);
    assert.equal(wireBytes(0), FRAME.length);
    assert.equal(wireBytes(0x80000000), FRAME.length);
    assert.equal(wireBytes(0xffffffff), FRAME.length);
    assert.equal(wireBytes(0x7fffffff), 0x7fffffff);
    for (const original of [20, 0x7fffffff, 0x08000000 + FRAME.length]) {
      assert.deepEqual(damageOf(read(pcap([{ data: FRAME, original }]))), ['bad-original-length 1']);
    }
    assert.deepEqual(damageOf(read(pcap([{ data: FRAME, original: 0x07ffffff + FRAME.length }]))), []);
  });

  test('a fraction of a second too many is carried, nonsense is dropped', () => {
    const time = (fraction: number) => timesOf(read(pcap([{ data: FRAME, fraction }])))[0] - SECONDS * 1e6;
    assert.equal(time(999_999), 999_999);
    assert.equal(time(1_000_000), 1_000_000);
    assert.equal(time(2_000_000), 0);
    assert.equal(time(0xffffffff), 0);
    assert.deepEqual(damageOf(read(pcap([{ data: FRAME, fraction: 1_000_000 }]))), ['bad-timestamp 1']);
    assert.deepEqual(timesOf(read(pcap([{ data: FRAME, seconds: 0xffffffff }]))), [0xffffffff * 1e6]);
  });

  test('a second file appended with cat is told, its records are not read', () => {
    for (const first of [true, false]) {
      for (const second of [true, false]) {
        for (const magic of [0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34]) {
          const reading = read(join(pcap([record], { little: first }), pcap([record], { little: second, magic })));
          assert.equal(reading.rows.length, 1);
          assert.deepEqual(damageOf(reading), ['concatenated-file 1']);
        }
      }
    }
  });
});
