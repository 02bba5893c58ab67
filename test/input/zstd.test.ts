// zstd: frames, skippable frames, checksums, windows and damage; zstd(1) makes the files, both decoders read them.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ByteReader } from '#src/input/reader.js';
import { Xxh64 } from '#src/input/xxh64.js';
import { nativeDecoder, portableDecoder, unzstd } from '#src/input/zstd.js';
import { DamageLog } from '#src/util/error.js';
import { collect, pieces, sampleBytes } from './files.js';

const body = sampleBytes(1_000_000);
const tool = spawnSync('zstd', ['--version']).status === 0;
const decoders = [
  { name: 'fzstd', decoder: portableDecoder, skip: false as false | string },
  { name: 'node:zlib', decoder: nativeDecoder, skip: hasNative() ? false : 'this Node has no zstd of its own' },
];

test('XXH64: the published test vectors', () => {
  // XSUM_test_vectors of xxHash 0.8: the buffer of its sanity check, seed 0, low halves.
  const prime = 2654435761n;
  let generator = prime;
  const buffer = Buffer.alloc(222);
  for (let i = 0; i < buffer.length; i++) {
    buffer[i] = Number(generator >> 56n);
    generator = BigInt.asUintN(64, generator * 11400714785074694797n);
  }
  for (const [length, expected] of [
    [0, 0xef46db3751d8e999n],
    [1, 0xe934a84adb052768n],
    [4, 0x9136a0dca57457een],
    [14, 0x8282dcc4994e35c8n],
    [222, 0xb641ae8cb691c174n],
  ] as const) {
    const hash = new Xxh64();
    hash.update(buffer.subarray(0, length));
    assert.equal(hash.digest(), Number(expected & 0xffffffffn), `${length} bytes`);
  }
});

