// `mlstat audit --live` asks the kernel: nothing is wrong with what `mlstat plan` set up, in any style and family that
// is held by marks; a fault made by a command gives its rule; the classic style has the leak foretold.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readConfig } from '#src/config/read.js';
import { type FirewallName, planSetUp, type Style } from '#src/router/plan/plan.js';
import { cliPath } from '../shared.js';
import { makeNamespace, type Namespace, namespacesMissing, SNAPSHOT } from './namespace.js';

const skip = namespacesMissing(['ip', 'nft', 'iptables', 'ip6tables', 'sysctl']);
const folder = mkdtempSync(join(tmpdir(), 'mlstat-audit-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const CONFIG = `uplinks:
  - { name: dsl1, interface: wan1, gateway: 10.1.0.1, gateway6: "2001:db8:101::1", snat: [10.1.0.2, "2001:db8:101::2"], weight: 2 }
  - { name: dsl2, interface: wan2, gateway: 10.2.0.1, gateway6: "2001:db8:102::1", snat: [10.2.0.2, "2001:db8:102::2"], weight: 1 }
  - { name: dyn, interface: wan3, gateway: 10.3.0.1, snat: [], weight: 1 }
lan: [192.168.77.0/24, "2001:db8:77::/64"]
`;

/** A command, the rules that the kernel's state breaks after it, and what takes back what a second apply leaves. */
const FAULTS: readonly [command: string, codes: string[], undo?: string][] = [
  [
    'ip rule del priority 50; ip rule add priority 50 lookup main; ip route add default via 10.1.0.1',
    ['main-default'],
    'ip route del default; ip rule del lookup main priority 50',
  ],
  ['ip rule del priority 201', ['no-source-rule']],
  ['ip -6 rule del priority 201; ip -6 rule del priority 202', ['ipv6-without-rules']],
  ['ip rule del priority 102', ['mark-without-rule']],
  ['ip route del prohibit default table 203 metric 1', ['no-prohibit']],
  ['ip route del default via 10.2.0.1 table 202', ['table-without-default']],
  // The third uplink is masqueraded: without marks its connections are flushed as well.
  ['nft flush chain inet mlstat prerouting', ['mark-not-restored', 'masquerade-flush']],
  ['nft flush chain inet mlstat forward', ['foreign-source']],
  ['nft flush chain inet mlstat srcnat', ['uplink-without-nat']],
  ['sysctl -qw net.ipv4.fib_multipath_use_neigh=0', ['no-use-neigh']],
  ['sysctl -qw net.ipv4.conf.wan2.rp_filter=1', ['rp-filter']],
  ['sysctl -qw net.ipv4.fib_multipath_hash_policy=0', ['hash-policy']],
  ['sysctl -qw net.ipv4.conf.wan1.ignore_routes_with_linkdown=0', ['linkdown-used']],
  ['sysctl -qw net.netfilter.nf_conntrack_acct=0', ['accounting-off']],
  ['ip link set peer2 down; sleep 0.3', ['nexthop-dead', 'nexthop-dead'], 'ip link set peer2 up; sleep 0.3'],
];

for (const firewall of ['nft', 'iptables'] as const) {
  test(`what plan sets up by ${firewall} is sound`, { skip }, () => {
    inNamespace('connmark', firewall, (space) => {
      const before = space.out(SNAPSHOT);
      const { status, findings, notChecked } = live(space);
      assert.deepEqual([findings, notChecked, status], [[], [], 0]);
      assert.equal(space.out(SNAPSHOT), before, 'audit changes something');
    });
  });
}

test('each fault made by a command gives its rule, and the cure works as it stands', { skip }, () => {
  inNamespace('connmark', 'nft', (space, script) => {
    for (const [command, codes, undo = ''] of FAULTS) {
      space.out(command);
      const found = live(space);
      assert.deepEqual(found.findings, codes, command);
      if (found.cures.some((cure) => !cure.startsWith('sysctl')) && !codes.includes('nexthop-dead')) {
        for (const cure of found.cures) assert.equal(space.sh(cure).stderr.replace(/^net\..*\n/gm, ''), '', cure);
        assert.deepEqual(live(space).findings, [], `after ${found.cures.join('; ')}`);
        space.sh(
          'nft delete table ip mlstat_cure; nft delete table ip6 mlstat_cure; nft delete table inet mlstat_cure',
        );
      }
      space.sh(undo);
      const { status, stderr } = space.sh('MLSTAT_KEEPALIVE=no sh "$1" apply', script);
      assert.equal(status, 0, stderr);
    }
    assert.deepEqual(live(space).findings, [], 'apply has put back all of it');
  });
});

test('the classic style: no marks, and by MASQUERADE the flush', { skip }, () => {
  inNamespace('classic', 'iptables', (space) => {
    const { status, findings } = live(space);
    assert.deepEqual(findings, ['no-marks', 'masquerade-flush', 'foreign-source']);
    assert.equal(status, 1);
  });
});

/** The loop is left out, so that nothing is healed behind the test; the configuration says that one runs. */
function inNamespace(style: Style, firewall: FirewallName, look: (space: Namespace, script: string) => void): void {
  const space = makeNamespace(3);
  try {
    const config = join(folder, 'mlstat.yaml');
    writeFileSync(config, `${CONFIG}router: { keepalive: 3s }\n`);
    const script = join(folder, `${style}.sh`);
    writeFileSync(script, planSetUp(readConfig(CONFIG, 'mlstat.yaml'), { style, firewall }).script);
    const { status, stderr } = space.sh('MLSTAT_KEEPALIVE=no sh "$1" apply', script);
    assert.equal(status, 0, stderr);
    look(space, script);
  } finally {
    space.remove();
  }
}

/** `cures` are those that need no plan: comments and what stands behind "or" left out. */
function live(space: Namespace) {
  const command = '"$1" "$2" audit --live -c "$3" --format json';
  const { status, stdout, stderr } = space.sh(command, process.execPath, cliPath, join(folder, 'mlstat.yaml'));
  assert.ok(stdout.startsWith('{'), stderr);
  const { findings, notChecked } = JSON.parse(stdout) as {
    findings: { code: string; cure: string[] }[];
    notChecked: string[];
  };
  const cures = findings.flatMap(({ cure }) => cure.slice(0, cure.findIndex((line) => line.startsWith('# or')) >>> 0));
  return {
    status,
    findings: findings.map(({ code }) => code),
    notChecked,
    cures: cures.filter((line) => !line.startsWith('#') && !line.includes('mlstat plan')),
  };
}
