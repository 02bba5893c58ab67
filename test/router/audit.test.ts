// `mlstat audit` of texts: a sound set-up, as ip, iptables-save and sysctl print it, gives nothing; each fault made in
// it gives its rule and no other.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { auditSetUp, isReport } from '#src/router/audit/audit.js';
import { AUDIT_CODES, type AuditCode } from '#src/router/audit/rule.js';
import { readRouterTexts } from '#src/router/read.js';
import { sharedDir, withoutShared } from '../shared.js';

/** By hand, after ip(8), iptables-save(8) and the kernel's ip-sysctl: two uplinks 2:1, connections held by mark. */
const SOUND = {
  'route.txt': `unicast default via 203.0.113.1 dev wan1 table 201 proto static
prohibit default table 201 proto static metric 1
unicast default via 198.51.100.1 dev wan2 table 202 proto static
prohibit default table 202 proto static metric 1
unicast default table 222 proto static
	nexthop via 203.0.113.1 dev wan1 weight 2
	nexthop via 198.51.100.1 dev wan2 weight 1
unicast 192.168.77.0/24 dev lan0 table main proto kernel scope link src 192.168.77.1
unicast 198.51.100.0/28 dev wan2 table main proto kernel scope link src 198.51.100.2
unicast 203.0.113.0/28 dev wan1 table main proto kernel scope link src 203.0.113.2
`,
  'rule.txt': `0:	from all lookup local
50:	from all lookup main
101:	from all fwmark 0x100/0xff00 lookup 201
102:	from all fwmark 0x200/0xff00 lookup 202
201:	from 203.0.113.0/28 lookup 201
202:	from 198.51.100.0/28 lookup 202
222:	from all lookup 222
32766:	from all lookup main
32767:	from all lookup default
`,
  'iptables-save.txt': `*mangle
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A PREROUTING -i wan1 -m conntrack --ctstate NEW -j CONNMARK --set-xmark 0x100/0xff00
-A PREROUTING -i wan2 -m conntrack --ctstate NEW -j CONNMARK --set-xmark 0x200/0xff00
-A PREROUTING -j CONNMARK --restore-mark --nfmask 0xff00 --ctmask 0xff00
-A OUTPUT -j CONNMARK --restore-mark --nfmask 0xff00 --ctmask 0xff00
-A POSTROUTING -o wan1 -m conntrack --ctstate NEW -m connmark --mark 0x0/0xff00 -j CONNMARK --set-xmark 0x100/0xff00
-A POSTROUTING -o wan2 -m conntrack --ctstate NEW -m connmark --mark 0x0/0xff00 -j CONNMARK --set-xmark 0x200/0xff00
COMMIT
*filter
:FORWARD ACCEPT [0:0]
-A FORWARD -m conntrack --ctstate INVALID -j DROP
COMMIT
*nat
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -s 192.168.77.0/24 -o wan1 -j SNAT --to-source 203.0.113.2
-A POSTROUTING -s 192.168.77.0/24 -o wan2 -j SNAT --to-source 198.51.100.2
COMMIT
`,
  'sysctl.txt': `net.ipv4.ip_forward = 1
net.ipv4.fib_multipath_hash_policy = 1
net.ipv4.fib_multipath_use_neigh = 1
net.ipv4.conf.all.rp_filter = 0
net.ipv4.conf.wan1.ignore_routes_with_linkdown = 1
net.ipv4.conf.wan2.ignore_routes_with_linkdown = 1
net.ipv4.conf.wan1.rp_filter = 2
net.ipv4.conf.wan2.rp_filter = 2
net.ipv4.neigh.wan1.base_reachable_time_ms = 3000
net.ipv4.neigh.wan2.base_reachable_time_ms = 3000
net.netfilter.nf_conntrack_acct = 1
`,
  'keepalive.sh': `#!/bin/sh
while :; do
  ping -c 1 -I wan1 203.0.113.1
  ping -c 1 -I wan2 198.51.100.1
  sleep 3
done
`,
};
type File = keyof typeof SOUND;