for (const { name, decoder, skip } of decoders) {
  describe(`zstd by ${name}`, { skip: skip || (tool ? false : 'zstd is not installed') }, () => {
    const unpack = async (file: Uint8Array, chunkSizes: readonly number[] = [65_536]) => {
      const damage = new DamageLog();
      const reader = new ByteReader(pieces(file, chunkSizes));
      return { bytes: await collect(unzstd(reader, damage, decoder)), damage: damage.list() };
    };

    test('every level, with and without checksum and length, in chunks of any size', async () => {
      const options = fc.record({
        level: fc.integer({ min: 1, max: 19 }),
        check: fc.boolean(),
        piped: fc.boolean(),
        length: fc.integer({ min: 0, max: body.length }),
        chunkSizes: fc.array(fc.integer({ min: 1, max: 200_000 }), { minLength: 1, maxLength: 4 }),
      });
      await fc.assert(
        fc.asyncProperty(options, async ({ level, check, piped, length, chunkSizes }) => {
          const content = body.subarray(0, length);
          const size = piped ? [] : [`--stream-size=${length}`];
          const file = zstd(content, [`-${level}`, check ? '--check' : '--no-check', ...size]);
          const result = await unpack(file, chunkSizes);
          assert.ok(result.bytes.equals(content));
          assert.deepEqual(result.damage, []);
        }),
        { numRuns: 25 },
      );
    });

    test('several frames, skippable ones among them', async () => {
      const skippable = Buffer.concat([Buffer.from('5f2a4d1805000000', 'hex'), Buffer.from('hello')]);
      const parts = [0, 1, 40_000, 900_000].map((length) => body.subarray(0, length));
      const file = Buffer.concat([skippable, ...parts.flatMap((part) => [zstd(part, []), skippable])]);
      for (const chunkSizes of [[1], [7, 1000], [1 << 20]]) {
        const result = await unpack(file.subarray(0, chunkSizes[0] === 1 ? 30_000 : file.length), chunkSizes);
        if (chunkSizes[0] === 1) assert.ok(Buffer.concat(parts).subarray(0, result.bytes.length).equals(result.bytes));
        else assert.ok(result.bytes.equals(Buffer.concat(parts)));
      }
    });

    test('a window of 2 GiB around little content takes no 2 GiB', async () => {
      const file = zstd(body, ['--long=31', '--ultra', '-3']);
      const before = process.memoryUsage().arrayBuffers;
      const result = await unpack(file);
      assert.ok(result.bytes.equals(body));
      assert.deepEqual(result.damage, []);
      assert.ok(process.memoryUsage().arrayBuffers - before < 1 << 28);
    });

    test('cut off anywhere: whole blocks, and the word for it', async () => {
      const file = zstd(body, []);
      for (const length of [4, 5, 8, 12, 1000, file.length >> 1, file.length - 5, file.length - 1]) {
        const result = await unpack(file.subarray(0, length));
        assert.ok(body.subarray(0, result.bytes.length).equals(result.bytes));
        assert.deepEqual(result.damage, [{ reason: 'truncated-zstd', count: 1, offset: result.bytes.length }]);
      }
      const almost = await unpack(file.subarray(0, file.length - 1));
      assert.equal(almost.bytes.length, body.length);
    });

    test('a wrong checksum is told, the bytes are given, and the next frame is read', async () => {
      const wrong = zstd(body, ['--check']);
      wrong.writeUInt8(wrong.readUInt8(wrong.length - 1) ^ 1, wrong.length - 1);
      const result = await unpack(Buffer.concat([wrong, zstd(body, [])]));
      assert.ok(result.bytes.equals(Buffer.concat([body, body])));
      assert.deepEqual(result.damage, [{ reason: 'zstd-checksum', count: 1, offset: body.length }]);
    });

    test('garbage after the last frame', async () => {
      const result = await unpack(Buffer.concat([zstd(body, []), Buffer.from('and so on')]));
      assert.ok(result.bytes.equals(body));
      assert.deepEqual(result.damage, [{ reason: 'trailing-garbage', count: 1, offset: body.length }]);
    });

    test('any damage is told, and ends without an exception', async () => {
      const file = zstd(body.subarray(0, 400_000), ['--check']);
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 4, max: file.length - 1 }),
          fc.integer({ min: 1, max: 255 }),
          async (at, flip) => {
            const damaged = Buffer.from(file);
            damaged.writeUInt8(damaged.readUInt8(at) ^ flip, at);
            const result = await unpack(damaged);
            // A bit may do no harm, as those of the window; and one of the header may ask for no checksum.
            const harmless = result.bytes.equals(body.subarray(0, 400_000));
            if (at > 4) assert.ok(harmless || result.damage.length >= 1, `byte ${at} ^ ${flip}`);
          },
        ),
        { numRuns: 100 },
      );
    });
  });
}

test('of a damaged file fzstd gives what node:zlib gives, and may notice later', {
  skip: decoders[1]?.skip || !tool,
}, async () => {
  const content = body.subarray(0, 400_000);
  const file = zstd(content, ['--check', '-3']);
  const unpack = async (damaged: Uint8Array, { decoder }: (typeof decoders)[number]) => {
    const damage = new DamageLog();
    const bytes = await collect(unzstd(new ByteReader(pieces(damaged, [50_000])), damage, decoder));
    return { bytes, damage: damage.list() };
  };
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 5, max: file.length - 1 }),
      fc.integer({ min: 1, max: 255 }),
      fc.integer({ min: 0, max: file.length }),
      async (at, flip, length) => {
        const damaged = Buffer.from(file.subarray(0, Math.max(at + 1, length)));
        damaged.writeUInt8(damaged.readUInt8(at) ^ flip, at);
        const [portable, native] = await Promise.all(decoders.map((one) => unpack(damaged, one)));
        assert.ok(portable && native);
        assert.ok(portable.bytes.subarray(0, native.bytes.length).equals(native.bytes));
        if (native.damage.length === 0) assert.deepEqual(portable.damage, []);
        else assert.ok(portable.damage.length > 0 || portable.bytes.equals(content));
      },
    ),
    { numRuns: 200 },
  );
});

function zstd(content: Uint8Array, options: readonly string[]): Buffer {
  const run = spawnSync('zstd', ['-q', '-c', ...options], { input: content, maxBuffer: 1 << 28 });
  assert.equal(run.status, 0, String(run.stderr));
  return run.stdout;
}

function hasNative(): boolean {
  return 'zstd' in process.versions && Number(process.versions.node.split('.')[0]) >= 22;
}
