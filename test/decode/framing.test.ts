// The four formats: every variant of each, damage by its reason, and that no cut of the bytes changes what is read.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { CaptureFormat } from '#src/decode/frame.js';
import { parsePcapHeader } from '#src/decode/pcap-header.js';
import { sharedDir, withoutShared } from '../shared.js';
import {
  block,
  type EnhancedPacket,
  enhanced,
  ethernet,
  hex,
  iface,
  ipv4,
  join,
  numbers,
  option,
  type PcapRecord,
  pcap,
  section,
  UDP,
  zeros,
} from './build.js';
import { outcome, type Reading, read } from './rows.js';

const FRAME = ethernet(0x0800, ipv4(17, UDP));
const SECONDS = 1_700_000_000;
const damageOf = ({ counts }: Reading) => counts.damage.list().map(({ reason, count }) => `${reason} ${count}`);
const timesOf = ({ rows }: Reading) => rows.map(({ timeUs }) => timeUs);

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
    assert.deepEqual(damageOf(read(pcap([{ data: FRAME, original: 20 }]))), ['bad-original-length 1']);
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
    const reading = read(join(pcap([record]), pcap([record])));
    assert.equal(reading.rows.length, 1);
    assert.deepEqual(damageOf(reading), ['concatenated-file 1']);
  });
});

