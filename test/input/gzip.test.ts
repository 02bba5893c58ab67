// gzip: members, padding, garbage, and damage of every kind; the judge is node:zlib's own gunzip, or gzip(1).

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { deflateRawSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { gunzip } from '#src/input/gzip.js';
import { ByteReader } from '#src/input/reader.js';
import { DamageLog } from '#src/util/error.js';
import { collect, pieces, sampleBytes } from './files.js';

const body = sampleBytes(300_000);
const sizes = fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 5 });

describe('gzip', () => {
  test('members of any size, in chunks of any size', async () => {
    const cuts = fc.array(fc.integer({ min: 0, max: body.length }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(cuts, sizes, fc.integer({ min: 1, max: 9 }), async (at, chunkSizes, level) => {
        const borders = [0, ...at.sort((a, b) => a - b), body.length];
        const members = borders.slice(1).map((end, i) => gzipSync(body.subarray(borders[i], end), { level }));
        const result = await inflated(Buffer.concat(members), chunkSizes);
        assert.ok(result.bytes.equals(body));
        assert.deepEqual(result.damage, []);
      }),
      { numRuns: 40 },
    );
  });

  test('every optional field of a header is passed over', async () => {
    const deflated = gzipSync(body).subarray(10);
    const fields: [flag: number, bytes: Buffer][] = [
      [0x04, Buffer.concat([Buffer.from([0x10, 0x27]), Buffer.alloc(10_000, 7)])],
      [0x08, Buffer.from('a name\0')],
      [0x10, Buffer.from('a comment of Latin-1: \xe9\0', 'latin1')],
      [0x02, Buffer.from([1, 2])],
    ];
    for (let chosen = 0; chosen < 16; chosen++) {
      const used = fields.filter((_, index) => chosen & (1 << index));
      const flags = used.reduce((sum, [flag]) => sum | flag, 0);
      const header = Buffer.from([0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3]);
      const file = Buffer.concat([header, ...used.map(([, bytes]) => bytes), deflated]);
      const result = await inflated(file, [1000]);
      assert.ok(result.bytes.equals(body), `flags ${flags}`);
      assert.deepEqual(result.damage, []);
    }
  });

  test('cut off anywhere: a prefix of the bytes, all that can be had, and one word of damage', async () => {
    const small = body.subarray(0, 3000);
    const file = gzipSync(small);
    let before = 0;
    for (let length = 18; length < file.length; length++) {
      const result = await inflated(file.subarray(0, length), [length]);
      assert.ok(small.subarray(0, result.bytes.length).equals(result.bytes), `cut at ${length}`);
      assert.ok(result.bytes.length >= before, `cut at ${length}`);
      assert.deepEqual(result.damage, [{ reason: 'truncated-gzip', count: 1, offset: result.bytes.length }]);
      before = result.bytes.length;
    }
    assert.equal(before, small.length);
  });

  test('a member that is cut costs none of those before it', async () => {
    const first = gzipSync(body);
    const second = gzipSync(body);
    for (const kept of [1, 3, 9, 11, 5000]) {
      const result = await inflated(Buffer.concat([first, second.subarray(0, kept)]), [4096]);
      assert.ok(result.bytes.subarray(0, body.length).equals(body));
      assert.deepEqual(
        result.damage.map(({ reason }) => reason),
        ['truncated-gzip'],
      );
    }
  });

  test('a wrong checksum or length is told, the bytes are given, and the next member is read', async () => {
    for (const fromEnd of [8, 4]) {
      const wrong = gzipSync(body);
      wrong.writeUInt8(wrong.readUInt8(wrong.length - fromEnd) ^ 1, wrong.length - fromEnd);
      const result = await inflated(Buffer.concat([wrong, gzipSync(body)]), [65_536]);
      assert.ok(result.bytes.equals(Buffer.concat([body, body])));
      assert.deepEqual(result.damage, [{ reason: 'gzip-checksum', count: 1, offset: body.length }]);
    }
  });

  test('zeros after the last member are padding, anything else is garbage', async () => {
    const file = gzipSync(body);
    assert.deepEqual((await inflated(Buffer.concat([file, Buffer.alloc(100_000)]), [512])).damage, []);
    for (const tail of ['garbage', '\0\0\0garbage', '\x1f\x8b\x07 not deflate', '\x1f\x8b\x08\xff reserved flags']) {
      const result = await inflated(Buffer.concat([file, Buffer.from(tail, 'latin1')]), [512]);
      assert.ok(result.bytes.equals(body));
      assert.deepEqual(result.damage, [{ reason: 'trailing-garbage', count: 1, offset: body.length }]);
    }
  });

  test('damage in the middle: every byte that stands before it is given', async () => {
    // Stored blocks of known places; the second one contradicts itself (its length and the complement of it).
    const parts = [0, 1, 2].map((part) => body.subarray(part * 60_000, (part + 1) * 60_000));
    const blocks = parts.map((bytes, part) => storedBlock(bytes, part === 2));
    (blocks[1] as Buffer).writeUInt16LE(0, 3);
    const file = Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]), ...blocks, Buffer.alloc(8)]);
    for (const chunkSizes of [[file.length], [1000], [60_013, 4]]) {
      const result = await inflated(file, chunkSizes);
      assert.ok(result.bytes.equals(body.subarray(0, 60_000)));
      assert.deepEqual(result.damage, [{ reason: 'corrupt-gzip', count: 1, offset: 60_000 }]);
    }
  });

  test('damage anywhere: never less than gzip(1) gives, and the same in any chunks', {
    skip: withoutGzip(),
  }, async () => {
    const file = gzipSync(body);
    await fc.assert(
      fc.asyncProperty(
        // The last byte of the deflate stream is padded with bits that mean nothing.
        fc.integer({ min: 10, max: file.length - 10 }),
        fc.integer({ min: 1, max: 255 }),
        sizes,
        async (at, flip, chunkSizes) => {
          const damaged = Buffer.from(file);
          damaged.writeUInt8(damaged.readUInt8(at) ^ flip, at);
          const result = await inflated(damaged, chunkSizes);
          const whole = await inflated(damaged, [damaged.length]);
          assert.ok(result.bytes.equals(whole.bytes));
          assert.deepEqual(result.damage, whole.damage);
          const judge = spawnSync('gzip', ['-dc'], { input: damaged, maxBuffer: 1 << 26 });
          // gzip reads on through a match that reaches back before the first byte; RFC 1951, 2 forbids it.
          const lenient = result.damage[0]?.reason === 'corrupt-gzip' && /crc error/.test(String(judge.stderr));
          const given = lenient ? 0 : judge.stdout.length;
          assert.ok(
            result.bytes.subarray(0, given).equals(judge.stdout.subarray(0, given)),
            `gzip gives ${given} bytes`,
          );
          // Where a block is made the last one, a wrong checksum stands behind it, and then what is no member.
          const told = result.damage.map(({ reason }) => reason).join(' ');
          assert.ok(result.damage.length === 1 || told === 'gzip-checksum trailing-garbage', told);
        },
      ),
      { numRuns: 60, examples: [[10, 1, [1]]] },
    );
  });

  test('ten thousand small members', async () => {
    const member = gzipSync('packet');
    const file = Buffer.concat(Array.from({ length: 10_000 }, () => member));
    const result = await inflated(file, [1 << 16]);
    assert.equal(result.bytes.toString('latin1'), 'packet'.repeat(10_000));
    assert.deepEqual(result.damage, []);
  });

  test('a bomb is not blown up for the sake of its first bytes', async () => {
    // 256 MiB of zeros in 256 KiB.
    const bomb = Buffer.concat([
      Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]),
      deflateRawSync(Buffer.alloc(1 << 28), { level: 9 }),
      Buffer.alloc(8),
    ]);
    const damage = new DamageLog();
    const source = pieces(bomb, [1 << 16]);
    let asked = 0;
    const counted = {
      ...source,
      read() {
        asked++;
        return source.read();
      },
    };
    const outputs = gunzip(new ByteReader(counted), damage);
    const first = await outputs.next();
    assert.ok(!first.done && first.value.length > 0 && first.value.length <= 1 << 20);
    assert.ok(asked <= 2, `${asked} chunks were read`);
    await outputs.return();
  });
});

async function inflated(file: Uint8Array, chunkSizes: readonly number[]) {
  const damage = new DamageLog();
  const bytes = await collect(gunzip(new ByteReader(pieces(file, chunkSizes)), damage));
  return { bytes, damage: damage.list() };
}

/** RFC 1951, 3.2.4. */
function storedBlock(bytes: Uint8Array, last: boolean): Buffer {
  const header = Buffer.from([last ? 1 : 0, 0, 0, 0, 0]);
  header.writeUInt16LE(bytes.length, 1);
  header.writeUInt16LE(bytes.length ^ 0xffff, 3);
  return Buffer.concat([header, bytes]);
}

function withoutGzip(): false | string {
  return spawnSync('gzip', ['--version']).status === 0 ? false : 'gzip is not installed';
}
