// pcapng: sections, interfaces, times, every kind of block, and damage by its reason.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MAX_POINTS } from '#src/decode/points.js';
import {
  block,
  type EnhancedPacket,
  enhanced,
  ethernet,
  iface,
  ipv4,
  join,
  numbers,
  option,
  section,
  UDP,
  zeros,
} from './build.js';
import { damageOf, read, timesOf } from './rows.js';

const FRAME = ethernet(0x0800, ipv4(17, UDP));

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

  test('sections that describe the same interfaces again show the same points', () => {
    const name = (text: string) => option(2, new TextEncoder().encode(text));
    const named = [iface(1, [name('wan0')]), iface(1, [name('lan0')])];
    const at = (n: number) => enhanced(packet({ iface: n }));
    const points = (...blocks: Uint8Array[]) => {
      const reading = read(join(...blocks), 'pcapng');
      return reading.rows.map(({ point }) => `${reading.points[point].iface} ${reading.points[point].name}`);
    };
    assert.deepEqual(points(section(), ...named, at(0), at(1), section(), named[1], named[0], at(0), at(1)), [
      '0 wan0',
      '1 lan0',
      '1 lan0',
      '0 wan0',
    ]);
    // Without names by their place; another link type is another interface.
    assert.deepEqual(
      points(section(), iface(1), iface(1), at(1), section(), iface(1), iface(1), iface(101), at(1), at(2)),
      ['1 null', '1 null', '2 null'],
    );
  });

  test('more interfaces than anyone has do not fill the memory', () => {
    const one = iface(1);
    const many = new Uint8Array(section().length + one.length * 70_000);
    many.set(section());
    for (let at = section().length; at < many.length; at += one.length) many.set(one, at);
    const packets = [MAX_POINTS - 2, MAX_POINTS, 65_534, 65_535].map((index) => enhanced(packet({ iface: index })));
    const { rows, points, counts } = read(join(many, ...packets), 'pcapng');
    // Those beyond are taken for one; of a section no more than 65,535 are remembered.
    assert.deepEqual(
      rows.map(({ point }) => points[point].iface),
      [MAX_POINTS - 2, MAX_POINTS - 1, MAX_POINTS - 1],
    );
    assert.deepEqual(
      counts.damage.list().map(({ reason, count }) => `${reason} ${count}`),
      [`too-many-interfaces ${70_000 - (MAX_POINTS - 1)}`, 'unknown-interface 1'],
    );
  });

  test('interfaces beyond those that are told apart keep their packets, in later sections as well', () => {
    const named = (text: string) => iface(1, [option(2, new TextEncoder().encode(text))]);
    const crowd = Array.from({ length: MAX_POINTS - 2 }, (_, i) => named(`eth${i}`));
    const later = [section(), named('new'), named('newer'), named('eth7')];
    const packets = [0, 1, 2].map((index) => enhanced(packet({ iface: index })));
    const reading = read(join(section(), ...crowd, ...later, ...packets), 'pcapng');
    assert.deepEqual(damageOf(reading), ['too-many-interfaces 1']);
    assert.deepEqual(
      reading.rows.map(({ point }) => reading.points[point].name),
      ['new', null, 'eth7'],
    );
  });

  test('an interface whose options are longer than is looked at is one all the same', () => {
    const comments = Array.from({ length: 20 }, () => option(1, new Uint8Array(60_000)));
    const packets = [0, 1].map((index) => enhanced(packet({ iface: index })));
    const reading = read(join(section(), iface(1, comments), iface(1), ...packets), 'pcapng', [1, 100_000]);
    assert.equal(reading.rows.length, 2);
    assert.deepEqual(damageOf(reading), ['bad-option 1']);
  });

  test('a second is a million microseconds', () => {
    const reading = read(
      join(section(), iface(1), enhanced(packet()), enhanced(packet(halves(1_700_000_001_123_456n)))),
      'pcapng',
    );
    assert.equal(timesOf(reading)[1] - timesOf(reading)[0], SECOND);
  });
});