describe('pcapng', () => {
  const SECOND = 1_000_000;
  /** 64 bits as two numbers. */
  const halves = (value: bigint) => ({ high: Number(value >> 32n), low: Number(value & 0xffffffffn) });
  const packet = (more: Partial<EnhancedPacket> = {}): EnhancedPacket => ({
    data: FRAME,
    ...halves(1_700_000_000_123_456n),
    ...more,
  });

  test('sections of either order, their interfaces numbered on', () => {
    const name = (text: string, little: boolean) => option(2, new TextEncoder().encode(text), little);
    const capture = join(
      ...[section(true), iface(1, [name('wan0', true)], true), iface(101, [name('tun0\0', true)], true)],
      ...[enhanced(packet()), enhanced(packet({ iface: 1, data: ipv4(17, UDP) }))],
      ...[section(false), iface(1, [name('lan0', false)], false), enhanced(packet(), false)],
    );
    const { rows, points, counts } = read(capture, 'pcapng');
    assert.deepEqual(
      rows.map(({ point, packet }) => [
        points[point].iface,
        points[point].name,
        points[point].linkType,
        packet?.toPort,
      ]),
      [
        [0, 'wan0', 1, 2222],
        [1, 'tun0', 101, 2222],
        [2, 'lan0', 1, 2222],
      ],
    );
    assert.equal(counts.firstUs, 1_700_000_000_123_456);
    assert.deepEqual(counts.damage.list(), []);
  });

  test('resolutions and offsets of time', () => {
    const cases: [resolution: number | null, offset: bigint, ticks: bigint, us: number][] = [
      [null, 0n, 1_700_000_000_123_456n, 1_700_000_000_123_456],
      [6, 0n, 1_700_000_000_123_456n, 1_700_000_000_123_456],
      [9, 0n, 1_700_000_000_123_456_999n, 1_700_000_000_123_456],
      [3, 0n, 1_700_000_000_123n, 1_700_000_000_123_000],
      [0, 0n, 1_700_000_000n, 1_700_000_000_000_000],
      [0x80 | 20, 0n, (1_700_000_000n << 20n) | 0x80000n, 1_700_000_000_500_000],
      [0x80 | 32, 0n, (1_700_000_000n << 32n) | 0x40000000n, 1_700_000_000_250_000],
      [6, -1_000_000_000n, 1_700_000_000_123_456n, 700_000_000_123_456],
      [6, 1_000_000_000n, 700_000_000_123_456n, 1_700_000_000_123_456],
    ];
    for (const [resolution, offset, ticks, us] of cases) {
      const { high, low } = halves(BigInt.asUintN(64, offset));
      const options = [
        ...(resolution === null ? [] : [option(9, Uint8Array.of(resolution))]),
        ...(offset === 0n ? [] : [option(14, numbers(true, [4, low], [4, high]))]),
      ];
      const reading = read(join(section(), iface(1, options), enhanced(packet(halves(ticks)))), 'pcapng');
      assert.deepEqual(timesOf(reading), [us], `resolution ${resolution}, offset ${offset}`);
      assert.deepEqual(damageOf(reading), []);
    }
  });

  test('times that can’t be are finite all the same, and told', () => {
    for (const resolution of [19, 0x7f, 0xff, 0x80 | 63]) {
      const capture = join(section(), iface(1, [option(9, Uint8Array.of(resolution))]), enhanced(packet()));
      const reading = read(capture, 'pcapng');
      assert.ok(Number.isSafeInteger(timesOf(reading)[0]), `resolution ${resolution}`);
      assert.deepEqual(damageOf(reading), ['bad-timestamp 1']);
    }
    const late = read(join(section(), iface(1), enhanced(packet(halves(2n ** 64n - 1n)))), 'pcapng');
    assert.deepEqual(timesOf(late), [Number.MAX_SAFE_INTEGER]);
    const early = [option(14, numbers(true, [4, 0], [4, 0x80000000]))];
    assert.deepEqual(timesOf(read(join(section(), iface(1, early), enhanced(packet())), 'pcapng')), [0]);
  });

  test('simple packets are cut at the interface’s snaplen and have no time', () => {
    const simple = block(3, join(numbers(true, [4, 1500]), FRAME));
    const { rows } = read(join(section(), iface(1, [], true, FRAME.length), simple), 'pcapng');
    assert.deepEqual(
      rows.map(({ wireBytes, timeUs, packet }) => [wireBytes, timeUs, packet?.toPort]),
      [[1500, 0, 2222]],
    );
    const short = block(3, join(numbers(true, [4, FRAME.length]), FRAME));
    assert.equal(read(join(section(), iface(1), short), 'pcapng').rows[0].packet?.toPort, 2222);
  });

  test('the obsolete packet block, and what it says was dropped', () => {
    const obsolete = (drops: number) =>
      block(2, join(numbers(true, [2, 0], [2, drops], [4, 395812], [4, 0], [4, FRAME.length], [4, 100]), FRAME));
    const { rows, counts } = read(join(section(), iface(1), obsolete(3), obsolete(0xffff), obsolete(4)), 'pcapng');
    assert.deepEqual(
      rows.map(({ wireBytes }) => wireBytes),
      [100, 100, 100],
    );
    assert.equal(counts.dropped, 7);
  });

  test('drops: the last statistics of each interface, else the packets’ own counts', () => {
    const statistics = (id: number, ifDrop: number, osDrop: number) =>
      block(
        5,
        join(
          numbers(true, [4, id], [4, 0], [4, 0]),
          option(5, numbers(true, [4, ifDrop], [4, 0])),
          option(7, numbers(true, [4, osDrop], [4, 0])),
          option(0, zeros(0)),
        ),
      );
    const counted = enhanced(packet({ iface: 1, options: [option(4, numbers(true, [4, 9], [4, 0]))] }));
    const start = [section(), iface(1), iface(1)];
    const droppedOf = (...blocks: Uint8Array[]) => read(join(...start, ...blocks), 'pcapng').counts.dropped;
    assert.equal(droppedOf(enhanced(packet())), null);
    assert.equal(droppedOf(statistics(0, 0, 0)), 0);
    assert.equal(droppedOf(statistics(0, 1, 2), statistics(0, 5, 6), counted, counted), 11 + 18);
    assert.equal(droppedOf(counted, statistics(1, 1, 0)), 1);
  });

  test('blocks of other kinds are passed over, however long', () => {
    const others = [0x0bad, 0x40000bad, 4, 10, 0x80000001, 0xdeadbeef].map((type) => block(type, zeros(20)));
    const long = block(0x0bad, zeros(5_000_000));
    const reading = read(join(section(), ...others, iface(1), long, enhanced(packet())), 'pcapng', [65_536]);
    assert.equal(reading.rows.length, 1);
    assert.deepEqual(damageOf(reading), []);
  });

  test('lengths of blocks that are no multiple of four are rounded up, as their writers did', () => {
    const body = join(numbers(true, [4, 0], [4, 0], [4, 0], [4, 41], [4, 41]), FRAME.subarray(0, 41));
    const odd = join(numbers(true, [4, 6], [4, 73]), body, zeros(3), numbers(true, [4, 73]));
    const reading = read(join(section(), iface(1), odd, enhanced(packet())), 'pcapng');
    assert.equal(reading.rows.length, 2);
    assert.deepEqual(damageOf(reading), []);
  });

  test('damage by reason; packets before it are kept', () => {
    const good = [section(), iface(1), enhanced(packet())];
    const broken: [string, Uint8Array[]][] = [
      ['bad-block-length 1', [numbers(true, [4, 6], [4, 0]), enhanced(packet())]],
      ['bad-block-length 1', [numbers(true, [4, 6], [4, 0xfffffffc]), enhanced(packet())]],
      ['bad-block-length 1', [enhanced(packet()).subarray(0, -4), numbers(true, [4, 1])]],
      [
        'bad-record-length 1',
        [block(6, numbers(true, [4, 0], [4, 0], [4, 0], [4, 100], [4, 100])), enhanced(packet())],
      ],
      ['truncated-file 1', [enhanced(packet()).subarray(0, -1)]],
      ['truncated-file 1', [block(0x0bad, zeros(100)).subarray(0, 50)]],
      ['unknown-interface 1', [enhanced(packet({ iface: 1 }))]],
      ['bad-option 1', [iface(1, [numbers(true, [2, 2], [2, 200])])]],
      ['bad-option 1', [enhanced(packet({ options: [numbers(true, [2, 1], [2, 200])] }))]],
      ['bad-section 1', [section(true, 2)]],
      ['bad-section 1', [block(0x0a0d0d0a, zeros(16))]],
    ];
    for (const [told, blocks] of broken) {
      const reading = read(join(...good, ...blocks), 'pcapng');
      assert.deepEqual(damageOf(reading), [told]);
      assert.equal(reading.framer.fatal, null);
      assert.ok(reading.rows.length >= 1);
    }
  });

  test('a first section that can’t be read refuses the whole', () => {
    const fatal = (bytes: Uint8Array) => read(bytes, 'pcapng').framer.fatal;
    assert.equal(fatal(section(true, 2)), 'unsupported pcapng version 2.0');
    assert.equal(fatal(block(0x0a0d0d0a, zeros(16))), 'pcapng byte-order magic is damaged');
    assert.equal(fatal(zeros(0)), 'empty file');
    assert.equal(fatal(section().subarray(0, 20)), 'pcapng section header is cut off');
    assert.equal(fatal(join(section(true, 1, 2), iface(1))), null);
  });

  test('more interfaces than anyone has do not fill the memory', () => {
    const one = iface(1);
    const many = new Uint8Array(section().length + one.length * 70_000);
    many.set(section());
    for (let at = section().length; at < many.length; at += one.length) many.set(one, at);
    const reading = read(
      join(many, enhanced(packet({ iface: 65_534 })), enhanced(packet({ iface: 65_536 }))),
      'pcapng',
    );
    assert.equal(reading.rows.length, 1);
    assert.deepEqual(damageOf(reading), [`bad-option ${70_000 - 65_535}`, 'unknown-interface 1']);
  });

  test('a second is a million microseconds', () => {
    const reading = read(
      join(section(), iface(1), enhanced(packet()), enhanced(packet(halves(1_700_000_001_123_456n)))),
      'pcapng',
    );
    assert.equal(timesOf(reading)[1] - timesOf(reading)[0], SECOND);
  });
});

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
    assert.deepEqual([...read(join(header(2, 99), record()), 'snoop').counts.unknownLink.values()], [1]);
  });
});

