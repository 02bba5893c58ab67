// The balance of the router lab: real kernels with known weights, so that the verdict can be right or wrong.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { loadConfig } from '#src/config/read.js';
import { analyse, type Report } from '#src/index.js';
import { splitInputs } from '#src/pipeline/compare.js';
import { withoutShared } from '../shared.js';
import { runCli, scratchDir } from './cli.js';
import { capturesOf, configOf, readTruth, wanFiles } from './lab.js';

interface Fault {
  kind: string;
  t_start: number;
  t_end: number;
}

function configFile(scenario: string, weights: readonly number[] | null): string {
  const truth = readTruth(scenario);
  const uplinks = truth.uplinks.map((uplink, n) => ({ ...uplink, weight: weights?.[n] ?? uplink.weight }));
  const path = join(scratchDir, `${scenario}-${uplinks.map(({ weight }) => weight).join('-')}.yaml`);
  writeFileSync(path, configOf({ ...truth, uplinks }));
  return path;
}

const withLan = (scenario: string) => [...(capturesOf(scenario, 'lan.pcap') ?? []), ...wanFiles(scenario)];

/** With the LAN side the clients are seen. `weights` are those of the configuration where they are not the true ones. */
async function balanceOf(scenario: string, files: string[], weights: readonly number[] | null = null): Promise<Report> {
  return analyse({ inputs: files, config: configFile(scenario, weights), jobs: 1 });
}