/** The same in IPv6, beside it. */
const SIX = {
  route6: `default via 2001:db8:101::1 dev wan1 table 201 proto static metric 1024 pref medium
prohibit default dev lo table 201 proto static metric 2000 pref medium
default via 2001:db8:102::1 dev wan2 table 202 proto static metric 1024 pref medium
prohibit default dev lo table 202 proto static metric 2000 pref medium
default table 222 proto static metric 1024 pref medium
	nexthop via 2001:db8:101::1 dev wan1 weight 2
	nexthop via 2001:db8:102::1 dev wan2 weight 1
2001:db8:101::/64 dev wan1 table main proto kernel metric 256 pref medium
2001:db8:102::/64 dev wan2 table main proto kernel metric 256 pref medium
`,
  address: `2: wan1: <BROADCAST,UP> mtu 1500
    inet6 2001:db8:101::2/64 scope global
3: wan2: <BROADCAST,UP> mtu 1500
    inet6 2001:db8:102::2/64 scope global
`,
  rule6: `0:	from all lookup local
50:	from all lookup main
101:	from all fwmark 0x100/0xff00 lookup 201
102:	from all fwmark 0x200/0xff00 lookup 202
201:	from 2001:db8:101::/64 lookup 201
202:	from 2001:db8:102::/64 lookup 202
222:	from all lookup 222
32766:	from all lookup main
`,
};

/** A fault: in which file, what is replaced by what, and the rule (or rules) that it breaks. */
type Fault = [file: File, from: string | RegExp, to: string, codes: AuditCode | AuditCode[]];

const FAULTS: readonly Fault[] = [
  [
    'route.txt',
    'unicast 192.168.77.0/24',
    'unicast default via 203.0.113.1 dev wan1 table main metric 7\nunicast 192.168.77.0/24',
    'main-default',
  ],
  ['rule.txt', '50:\tfrom all lookup main\n', '', 'main-not-first'],
  ['rule.txt', '222:\tfrom all lookup 222\n', '', 'no-balance'],
  ['route.txt', /unicast default table 222[\s\S]*weight 1\n/, '', ['no-balance']],
  ['route.txt', 'weight 2', 'weight 300', 'weights-bound'],
  ['route.txt', /weight (\d)/g, 'weight $10', 'weights-divisor'],
  ['rule.txt', /^20\d:.*\n/gm, '', 'no-source-rule'],
  ['rule.txt', '202:\tfrom 198.51.100.0/28 lookup 202\n', '', 'no-source-rule'],
  ['rule.txt', '102:\tfrom all fwmark 0x200/0xff00 lookup 202\n', '', 'mark-without-rule'],
  ['rule.txt', /^10\d:.*\n/gm, '', ['mark-without-rule', 'mark-without-rule']],
  ['route.txt', 'unicast default via 198.51.100.1 dev wan2 table 202 proto static\n', '', 'table-without-default'],
  ['route.txt', 'prohibit default table 202 proto static metric 1\n', '', 'no-prohibit'],
  ['route.txt', 'table 202 proto static\nprohibit', 'table 202 proto static metric 9\nprohibit', 'prohibit-first'],
  ['route.txt', '198.51.100.1 dev wan2 weight 1', '198.51.100.1 dev wan2 weight 1 linkdown', 'nexthop-dead'],
  [
    'route.txt',
    'unicast default table 222 proto static',
    'unicast default table 222 nhid 7 proto static',
    'nexthop-objects',
  ],
  ['iptables-save.txt', /.*--to-source 198\.51\.100\.2\n/, '', 'uplink-without-nat'],
  ['iptables-save.txt', 'COMMIT\n*filter', '-A POSTROUTING -o none -j ACCEPT\nCOMMIT\n*filter', []],
  ['iptables-save.txt', /.*--restore-mark.*\n/g, '', 'mark-not-restored'],
  ['iptables-save.txt', /.*--set-xmark.*\n/g, '', 'mark-never-set'],
  ['iptables-save.txt', /.*INVALID.*\n/, '', 'foreign-source'],
  ['sysctl.txt', 'ip_forward = 1', 'ip_forward = 0', 'forwarding-off'],
  ['sysctl.txt', 'use_neigh = 1', 'use_neigh = 0', 'no-use-neigh'],
  ['sysctl.txt', /(ignore_routes_with_linkdown) = 1/g, '$1 = 0', 'linkdown-used'],
  ['sysctl.txt', 'conf.wan2.rp_filter = 2', 'conf.wan2.rp_filter = 1', 'rp-filter'],
  [
    'sysctl.txt',
    /all\.rp_filter = 0([\s\S]*)wan1\.rp_filter = 2/,
    'all.rp_filter = 1$1wan1.rp_filter = 0',
    'rp-filter',
  ],
  ['sysctl.txt', 'hash_policy = 1', 'hash_policy = 0', 'hash-policy'],
  ['sysctl.txt', 'hash_policy = 1', 'hash_policy = 3\nnet.ipv4.fib_multipath_hash_fields = 7', 'hash-policy'],
  ['sysctl.txt', /_ms = 3000/g, '_ms = 30000', 'neigh-timers'],
  ['sysctl.txt', 'acct = 1', 'acct = 0', 'accounting-off'],
  ['keepalive.sh', /.*ping.*\n/g, '', 'no-keepalive'],
];

