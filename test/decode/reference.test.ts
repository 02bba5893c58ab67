// The fast reader against pcap-parser: two framers that share no line must agree packet by packet, whatever the input.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { Batch, KIND } from '#src/decode/batch.js';
import { crossCheck, describeCrossCheck, type FastReading } from '#src/decode/cross-check.js';
import { PacketDecoder } from '#src/decode/packet.js';
import { PcapFramer } from '#src/decode/pcap.js';
import { knowsLink, plainFiveTuple, WITH_PORTS } from '#src/decode/plain.js';
import { forEachReferencePacket, readReference } from '#src/decode/reference.js';
import { formatAddress } from '#src/util/address.js';
import { DamageLog, UserError } from '#src/util/error.js';
import { sharedDir, withoutShared } from '../shared.js';

const META_IPV6 = 0x100;
const META_HAS_PORTS = 0x200;

test('both readers give equal rows, counts and damage for every classic microsecond capture of the corpus', {
  skip: withoutShared,
}, async () => {
  let compared = 0;
  for (const path of classicCaptures()) {
    const bytes = readFileSync(path);
    const fast = readFast(bytes);
    if (fast.fatal !== null || isOlder(bytes)) continue;
    assert.deepEqual(await readByReference(bytes, 4099), fast.reading, path);
    compared++;
  }
  assert.ok(compared > 350, `${compared} captures compared`);
});

test('the plain decoder finds the five-tuples that tshark found', { skip: withoutShared }, async () => {
  const apart: string[] = [];
  let compared = 0;
  for (const path of classicCaptures()) {
    const oracle = readOracle(path);
    const plain = oracle === null ? null : await portedFiveTuples(readFileSync(path));
    if (oracle === null || plain === null) continue;
    compared++;
    if (!isDeepStrictEqual(plain, oracle)) apart.push(path.slice(path.lastIndexOf('/') + 1));
  }
  assert.deepEqual(apart, KNOWN_APART);
  assert.ok(compared > 100, `${compared} captures compared`);
});

test('the cross-check agrees with the fast decoder over the corpus', { skip: withoutShared }, async () => {
  for (const path of classicCaptures()) {
    const bytes = readFileSync(path);
    const { fatal, reading } = readFast(bytes);
    const linkType = bytes.readUInt32LE(0) === 0xa1b2c3d4 ? bytes.readUInt16LE(20) : bytes.readUInt16BE(22);
    if (fatal !== null || isOlder(bytes) || !knowsLink(linkType) || ONLY_PLAIN.some((name) => path.endsWith(name)))
      continue;
    const result = await crossCheck(chunksOf(bytes, 65536), fastReading(reading));
    assert.ok(result.agrees, `${path}\n${describeCrossCheck(result).join('\n')}`);
  }
});

test('both readers agree on any records, in either byte order, cut and broken anywhere', async () => {
  await fc.assert(
    fc.asyncProperty(captureArbitrary, fc.integer({ min: 1, max: 200 }), async (bytes, chunk) => {
      assert.deepEqual(await readByReference(bytes, chunk), readFast(bytes).reading);
    }),
    { numRuns: 300 },
  );
});

test('both readers agree on zeros between and behind the records', async () => {
  const good = record(1, 2, Buffer.alloc(60), 60);
  for (const between of [16, 80, 1008, 1024, 5000]) {
    for (const behind of [0, 20, 1024, 5000]) {
      const bytes = Buffer.concat([fileHeader(1, false), good, Buffer.alloc(between), good, Buffer.alloc(behind)]);
      for (const chunk of [7, 100, 10_000]) {
        assert.deepEqual(await readByReference(bytes, chunk), readFast(bytes).reading, `${between} ${behind} ${chunk}`);
      }
    }
  }
});

