// What the hot loop reads by itself is what the decoder reads record by record, whatever the records hold.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BATCH_ROWS, Batch } from '#src/decode/batch.js';
import { PacketDecoder } from '#src/decode/packet.js';
import { PcapFramer } from '#src/decode/pcap.js';
import { lendHot, RunHost, returnHot } from '#src/flows/instance.js';
import { OUTBOX } from '#src/flows/layout.js';
import { DEFAULT_FLOW_RULES, Timeouts } from '#src/flows/rules.js';
import { pumpStream } from '#src/input/window.js';
import {
  ethernet,
  hex,
  ipv4,
  ipv6,
  join,
  numbers,
  type PcapOptions,
  type PcapRecord,
  pcap,
  TCP,
  UDP,
  zeros,
} from '../decode/build.js';
import { type Row, rowsOf } from '../decode/rows.js';

const ECHO = (type: number) => join(numbers(false, [1, type], [1, 0], [2, 0x1234], [2, 0xabcd], [2, 1]), zeros(16));
const LONG = (payload: Uint8Array) => join(payload, zeros(24));
const PACKETS: readonly (readonly [type: number, packet: Uint8Array])[] = [
  [0x0800, ipv4(6, TCP)],
  [0x0800, ipv4(6, LONG(TCP))],
  [0x0800, ipv4(17, LONG(UDP))],
  [0x0800, ipv4(17, UDP)],
  [0x0800, ipv4(1, ECHO(8))],
  [0x0800, ipv4(1, ECHO(0))],
  [0x0800, ipv4(1, ECHO(3))],
  [0x0800, ipv4(47, LONG(UDP))],
  [0x0800, ipv4(6, LONG(TCP), { fragment: 0x2000 })],
  [0x0800, ipv4(17, LONG(UDP), { fragment: 0x4001 })],
  [0x0800, ipv4(6, LONG(TCP), { fragment: 0x4000, total: 0 })],
  [0x86dd, ipv6(6, TCP)],
  [0x86dd, ipv6(17, LONG(UDP))],
  [0x86dd, ipv6(58, ECHO(128))],
  [0x86dd, ipv6(58, ECHO(129))],
  [0x86dd, ipv6(58, ECHO(135))],
  [0x86dd, ipv6(0, LONG(TCP))],
  [0x0806, zeros(28)],
];

function frameOf(linkType: number, type: number, packet: Uint8Array, pick: number): Uint8Array {
  if (linkType === 113) return join(numbers(false, [2, pick % 6], [2, 1], [2, 6], [4, 7], [4, 7], [2, type]), packet);
  if (linkType === 276) {
    return join(
      numbers(false, [2, type], [2, 0], [4, pick % 5], [2, 1], [1, pick % 6], [1, 6], [4, 7], [4, 7]),
      packet,
    );
  }
  if (linkType !== 1) return packet;
  if (pick % 3 > 0) return ethernet(type, packet);
  return ethernet(0x8100, join(numbers(false, [2, pick % 4096], [2, type]), packet));
}

interface Wish {
  kind: number;
  pick: number;
  changes: [number, number][];
  keep: number;
  more: number;
  seconds: number;
  fraction: number;
  captured: number | undefined;
}

const wish: fc.Arbitrary<Wish> = fc.record({
  kind: fc.nat(PACKETS.length - 1),
  pick: fc.nat(9000),
  // Addresses, ports, lengths, protocols: any byte of the frame.
  changes: fc.array(fc.tuple(fc.nat(90), fc.nat(255)), { maxLength: 3 }) as fc.Arbitrary<[number, number][]>,
  keep: fc.oneof({ weight: 4, arbitrary: fc.constant(1000) }, { weight: 2, arbitrary: fc.nat(90) }),
  more: fc.oneof(fc.constant(0), fc.nat(1500), fc.constantFrom(-1, 2 ** 27, 2 ** 31)),
  seconds: fc.oneof(fc.integer({ min: 1_700_000_000, max: 1_700_000_009 }), fc.constantFrom(0, 2 ** 31, 2 ** 32 - 1)),
  fraction: fc.oneof(fc.nat(999_999), fc.constantFrom(1_000_000, 999_999_999, 1_000_000_000, 2 ** 32 - 1)),
  captured: fc.oneof({ weight: 30, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat(2 ** 20) }),
});

function recordOf(
  linkType: number,
  { kind, pick, changes, keep, more, seconds, fraction, captured }: Wish,
): PcapRecord {
  const [type, packet] = PACKETS[kind] as (typeof PACKETS)[number];
  const frame = frameOf(linkType, type, packet, pick).slice();
  for (const [at, value] of changes) if (at < frame.length) frame[at] = value;
  const data = frame.subarray(0, keep);
  const original = Math.max(0, data.length + more);
  return { data, seconds, fraction, original, ...(captured === undefined ? {} : { captured }) };
}