function audit(texts: Record<string, string>, report?: unknown) {
  const sources = Object.entries(texts).map(([name, text]) => ({ name, path: `/router/${name}`, text }));
  const { config, facts } = readRouterTexts(sources);
  assert.ok(config, 'no configuration');
  return auditSetUp({ facts, texts: sources, config, given: null, reports: report === undefined ? [] : [report] });
}

function codes(texts: Record<string, string>): AuditCode[] {
  return audit(texts).findings.map(({ code }) => code);
}

test('a sound set-up gives nothing, and all of it was checked', () => {
  assert.deepEqual(audit(SOUND), {
    schema: 'mlstat.audit/1',
    uplinks: ['wan1', 'wan2'],
    findings: [],
    alsoMeasured: [],
    notChecked: [],
  });
  assert.deepEqual(codes({ ...SOUND, ...SIX }), []);
});

test('each fault gives its rule and no other', () => {
  for (const [file, from, to, expected] of FAULTS) {
    const broken = SOUND[file].replace(from, to);
    assert.notEqual(broken, SOUND[file], `${from}: nothing was replaced`);
    assert.deepEqual(codes({ ...SOUND, [file]: broken }), [expected].flat(), `${file}: ${from}`);
  }
});

test('no marks at all, and MASQUERADE beside it', () => {
  const rules = SOUND['rule.txt'].replace(/^10\d:.*\n/gm, '');
  const unmarked = SOUND['iptables-save.txt'].replace(/\*mangle[\s\S]*?COMMIT\n/, '');
  assert.deepEqual(codes({ ...SOUND, 'rule.txt': rules, 'iptables-save.txt': unmarked }), ['no-marks']);
  const masquerade = unmarked.replace(/-j SNAT.*/g, '-j MASQUERADE');
  const both = audit({ ...SOUND, 'rule.txt': rules, 'iptables-save.txt': masquerade }).findings;
  assert.deepEqual(
    both.map(({ code }) => code),
    ['no-marks', 'masquerade-flush'],
  );
  // Held by marks nothing is re-routed, so nothing is flushed.
  const held = SOUND['iptables-save.txt'].replace(/-j SNAT.*/g, '-j MASQUERADE');
  assert.deepEqual(codes({ ...SOUND, 'iptables-save.txt': held }), []);
});

