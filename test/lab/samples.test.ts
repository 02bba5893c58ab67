// The bundled samples: small, and analysed as their truth says.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { flows, type Report } from '#src/index.js';
import type { Row } from '../system/tables.js';
import { asText, attributionFaults } from './compare.js';
import { readSampleTruth, SAMPLES, samplesDir, truthTable } from './sample-truth.js';

const CAPTURES: Record<(typeof SAMPLES)[number], { files: readonly string[]; clients: boolean }> = {
  '4to1': { files: ['wan1.pcap.gz', 'wan2.pcap.gz'], clients: false },
  blackhole: { files: ['any.pcap.gz'], clients: true },
  failover: { files: ['wan1.pcap.gz', 'wan2.pcap.gz'], clients: false },
  leak: { files: ['any.pcap.gz'], clients: true },
};

for (const name of SAMPLES) {
  const truth = readSampleTruth(name);

  test(`${name}: every flow that a server saw has its uplink`, async () => {
    const { files, clients } = CAPTURES[name];
    const { rows, report } = await read(name, files);
    assert.deepEqual(attributionFaults(truth.flows, rows, truth.uplinks, clients), []);
    assert.equal(
      report.findings.some(({ code }) => code === 'nat-leak'),
      truth.summary.leaked_flows > 0,
    );
  });
}

test('failover: the events of conntrack tell of each flow what the captures tell', async () => {
  const truth = readSampleTruth('failover');
  const { rows } = await read('failover', ['conntrack-E.txt.gz']);
  // What conntrack logs is the client's side; the port is the same on both.
  const uplinkOf = new Map(rows.map((row) => [`${row.client} ${row.clientPort} ${row.responder}`, row.uplink]));
  const wrong = truth.flows.filter(
    ({ server_saw, cip, cport, sip, uplink }) =>
      server_saw !== null &&
      uplinkOf.get(`${cip} ${cport} ${sip}`) !== truth.uplinks.find(({ id }) => id === uplink)?.name,
  );
  assert.deepEqual(
    wrong.map(({ fid }) => fid),
    [],
  );
});

test('their README shows their truth', () => {
  const table = truthTable(SAMPLES.map((name) => [name, readSampleTruth(name)]));
  assert.ok(readFileSync(join(samplesDir, 'README.md'), 'utf8').includes(table), 'npm run samples writes it');
});

test('they are small', () => {
  const paths = readdirSync(samplesDir, { recursive: true, encoding: 'utf8' }).map((path) => join(samplesDir, path));
  const bytes = paths.map((path) => statSync(path)).reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0);
  assert.ok(bytes <= 2_000_000, `${bytes} bytes`);
});

async function read(name: string, files: readonly string[]): Promise<{ rows: Row[]; report: Report }> {
  const rows: Row[] = [];
  const inputs = files.map((file) => join(samplesDir, name, file));
  const report = await flows({ inputs, config: join(samplesDir, name, 'mlstat.yaml'), jobs: 1 }, (more) => {
    rows.push(...more.map(asText));
  });
  return { rows, report };
}