describe('any bytes', () => {
  const STARTS: Record<CaptureFormat, Uint8Array> = {
    pcap: pcap([{ data: FRAME }, { data: FRAME, original: 80, fraction: 7 }]),
    pcapng: join(
      section(),
      iface(1),
      iface(113),
      enhanced({ data: FRAME, low: 5 }),
      block(0x0bad, zeros(40)),
      section(false),
      iface(1, [], false),
      enhanced({ data: FRAME }, false),
    ),
    erf: join(
      numbers(true, [4, 7], [4, SECONDS]),
      numbers(false, [1, 2], [1, 4], [2, 18 + FRAME.length], [2, 1], [2, FRAME.length]),
      zeros(2),
      FRAME,
    ),
    snoop: join(
      hex('736e6f6f70000000 00000002 00000004'),
      numbers(false, [4, FRAME.length], [4, FRAME.length], [4, 24 + FRAME.length], [4, 0], [4, 1], [4, 2]),
      FRAME,
    ),
  };
  const formats = Object.keys(STARTS) as CaptureFormat[];
  const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 5000 })), {
    minLength: 1,
    maxLength: 12,
  });
  /** Good bytes with some of them overwritten, anything behind. */
  const damaged = (start: Uint8Array) =>
    fc
      .tuple(
        fc.array(fc.tuple(fc.nat(start.length - 1), fc.nat(255)), { maxLength: 4 }),
        fc.array(fc.constantFrom(0, 1), { maxLength: 3 }),
        fc.uint8Array({ maxLength: 300 }),
      )
      .map(([changes, again, tail]) => {
        const bytes = join(start, ...again.map(() => start), tail);
        for (const [at, value] of changes) bytes[at] = value;
        return bytes;
      });

  for (const format of formats) {
    test(`${format}: nothing throws, and no cut changes what is read`, () => {
      fc.assert(
        fc.property(damaged(STARTS[format]), sizes, (bytes, cuts) => {
          assert.deepEqual(outcome(read(bytes, format, cuts)), outcome(read(bytes, format)));
        }),
        { numRuns: 400 },
      );
    });
  }

  test('captures of others, overwritten here and there, never throw; cut anywhere they read the same', {
    skip: withoutShared,
  }, () => {
    const captures = smallCaptures();
    assert.ok(captures.length > 300, `${captures.length} captures`);
    fc.assert(
      fc.property(
        fc.constantFrom(...captures),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }),
        sizes,
        ({ bytes, format }, changes, cuts) => {
          const changed = bytes.slice();
          for (const [at, value] of changes) changed[at % changed.length] = value;
          assert.deepEqual(outcome(read(changed, format, cuts)), outcome(read(changed, format)));
        },
      ),
      { numRuns: 400 },
    );
  });
});

function smallCaptures(): { bytes: Uint8Array; format: CaptureFormat }[] {
  const folder = `${sharedDir}/corpus/captures`;
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => new Uint8Array(readFileSync(`${entry.parentPath}/${entry.name}`)))
    .filter((bytes) => bytes.length > 24 && bytes.length < 20_000)
    .flatMap((bytes) => {
      const format = formatOf(bytes);
      return format === null ? [] : [{ bytes, format }];
    });
}

function formatOf(bytes: Uint8Array): CaptureFormat | null {
  const magic = Buffer.from(bytes.subarray(0, 4)).toString('hex');
  if (magic === '0a0d0d0a') return 'pcapng';
  if (magic === '736e6f6f') return 'snoop';
  return /^(a1b2c3d4|d4c3b2a1|a1b23c4d|4d3cb2a1|34cdb2a1|a1b2cd34)$/.test(magic) ? 'pcap' : null;
}