test('two uplinks on one device, an uplink outside the balanced route, the word equalize', () => {
  const swap = (text: string) => text.replaceAll('wan2', 'wan1');
  const shared = codes(Object.fromEntries(Object.entries(SOUND).map(([name, text]) => [name, swap(text)])));
  assert.ok(shared.includes('shared-device'), shared.join());
  const third = `${SOUND['iptables-save.txt'].replace(/COMMIT\n$/, '-A POSTROUTING -o wan3 -j SNAT --to-source 192.0.2.2\nCOMMIT\n')}`;
  const routes = `${SOUND['route.txt']}default via 192.0.2.1 dev wan3 table 203 proto static\nprohibit default table 203 metric 1\n`;
  assert.deepEqual(codes({ ...SOUND, 'iptables-save.txt': third, 'route.txt': routes }), ['nat-without-route']);
  const script =
    '#!/bin/sh\nip route add default equalize table 222 nexthop via 203.0.113.1 dev wan1 nexthop via 198.51.100.1 dev wan2\n';
  assert.ok(codes({ 'start.local': script }).includes('equalize'));
});

test('more neighbours than are kept', () => {
  const neighbours = Array.from(
    { length: 200 },
    (_, i) => `192.168.77.${i + 10} dev lan0 lladdr 02:00:5e:00:53:${(i + 16).toString(16)} STALE`,
  );
  assert.deepEqual(codes({ ...SOUND, 'neigh.txt': neighbours.join('\n') }), ['gc-thresh']);
  const raised = `${SOUND['sysctl.txt']}net.ipv4.neigh.default.gc_thresh1 = 1024\n`;
  assert.deepEqual(codes({ ...SOUND, 'neigh.txt': neighbours.join('\n'), 'sysctl.txt': raised }), []);
});

test('prefixes of IPv6 that are mapped are translated', () => {
  const nat6 = `# Generated by ip6tables-save
*nat
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -s 2001:db8:77::/64 -o wan1 -j NETMAP --to 2001:db8:101::/64
-A POSTROUTING -s 2001:db8:77::/64 -o wan2 -j SNAT --to-source 2001:db8:102::2
COMMIT
`;
  assert.deepEqual(codes({ ...SOUND, ...SIX, nat6 }), []);
  assert.deepEqual(codes({ ...SOUND, ...SIX, nat6: nat6.replace(/.*NETMAP.*\n/, '') }), ['uplink-without-nat']);
});

test('IPv6 without rules by source', () => {
  const rule6 = SIX.rule6.replace(/^20\d:.*\n/gm, '');
  const [found, ...more] = audit({ ...SOUND, ...SIX, rule6 }).findings;
  assert.deepEqual([found.code, found.severity, more.length], ['ipv6-without-rules', 'error', 0]);
  assert.ok(found.cure.includes('ip -6 rule add priority 202 from 2001:db8:102::2 lookup 202'), found.cure.join('\n'));
});

test('cures name what was found', () => {
  const routes = SOUND['route.txt'].replace('weight 2', 'weight 20').replace('weight 1', 'weight 10');
  const [{ cure, place }] = audit({ ...SOUND, 'route.txt': routes }).findings;
  assert.deepEqual(cure, [
    'ip route replace default proto static table 222 nexthop via 203.0.113.1 dev wan1 weight 2 nexthop via 198.51.100.1 dev wan2 weight 1',
  ]);
  assert.equal(place, 'route.txt:5');
});

test('what is not among the files is told, not judged', () => {
  const { findings, notChecked } = audit({ 'route.txt': SOUND['route.txt'] });
  assert.deepEqual(findings, []);
  assert.equal(notChecked.length, 3);
});

