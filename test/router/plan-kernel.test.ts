// The scripts of `mlstat plan`, applied to the kernel in namespaces of their own: what ip and nft list afterwards is
// what the howto (classic) and the kernel's documents (connmark) ask for, and `remove` leaves nothing.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readConfig } from '#src/config/read.js';
import { type PlanOptions, planSetUp } from '#src/router/plan/plan.js';
import { makeNamespace, type Namespace, namespacesMissing, SNAPSHOT } from './namespace.js';

const skip = namespacesMissing(['ip', 'nft', 'iptables', 'ip6tables', 'sysctl']);
const folder = mkdtempSync(join(tmpdir(), 'mlstat-plan-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const WEIGHTS = [4, 2, 2, 6, 8, 2, 4, 4];
const CONNMARK = { style: 'connmark', firewall: 'nft' } as const;

test('two IPv4 uplinks: rules, tables and balanced route as documented; twice is once; no trace', { skip }, () => {
  inNamespace(2, '', CONNMARK, uplinks(2, [4]), (space) => {
    assert.deepEqual(lines(space.out('ip rule')), [
      '0: from all lookup local',
      '50: from all lookup main suppress_prefixlength 0',
      '101: from all fwmark 0x100/0xff00 lookup 201',
      '102: from all fwmark 0x200/0xff00 lookup 202',
      '201: from 10.1.0.2 lookup 201',
      '202: from 10.2.0.2 lookup 202',
      '222: from all lookup 222',
      '32766: from all lookup main',
      '32767: from all lookup default',
    ]);
    assert.deepEqual(lines(space.out('ip route show table 201')), [
      'default via 10.1.0.1 dev wan1 proto static',
      'prohibit default proto static metric 1',
    ]);
    assert.deepEqual(lines(space.out('ip route show table 222')), [
      'default proto static',
      'nexthop via 10.1.0.1 dev wan1 weight 2',
      'nexthop via 10.2.0.1 dev wan2 weight 1',
    ]);
    for (const [key, value] of [
      ['net/ipv4/ip_forward', '1'],
      ['net/ipv4/fib_multipath_hash_policy', '1'],
      ['net/ipv4/fib_multipath_use_neigh', '1'],
      ['net/ipv4/conf/wan1/ignore_routes_with_linkdown', '1'],
      ['net/ipv4/conf/wan2/rp_filter', '2'],
    ]) {
      assert.equal(space.out(`cat /proc/sys/${key}`).trim(), value, key);
    }
    // What the router itself sends from an uplink's address, and what is marked for it, goes by its table.
    assert.match(space.out('ip route get 198.18.0.1 from 10.2.0.2'), /via 10\.2\.0\.1 dev wan2 table 202/);
    assert.match(space.out('ip route get 198.18.0.1 mark 0x100'), /via 10\.1\.0\.1 dev wan1 table 201/);
    const ruleset = space.out('nft list table inet mlstat');
    assert.match(ruleset, /oifname "wan1" ip saddr 192\.168\.77\.0\/24 .*snat ip to 10\.1\.0\.2/);
    assert.match(ruleset, /oifname "wan2" ip saddr 192\.168\.77\.0\/24 .*snat ip to 10\.2\.0\.2/);
  });
});

test('without carrier its marked packets meet the prohibit; admin down and up is healed', { skip }, () => {
  inNamespace(2, '', CONNMARK, uplinks(2, [4]), (space, script) => {
    space.out('ip link set peer2 down');
    const got = space.sh('ip route get 198.18.0.1 mark 0x200');
    assert.match(got.stderr, /Permission denied/);
    // A link that is set down loses its IPv6 address, which is none of an IPv4 plan's business.
    const address = 'ip -6 addr add 2001:db8:102::2/64 dev wan2 nodad';
    space.out(`ip link set peer2 up; ip link set wan2 down; ip link set wan2 up; ${address}`);
    // The kernel has dropped the default of table 202 for good; the keep-alive puts it back.
    const healed = space.sh(
      'i=0; while [ $i -lt 30 ]; do ip route show table 202 | grep -q ^default && exit 0; i=$((i+1)); sleep 0.3; done; exit 1',
    );
    assert.equal(healed.status, 0, 'keep-alive did not restore the default');
    assert.equal(space.sh('sh "$1" check', script).status, 0);
  });
});

test('three uplinks, IPv4 and IPv6, one of them dynamic, by iptables in busybox', { skip }, () => {
  const config = `${uplinks(2, [4, 6])}
  - { name: dyn, interface: wan3, gateway: 10.3.0.1, snat: [], weight: 2 }`;
  inNamespace(3, '', { style: 'connmark', firewall: 'iptables' }, config, (space) => {
    assert.match(space.out('ip route get 198.18.0.1 from 10.3.0.2'), /via 10\.3\.0\.1 dev wan3 table 203/);
    assert.match(space.out('ip -6 route get 2001:db8:ffff::1 from 2001:db8:102::2'), /via 2001:db8:102::1 dev wan2/);
    assert.deepEqual(lines(space.out('ip -6 route show table 222')).slice(1), [
      'nexthop via 2001:db8:101::1 dev wan1 weight 2',
      'nexthop via 2001:db8:102::1 dev wan2 weight 1',
    ]);
    const saved = space.out('iptables-save');
    assert.match(saved, /-A MLSTAT_SNAT -s 192\.168\.77\.0\/24 -o wan3 .*-j MASQUERADE/);
    assert.match(saved, /-A MLSTAT_SNAT -s 192\.168\.77\.0\/24 -o wan1 .*-j SNAT --to-source 10\.1\.0\.2/);
    assert.match(saved, /-A MLSTAT_IN .*--restore-mark --nfmask 0xff00 --ctmask 0xff00/);
    assert.match(space.out('ip6tables-save'), /-o wan2 .*-j SNAT --to-source 2001:db8:102::2/);
  });
});

test('eight uplinks, IPv4 and IPv6', { skip }, () => {
  inNamespace(8, '', CONNMARK, uplinks(8, [4, 6]), (space) => {
    const weights = [2, 1, 1, 3, 4, 1, 2, 2];
    const hops = (via: (i: number) => string) =>
      weights.map((weight, i) => `nexthop via ${via(i + 1)} dev wan${i + 1} weight ${weight}`);
    assert.deepEqual(
      lines(space.out('ip route show table 222')).slice(1),
      hops((i) => `10.${i}.0.1`),
    );
    assert.deepEqual(
      lines(space.out('ip -6 route show table 222')).slice(1),
      hops((i) => `2001:db8:${100 + i}::1`),
    );
    assert.equal(lines(space.out('ip -6 rule')).filter((line) => line.includes('fwmark')).length, 8);
  });
});

test('IPv6 alone, behind a link-local gateway', { skip }, () => {
  const config = `uplinks:
  - { name: a, interface: wan1, gateway: "fe80::1", snat: ["2001:db8:101::/64"] }
  - { name: b, interface: wan2, gateway: "2001:db8:102::1", snat: ["2001:db8:102::2"] }`;
  inNamespace(2, '', CONNMARK, config, (space) => {
    assert.equal(lines(space.out('ip rule')).length, 3, 'IPv4 is left alone');
    assert.match(
      space.out('nft list table inet mlstat'),
      /snat ip6 prefix to ip6 saddr map \{ 2001:db8:77::\/64 : 2001:db8:101::\/64 \}/,
    );
    assert.match(space.out('ip -6 route show table 201'), /^prohibit default .*metric 2000/m);
  });
});

test('an IPv6 gateway that does not answer is left out of the balance until it does', { skip }, () => {
  const far = makeNamespace(0);
  const space = makeNamespace(2, [1, 2].map((i) => `ip link set peer${i} netns ${far.name}`).join('; '));
  try {
    const up = (i: number) =>
      `ip link set peer${i} up; ip addr add 10.${i}.0.1/28 dev peer${i}; ip addr add 2001:db8:${100 + i}::1/64 dev peer${i} nodad`;
    far.out(`${up(1)}; ${up(2)}`);
    const script = write('six', uplinks(2, [4, 6]), CONNMARK);
    assert.equal(space.sh('sh "$1" apply', script).status, 0);
    const waitFor = (count: number) =>
      space.sh(`i=0; while [ $i -lt 150 ]; do
        [ "$(ip -6 route show table 222 | grep -c 'dev wan2')" = ${count} ] && exit 0; i=$((i+1)); sleep 0.2; done; exit 1`);
    far.out('ip -6 addr del 2001:db8:102::1/64 dev peer2');
    assert.equal(waitFor(0).status, 0, 'still in use');
    assert.match(space.out('ip -6 route show table 222'), /^default via 2001:db8:101::1 dev wan1 /);
    assert.equal(space.sh('sh "$1" check', script).status, 0);
    far.out('ip -6 addr add 2001:db8:102::1/64 dev peer2 nodad');
    assert.equal(waitFor(1).status, 0, 'not in use again');
    space.sh('sh "$1" remove', script);
  } finally {
    space.remove();
    far.remove();
  }
});

test("the classic style: the howto's listing, and the default of table main comes back", { skip }, () => {
  const before = 'ip route add default via 10.1.0.1 dev wan1 metric 7; ip -6 route add default via fe80::9 dev wan2';
  inNamespace(2, before, { style: 'classic', firewall: 'nft' }, uplinks(2, [4, 6]), (space) => {
    // As printed in the howto, with the addresses in place of its networks.
    assert.deepEqual(lines(space.out('ip rule')), [
      '0: from all lookup local',
      '50: from all lookup main',
      '201: from 10.1.0.2 lookup 201',
      '202: from 10.2.0.2 lookup 202',
      '222: from all lookup 222',
      '32766: from all lookup main',
      '32767: from all lookup default',
    ]);
    assert.deepEqual(lines(space.out('ip route show table 201')), [
      'default via 10.1.0.1 dev wan1 proto static src 10.1.0.2',
      'prohibit default proto static metric 1',
    ]);
    assert.deepEqual(lines(space.out('ip route show table main default')), []);
    assert.deepEqual(lines(space.out('ip -6 route show table main default')), []);
  });
});

test('a smaller plan over a larger one takes away what is not wanted any more', { skip }, () => {
  const space = makeNamespace(3);
  try {
    const before = space.out(SNAPSHOT);
    const three = write('three', uplinks(3, [4]), CONNMARK);
    const two = write('two', uplinks(2, [4]), CONNMARK);
    assert.equal(space.sh('sh "$1" apply', three).status, 0);
    assert.equal(space.sh('sh "$1" apply', two).status, 0);
    assert.doesNotMatch(space.out('ip rule; ip route show table all; nft list ruleset'), /lookup 203|table 203|0x300/);
    assert.equal(
      space.out('cat /proc/sys/net/ipv4/conf/wan3/rp_filter'),
      space.out('cat /proc/sys/net/ipv4/conf/lan0/rp_filter'),
    );
    assert.equal(space.sh('sh "$1" remove', two).status, 0);
    assert.equal(space.out(SNAPSHOT), before);
  } finally {
    space.remove();
  }
});

test('tables that are not its own are refused, and an uplink that is missing is left out', { skip }, () => {
  const space = makeNamespace(1, 'ip route add default via 10.1.0.1 table 202');
  try {
    const script = write('missing', uplinks(2, [4]), CONNMARK);
    const refused = space.sh('sh "$1" apply', script);
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /table 202 holds routes that are not from this script/);
    space.out('ip route flush table 202');
    assert.match(space.sh('MLSTAT_KEEPALIVE=no sh "$1" apply', script).stderr, /wan2/);
    assert.deepEqual(lines(space.out('ip route show table 222')), ['default via 10.1.0.1 dev wan1 proto static']);
    assert.equal(space.sh('sh "$1" check', script).status, 1);
    space.sh('sh "$1" remove', script);
  } finally {
    space.remove();
  }
});

function inNamespace(
  count: number,
  setUp: string,
  options: PlanOptions,
  config: string,
  look: (space: Namespace, script: string) => void,
): void {
  const space = makeNamespace(count, setUp);
  try {
    const before = space.out(SNAPSHOT);
    const script = write(`${options.style}-${options.firewall}-${count}`, config, options);
    const applied = space.sh('sh "$1" apply', script);
    assert.equal(applied.status, 0, applied.stderr);
    const check = space.sh('sh "$1" check', script);
    assert.equal(check.status, 0, check.stdout);
    const state =
      'ip rule; ip -6 rule; ip route show table all; ip -6 route show table all; nft -s list ruleset 2>/dev/null';
    const once = space.out(state);
    assert.equal(space.sh('busybox true && busybox sh "$1" apply || sh "$1" apply', script).status, 0);
    assert.equal(space.out(state), once, 'a second apply changes something');
    look(space, script);
    const removed = space.sh('sh "$1" remove', script);
    assert.equal(removed.status, 0, removed.stderr);
    assert.equal(space.out(SNAPSHOT), before, 'remove leaves a trace');
  } finally {
    space.remove();
  }
}

function write(name: string, config: string, options: PlanOptions): string {
  const full = config.includes('uplinks:') ? config : `uplinks:\n${config}`;
  const { script } = planSetUp(
    readConfig(`${full}\nlan: [192.168.77.0/24, "2001:db8:77::/64"]\n`, 'mlstat.yaml'),
    options,
  );
  const path = join(folder, `${name}.sh`);
  writeFileSync(path, script);
  return path;
}

/** As `makeNamespace` builds them. */
function uplinks(count: number, families: readonly (4 | 6)[]): string {
  const items = Array.from({ length: count }, (_, k) => {
    const i = k + 1;
    const has6 = families.includes(6);
    const gateways = `gateway: 10.${i}.0.1${has6 ? `, gateway6: "2001:db8:${100 + i}::1"` : ''}`;
    const snat = [`10.${i}.0.2`, ...(has6 ? [`"2001:db8:${100 + i}::2"`] : [])].join(', ');
    return `  - { name: line${i}, interface: wan${i}, ${gateways}, snat: [${snat}], weight: ${WEIGHTS[k]} }`;
  });
  return `uplinks:\n${items.join('\n')}`;
}

function lines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' ').trim())
    .filter((line) => line !== '');
}
