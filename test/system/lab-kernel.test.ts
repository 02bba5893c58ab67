// The whole way with the real kernel: mlstat plans a router's set-up, the lab applies it in network namespaces, sends
// real traffic through it and captures it, and mlstat tells of the capture what the far ends saw.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { flows, type Report } from '#src/index.js';
import { whyNot } from '../lab/available.js';
import { asText, attributionFaults, relayKey } from '../lab/compare.js';
import { namesOfRuns } from '../lab/namespaces.js';
import { type LabRun, runLab } from '../lab/run.js';
import { readScenario } from '../lab/scenario.js';
import type { Summary } from '../lab/summary.js';
import { have } from '../lab/tools.js';
import { runCli, scratchDir } from './cli.js';
import { rowKey } from './lab.js';
import type { Row } from './tables.js';

const TWO = [{ weight: 2 }, { weight: 1 }];
/** Connections that are there when something changes. */
const LASTING = { web: 35, dns: 20, chat: 40, ping: 5 };
const OUT_AND_BACK = [{ kind: 'link_down', uplink: 2, start: 4, end: 9 }];

/** Runs that don't disturb each other: each has its own router. */
const SCENARIOS = {
  healthy: { seed: 1, duration: 10, arrival: { rate: 25 }, uplinks: [{ weight: 3 }, { weight: 2 }, { weight: 1 }] },
  dualStack: { seed: 2, duration: 10, firewall: 'iptables', ipv6: 'mixed', uplinks: TWO },
  blackhole: { seed: 3, duration: 14, uplinks: TWO, faults: [{ kind: 'blackhole', uplink: 1, start: 4, end: 10 }] },
  classic: { seed: 4, duration: 13, style: 'classic', mix: LASTING, uplinks: TWO, faults: OUT_AND_BACK },
  connmark: { seed: 4, duration: 13, style: 'connmark', mix: LASTING, uplinks: TWO, faults: OUT_AND_BACK },
  outside: {
    ...{ seed: 5, duration: 7, style: 'classic', inbound: { rate: 4 }, router_local: { rate: 3 } },
    uplinks: [{ weight: 1 }, { weight: 1 }],
  },
} as const;
type Name = keyof typeof SCENARIOS;

const SHAPE = { grace: 4, patience: 3, servers: 400, keepalive: 2, arrival: { rate: 12 } };

const reason = (await whyNot()) ?? (have('tcpdump') ? null : 'no tcpdump');

interface Analysed extends LabRun {
  folder: string;
  rows: Row[];
  report: Report;
}