test('a report adds what was measured; anything else is no report', () => {
  const script = { ...SOUND, 'rule.txt': SOUND['rule.txt'].replace(/^20\d:.*\n/gm, '') };
  const report = {
    schema: 'mlstat.report/1',
    findings: [{ code: 'nat-leak', message: '110 packets left by dsl1 with the source of dsl2' }, null, { code: 7 }],
    outages: [{ kind: 'gateway-dead', seconds: 'x' }, 'no'],
  };
  const [found] = audit(script, report).findings;
  assert.deepEqual(found.evidence, ['110 packets left by dsl1 with the source of dsl2']);
  for (const none of [null, 7, [], {}, { schema: 'other' }]) {
    assert.equal(isReport(none), false);
    assert.deepEqual(audit(SOUND, none).alsoMeasured, []);
  }
  assert.equal(isReport(report), true);
});

test('what was measured and no rule explains is told as well', () => {
  const outages = [{ kind: 'blackhole', uplink: 'wan2', seconds: 12, blackholedFlows: 39 }];
  const { findings, alsoMeasured } = audit(SOUND, { schema: 'mlstat.report/1', outages });
  assert.deepEqual(findings, []);
  assert.deepEqual(alsoMeasured, ['wan2: blackhole, for 12.0 s, 39 new flows sent into it']);
});

test('no cure has a gap to fill in, and a shell reads each', () => {
  const shells = FAULTS.flatMap(([file, from, to]) =>
    audit({ ...SOUND, [file]: SOUND[file].replace(from, to) }).findings.flatMap(({ cure }) => cure),
  );
  const bare = SOUND['rule.txt'].replace(/^20\d:.*\n/gm, '');
  const masquerade = SOUND['iptables-save.txt'].replace(/SNAT --to-source \S+/g, 'MASQUERADE');
  shells.push(
    ...audit({ ...SOUND, 'rule.txt': bare, 'iptables-save.txt': masquerade }).findings.flatMap(({ cure }) => cure),
  );
  assert.ok(shells.length > 30);
  assert.doesNotMatch(shells.join('\n'), /\?$|(?<!dev.)null|undefined|[A-Z]+-OF-|…/m);
  const { status, stderr } = spawnSync('sh', ['-n'], { input: shells.join('\n'), encoding: 'utf8' });
  assert.deepEqual([status, stderr], [0, '']);
});

test('the lab’s routers: what the kernel’s facts say of each', { skip: withoutShared }, async () => {
  const { readRouterFacts } = await import('#src/router/read.js');
  const of = async (name: string) => {
    const read = await readRouterFacts([`${sharedDir}/routerlab/${name}/router`], '/');
    assert.ok(read.config);
    return auditSetUp({ ...read, config: read.config, given: null }).findings.map(({ code }) => code);
  };
  assert.ok((await of('s6_leak_rehash')).includes('no-source-rule'), 'no tables 201 and 202');
  const s5 = await of('s5_gateway_dead');
  assert.ok(!s5.includes('no-use-neigh') && s5.includes('neigh-timers'), 'avoided, after 33 s');
  assert.ok((await of('s4_blackhole')).includes('hash-policy'), '115 of 115 retries hit the same uplink');
  const s9 = await of('s9_dualstack_masq');
  assert.ok(s9.includes('masquerade-flush') && s9.includes('foreign-source') && !s9.includes('ipv6-without-rules'));
  assert.ok(!(await of('s3_321_linkdown')).includes('linkdown-used'), 'all new flows were complete');
  assert.ok(!(await of('s13_weight_change')).includes('no-marks'), 'no leak');
  for (const name of ['s0_tiny_full', 's1_equal_l3', 's3_321_linkdown'])
    assert.ok((await of(name)).includes('no-marks'), name);
});

test('every code has a fault that shows it, here or against the kernel', () => {
  const shown = new Set<AuditCode>(FAULTS.flatMap(([, , , expected]) => expected));
  for (const code of [
    'no-marks',
    'masquerade-flush',
    'shared-device',
    'equalize',
    'ipv6-without-rules',
    'nat-without-route',
    'gc-thresh',
  ] as const)
    shown.add(code);
  const missing = Object.keys(AUDIT_CODES).filter((code) => !shown.has(code as AuditCode));
  assert.deepEqual(missing, []);
});
