// An uplink with a dynamic address goes on under a new one long after what the survey has read.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Config } from '#src/config/config.js';
import { loadConfig } from '#src/config/read.js';
import { listInputs } from '#src/input/list.js';
import { analyseInputs } from '#src/pipeline/pipeline.js';
import { projectDir } from '../shared.js';
import { type Packet, pcapFile } from './capture.js';

const directory = mkdtempSync(join(tmpdir(), 'mlstat-dynamic-'));
after(() => rmSync(directory, { recursive: true }));

const OLD = 0xcb007102;
const NEW = 0xcb00714d;
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
      snat: [],
      weight: 1,
      capacity: null,
      mark: null,
    },
  ],
  lan: [],
  router: { hashPolicy: null, hashPolicy6: null, keepaliveSec: null, macs: [] },
};

/** A question and its answer. */
function exchange(from: number, n: number): Packet[] {
  const to = SERVER + (n % 7);
  const common = { protocol: 17, flags: 0, seq: 0, fragment: 'none' as const, ident: 0, bytes: 10 };
  return [
    { ...common, gapUs: 100_000, from, to, fromPort: 2000 + n, toPort: 53 },
    { ...common, gapUs: 10_000, from: to, to: from, fromPort: 53, toPort: 2000 + n },
  ];
}

test('a cooked capture names interfaces by number', async () => {
  const inputs = await listInputs(['samples/blackhole/any.pcap.gz'], { cwd: projectDir });
  const [uplink] = config.uplinks;
  const uplinks = [3, 4].map((n) => ({ ...uplink, name: `line${n}`, interface: `if${n}` }));
  const report = await analyseInputs({ inputs, config: { ...config, uplinks, lan: [] } });
  const configured = await loadConfig(join(projectDir, 'samples/blackhole/mlstat.yaml'), 'mlstat.yaml');
  const known = await analyseInputs({ inputs, config: configured });
  assert.deepEqual(
    report.uplinks.map(({ flows, packets }) => [flows, packets]),
    known.uplinks.map(({ flows, packets }) => [flows, packets]),
  );
  assert.ok(report.uplinks.every(({ flows }) => flows > 100));
});

test('flows under the new address are the uplink’s as well, and no packet is counted twice', async () => {
  const path = join(directory, 'wan.pcap');
  const before = Array.from({ length: 40 }, (_, n) => exchange(OLD, n)).flat();
  const since = Array.from({ length: 30 }, (_, n) => exchange(NEW, n)).flat();
  writeFileSync(path, pcapFile([...before, ...since]));
  const inputs = await listInputs([`dsl1=${path}`], { cwd: directory, uplinkNames: ['dsl1'] });
  const report = await analyseInputs({ inputs, config, surveyBytes: 1000 });
  assert.equal(report.uplinks[0].flows, 70);
  assert.equal(report.packets.attributed, 140);
  assert.equal(report.inputs[0].packets, 140);
  assert.deepEqual(
    report.findings.filter(({ code }) => code === 'late-uplink'),
    [],
  );
});