describe('the real kernel', { skip: reason ?? false, concurrency: false }, () => {
  const runs = {} as Record<Name, Analysed>;

  before(async () => {
    const names = Object.keys(SCENARIOS) as Name[];
    const done = await Promise.all(names.map(runAndRead));
    names.forEach((name, index) => {
      runs[name] = done[index];
    });
  });

  for (const name of Object.keys(SCENARIOS) as Name[]) {
    test(`${name}: every flow that a server saw has its uplink`, () => {
      const { truth, rows } = runs[name];
      assert.deepEqual(attributionFaults(truth.flows, rows, truth.uplinks, true), []);
      assert.ok(truth.flows.filter(({ server_saw }) => server_saw).length > 50, 'there is something to compare');
    });

    test(`${name}: leaks are told where the providers saw some, and only there`, () => {
      const { truth, report } = runs[name];
      const strangers = Object.entries((truth.summary as unknown as Summary).isp_matrix_pkts).filter(
        ([cell]) => !/^src_net(\d)_via_isp\1$/.test(cell),
      );
      const told = report.findings.some(({ code }) => code === 'nat-leak');
      assert.equal(
        told,
        strangers.some(([cell]) => !cell.includes('private')),
        JSON.stringify(strangers),
      );
    });
  }

  // A link that goes takes packets with it that the router has already seen off.
  for (const name of ['healthy', 'dualStack', 'blackhole'] as const) {
    test(`${name}: as many flows on each uplink as its provider saw`, () => {
      const { truth, report } = runs[name];
      const captured = truth.uplinks.map(({ id }) => truth.flows.filter(({ uplink }) => uplink === id).length);
      assert.deepEqual(
        report.uplinks.map((uplink) => uplink.flows),
        captured,
      );
    });
  }

  for (const name of ['healthy', 'dualStack'] as const) {
    test(`${name}: the shares are those that were planned`, () => {
      const { truth, report } = runs[name];
      const all = report.uplinks.reduce((sum, uplink) => sum + uplink.flows, 0);
      truth.uplinks.forEach(({ share_expected }, index) => {
        const deviation = Math.abs((report.uplinks[index].share.flows ?? 0) - share_expected);
        // Five standard deviations of as many throws of a die: wrong once in a million runs.
        assert.ok(deviation < 5 * Math.sqrt((share_expected * (1 - share_expected)) / all), `off by ${deviation}`);
      });
    });
  }

  test('the classic style leaks when a link goes and comes back; with connection marks nothing does', () => {
    assert.ok(runs.classic.truth.flows.some(({ leaked }) => leaked));
    assert.deepEqual(
      runs.connmark.truth.flows.filter(({ leaked }) => leaked),
      [],
    );
  });

  test('connections from outside that were answered by the wrong line are told, each of them', () => {
    const { truth, report } = runs.outside;
    const wrong = truth.flows.filter(({ origin, leaked }) => origin === 'inbound' && leaked).length;
    assert.ok(wrong > 0, 'the classic set-up answers by either line');
    const told = report.findings
      .filter(({ code }) => code === 'inbound-misrouted')
      .map(({ message }) => Number(/^(\d+) of \d+ connections/.exec(message)?.[1]));
    assert.equal(
      told.reduce((sum, count) => sum + count, 0),
      wrong,
    );
  });

  test('the audit of the same routers foretells it', async () => {
    for (const [name, expected] of [
      ['classic', true],
      ['connmark', false],
      ['healthy', false],
    ] as const) {
      const { folder } = runs[name];
      const files = [join(folder, 'router'), '-c', join(folder, 'mlstat.yaml')];
      const audit = await runCli(['audit', ...files, '--format', 'json']);
      const { findings } = JSON.parse(audit.stdout) as { findings: { code: string; severity: string }[] };
      const warned = findings.filter(({ severity }) => severity !== 'advice').map(({ code }) => code);
      assert.deepEqual(warned, expected ? ['no-marks'] : [], name);
      assert.equal(audit.code, expected ? 1 : 0, audit.stderr);
    }
  });

  test('a dead line swallows new flows, and the capture shows which', () => {
    const { truth, rows } = runs.blackhole;
    const [{ t_start, t_end }] = truth.faults;
    const swallowed = truth.flows.filter(
      ({ start, server_saw, uplink }) =>
        start > (t_start ?? 0) && start < (t_end ?? 0) - 3 && !server_saw && uplink === 1,
    );
    assert.ok(swallowed.length > 0);
    const unanswered = new Set(rows.filter(({ packetsDown }) => packetsDown === '0').map(rowKey));
    assert.deepEqual(
      swallowed.filter((flow) => !unanswered.has(relayKey(flow) as string)).map(({ fid }) => fid),
      [],
    );
  });

  for (const name of ['blackhole', 'connmark', 'classic'] as const) {
    test(`${name}: the outage is found, with its bounds, and no other`, () => {
      const { truth, report } = runs[name];
      assert.equal(report.outages.length, 1, JSON.stringify(report.outages.map(({ uplink, kind }) => [uplink, kind])));
      const [{ uplink, kind, start, end }] = report.outages;
      const [fault] = truth.faults;
      assert.equal(uplink, truth.uplinks[fault.uplink - 1].name);
      assert.equal(kind, fault.kind.replace('_', '-'));
      assert.ok(Math.abs(start.best - (fault.t_start ?? 0)) < 2, `start ${start.best}, truth ${fault.t_start}`);
      assert.ok(Math.abs((end?.best ?? 0) - (fault.t_end ?? 0)) < 2, `end ${end?.best}, truth ${fault.t_end}`);
    });
  }

  for (const name of ['healthy', 'dualStack'] as const) {
    test(`${name}: no outage is found where there was none`, () => assert.deepEqual(runs[name].report.outages, []));
  }

  test('nothing of the lab is left', () => {
    assert.deepEqual(
      namesOfRuns().filter((name) => name.startsWith(`mlstat-lab-${process.pid}-`)),
      [],
    );
  });
});

async function runAndRead(name: Name): Promise<Analysed> {
  const folder = join(scratchDir, name);
  const scenario = readScenario(JSON.stringify({ ...SHAPE, ...SCENARIOS[name], name }), name);
  const run = await runLab(scenario, folder);
  const inputs = [...run.truth.uplinks.map(({ dev }) => dev), 'lan'].map((side) =>
    join(folder, 'pcap', `${side}.pcap`),
  );
  const rows: Row[] = [];
  const report = await flows({ inputs, config: join(folder, 'mlstat.yaml'), jobs: 1 }, (more) => {
    rows.push(...more.map(asText));
  });
  return { ...run, folder, rows, report };
}
