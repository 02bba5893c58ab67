// Points are numbered densely and in order of first sight; beyond what 16 bits tell apart the last one takes the rest.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Batch, META } from '#src/decode/batch.js';
import { PacketDecoder } from '#src/decode/packet.js';
import { MAX_POINTS } from '#src/decode/points.js';
import { ethernet, hex, ipv4, join, numbers, UDP } from './build.js';

function decoderOf(points: number[]) {
  const flush = (batch: Batch) => {
    for (let row = 0; row < batch.count; row++) points.push(batch.meta(row) >>> META.pointShift);
  };
  return new PacketDecoder(new Batch(), { flush }, { macs: false });
}

function feed(decoder: PacketDecoder, frame: Uint8Array, iface: number, linkType = 1): void {
  decoder.packet(frame, new DataView(frame.buffer), 0, frame.length, frame.length, 0, linkType, iface);
}

test('interface, VLAN and link type make a point, in order of first sight', () => {
  const seen: number[] = [];
  const decoder = decoderOf(seen);
  const plain = ethernet(0x0800, ipv4(17, UDP));
  const tagged = (vlan: number) => ethernet(0x8100, join(numbers(false, [2, vlan], [2, 0x0800]), ipv4(17, UDP)));
  decoder.nameIface(7, 'wan0');
  feed(decoder, plain, 7);
  feed(decoder, tagged(5), 7);
  feed(decoder, plain, 7);
  feed(decoder, tagged(6), 7);
  feed(decoder, plain, 8);
  feed(decoder, tagged(5), 7);
  feed(decoder, ipv4(17, UDP), 8, 101);
  feed(decoder, ethernet(0x0806, hex('0001')), 8);
  decoder.finish();
  assert.deepEqual(seen, [0, 1, 0, 2, 3, 1, 4, 3]);
  assert.deepEqual(
    decoder.points.map(({ iface, name, vlan, linkType }) => [iface, name, vlan, linkType]),
    [
      [7, 'wan0', 0, 1],
      [7, 'wan0', 5, 1],
      [7, 'wan0', 6, 1],
      [8, null, 0, 1],
      [8, null, 0, 101],
    ],
  );
});

test('one point too many is told, and counted under the last', () => {
  const seen: number[] = [];
  const decoder = decoderOf(seen);
  const frame = ethernet(0x0800, ipv4(17, UDP));
  for (let iface = 0; iface <= MAX_POINTS; iface++) feed(decoder, frame, iface);
  feed(decoder, frame, 3);
  decoder.finish();
  assert.equal(decoder.points.length, MAX_POINTS);
  assert.deepEqual(seen.slice(-3), [MAX_POINTS - 1, MAX_POINTS - 1, 3]);
  assert.deepEqual(
    decoder.counts.damage.list().map(({ reason }) => reason),
    ['too-many-points'],
  );
});
