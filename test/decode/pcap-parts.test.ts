// A pcap in parts: where the border lies within a record whose body is passed over, it is the first part's to its end.

import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Batch } from '#src/decode/batch.js';
import { PacketDecoder } from '#src/decode/packet.js';
import { PcapFramer, type PcapHeader, parsePcapHeader } from '#src/decode/pcap.js';
import { pumpAhead } from '#src/input/ahead.js';
import { pumpFile } from '#src/input/window.js';
import { type PcapRecord, pcap, zeros } from './build.js';

const folder = mkdtempSync(join(tmpdir(), 'mlstat-parts-'));
after(() => rmSync(folder, { recursive: true }));

/** USB, whose records may be longer than any framer holds. */
const LINKTYPE_USB = 220;
const SIZES = [100, 400_000, 100, 100, 700_000, 60, 300_000, 100];

const records = SIZES.map(
  (size, n): PcapRecord => ({
    data: zeros(size).fill(0x5a),
    seconds: 1_700_000_000 + n,
    fraction: n,
  }),
);
const bytes = pcap(records, { linkType: LINKTYPE_USB, snaplen: 1_000_000 });
const starts = SIZES.map((_, n) => 24 + SIZES.slice(0, n).reduce((sum, size) => sum + 16 + size, 0));
const path = join(folder, 'usb.pcap');
writeFileSync(path, bytes);
const header = parsePcapHeader(bytes.subarray(0, 24)) as PcapHeader;

for (const ahead of [false, true]) {
  test(`every border${ahead ? ', read ahead' : ''}`, async () => {
    const fd = openSync(path, 'r');
    const window = new Uint8Array(new SharedArrayBuffer(3 * (2 ** 19 + 2 ** 16)));
    // All about the records' ends, and within them.
    const borders = starts.flatMap((start, n) => [start, start + 1, start + 20, start + (SIZES[n] as number) / 2]);
    for (const border of borders) {
      let packets = 0;
      let from = 24;
      for (const limit of [border, bytes.length]) {
        const decoder = new PacketDecoder(new Batch(), { flush: (batch) => (batch.count = 0) }, { macs: false });
        const framer = new PcapFramer(decoder, { header, startOffset: from, limit });
        const options = { fileEnd: bytes.length, damage: decoder.counts.damage };
        if (ahead) await pumpAhead(fd, from, limit, framer, { ...options, window });
        else pumpFile(fd, from, limit, framer, options);
        decoder.finish();
        assert.deepEqual(decoder.counts.damage.list(), [], `${border}`);
        // The next part begins at the first record that starts at the border or behind it.
        from = starts.find((start) => start >= limit) ?? bytes.length;
        assert.equal(framer.position, from, `${border}`);
        packets += framer.packets;
      }
      assert.equal(packets, SIZES.length, `${border}`);
    }
    closeSync(fd);
  });
}
