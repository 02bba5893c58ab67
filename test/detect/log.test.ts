// Outages out of the log of connection tracking alone.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { analyse } from '#src/index.js';
import { scratchDir } from '../system/cli.js';

const T0 = 1_700_000_000;
/** Two lines in turn, 10 flows a second; the second is a hole from 60 to 100 s, behind a gateway that goes on answering. */
const [START, END, SECONDS] = [60, 100, 160];

test('pings of a gateway whose address nobody named are no sign of life of the line', async () => {
  const lines: [number, string][] = [];
  const add = (at: number, event: string, rest: string) =>
    lines.push([at, `[${(T0 + at).toFixed(6)}]\t[${event}] ipv4     2 ${rest}`]);
  for (let n = 0; n < SECONDS * 10; n++) {
    const at = n / 10 + 0.001 * (n % 7);
    const [address, mark] = n % 2 === 0 ? ['203.0.113.2', 256] : ['198.51.100.2', 512];
    const server = `198.18.0.${1 + (n % 97)}`;
    const asked = `src=192.168.77.${10 + (n % 5)} dst=${server} sport=${20000 + n} dport=53`;
    const answer = `src=${server} dst=${address} sport=53 dport=${20000 + n} mark=${mark} id=${n + 1}`;
    add(at, 'NEW', `udp      17 30 ${asked} [UNREPLIED] ${answer}`);
    if (mark === 256 || at < START || at >= END) add(at + 0.01, 'UPDATE', `udp      17 30 ${asked} ${answer}`);
  }
  for (let n = 0; n < SECONDS / 5; n++) {
    const ends = 'src=198.51.100.2 dst=198.51.100.1 type=8 code=0';
    const back = `src=198.51.100.1 dst=198.51.100.2 type=0 code=0 id=${n + 1} mark=512 id=${50_000 + n}`;
    add(5 * n + 2.5, 'NEW', `icmp     1 30 ${ends} id=${n + 1} [UNREPLIED] ${back}`);
    add(5 * n + 2.501, 'UPDATE', `icmp     1 30 ${ends} id=${n + 1} ${back}`);
  }
  const log = join(scratchDir, 'conntrack-E.txt');
  writeFileSync(
    log,
    `${lines
      .sort(([a], [b]) => a - b)
      .map(([, line]) => line)
      .join('\n')}\n`,
  );
  const config = join(scratchDir, 'dynamic.yaml');
  writeFileSync(
    config,
    `uplinks:
  - { name: one, interface: wan1, mark: 0x100/0xf00, snat: [], weight: 1 }
  - { name: two, interface: wan2, mark: 0x200/0xf00, snat: [], weight: 1 }
lan: [192.168.77.0/24]
`,
  );
  const { outages, uplinks } = await analyse({ inputs: [log], config, jobs: 1 });
  assert.deepEqual(
    uplinks.map(({ routerFlows }) => routerFlows),
    [0, 0],
  );
  assert.deepEqual(
    outages.map(({ uplink, kind }) => [uplink, kind]),
    [['two', 'blackhole']],
  );
  const [{ start, end }] = outages;
  assert.ok(Math.abs(start.best - T0 - START) < 1 && Math.abs((end?.best ?? 0) - T0 - END) < 1);
});
