// The uplink of every flow that a server saw, and the client behind it, against what the servers and hosts logged.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type FlowRow, flows, type Report } from '#src/index.js';
import { withoutShared } from '../shared.js';
import { runCli, scratchDir } from './cli.js';
import {
  capturesOf,
  configOf,
  nameOf,
  readTruth,
  rowKey,
  rowOf,
  SCENARIOS,
  type Truth,
  type TruthUplink,
  truthKey,
  wanFiles,
} from './lab.js';
import { parseCsv, type Row } from './tables.js';

interface View {
  name: string;
  /** Whether the LAN side of the flows can be seen, so that clients are named. */
  clients: boolean;
  /** Whether the way by which a packet left can be seen: cooked v1 knows no interfaces. */
  egress: boolean;
  files: (scenario: string) => string[] | null;
}

const VIEWS: readonly View[] = [
  { name: 'the WAN files', clients: false, egress: true, files: wanFiles },
  { name: 'any, cooked v2', clients: true, egress: true, files: (scenario) => capturesOf(scenario, 'any_sll2.pcap') },
  { name: 'any, cooked v1', clients: true, egress: false, files: (scenario) => capturesOf(scenario, 'any_sll1.pcap') },
  { name: 'pcapng', clients: true, egress: true, files: (scenario) => capturesOf(scenario, 'multi.pcapng') },
  {
    name: 'LAN and WAN files',
    clients: true,
    egress: true,
    files: (scenario) => [...(capturesOf(scenario, 'lan.pcap') ?? []), ...wanFiles(scenario)],
  },
];

/** In the others packets leave by one uplink with the other's source. */
const WITHOUT_LEAKS = [
  's0_tiny_full',
  's1_equal_l3',
  's2_4to1_l4',
  's4_blackhole',
  's12_port_collisions',
  's13_weight_change',
];

const EDGES_DIFFER = new Set<string>();

const withoutTshark = spawnSync('tshark', ['--version']).error === undefined ? false : 'no tshark';

describe('router lab', { skip: withoutShared }, () => {
  for (const scenario of withoutShared ? [] : SCENARIOS) {
    const truth = readTruth(scenario);
    const config = join(scratchDir, `${scenario}.yaml`);
    writeFileSync(config, configOf(truth));
    for (const view of VIEWS) {
      const files = view.files(scenario);
      if (files === null) continue;
      test(`${scenario}, ${view.name}, configured`, async () => {
        const { rows } = await read(files, config);
        assert.deepEqual(
          attributionFaults(truth, rows, (id) => nameOf({ id })),
          [],
        );
        if (view.clients) assert.deepEqual(clientFaults(truth, rows), []);
        assert.deepEqual(originFaults(truth, rows, view), []);
        if (view.egress) assert.deepEqual(egressFaults(truth, rows), []);
      });
      test(`${scenario}, ${view.name}, inferred`, async () => {
        const { rows, report } = await read(files, null);
        const nameById = inferredNames(truth, report.uplinks);
        assert.deepEqual(attributionFaults(truth, rows, nameById), []);
        if (view.clients) assert.deepEqual(clientFaults(truth, rows), []);
        assert.deepEqual(originFaults(truth, rows, view), []);
      });
    }
  }

  test('the command line writes the flows that the library gives', async () => {
    const config = join(scratchDir, 's0_tiny_full.yaml');
    for (const { name, files } of VIEWS) {
      const paths = files('s0_tiny_full') as string[];
      const run = await runCli(['flows', '--format', 'csv', ...paths, '-c', config]);
      assert.equal(run.code, 0, run.stderr);
      assert.deepEqual(parseCsv(run.stdout), (await read(paths, config)).rows, name);
    }
  });

  for (const scenario of withoutShared ? [] : WITHOUT_LEAKS) {
    test(`${scenario}: an uplink has the packets of its own capture, its upkeep apart`, {
      skip: withoutTshark,
    }, async () => {
      const truth = readTruth(scenario);
      const config = join(scratchDir, `${scenario}.yaml`);
      const counted = truth.uplinks.map((uplink) => carriedPackets(scenario, uplink));
      for (const { name, files } of VIEWS) {
        const paths = files(scenario);
        // The recorders of a scenario ran side by side; where one missed the edges the others can't be held to it.
        if (paths === null || EDGES_DIFFER.has(`${scenario}, ${name}`)) continue;
        const { report } = await read(paths, config);
        assert.deepEqual(report.uplinks.map(carried), counted, name);
      }
    });
  }
});