test('a false length ends the reading at once instead of gathering the rest of the input', async () => {
  const good = record(1, 2, Buffer.alloc(60), 60);
  const bad = record(3, 4, Buffer.alloc(60), 60);
  bad.writeUInt32LE(0xfffffff0, 8);
  const bytes = Buffer.concat([fileHeader(1, false), good, bad, Buffer.alloc(1 << 20)]);
  let asked = 0;
  async function* counted() {
    for await (const chunk of chunksOf(bytes, 4096)) {
      asked++;
      yield chunk;
    }
  }
  const damage = new DamageLog();
  let packets = 0;
  await forEachReferencePacket(counted(), damage, () => packets++);
  assert.equal(packets, 1);
  assert.equal(asked, 1);
  assert.deepEqual(damage.list(), [{ reason: 'bad-record-length', count: 1, offset: 24 + 76 }]);
});

for (const [format, hex] of [
  ['pcap with nanoseconds', '4d3cb2a1'],
  ['pcapng', '0a0d0d0a'],
  ['gzip', '1f8b0800'],
] as const) {
  test(`${format} is refused in one line that names it`, async () => {
    const bytes = Buffer.concat([Buffer.from(hex, 'hex'), Buffer.alloc(100)]);
    await assert.rejects(readByReference(bytes, 50), (error) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, new RegExp(`can't read ${format}, only pcap with microseconds`));
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
  });
}

test('the cross-check names what differs', async () => {
  const frame = Buffer.alloc(60);
  frame.writeUInt16BE(0x0800, 12);
  // 10.0.0.1 port 53 to 10.0.0.2 port 99, UDP.
  Buffer.from('4500002e0000000040110000' + '0a000001' + '0a000002' + '00350063', 'hex').copy(frame, 14);
  const bytes = Buffer.concat([fileHeader(1, false), record(1, 0, frame, 60), record(2, 0, frame, 60)]);
  const tuple = { proto: 17, a: '10.0.0.2', aPort: 99, b: '10.0.0.1', bPort: 53 };
  const agreeing = await crossCheck(chunksOf(bytes, 50), {
    packets: 2,
    wireBytes: 120,
    flows: [
      { ...tuple, packets: 1, wireBytes: 60 },
      { ...tuple, packets: 1, wireBytes: 60 },
    ],
  });
  assert.deepEqual(describeCrossCheck(agreeing), ['cross-check: both readers see 2 packets, 120 bytes, 1 five-tuples']);
  // A packet short, and ones that the reference doesn't have: neither is forgiven where every header was entered.
  const differing = await crossCheck(chunksOf(bytes, 50), {
    packets: 2,
    wireBytes: 120,
    flows: [{ ...tuple, packets: 1, wireBytes: 60 }],
  });
  assert.equal(differing.agrees, false);
  assert.deepEqual(describeCrossCheck(differing).slice(1), [
    '  protocol 17, 10.0.0.2 port 99, 10.0.0.1 port 53: fast 1 packets, 60 bytes; reference 2 packets, 120 bytes',
  ]);
});

/** Captures over which tshark and the plain decoder part: original lengths beyond 2^31, which tshark counts in full. */
const KNOWN_APART = [4683685084594176, 5204104585674752, 5758569646653440].map(
  (number) => `clusterfuzz-testcase-minimized-FuzzTarget-${number}`,
);
/** Captures with encapsulations that the plain decoder enters and the fast one may not. */
const ONLY_PLAIN = ['null_loopback.pcap', 'macsec-short-longer.pcap', 'macsec-short-shorter.pcap', 'nsh.pcap'];

interface Row {
  kind: number;
  timeUs: number;
  wireBytes: number;
  meta: number;
  ends: number[];
  flags: number;
  payload: number;
  ipBytes: number;
}

interface Reading {
  rows: Row[];
  packets: number;
  wireBytes: number;
  firstUs: number;
  lastUs: number;
  damage: unknown[];
}

