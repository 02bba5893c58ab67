// The bench's captures: the same bytes from the same seed, and a truth that holds, counted by a reader that knows nothing of it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainFiveTuple } from '#src/decode/plain.js';
import { forEachReferencePacket } from '#src/decode/reference.js';
import { DamageLog } from '#src/util/error.js';
import { writePreset } from './generate.js';
import type { Truth } from './traffic.js';

/** SNAT sources of the three uplinks, as `router.ts` lays them out (RFC 5737; IPv6 ends in the same 32 bits). */
const UPLINK_OF: Record<string, string> = {
  '203.0.113.2': 'dsl1',
  '198.51.100.2': 'dsl2',
  '192.0.2.2': 'dsl3',
  '2001:db8:0:cb00::cb00:7102': 'dsl1',
  '2001:db8:0:c633::c633:6402': 'dsl2',
  '2001:db8:0:c000::c000:202': 'dsl3',
};

function made(preset: string, scale: number, seed: number): { bytes: Buffer; truth: Truth } {
  const chunks: Buffer[] = [];
  const truth = writePreset(preset, scale, seed, (bytes) => chunks.push(Buffer.from(bytes)));
  return { bytes: Buffer.concat(chunks), truth };
}

for (const [preset, scale] of [
  ['snap', 0.002],
  ['full', 0.002],
  ['any', 0.005],
] as const) {
  test(`${preset}: packets, bytes and uplinks are as its truth says`, async () => {
    const { bytes, truth } = made(preset, scale, 7);
    const found = new Map(truth.uplinks.map(({ name }) => [name, { up: 0, down: 0, flows: new Set<string>() }]));
    const total = { packets: 0, wireBytes: 0, placed: 0, firstUs: Number.NaN, lastUs: Number.NaN };
    const damage = new DamageLog();
    const wholeFile = (async function* () {
      yield bytes;
    })();
    await forEachReferencePacket(wholeFile, damage, ({ linkType, timeUs, wireBytes, data }) => {
      if (total.packets++ === 0) total.firstUs = timeUs;
      assert.ok(!(timeUs < total.lastUs), 'time stepped back');
      total.lastUs = timeUs;
      total.wireBytes += wireBytes;
      const tuple = plainFiveTuple(linkType, data);
      if (tuple === null || tuple === 'opaque') return;
      const up = UPLINK_OF[tuple.a];
      const uplink = found.get(up ?? UPLINK_OF[tuple.b] ?? '');
      if (uplink === undefined) return;
      total.placed++;
      uplink[up === undefined ? 'down' : 'up']++;
      if (tuple.proto !== 6 && tuple.proto !== 17) return;
      const { proto, a, aPort, b, bPort } = tuple;
      uplink.flows.add(
        up === undefined ? `${proto} ${b} ${bPort} ${a} ${aPort}` : `${proto} ${a} ${aPort} ${b} ${bPort}`,
      );
    });
    assert.deepEqual(damage.list(), []);
    assert.equal(bytes.length, truth.fileBytes);
    assert.deepEqual(
      { ...total, placed: total.placed + truth.routerPackets + truth.lanPackets },
      {
        packets: truth.packets,
        wireBytes: truth.wireBytes,
        placed: truth.packets,
        firstUs: truth.firstUs,
        lastUs: truth.lastUs,
      },
    );
    for (const { name, packets, flows } of truth.uplinks) {
      const uplink = found.get(name);
      assert.deepEqual({ up: uplink?.up, down: uplink?.down }, packets, name);
      // Echo has no ports here, so TCP and UDP alone: some parts of a hundred fewer.
      assert.ok((uplink?.flows.size ?? 0) <= flows && (uplink?.flows.size ?? 0) > 0.8 * flows, name);
    }
  });
}

test('equal seeds give equal bytes, others do not', () => {
  const once = made('snap', 0.001, 5);
  assert.ok(once.bytes.equals(made('snap', 0.001, 5).bytes));
  assert.ok(!once.bytes.equals(made('snap', 0.001, 6).bytes));
});

test('connections open by SYN and close by FIN, but for the ones that fail and the last', async () => {
  const { bytes } = made('hour', 0.01, 3);
  const counts = { syn: 0, finUp: 0 };
  const wholeFile = (async function* () {
    yield bytes;
  })();
  await forEachReferencePacket(wholeFile, new DamageLog(), ({ data }) => {
    if (data[23] !== 6) return;
    const flags = data[14 + 20 + 13];
    if (flags === 0x02) counts.syn++;
    if (flags === 0x11) counts.finUp++;
  });
  // One FIN each way: of 46 + 5 in 60 attempts, SYNs repeated by the unanswered ones counted.
  const closedPerSyn = counts.finUp / 2 / counts.syn;
  assert.ok(closedPerSyn > 0.75 && closedPerSyn < 0.9, String(closedPerSyn));
});
