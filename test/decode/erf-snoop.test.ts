// ERF and snoop: what their records tell, and damage by its reason.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { linkTypeName } from '#src/decode/linktypes.js';
import { ethernet, hex, ipv4, join, numbers, UDP, zeros } from './build.js';
import { damageOf, read } from './rows.js';

const FRAME = ethernet(0x0800, ipv4(17, UDP));
const SECONDS = 1_700_000_000;

describe('erf', () => {
  /** @param type and flags in hexadecimal, @param half of a second in 2^-32 */
  const record = (body: Uint8Array, more: { type?: number; flags?: number; lost?: number; wire?: number } = {}) => {
    const { type = 2, flags = 4, lost = 0, wire = body.length - 2 } = more;
    const time = numbers(true, [4, 0x80000000], [4, SECONDS]);
    return join(time, numbers(false, [1, type], [1, flags], [2, 16 + body.length], [2, lost], [2, wire]), body);
  };
  const body = join(zeros(2), FRAME);

  test('times, interfaces, losses, padding', () => {
    const padding = join(zeros(8), numbers(false, [1, 48], [1, 0], [2, 24], [2, 0], [2, 0]), zeros(8));
    const capture = join(
      record(body, { lost: 2 }),
      padding,
      record(join(body, zeros(6)), { flags: 7, lost: 3, wire: FRAME.length }),
    );
    const { rows, points, counts } = read(capture, 'erf');
    assert.deepEqual(
      rows.map(({ timeUs, wireBytes, point, packet }) => [timeUs, wireBytes, points[point].iface, packet?.toPort]),
      [
        [SECONDS * 1e6 + 500_000, FRAME.length, 0, 2222],
        [SECONDS * 1e6 + 500_000, FRAME.length, 3, 2222],
      ],
    );
    assert.equal(counts.dropped, 5);
  });

  test('extension headers, types without a loss counter, types without a packet', () => {
    const extended = record(join(hex('8100000000000000 0200000000000000'), body), { type: 0x82, wire: FRAME.length });
    const coloured = record(body, { type: 11, lost: 0xffff });
    const meta = record(zeros(8), { type: 27, wire: 8 });
    const { rows, counts } = read(join(extended, coloured, meta), 'erf');
    assert.deepEqual(
      rows.map(({ kind, packet }) => [kind, packet?.toPort]),
      [
        ['flow', 2222],
        ['flow', 2222],
        ['other', undefined],
      ],
    );
    assert.equal(counts.dropped, 0);
  });

  test('damage', () => {
    const good = record(body);
    assert.deepEqual(damageOf(read(join(good, good.subarray(0, 20)), 'erf')), ['truncated-file 1']);
    assert.deepEqual(damageOf(read(join(good, zeros(32)), 'erf')), ['bad-record-length 1']);
    const noType = record(body, { type: 0x7e });
    assert.deepEqual(damageOf(read(join(good, noType, good), 'erf')), ['bad-record-type 1']);
    assert.equal(read(good.subarray(0, 10), 'erf').framer.fatal, 'erf record is cut off');
  });
});

describe('snoop', () => {
  const header = (version = 2, link = 4) => join(hex('736e6f6f70000000'), numbers(false, [4, version], [4, link]));
  const record = (more: { original?: number; captured?: number; drops?: number; fraction?: number } = {}) => {
    const { original = FRAME.length, captured = FRAME.length, drops = 0, fraction = 5 } = more;
    const length = 24 + FRAME.length + 2;
    return join(
      numbers(false, [4, original], [4, captured], [4, length], [4, drops], [4, SECONDS], [4, fraction]),
      FRAME,
      zeros(2),
    );
  };

  test('records, cumulative drops', () => {
    const { rows, counts } = read(join(header(), record({ drops: 2 }), record({ original: 999, drops: 7 })), 'snoop');
    assert.deepEqual(
      rows.map(({ timeUs, wireBytes, packet }) => [timeUs, wireBytes, packet?.toPort]),
      [
        [SECONDS * 1e6 + 5, FRAME.length, 2222],
        [SECONDS * 1e6 + 5, 999, 2222],
      ],
    );
    assert.equal(counts.dropped, 7);
  });

  test('damage and refusals', () => {
    assert.deepEqual(damageOf(read(join(header(), record(), record().subarray(0, 30)), 'snoop')), ['truncated-file 1']);
    assert.deepEqual(damageOf(read(join(header(), record({ captured: 4000 })), 'snoop')), ['bad-record-length 1']);
    assert.deepEqual(damageOf(read(join(header(), record({ original: 3, fraction: 1_000_000 })), 'snoop')), [
      'bad-original-length 1',
      'bad-timestamp 1',
    ]);
    assert.equal(read(header(3), 'snoop').framer.fatal, 'unsupported snoop version 3');
    assert.equal(read(hex('736e6f6f70'), 'snoop').framer.fatal, 'snoop file header is cut off');
    for (const [link, name] of [
      [99, '99 of snoop'],
      [0xffffffff, '65535 of snoop'],
    ] as const) {
      const unknown = [...read(join(header(2, link), record()), 'snoop').counts.unknownLink];
      assert.deepEqual(
        unknown.map(([linkType, count]) => [linkTypeName(linkType), count]),
        [[name, 1]],
      );
    }
    assert.deepEqual([linkTypeName(132), linkTypeName(182)], ['132', 'LINKTYPE_MFR (182)']);
  });
});