function readFast(bytes: Buffer): { fatal: string | null; reading: Reading } {
  const { decoder, finish } = collector();
  const framer = new PcapFramer(decoder, { startOffset: 0, limit: Number.POSITIVE_INFINITY });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  for (let before = -1; at !== before && !framer.done; ) {
    before = at;
    at = framer.feed(bytes, view, at, bytes.length);
  }
  framer.end(bytes.length - at);
  return { fatal: framer.fatal, reading: finish() };
}

async function readByReference(bytes: Buffer, chunk: number): Promise<Reading> {
  const { decoder, finish } = collector();
  await readReference(chunksOf(bytes, chunk), decoder, decoder.counts.damage);
  return finish();
}

function collector() {
  const rows: Row[] = [];
  const batch = new Batch();
  const take = () => {
    for (let row = 0; row < batch.count; row++) rows.push(rowOf(batch, row));
  };
  const decoder = new PacketDecoder(batch, { flush: take }, { macs: false });
  const finish = (): Reading => {
    decoder.finish();
    const { packets, wireBytes, firstUs, lastUs, damage } = decoder.counts;
    return { rows, packets, wireBytes, firstUs, lastUs, damage: damage.list() };
  };
  return { decoder, finish };
}

/** Columns that the row's kind makes valid. */
function rowOf(batch: Batch, row: number): Row {
  const kind = batch.kind(row);
  const meta = batch.meta(row);
  const located = kind === KIND.flow || kind === KIND.fragment || kind === KIND.icmpError;
  const wide = (meta & META_IPV6) !== 0 ? [...batch.wide.subarray(row * 8, row * 8 + 8)] : [];
  return {
    kind,
    timeUs: batch.time(row),
    wireBytes: batch.wireBytes(row),
    meta,
    ends: located ? [batch.k0(row), batch.k1(row), batch.ports(row), ...wide] : [],
    flags: batch.flags(row),
    payload: located ? batch.payload(row) : 0,
    ipBytes: located ? batch.ipBytes(row) : 0,
  };
}

/** The fast decoder's rows as five-tuples, without its flow table. */
function fastReading({ rows, packets, wireBytes }: Reading): FastReading {
  const flows = rows
    .filter(({ ends }) => ends.length > 0)
    .map(({ meta, ends, wireBytes }) => {
      const family = (meta & META_IPV6) !== 0 ? 6 : 4;
      const low = family === 6 ? ends.slice(3, 7) : [0, 0, 0, ends[0]];
      const high = family === 6 ? ends.slice(7, 11) : [0, 0, 0, ends[1]];
      const ported = (meta & META_HAS_PORTS) !== 0;
      return {
        proto: meta & 0xff,
        a: formatAddress(family, low),
        aPort: ported ? ends[2] >>> 16 : null,
        b: formatAddress(family, high),
        bPort: ported ? ends[2] & 0xffff : null,
        packets: 1,
        wireBytes,
      };
    });
  return { packets, wireBytes, flows };
}

