// Data sent again, counted: by the furthest byte so far of a side that never runs far, and as a hand counts it.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { readConfig } from '#src/config/read.js';
import { listInputs } from '#src/input/list.js';
import { analyseInputs } from '#src/pipeline/pipeline.js';
import { type Packet, pcapFile } from './capture.js';

const directory = mkdtempSync(join(tmpdir(), 'mlstat-again-'));
after(() => rmSync(directory, { recursive: true }));

const WAN = 0xcb007102;
const SERVER = 0xc6120001;
const CONFIG = readConfig('uplinks: [{ name: a, snat: [203.0.113.2] }]', 'mlstat.yaml');

interface Segment {
  /** Where it begins, bytes from the first byte of its side. */
  from: number;
  bytes: number;
  up: boolean;
}

/** The report's share, of a capture of one connection. */
async function shareOf(segments: readonly Segment[], firstNumber: number, partBytes?: number): Promise<number | null> {
  const packets = segments.map(({ from, bytes, up }, n): Packet => {
    const ends = up
      ? { from: WAN, to: SERVER, fromPort: 5000, toPort: 443 }
      : { from: SERVER, to: WAN, fromPort: 443, toPort: 5000 };
    const rest = { gapUs: n === 0 ? 0 : 1000, protocol: 6, flags: 0x10, fragment: 'none' as const, ident: 0 };
    return { ...rest, ...ends, seq: (firstNumber + from) % 2 ** 32, bytes };
  });
  const path = join(directory, 'one.pcap');
  writeFileSync(path, pcapFile(packets));
  const cut = partBytes === undefined ? {} : { partBytes };
  const inputs = await listInputs([path], { cwd: directory });
  const report = await analyseInputs({ inputs, config: CONFIG, jobs: 1, ...cut });
  return report.uplinks[0]?.quality.retransmittedShare ?? null;
}

const data = (...from: number[]): Segment[] => from.map((start) => ({ from: start * 100, bytes: 100, up: false }));

test('what is lost behind the recorder passes twice, what is lost ahead of it passes late: both were sent again', async () => {
  assert.equal(await shareOf(data(0, 1, 2, 3), 0), 0);
  assert.equal(await shareOf(data(0, 1, 1, 2), 0), 1 / 4);
  assert.equal(await shareOf(data(0, 2, 3, 1, 4), 0), 1 / 5);
});

test('what is cut anew when it is sent again begins before the furthest byte as well', async () => {
  const longer: Segment = { from: 100, bytes: 250, up: false };
  assert.equal(await shareOf([...data(0, 1), longer, ...data(4)], 0), 1 / 4);
});

test('all that is sent again after a time-out counts, the new data behind it does not', async () => {
  assert.equal(await shareOf(data(0, 1, 2, 3, 1, 2, 3, 4), 0), 3 / 8);
});

test('acknowledgements, keep-alives of one byte and the other side are no data sent again', async () => {
  const [first, next] = data(0, 1);
  const other: Segment = { from: 0, bytes: 100, up: true };
  const keepAlive: Segment = { from: 199, bytes: 1, up: false };
  const acknowledgement: Segment = { from: 100, bytes: 0, up: false };
  assert.equal(await shareOf([first, other, next, keepAlive, keepAlive, acknowledgement] as Segment[], 0), 0);
});

test('a side without data has no share', async () => {
  assert.equal(await shareOf([{ from: 0, bytes: 0, up: true }], 0), null);
});

test('the furthest byte so far of each side decides, wherever the numbers begin and the capture is cut', async () => {
  const segment = fc.record({ from: fc.nat(3000), bytes: fc.integer({ min: 2, max: 900 }), up: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(
      fc.array(segment, { minLength: 1, maxLength: 40 }),
      fc.constantFrom(0, 7, 2 ** 31 - 1500, 2 ** 32 - 1500),
      fc.integer({ min: 60, max: 3000 }),
      async (segments, firstNumber, partBytes) => {
        const furthest = [-1, -1];
        let again = 0;
        for (const { from, bytes, up } of segments) {
          const side = up ? 1 : 0;
          const known = furthest[side] as number;
          if (from < known) again++;
          furthest[side] = Math.max(known, from + bytes);
        }
        const expected = Number((again / segments.length).toPrecision(6));
        assert.equal(await shareOf(segments, firstNumber, partBytes), expected);
      },
    ),
    { numRuns: 150 },
  );
});