/** What a provider would bill: no ARP, no neighbour discovery, none of the router's pings at its gateway. */
function carriedPackets(scenario: string, { dev, gw, gw6 }: TruthUplink): number {
  const pings = `(icmp.type in {0, 8} && ip.addr == ${gw}) || (icmpv6.type in {128, 129} && ipv6.addr == ${gw6})`;
  const upkeep = `arp || ${pings} || icmpv6.type in {130..137, 143} || ipv6.addr == fe80::/10`;
  const [path] = capturesOf(scenario, `${dev}.pcap`) as [string];
  const run = spawnSync('tshark', ['-r', path, '-Y', `!(${upkeep})`, '-T', 'fields', '-e', 'frame.number'], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  assert.equal(run.status, 0, run.stderr);
  return run.stdout.split('\n').length - 1;
}

/** Flows as `mlstat flows` writes them, and the report, in which every packet is in exactly one class. */
async function read(inputs: string[], config: string | null): Promise<{ rows: Row[]; report: Report }> {
  const rows: Row[] = [];
  const report = await flows({ inputs, config, jobs: 1 }, (more) => {
    rows.push(...more.map(asText));
  });
  const total = report.inputs.reduce((sum, { packets }) => sum + (packets ?? 0), 0);
  const { attributed, duplicates, lan, router, other, damaged } = report.packets;
  assert.equal(attributed + duplicates + lan + router + other + damaged, total, 'packets by class, and in all');
  const onUplinks = report.uplinks.map(carried).reduce((sum, packets) => sum + packets, 0);
  assert.equal(onUplinks, attributed, 'packets of the uplinks, and attributed');
  return { rows, report };
}

function carried({ packets }: Report['uplinks'][number]): number {
  return (packets.up ?? 0) + (packets.down ?? 0);
}

function asText(row: FlowRow): Row {
  return Object.fromEntries(Object.entries(row).map(([column, value]) => [column, String(value ?? '')]));
}

/** What a reader would call wrong, by flow; empty is right. */
function attributionFaults(truth: Truth, rows: readonly Row[], nameById: (id: number) => string): string[] {
  const byKey = groupedByKey(rows);
  return truth.flows.flatMap((flow) => {
    if (!flow.server_saw) return [];
    const row = rowOf(flow, byKey.get(truthKey(flow)) ?? []);
    if (row === undefined) return [`flow ${flow.fid} (${truthKey(flow)}) is missing`];
    const expected = nameById(flow.uplink);
    return row.uplink === expected ? [] : [`flow ${flow.fid}: uplink ${row.uplink}, truth ${expected}`];
  });
}

function clientFaults(truth: Truth, rows: readonly Row[]): string[] {
  const byKey = groupedByKey(rows);
  return truth.flows.flatMap((flow) => {
    if (!flow.server_saw || flow.origin !== 'lan') return [];
    const row = rowOf(flow, byKey.get(truthKey(flow)) ?? []);
    if (row?.client === flow.cip && row.clientPort === String(flow.cport)) return [];
    return [
      `flow ${flow.fid} (${truthKey(flow)}): client ${row?.client}:${row?.clientPort}, truth ${flow.cip}:${flow.cport}`,
    ];
  });
}

/** On a WAN alone a client's flow looks like the router's own; only who started it can be told. */
function originFaults(truth: Truth, rows: readonly Row[], { clients }: View): string[] {
  const byKey = groupedByKey(rows);
  return truth.flows.flatMap((flow) => {
    const row = flow.server_saw && rowOf(flow, byKey.get(truthKey(flow)) ?? []);
    if (!row || row.origin === flow.origin) return [];
    const untold = !clients && flow.origin !== 'inbound' && row.origin === 'unknown';
    return untold ? [] : [`flow ${flow.fid} (${truthKey(flow)}): origin ${row.origin}, truth ${flow.origin}`];
  });
}

/** Where no packet leaked, every flow left by the uplink whose source it carries. */
function egressFaults(truth: Truth, rows: readonly Row[]): string[] {
  const byKey = groupedByKey(rows);
  return truth.flows.flatMap((flow) => {
    const row = flow.server_saw && rowOf(flow, byKey.get(truthKey(flow)) ?? []);
    if (!row || flow.leaked !== false || row.egress === row.uplink) return [];
    return [`flow ${flow.fid} (${truthKey(flow)}): egress ${row.egress}, uplink ${row.uplink}`];
  });
}

function groupedByKey(rows: readonly Row[]): Map<string, Row[]> {
  const byKey = new Map<string, Row[]>();
  for (const row of rows) byKey.set(rowKey(row), [...(byKey.get(rowKey(row)) ?? []), row]);
  return byKey;
}

/** Inferred uplinks have names of the program's choosing: they are told by the address that they claim. */
function inferredNames(truth: Truth, uplinks: Report['uplinks']): (id: number) => string {
  assert.equal(uplinks.length, truth.uplinks.length, 'number of inferred uplinks');
  return (id) => {
    const { ip } = truth.uplinks.find((uplink) => uplink.id === id) as { ip: string };
    const found = uplinks.find(({ snat }) => snat.some((prefix) => prefix.split('/')[0] === ip));
    assert.ok(found, `no inferred uplink has the SNAT source ${ip}`);
    return found.name;
  };
}
