// Record starts found from anywhere, and a file read in two parts that meet.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Batch } from '#src/decode/batch.js';
import { PacketDecoder } from '#src/decode/packet.js';
import { PcapFramer, type PcapHeader, parsePcapHeader } from '#src/decode/pcap.js';
import { findRecord } from '#src/decode/resync.js';
import { type PcapOptions, type PcapRecord, pcap } from './build.js';

/** Records as a recorder makes them: time goes on, payload is anything. */
const records = fc.array(
  fc.record({
    data: fc.uint8Array({ minLength: 14, maxLength: 200 }),
    step: fc.nat(3),
    fraction: fc.nat(999_999),
    cut: fc.nat(1400),
  }),
  { minLength: 30, maxLength: 60 },
);
const variants = fc.constantFrom<PcapOptions>(
  {},
  { little: false },
  { magic: 0xa1b23c4d },
  { magic: 0xa1b2cd34, little: false },
  { minor: 2 },
);

function build(steps: { data: Uint8Array; step: number; fraction: number; cut: number }[], options: PcapOptions) {
  let seconds = 1_700_000_000;
  const made: PcapRecord[] = steps.map(({ data, step, fraction, cut }) => {
    seconds += step;
    return { data, seconds, fraction, original: data.length + cut };
  });
  const bytes = pcap(made, options);
  const header = parsePcapHeader(bytes.subarray(0, 24)) as PcapHeader;
  const starts: number[] = [];
  let at = 24;
  for (const { data } of made) {
    starts.push(at);
    at += header.recordBytes + data.length;
  }
  return { bytes, header, starts };
}

test('the next record is found from any offset', () => {
  fc.assert(
    fc.property(records, variants, fc.double({ min: 0, max: 1, noNaN: true }), (steps, options, where) => {
      const { bytes, header, starts } = build(steps, options);
      const view = new DataView(bytes.buffer);
      // Far enough from the end for a chain of records to be seen.
      const from = 24 + Math.floor(where * ((starts[starts.length - 10] as number) - 24));
      assert.equal(
        findRecord(bytes, view, header, from, bytes.length),
        starts.find((start) => start >= from),
      );
    }),
  );
});

test('in what holds no records none is found', () => {
  const header = parsePcapHeader(pcap([])) as PcapHeader;
  for (const fill of [0x00, 0x20, 0x41, 0xff]) {
    const bytes = new Uint8Array(50_000).fill(fill);
    assert.equal(findRecord(bytes, new DataView(bytes.buffer), header, 0, bytes.length), -1);
  }
  assert.equal(findRecord(new Uint8Array(0), new DataView(new ArrayBuffer(0)), header, 0, 0), -1);
});

test('two parts read every record once: the first ends where the second began', () => {
  fc.assert(
    fc.property(records, variants, fc.double({ min: 0, max: 1, noNaN: true }), (steps, options, where) => {
      const { bytes, header, starts } = build(steps, options);
      const view = new DataView(bytes.buffer);
      const limit = 24 + Math.floor(where * (bytes.length - 24));
      const times: number[] = [];
      const decoder = new PacketDecoder(
        new Batch(),
        {
          flush: (batch) => {
            for (let row = 0; row < batch.count; row++) times.push(batch.time(row));
          },
        },
        { macs: false },
      );
      const first = new PcapFramer(decoder, { startOffset: 0, limit });
      first.feed(bytes, view, 0, bytes.length);
      assert.ok(first.done || limit >= bytes.length);
      assert.equal(first.position, starts.find((start) => start >= limit) ?? bytes.length);

      const second = new PcapFramer(decoder, { header, startOffset: first.position, limit: Number.POSITIVE_INFINITY });
      const at = second.feed(bytes, view, first.position, bytes.length);
      second.end(bytes.length - at);
      decoder.finish();
      assert.equal(first.packets + second.packets, starts.length);
      assert.equal(times.length, starts.length);
      assert.deepEqual(decoder.counts.damage.list(), []);
    }),
  );
});