/** Packets and wire bytes of every five-tuple with ports, keyed as in `readOracle`; null where it can't be read. */
async function portedFiveTuples(bytes: Buffer): Promise<Record<string, [number, number]> | null> {
  const sums: Record<string, [number, number]> = {};
  let known = true;
  try {
    await forEachReferencePacket(chunksOf(bytes, 65536), new DamageLog(), ({ linkType, wireBytes, data }) => {
      known &&= knowsLink(linkType);
      const tuple = plainFiveTuple(linkType, data);
      if (tuple === null || tuple === 'opaque' || !WITH_PORTS.has(tuple.proto) || tuple.aPort === null) return;
      add(sums, tuple.proto, `${tuple.a} ${tuple.aPort}`, `${tuple.b} ${tuple.bPort}`, 1, wireBytes);
    });
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
  return known ? sums : null;
}

function readOracle(path: string): Record<string, [number, number]> | null {
  const table = `${path.replace('/captures/', '/oracle/')}.flows.tsv`;
  let text: string;
  try {
    text = readFileSync(table, 'utf8');
  } catch {
    return null;
  }
  const sums: Record<string, [number, number]> = {};
  for (const line of text.trim().split('\n').slice(1)) {
    const [proto, a, aPort, b, bPort, packetsUp, wireUp, , packetsDown, wireDown] = line.split('\t');
    add(
      sums,
      Number(proto),
      `${a} ${aPort}`,
      `${b} ${bPort}`,
      Number(packetsUp) + Number(packetsDown),
      Number(wireUp) + Number(wireDown),
    );
  }
  return sums;
}

function add(
  sums: Record<string, [number, number]>,
  proto: number,
  a: string,
  b: string,
  packets: number,
  wireBytes: number,
): void {
  const key = a <= b ? `${proto} ${a} ${b}` : `${proto} ${b} ${a}`;
  const [knownPackets, knownBytes] = sums[key] ?? [0, 0];
  sums[key] = [knownPackets + packets, knownBytes + wireBytes];
}

function classicCaptures(): string[] {
  const [, ...lines] = readFileSync(`${sharedDir}/corpus/MANIFEST.tsv`, 'utf8').trim().split('\n');
  return lines
    .map((line) => line.split('\t'))
    .filter((cells) => /^pcap-[lb]e-us$/.test(cells[7]) && cells[8] === '-')
    .map((cells) => `${sharedDir}/corpus/${cells[0]}`);
}

/** Version 2.3 and before: the reference reader refuses them. */
function isOlder(bytes: Buffer): boolean {
  return Math.min(bytes.readUInt16LE(6), bytes.readUInt16BE(6)) < 4;
}

async function* chunksOf(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function fileHeader(linkType: number, bigEndian: boolean): Buffer {
  const header = Buffer.alloc(24);
  if (bigEndian) {
    header.write('a1b2c3d400020004', 'hex');
    header.writeUInt32BE(65535, 16);
    header.writeUInt32BE(linkType, 20);
  } else {
    header.write('d4c3b2a102000400', 'hex');
    header.writeUInt32LE(65535, 16);
    header.writeUInt32LE(linkType, 20);
  }
  return header;
}

function record(seconds: number, fraction: number, data: Buffer, original: number, bigEndian = false): Buffer {
  const header = Buffer.alloc(16);
  [seconds, fraction, data.length, original].forEach((word, i) => {
    if (bigEndian) header.writeUInt32BE(word, 4 * i);
    else header.writeUInt32LE(word, 4 * i);
  });
  return Buffer.concat([header, data]);
}

/** Frames that begin like IP ones, some cut, some of an original length that can't be; then a break, or none. */
const captureArbitrary = fc
  .record({
    bigEndian: fc.boolean(),
    linkType: fc.constantFrom(0, 1, 101, 113, 276),
    records: fc.array(
      fc.record({
        seconds: fc.integer({ min: 0, max: 0xffffffff }),
        fraction: fc.integer({ min: 0, max: 1_200_000 }),
        head: fc.constantFrom('', '45000054', '0000000000000000000000000800450000280000', '60000000002011400102'),
        data: fc.uint8Array({ maxLength: 100 }),
        more: fc.constantFrom(0, 0, 0, 1, 1400, -3, 0x7fffffff),
      }),
      { maxLength: 12 },
    ),
    cut: fc.integer({ min: 0, max: 40 }),
    broken: fc.option(fc.record({ at: fc.nat(), value: fc.nat(255) })),
  })
  .map(({ bigEndian, linkType, records, cut, broken }) => {
    const bytes = Buffer.concat([
      fileHeader(linkType, bigEndian),
      ...records.map(({ seconds, fraction, head, data, more }) => {
        const frame = Buffer.concat([Buffer.from(head, 'hex'), data]);
        return record(seconds, fraction, frame, Math.max(0, frame.length + more), bigEndian);
      }),
    ]);
    if (broken !== null && bytes.length > 24) bytes[24 + (broken.at % (bytes.length - 24))] = broken.value;
    return bytes.subarray(0, Math.max(24, bytes.length - cut));
  });
