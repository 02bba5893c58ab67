// However a capture is cut into parts and however its records are shuffled by a quarter of a second, the outages are the same.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { analyse, type Report } from '#src/index.js';
import { seededRandom } from '#src/measure/random.js';
import { withoutShared } from '../shared.js';
import { wanFiles } from '../system/lab.js';

const directory = mkdtempSync(join(tmpdir(), 'mlstat-outages-'));
after(() => rmSync(directory, { recursive: true }));

const SHUFFLED_US = 256_000;

describe('the same outages', { skip: withoutShared }, () => {
  for (const scenario of withoutShared ? [] : ['s4_blackhole', 's5_gateway_dead', 's9_dualstack_masq']) {
    test(`${scenario}, cut anywhere`, async () => {
      const inputs = wanFiles(scenario);
      const whole = toldOf(await analyse({ inputs, jobs: 1 }));
      for (const partBytes of [30_000, 77_777, 200_001]) {
        assert.deepEqual(toldOf(await analyse({ inputs, jobs: 1, partBytes })), whole);
      }
    });

    test(`${scenario}, records out of order by up to 256 ms`, async () => {
      const whole = await analyse({ inputs: wanFiles(scenario), jobs: 1 });
      const random = seededRandom(7);
      const inputs = wanFiles(scenario).map((path, n) => {
        const shuffled = join(directory, `${scenario}-${n}.pcap`);
        writeFileSync(shuffled, shuffle(readFileSync(path), random));
        return shuffled;
      });
      const report = await analyse({ inputs, jobs: 1 });
      // Handshakes that are torn apart make other flows of the same packets: what is counted by flow may differ a little.
      assert.equal(report.outages.length, whole.outages.length);
      for (const [n, outage] of report.outages.entries()) {
        const expected = whole.outages[n];
        assert.equal(outage.kind, expected.kind);
        assert.ok(Math.abs(outage.start.best - expected.start.best) < 0.3);
        assert.ok(Math.abs((outage.end?.best ?? 0) - (expected.end?.best ?? 0)) < 0.3);
        assert.equal(outage.reaction?.avoided, expected.reaction?.avoided);
      }
    });
  }
});

function toldOf({ outages, captureGaps, unmeasurable, uplinks }: Report): unknown {
  return { outages, captureGaps, unmeasurable, availability: uplinks.map(({ availability }) => availability) };
}

/** A classic capture with little-endian headers, its records moved back and forth; their times stay. */
function shuffle(file: Buffer, random: () => number): Buffer {
  const nano = file.readUInt32LE(0) === 0xa1b23c4d;
  const records: { key: number; bytes: Buffer }[] = [];
  for (let at = 24; at + 16 <= file.length; ) {
    const length = 16 + file.readUInt32LE(at + 8);
    const timeUs = file.readUInt32LE(at) * 1e6 + file.readUInt32LE(at + 4) / (nano ? 1000 : 1);
    records.push({ key: timeUs + random() * SHUFFLED_US, bytes: file.subarray(at, at + length) });
    at += length;
  }
  records.sort((a, b) => a.key - b.key);
  return Buffer.concat([file.subarray(0, 24), ...records.map(({ bytes }) => bytes)]);
}
