// Real captures, damaged anywhere, through everything: a report in every case, and no packet lost or counted twice.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { analyse } from '#src/index.js';
import { projectDir } from '../shared.js';

const BYTES = 60_000;
const whole = ['4to1/wan1.pcap.gz', 'blackhole/any.pcap.gz'].map((name) =>
  gunzipSync(readFileSync(join(projectDir, 'samples', name))).subarray(0, BYTES),
);

/** What happens to a file on its way: bits turn over, bytes are lost, come twice, or become something else. */
const fault = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: fc.nat(BYTES - 1), bit: fc.nat(7) }),
  fc.record({
    kind: fc.constant('set' as const),
    at: fc.nat(BYTES - 1),
    value: fc.constantFrom(0, 1, 0x7f, 0x80, 0xff),
  }),
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat(BYTES - 1), length: fc.integer({ min: 1, max: 3000 }) }),
  fc.record({ kind: fc.constant('repeat' as const), at: fc.nat(BYTES - 1), length: fc.integer({ min: 1, max: 3000 }) }),
  fc.record({ kind: fc.constant('end' as const), at: fc.nat(BYTES - 1) }),
);
type Fault = typeof fault extends fc.Arbitrary<infer T> ? T : never;

function damaged(bytes: Buffer, one: Fault): Buffer {
  const at = one.at % Math.max(1, bytes.length);
  switch (one.kind) {
    case 'flip': {
      const copy = Buffer.from(bytes);
      copy[at] ^= 1 << one.bit;
      return copy;
    }
    case 'set': {
      const copy = Buffer.from(bytes);
      copy[at] = one.value;
      return copy;
    }
    case 'cut':
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + one.length)]);
    case 'repeat':
      return Buffer.concat([bytes.subarray(0, at + one.length), bytes.subarray(at)]);
    default:
      return bytes.subarray(0, at);
  }
}

async function* chunks(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

test('a damaged capture still gives a report in which every packet has its place', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(whole.length - 1),
      fc.array(fault, { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 1000, max: 70_000 }),
      async (which, faults, size) => {
        const file = faults.reduce(damaged, whole[which]);
        const report = await analyse({ inputs: [chunks(file, size)] });
        const [input] = report.inputs;
        const { attributed, duplicates, lan, router, other, damaged: unreadable } = report.packets;
        assert.equal(attributed + duplicates + lan + router + other + unreadable, input.packets ?? 0);
        // The same bytes in other pieces are the same capture.
        const again = await analyse({ inputs: [chunks(file, 997)] });
        assert.deepEqual(again, report);
      },
    ),
    { numRuns: 60 },
  );
});
