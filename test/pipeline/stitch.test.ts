// Who is behind a flow on a WAN: told by the LAN copy, or by nobody.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parsePrefix } from '#src/config/address.js';
import type { Config, Prefix } from '#src/config/config.js';
import { type FlowRow, flows } from '#src/index.js';
import { type Packet, pcapFile } from './capture.js';

const directory = mkdtempSync(join(tmpdir(), 'mlstat-stitch-'));
after(() => rmSync(directory, { recursive: true }));

const WAN = 0xcb007102;
const CLIENT = 0xc0a84d0a;
const SERVER = 0xc6120001;

const config: Config = {
  source: null,
  uplinks: [
    {
      name: 'dsl1',
      interface: null,
      gateway: null,
      gatewayMac: null,
      vlan: null,
      snat: [prefix('203.0.113.2/32')],
      weight: 1,
      capacity: null,
      mark: null,
    },
  ],
  lan: [prefix('192.168.77.0/24')],
  router: { hashPolicy: null, hashPolicy6: null, keepaliveSec: null, macs: [] },
};

test('of a burst to one server the first in is the first out', async () => {
  const rows = await rowsOf([
    query(0, CLIENT, 5353),
    query(100, CLIENT + 1, 5353),
    query(100, WAN, 5353),
    query(100, WAN, 1024),
  ]);
  const clients = rows
    .filter((row) => row.uplink === 'dsl1')
    .map(({ initiatorPort, client }) => [initiatorPort, client]);
  assert.deepEqual(clients.sort(), [
    [1024, '192.168.77.11'],
    [5353, '192.168.77.10'],
  ]);
});

test('what the router asks itself is nobody else’s', async () => {
  const rows = await rowsOf([query(0, CLIENT, 5353), query(100, WAN, 5353), query(500_000, WAN, 40_003)]);
  const origins = rows
    .filter((row) => row.uplink === 'dsl1')
    .map(({ initiatorPort, origin }) => [initiatorPort, origin]);
  assert.deepEqual(origins.sort(), [
    [40_003, 'router'],
    [5353, 'lan'],
  ]);
});

function query(gapUs: number, from: number, fromPort: number): Packet {
  const base = {
    to: SERVER,
    protocol: 17,
    toPort: 53,
    flags: 0,
    seq: 0,
    fragment: 'none',
    ident: 0,
    bytes: 30,
  } as const;
  return { ...base, gapUs, from, fromPort };
}

async function rowsOf(packets: readonly Packet[]): Promise<FlowRow[]> {
  const path = join(directory, 'capture.pcap');
  writeFileSync(path, pcapFile(packets));
  const rows: FlowRow[] = [];
  await flows({ inputs: [path], config, jobs: 1 }, (some) => void rows.push(...some));
  return rows;
}

function prefix(text: string): Prefix {
  const found = parsePrefix(text);
  if ('error' in found) throw new Error(found.error);
  return found;
}
