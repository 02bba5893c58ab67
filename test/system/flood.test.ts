// A flood that an `any` capture shows twice, on the LAN and on a WAN: every sight is held to be matched, within bounds.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { runCli, scratchDir } from './cli.js';

const FLOWS = 300_000;
const LIMIT_MIB = 512;
const LINKTYPE_LINUX_SLL2 = 276;
const RECORD_BYTES = 16 + 20 + 20 + 20;
const [LAN, WAN] = [
  { ifindex: 2, type: 0 },
  { ifindex: 3, type: 4 },
];

const CONFIG = `uplinks:
  - name: dsl1
    snat: [203.0.113.2]
lan: [192.168.0.0/16]
`;

describe('a SYN flood seen on the LAN and on a WAN', () => {
  for (const servers of [50_000, 1]) {
    test(`to ${servers} servers, source ports changed`, async () => {
      const path = join(scratchDir, `flood-${servers}.pcap`);
      const config = join(scratchDir, 'flood.yaml');
      writeFileSync(path, flood(servers));
      writeFileSync(config, CONFIG);
      const run = await runCli(['analyse', '--format', 'json', '-c', config, path], { limitSec: 240 });
      assert.equal(run.code, 0, run.stderr);
      const { packets } = JSON.parse(run.stdout);
      assert.deepEqual([packets.attributed, packets.duplicates], [FLOWS, FLOWS], 'every flow has found its copy');
      if (run.peakMiB !== null) assert.ok(run.peakMiB <= LIMIT_MIB, `peak memory ${run.peakMiB} MiB`);
    });
  }
});

/** SYNs of many clients, 50 µs apart; each is forwarded within 20 µs. */
function flood(servers: number): Buffer {
  const bytes = Buffer.alloc(24 + 2 * FLOWS * RECORD_BYTES);
  bytes.writeUInt32LE(0xa1b2c3d4, 0);
  bytes.writeUInt16LE(2, 4);
  bytes.writeUInt16LE(4, 6);
  bytes.writeUInt32LE(262144, 16);
  bytes.writeUInt32LE(LINKTYPE_LINUX_SLL2, 20);
  let at = 24;
  const syn = (us: number, point: typeof LAN, from: number, port: number, to: number, seq: number) => {
    bytes.writeUInt32LE(1_700_000_000 + Math.floor(us / 1e6), at);
    bytes.writeUInt32LE(us % 1e6, at + 4);
    bytes.writeUInt32LE(RECORD_BYTES - 16, at + 8);
    bytes.writeUInt32LE(RECORD_BYTES - 16, at + 12);
    const cooked = at + 16;
    bytes.writeUInt16BE(0x0800, cooked);
    bytes.writeUInt32BE(point.ifindex, cooked + 4);
    bytes.writeUInt16BE(1, cooked + 8);
    bytes[cooked + 10] = point.type;
    const ip = cooked + 20;
    bytes[ip] = 0x45;
    bytes.writeUInt16BE(40, ip + 2);
    bytes[ip + 8] = 64;
    bytes[ip + 9] = 6;
    bytes.writeUInt32BE(from, ip + 12);
    bytes.writeUInt32BE(to, ip + 16);
    const tcp = ip + 20;
    bytes.writeUInt16BE(port, tcp);
    bytes.writeUInt16BE(80, tcp + 2);
    bytes.writeUInt32BE(seq, tcp + 4);
    bytes[tcp + 12] = 0x50;
    bytes[tcp + 13] = 0x02;
    at += RECORD_BYTES;
  };
  for (let n = 0; n < FLOWS; n++) {
    // Multiplied by odd numbers, all of them differ.
    const seq = Math.imul(n, 2654435761) >>> 0;
    const to = 0xc6120000 + (n % servers);
    syn(n * 50, LAN, 0xc0a80000 + (seq >>> 16), 1024 + (n % 60_000), to, seq);
    syn(n * 50 + 1 + (n % 20), WAN, 0xcb007102, 1024 + Math.floor(n / 5), to, seq);
  }
  return bytes;
}
