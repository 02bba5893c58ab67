// Outages told from real captures of a real router, against the log of what was done to it.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { analyse, type Moment, type Outage } from '#src/index.js';
import { withoutShared } from '../shared.js';
import { scratchDir } from './cli.js';
import { capturesOf, configOf, readTruth, SCENARIOS, type Truth, wanFiles } from './lab.js';

interface TruthFault {
  kind: string;
  uplink: number;
  t_start: number;
  t_end?: number;
}

/** What an administrator does to the weights is no fault of a line. */
const KINDS: Readonly<Record<string, Outage['kind']>> = {
  link_down: 'link-down',
  gateway_dead: 'gateway-dead',
  blackhole: 'blackhole',
};

const VIEWS: readonly { name: string; files: (scenario: string) => string[] | null }[] = [
  { name: 'the WAN files', files: wanFiles },
  { name: 'LAN and WAN files', files: (s) => [...(capturesOf(s, 'lan.pcap') ?? []), ...wanFiles(s)] },
  { name: 'any, cooked v2', files: (s) => capturesOf(s, 'any_sll2.pcap') },
  { name: 'any, cooked v1', files: (s) => capturesOf(s, 'any_sll1.pcap') },
  { name: 'pcapng', files: (s) => capturesOf(s, 'multi.pcapng') },
];

/** Best estimates are this good where a line gets ten flows a second; these lines get one to five. */
const BEST_SEC = 1;
const REACTION_SEC = 0.5;

describe('outages in the router lab', { skip: withoutShared }, () => {
  for (const scenario of withoutShared ? [] : SCENARIOS) {
    const truth = readTruth(scenario);
    const faults = (truth as Truth & { faults: TruthFault[] }).faults.filter(({ kind }) => kind in KINDS);
    const config = join(scratchDir, `outages-${scenario}.yaml`);
    writeFileSync(config, configOf(truth));
    for (const { name, files } of VIEWS) {
      const inputs = files(scenario);
      if (inputs === null) continue;
      for (const configured of [false, true]) {
        test(`${scenario}, ${name}${configured ? ', configured' : ''}: ${faults.length} of ${faults.length}`, async () => {
          const report = await analyse({ inputs, ...(configured ? { config } : {}), jobs: 1 });
          assert.equal(report.outages.length, faults.length, JSON.stringify(report.outages));
          assert.deepEqual(report.captureGaps, []);
          for (const [n, fault] of faults.entries()) {
            const outage = report.outages[n];
            const line = truth.uplinks.find(({ id }) => id === fault.uplink);
            const uplink = report.uplinks.find((one) => one.name === outage.uplink);
            assert.ok(line !== undefined && uplink?.snat.includes(`${line.ip}/32`), outage.uplink);
            assert.equal(outage.kind, KINDS[fault.kind]);
            assertHolds(outage.start, fault.t_start);
            assertHolds(outage.end, fault.t_end as number);
            const into = truth.flows.filter(
              ({ uplink, start }) =>
                uplink === fault.uplink && start > fault.t_start && start < (fault.t_end as number),
            );
            const last = Math.max(...into.map(({ start }) => start));
            if (into.length === 0) assert.equal(outage.reaction, null);
            else assertNear(outage.reaction?.seconds, last - fault.t_start, REACTION_SEC, 'reaction');
            const first = truth.flows.find(
              ({ uplink, start }) => uplink === fault.uplink && start > (fault.t_end as number),
            );
            assertNear(outage.failback?.firstFlow, first?.start, 0.05, 'first flow');
          }
        });
      }
    }
  }

  test('a router that avoids the dead gateway after 33.2 s, and is back 0.5 s after it', async () => {
    const { outages } = await analyse({ inputs: wanFiles('s5_gateway_dead'), jobs: 1 });
    assertNear(outages[0].reaction?.seconds, 33.2, REACTION_SEC, 'reaction');
    assert.equal(outages[0].reaction?.avoided, true);
    assertNear(outages[0].failback?.seconds, 0.5, REACTION_SEC, 'failback');
    assert.equal(outages[0].blackholedFlows, 81);
    assert.ok(outages[0].explanations.some(({ code }) => code === 'neighbour-still-valid'));
  });

  test('a blackhole that policy 0 sends every retry into', async () => {
    const { outages } = await analyse({ inputs: capturesOf('s4_blackhole', 'any_sll2.pcap') ?? [], jobs: 1 });
    assert.equal(outages[0].reaction?.avoided, false);
    assert.equal(outages[0].blackholedFlows, 147 + 27);
    assert.equal(outages[0].cutFlows, 6);
    assert.equal(outages[0].clientsHit, 17);
    assert.ok(outages[0].explanations.some(({ code }) => code === 'same-hole'));
  });
});

function assertHolds(moment: Moment | null, seconds: number): void {
  assert.ok(moment !== null);
  const { earliest, latest, best } = moment;
  assert.ok(earliest <= seconds && seconds <= latest, `${earliest} to ${latest} should hold ${seconds}`);
  assert.ok(earliest <= best && best <= latest);
  assertNear(best, seconds, BEST_SEC + (latest - earliest) / 8, 'best');
}

function assertNear(value: number | undefined, expected: number | undefined, within: number, what: string): void {
  assert.ok(value !== undefined && expected !== undefined, what);
  assert.ok(Math.abs(value - expected) <= within, `${what}: ${value} should be ${expected} ± ${within}`);
}