test('batches that are taken as they are framed are counted as what they hold', async () => {
  const records = Array.from({ length: 2000 }, (_, n): PcapRecord => {
    const data = ethernet(0x0800, n % 3 === 0 ? ipv4(6, LONG(TCP)) : ipv4(17, LONG(UDP)));
    // The last but some is the earliest.
    return {
      data,
      seconds: 1_700_000_000 + (n === 1500 ? -1 : n >> 4),
      fraction: n,
      original: data.length + (n % 700),
    };
  });
  const hot = lendHot();
  const decoder = new PacketDecoder(hot.batch, { flush: () => assert.fail('not taken') }, { macs: false, usual: hot });
  const clock = { now: Number.NEGATIVE_INFINITY };
  hot.host = new RunHost(hot);
  (hot.host as RunHost).hand(OUTBOX.closed, { takeAll: () => {} });
  (hot.host as RunHost).hand(OUTBOX.heads, { takeAll: () => {} });
  hot.begin(new Timeouts(DEFAULT_FLOW_RULES), 1, false, false, 0);
  hot.noteUsual(null);
  decoder.goThrough(clock);
  const bytes = pcap(records, { linkType: 1 });
  hot.window.set(bytes);
  const view = new DataView(hot.window.buffer, hot.window.byteOffset, hot.window.length);
  const framer = new PcapFramer(decoder, { startOffset: 0, limit: Number.POSITIVE_INFINITY });
  framer.feed(hot.window, view, 0, bytes.length);
  const whole = Math.floor(records.length / BATCH_ROWS) * BATCH_ROWS;
  const timeOf = ({ seconds = 0, fraction = 0 }: PcapRecord) => seconds * 1e6 + fraction;
  const taken = records.slice(0, whole);
  assert.deepEqual(
    [decoder.counts.packets, decoder.counts.wireBytes, decoder.counts.firstUs, decoder.counts.lastUs],
    [
      whole,
      taken.reduce((sum, { original = 0 }) => sum + original, 0),
      Math.min(...taken.map(timeOf)),
      Math.max(...taken.map(timeOf)),
    ],
  );
  assert.equal(clock.now, Math.max(...taken.map(timeOf)));
  assert.equal(decoder.rows, records.length);
  assert.equal(framer.packets, records.length);
  hot.batch.count = 0;
  returnHot(hot);
});

/** All that a reading comes to; `usual`: with the hot loop. */
async function outcome(bytes: Uint8Array, usual: boolean, chunk: number, limit: number): Promise<unknown> {
  const rows: Row[] = [];
  const hot = lendHot();
  const sink = { flush: (batch: Batch) => rows.push(...rowsOf(batch)) };
  const decoder = new PacketDecoder(usual ? hot.batch : new Batch(), sink, { macs: false, usual: usual ? hot : null });
  const framer = new PcapFramer(decoder, { startOffset: 0, limit });
  const chunks = async function* () {
    for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
  };
  const consumed = await pumpStream(chunks(), framer, { window: hot.window });
  decoder.finish();
  const { damage, unknownLink, ...sums } = decoder.counts;
  const { packets, position, fatal, done } = framer;
  returnHot(hot);
  const told = [damage.list(), [...unknownLink], sums, decoder.points];
  return { rows, told, packets, position, fatal, done, consumed };
}

test('rows, counts, points and damage are the same with and without the hot loop', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(1, 1, 113, 276, 101, 12, 228),
      fc.array(wish, { minLength: 1, maxLength: 40 }),
      fc.constantFrom<PcapOptions>(
        {},
        { little: false },
        { magic: 0xa1b23c4d },
        { magic: 0xa1b2cd34, little: false },
        { minor: 2 },
        { snaplen: 60 },
        { snaplen: 0 },
      ),
      fc.integer({ min: 1, max: 4000 }),
      fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.nat(4000)),
      async (linkType, wishes, options, chunk, limit) => {
        const records = wishes.map((one) => recordOf(linkType, one));
        const bytes = pcap(records, { linkType, ...options });
        assert.deepEqual(await outcome(bytes, true, chunk, limit), await outcome(bytes, false, chunk, limit));
      },
    ),
    { numRuns: 400 },
  );
});

test('a record that is larger than a read, between usual ones', async () => {
  const usual: PcapRecord = { data: ethernet(0x0800, ipv4(6, LONG(TCP))) };
  const large: PcapRecord = { data: join(ethernet(0x0800, ipv4(17, LONG(UDP))), zeros(262_000)) };
  const bytes = pcap([usual, usual, large, usual, large, usual]);
  for (const chunk of [1000, 100_000, bytes.length]) {
    const read = await outcome(bytes, true, chunk, Number.POSITIVE_INFINITY);
    assert.deepEqual(read, await outcome(bytes, false, chunk, Number.POSITIVE_INFINITY));
    assert.equal((read as { packets: number }).packets, 6);
  }
});

test('more points than the hot loop remembers at a time', async () => {
  const frames = Array.from({ length: 600 }, (_, n): PcapRecord => {
    const vlan = hex(((n * 37) % 200).toString(16).padStart(4, '0'));
    return { data: ethernet(0x8100, join(vlan, hex('0800'), ipv4(6, LONG(TCP)))) };
  });
  const bytes = pcap(frames);
  const read = await outcome(bytes, true, 4096, Number.POSITIVE_INFINITY);
  assert.deepEqual(read, await outcome(bytes, false, 4096, Number.POSITIVE_INFINITY));
});