describe('the balance in the router lab', { skip: withoutShared }, () => {
  for (const [scenario, policy] of [
    ['s1_equal_l3', 'l3'],
    ['s2_4to1_l4', 'l4'],
    ['s12_port_collisions', 'l3'],
    ['s13_weight_change', 'l4'],
  ] as const) {
    test(`${scenario}: the router chooses by ${policy === 'l3' ? 'addresses' : 'connection'}`, async () => {
      const { balance } = await balanceOf(scenario, withLan(scenario));
      assert.equal(balance.policy.ipv4?.inferred, policy);
      assert.equal(balance.key, policy === 'l3' ? 'client-server' : 'five-tuple');
    });
  }

  for (const scenario of ['s1_equal_l3', 's2_4to1_l4', 's12_port_collisions']) {
    for (const files of [withLan, wanFiles]) {
      test(`${scenario}${files === wanFiles ? ', clients hidden' : ''}: too few, and says what would have shown`, async () => {
        const { balance } = await balanceOf(scenario, files(scenario));
        assert.equal(balance.verdict, 'too-few');
        assert.ok((balance.detectablePoints ?? 0) > 5);
        assert.ok(
          !(await balanceOf(scenario, files(scenario))).findings.some(({ code }) => code === 'weights-changed'),
        );
      });
    }
  }

  test('s12: flows that repeat are not taken for decisions, which a plain chi-square does', async () => {
    const { uplinks, balance } = await balanceOf('s12_port_collisions', withLan('s12_port_collisions'));
    const total = uplinks.reduce((sum, { flows }) => sum + flows, 0);
    const plain = [2 / 3, 1 / 3].reduce((sum, p, n) => sum + (uplinks[n].flows - total * p) ** 2 / (total * p), 0);
    assert.equal(plain.toFixed(0), '14');
    assert.ok((balance.pValue ?? 0) > 0.05);
    assert.ok((balance.designEffect ?? 0) > 5);
  });

  test('s3: an outage is no deviation', async () => {
    for (const files of [withLan, wanFiles]) {
      const { balance } = await balanceOf('s3_321_linkdown', files('s3_321_linkdown'));
      assert.notEqual(balance.verdict, 'deviates');
    }
  });

  for (const [scenario, weights] of [
    ['s1_equal_l3', [4, 1]],
    ['s2_4to1_l4', [1, 1]],
    ['s3_321_linkdown', [1, 2, 3]],
    ['s12_port_collisions', [1, 2]],
  ] as const) {
    test(`${scenario}: wrong weights (${weights.join(':')}) are caught`, async () => {
      const { balance } = await balanceOf(scenario, withLan(scenario), weights);
      assert.equal(balance.verdict, 'deviates');
    });
  }

  test('s12: without its clients eight effective decisions catch nothing, and say so', async () => {
    const { balance } = await balanceOf('s12_port_collisions', wanFiles('s12_port_collisions'), [1, 2]);
    assert.equal(balance.verdict, 'too-few');
    assert.ok((balance.effectiveDecisions ?? 99) < 10);
  });

  for (const files of [withLan, wanFiles]) {
    test(`s13${files === wanFiles ? ', clients hidden' : ''}: the change is noticed, dated, and judged by today’s weights`, async () => {
      const scenario = 's13_weight_change';
      const { faults } = readTruth(scenario) as unknown as { faults: Fault[] };
      const now = await balanceOf(scenario, files(scenario), [1, 4]);
      const changes = now.findings.filter(({ code }) => code === 'weights-changed');
      assert.equal(changes.length, 1);
      // Eight decisions a second: half a minute of them tells the moment to some seconds.
      assert.ok(Math.abs((changes[0].first ?? 0) - faults[0].t_start) < 6, String(changes[0].first));
      assert.notEqual(now.balance.verdict, 'deviates');
      assert.deepEqual(
        now.balance.regimes.map(({ weights }) => weights),
        [[], [1, 4]],
      );
      const before = await balanceOf(scenario, files(scenario), [1, 1]);
      assert.equal(before.balance.verdict, 'deviates');
    });
  }

  for (const files of [withLan, wanFiles]) {
    test(`s6${files === wanFiles ? ', clients hidden' : ''}: weights that came and went are told as two changes`, async () => {
      const scenario = 's6_leak_rehash';
      const [fault] = (readTruth(scenario) as unknown as { faults: Fault[] }).faults;
      const { balance, findings } = await balanceOf(scenario, files(scenario));
      const changes = findings.filter(({ code }) => code === 'weights-changed').map(({ first }) => first ?? 0);
      assert.equal(changes.length, 2);
      // Six decisions a second.
      assert.ok(Math.abs(changes[0] - fault.t_start) < 6 && Math.abs(changes[1] - fault.t_end) < 6, String(changes));
      // Judged are the twenty seconds since.
      assert.equal(balance.verdict, 'too-few');
    });
  }

  test('s13: the change of shares is what the weights say, from half to a fifth', async () => {
    const scenario = 's13_weight_change';
    const { faults } = readTruth(scenario) as unknown as { faults: Fault[] };
    const config = await loadConfig(configFile(scenario, [1, 4]));
    const inputs = withLan(scenario).map((path) => ({ path, file: path, label: null, named: true, error: null }));
    const options = { inputs, config, jobs: 1 };
    const { report } = await splitInputs(options, options, faults[0].t_start * 1e6);
    const comparison = report.comparison;
    assert.equal(comparison?.verdict, 'deviates');
    const [low, high] = comparison.uplinks[0].share.decisions.interval ?? [0, 0];
    assert.ok(low <= -0.3 && -0.3 <= high, `${low} ${high}`);
    // Connections that go on over the cut are no decisions of the time after.
    const { flows } = readTruth(scenario);
    const began = flows.filter(({ origin, start }) => origin === 'lan' && start >= faults[0].t_start).length;
    const counted = comparison.keys?.after ?? 0;
    assert.ok(counted <= began && counted > 0.9 * began, `${counted} of ${began}`);
  });

  test('s13: what tune predicts of 1:4 from the time under 1:1, and of 1:1 from that under 1:4, came true', async () => {
    const scenario = 's13_weight_change';
    const [fault] = (readTruth(scenario) as unknown as { faults: Fault[] }).faults;
    const shares = async (verb: string, weights: readonly number[], span: readonly string[]) => {
      const config = ['-c', configFile(scenario, weights), '--jobs', '1', '--format', 'json'];
      const capacities = [1, 2].flatMap((line) => ['--capacity', `line${line}=4M/4M`]);
      const run = await runCli([verb, ...withLan(scenario), ...config, ...capacities, ...span]);
      assert.equal(run.code, 0, run.stderr);
      return JSON.parse(run.stdout) as Report;
    };
    const before = ['--until', String(fault.t_start)];
    const after = ['--since', String(fault.t_start)];
    for (const [from, weights, to, others] of [
      [before, [1, 1], after, [1, 4]],
      [after, [1, 4], before, [1, 1]],
    ] as const) {
      const { tuning } = await shares('tune', weights, from);
      const candidate = tuning?.candidates.find((one) => one.weights.join(':') === others.join(':'));
      const { uplinks } = await shares('analyse', others, to);
      for (const [n, { bytes }] of (candidate?.uplinks ?? []).entries()) {
        const held = uplinks[n].share.bytes ?? -1;
        // Heavy flows make it wide, but not so wide that the weights before it would do as well.
        assert.ok(bytes.low <= held && held <= bytes.high, `${bytes.low} … ${bytes.high}: ${held}`);
        assert.ok(bytes.high - bytes.low < 0.4, `${bytes.low} … ${bytes.high}`);
      }
      assert.equal(candidate?.uplinks.length, 2);
    }
  });
});
