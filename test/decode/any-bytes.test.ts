// Any bytes at all in any of the formats: nothing throws, and no cut into windows changes what is read.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { CaptureFormat } from '#src/decode/frame.js';
import { sharedDir, withoutShared } from '../shared.js';
import { block, enhanced, ethernet, hex, iface, ipv4, join, numbers, pcap, section, UDP, zeros } from './build.js';
import { outcome, read } from './rows.js';

const FRAME = ethernet(0x0800, ipv4(17, UDP));
const SECONDS = 1_700_000_000;

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
