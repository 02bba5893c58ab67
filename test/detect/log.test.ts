// Outages out of the log of connection tracking alone.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { analyse, type Outage, type Report } from '#src/index.js';
import { scratchDir } from '../system/cli.js';

const T0 = 1_700_000_000;
/** Two lines in turn, 10 flows a second, a ping every 5 s; the second is out from 60 to 100.7 s. */
const [START, END, SECONDS] = [60, 100.7, 160];

interface Fault {
  name: string;
  kind: Outage['kind'];
  /** The gateway goes on to answer. */
  pinged: boolean;
  /** From when to when new flows avoid the line. */
  avoided: [number, number];
}

const FAULTS: Fault[] = [
  { name: 'blackhole', kind: 'blackhole', pinged: true, avoided: [END, END] },
  // Back with the first ping that is answered.
  { name: 'dead gateway', kind: 'gateway-dead', pinged: false, avoided: [75, 102.51] },
  { name: 'link without carrier, into which pings go', kind: 'link-down', pinged: false, avoided: [START, 102.51] },
];

for (const { name, kind, pinged, avoided } of FAULTS) {
  for (const snat of [true, false]) {
    test(`a ${name}, ${snat ? 'addresses configured' : 'lines known by their marks'}`, async () => {
      const { outages, uplinks } = await analysed(logOf(pinged, avoided), snat);
      assert.deepEqual(
        outages.map((outage) => [outage.uplink, outage.kind]),
        [['two', kind]],
      );
      const [{ start, end }] = outages;
      assert.ok(start.earliest <= T0 + START && T0 + START <= start.latest);
      assert.ok(end !== null && end.earliest <= T0 + END && T0 + END <= end.latest, JSON.stringify(end));
      // Pings of a gateway are no flows of the router's, and no sign of life of its line.
      assert.ok(uplinks.every(({ routerFlows }) => routerFlows === 0));
    });
  }
}

function logOf(pinged: boolean, [from, to]: [number, number]): string {
  const lines: [number, string][] = [];
  const add = (at: number, event: string, rest: string) =>
    lines.push([at, `[${(T0 + at).toFixed(6)}]\t[${event}] ipv4     2 ${rest}`]);
  for (let n = 0; n < SECONDS * 10; n++) {
    const at = n / 10 + 0.001 * (n % 7);
    const two = n % 2 === 1 && !(at >= from && at < to);
    const answered = !two || at < START || at >= END;
    const server = `198.18.0.${1 + (n % 97)}`;
    const asked = `src=192.168.77.${10 + (n % 5)} dst=${server} sport=${20000 + n} dport=53`;
    const nat = `dst=${two ? '198.51.100.2' : '203.0.113.2'}`;
    const answer = `src=${server} ${nat} sport=53 dport=${20000 + n} mark=${two ? 512 : 256} id=${n + 1}`;
    add(at, 'NEW', `udp      17 30 ${asked} [UNREPLIED] ${answer}`);
    if (answered) add(at + 0.01, 'UPDATE', `udp      17 30 ${asked} ${answer}`);
  }
  for (let n = 0; n < SECONDS / 5; n++) {
    const at = 5 * n + 2.5;
    const ends = `src=198.51.100.2 dst=198.51.100.1 type=8 code=0 id=${n + 1}`;
    const back = `src=198.51.100.1 dst=198.51.100.2 type=0 code=0 id=${n + 1} mark=512 id=${50_000 + n}`;
    add(at, 'NEW', `icmp     1 30 ${ends} [UNREPLIED] ${back}`);
    if (pinged || at < START || at >= END) add(at + 0.001, 'UPDATE', `icmp     1 30 ${ends} ${back}`);
  }
  return `${lines
    .sort(([a], [b]) => a - b)
    .map(([, line]) => line)
    .join('\n')}\n`;
}

async function analysed(text: string, snat: boolean): Promise<Report> {
  const [log, config] = [join(scratchDir, 'conntrack-E.txt'), join(scratchDir, 'lines.yaml')];
  writeFileSync(log, text);
  writeFileSync(
    config,
    `uplinks:
  - { name: one, mark: 0x100/0xf00, snat: [${snat ? '203.0.113.2' : ''}], interface: wan1, weight: 1 }
  - { name: two, mark: 0x200/0xf00, snat: [${snat ? '198.51.100.2' : ''}], interface: wan2, weight: 1 }
lan: [192.168.77.0/24]
`,
  );
  return analyse({ inputs: [log], config, jobs: 1 });
}
