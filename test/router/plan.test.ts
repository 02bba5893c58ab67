// `mlstat plan` before any kernel: what a configuration lacks is told with place and cure, weights are the smallest
// that mean the same, nothing of a configuration is ever code.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import type { Config, UplinkConfig } from '#src/config/config.js';
import { readConfig } from '#src/config/read.js';
import { auditSetUp } from '#src/router/audit/audit.js';
import { FIREWALLS, type FirewallName, planSetUp, STYLES, type Style } from '#src/router/plan/plan.js';
import { rangeText } from '#src/router/plan/range.js';
import { word } from '#src/router/plan/shell.js';
import { nearestWeights, parseWeights, reduceWeights } from '#src/router/plan/weights.js';
import { readRouterTexts } from '#src/router/read.js';

const folder = mkdtempSync(join(tmpdir(), 'mlstat-plan-words-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const LAN = 'lan: [192.168.77.0/24]';
const A = '{ name: a, interface: wan1, gateway: 10.1.0.1, snat: [10.1.0.2], weight: 1 }';
const B = '{ name: b, interface: wan2, gateway: 10.2.0.1, snat: [10.2.0.2], weight: 1 }';

function script(
  uplinks: readonly string[],
  style: Style = 'connmark',
  firewall: FirewallName = 'nft',
  more = LAN,
): string {
  return planSetUp(readConfig(`uplinks:\n${uplinks.map((one) => `  - ${one}`).join('\n')}\n${more}\n`, 'mlstat.yaml'), {
    style,
    firewall,
  }).script;
}

test('what a set-up needs and the configuration lacks is one line with its place', () => {
  const cases: [uplinks: string[], message: RegExp, more?: string][] = [
    [['{ name: a, gateway: 10.1.0.1, snat: [10.1.0.2] }'], /^uplinks\[0\] \("a"\) has no interface.*add interface/],
    [['{ name: a, interface: eth1, snat: [10.1.0.2] }'], /uplinks\[0\].* no IPv4 gateway: add gateway/],
    [['{ name: a, interface: eth1, snat: ["2001:db8::2"] }'], /no IPv6 gateway: add gateway6: fe80::1/],
    [['{ name: a, interface: eth1 }'], /no gateway, and eth1 is no point-to-point link/],
    [[A, B], /prefixes of the clients: add lan/, ''],
    [[A, B], /no prefix of lan is IPv4/, 'lan: ["2001:db8:77::/64"]'],
    [[A, B.replace('weight: 1', 'vlan: 2')], /^"b" of the uplinks has no weight while others have/],
    [
      [A, B.replace('wan2', 'wan1').replace('10.2.0.1', '10.1.0.1')],
      /uplinks\[1\].*has device and gateway of uplinks\[0\]/,
    ],
    [[A, B.replace('weight: 1', 'weight: 257')], /weight 257 .* above 256.*--weights "a=1,b=256"/],
    [[A, B.replace('wan2', '"w; reboot"')], /^interface of uplinks\[1\] .*letters, digits/],
    [[A, B.replace('wan2', '"-j"')], /^interface of uplinks\[1\]/],
    [
      [A.replace('weight', 'mark: 0x100/0xff00, weight'), B.replace('weight', 'mark: 2, weight')],
      /must have the mask of the other/,
    ],
  ];
  for (const [uplinks, message, more] of cases) {
    assert.throws(() => script(uplinks, 'connmark', 'nft', more), { name: 'UserError', message }, String(message));
  }
});

test('uplinks that share a device are told apart by gateway and address, by nftables alone', () => {
  const shared = [A, B.replace('wan2', 'wan1')];
  const text = script(shared);
  assert.match(text, /oifname "wan1" rt ip nexthop 10\.2\.0\.1 ct state new .* or 0x200/);
  assert.match(text, /iifname "wan1" ip daddr \{ 10\.2\.0\.2 \} ct state new .* or 0x200/);
  assert.match(text, /oifname "wan1" ct mark and 0xff00 == 0x200 ip saddr .* snat ip to 10\.2\.0\.2/);
  assert.throws(() => script(shared, 'connmark', 'iptables'), /--firewall nft/);
  // The howto: one card for two lines works with MASQUERADE only.
  assert.match(script(shared, 'classic', 'iptables'), /-o wan1 .*-j MASQUERADE/);
  assert.doesNotMatch(script(shared, 'classic', 'iptables'), /-j SNAT/);
});

test('the same gateway on two devices is two uplinks', () => {
  const text = script([A, B.replace('10.2.0.1', '10.1.0.1')]);
  assert.match(text, /hop via 10\.1\.0\.1 dev wan1 weight 1/);
  assert.match(text, /hop via 10\.1\.0\.1 dev wan2 weight 1/);
});

test('400 and 100 are 4 and 1; marks of the configuration are kept', () => {
  const text = script([A.replace('weight: 1', 'weight: 400, mark: 0x10/0xf0'), B.replace('weight: 1', 'weight: 100')]);
  assert.match(text, /hop via 10\.1\.0\.1 dev wan1 weight 4\n/);
  assert.match(text, /hop via 10\.2\.0\.1 dev wan2 weight 1\n/);
  assert.match(text, /rule -4 101 from all fwmark 0x10\/0xf0 lookup 201/);
  assert.match(text, /rule -4 102 from all fwmark 0x20\/0xf0 lookup 202/);
});

test('a point-to-point uplink without address: device route and MASQUERADE', () => {
  const text = script(['{ name: a, interface: ppp0 }', B.replace(', weight: 1', '')]);
  assert.match(text, /route -4 201 default dev ppp0 proto static scope link && hop dev ppp0 weight 1/);
  assert.match(text, /oifname "ppp0" ip saddr .* masquerade/);
});

test('pools and IPv6 prefixes', () => {
  assert.match(script([A.replace('10.1.0.2', '10.1.0.8/29'), B]), /snat ip to 10\.1\.0\.8-10\.1\.0\.15/);
  assert.match(
    script([A.replace('10.1.0.2', '10.1.0.8/29'), B], 'connmark', 'iptables'),
    /--to-source 10\.1\.0\.8-10\.1\.0\.15/,
  );
  const six = '{ name: c, interface: wan3, gateway: "fe80::1", snat: ["2001:db8:101::/64"] }';
  const lan = 'lan: ["2001:db8:77::/64"]';
  assert.match(
    script([six], 'connmark', 'nft', lan),
    /snat ip6 prefix to ip6 saddr map \{ 2001:db8:77::\/64 : 2001:db8:101::\/64 \}/,
  );
  assert.match(script([six], 'connmark', 'iptables', lan), /-j NETMAP --to 2001:db8:101::\/64/);
});

test('weights: reduced, nearest, parsed', () => {
  assert.deepEqual(reduceWeights([400, 100]), [4, 1]);
  assert.deepEqual(reduceWeights([7]), [1]);
  assert.deepEqual(nearestWeights([1000, 333]), [256, 85]);
  assert.deepEqual(
    [...parseWeights(' a=3, b=1 ', ['a', 'b'])],
    [
      ['a', 3],
      ['b', 1],
    ],
  );
  for (const [text, message] of [
    ['a', /must be name=weight/],
    ['a=0', /must be name=weight/],
    ['c=1', /not there/],
    ['a=1,a=2', /twice/],
  ] as const) {
    assert.throws(() => parseWeights(text, ['a', 'b']), message);
  }
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 65_536 }), { minLength: 1, maxLength: 9 }), (weights) => {
      const reduced = reduceWeights(weights);
      // The same shares, and no smaller whole numbers have them: the divisors of the first have been tried.
      return (
        reduced.every((weight, i) => weight * weights[0] === weights[i] * reduced[0]) &&
        !Array.from({ length: Math.min(50, reduced[0]) }, (_, k) => k + 2).some((d) =>
          reduced.every((w) => w % d === 0),
        )
      );
    }),
  );
});

test('whatever a configuration holds, a shell reads nothing of it as code', () => {
  const shells = ['dash', 'busybox'].filter((name) => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0);
  const evil = `'"; touch ${folder}/owned; $(touch ${folder}/owned) \`touch ${folder}/owned\` \\ END`;
  const nasty = fc.oneof(fc.constant(evil), fc.string({ maxLength: 40 }), fc.string({ unit: 'binary', maxLength: 20 }));
  fc.assert(
    fc.property(
      nasty,
      nasty,
      fc.constantFrom(...STYLES),
      fc.constantFrom(...FIREWALLS),
      (name, device, style, firewall) => {
        let text: string;
        try {
          text = planSetUp(madeUp(name, device), { style, firewall }).script;
        } catch (error) {
          assert.equal((error as Error).name, 'UserError');
          assert.doesNotMatch((error as Error).message, /[\n\r\u2028]/);
          return;
        }
        const path = join(folder, 'script.sh');
        writeFileSync(path, text);
        for (const shell of shells) {
          const words = shell === 'busybox' ? ['sh', path] : [path];
          // No verb: everything is defined, nothing is done, and usage is told.
          const { status, stderr } = spawnSync(shell, words, { encoding: 'utf8' });
          assert.equal(status, 2, stderr);
          assert.match(stderr, /^usage: /);
        }
      },
    ),
    {
      numRuns: 60,
      examples: [
        [evil, 'wan1', 'connmark', 'nft'],
        [evil, 'wan1', 'mwan3', 'nft'],
        [evil, 'wan1', 'endian', 'nft'],
      ],
    },
  );
  assert.deepEqual(
    readdirSync(folder).filter((name) => name === 'owned'),
    [],
  );
});

test('a word in quotes is the same word to a shell', () => {
  for (const text of ["it's", '$(x)', 'a b', '', '`', 'plain', '\\', '"']) {
    assert.equal(spawnSync('sh', ['-c', `printf %s ${word(text)}`], { encoding: 'utf8' }).stdout, text);
  }
});

test('ranges of prefixes', () => {
  const [prefix] = readConfig(`uplinks: [{ name: a, snat: ["2001:db8::/32"] }]`, 'x').uplinks[0].snat;
  assert.equal(rangeText(prefix), '2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff');
});

test('mwan3 and Endian: files in place, given back as they were', () => {
  const root = join(folder, 'root');
  const setUp = `mkdir -p ${root}/etc/config ${root}/var/efw/uplinks/main ${root}/var/efw/inithooks ${root}/bin
    printf "config interface 'a'\\nconfig interface 'b'\\n" >${root}/etc/config/network
    echo before >${root}/etc/config/mwan3
    printf 'RED_DEV=eth0\\nRED_IPS=192.0.2.1/24\\nDEFAULT_GATEWAY=192.0.2.9\\nX=1' >${root}/var/efw/uplinks/main/settings
    printf 'echo mine' >${root}/var/efw/inithooks/start.local
    printf '#!/bin/sh\\n' >${root}/bin/mwan3; chmod +x ${root}/bin/mwan3`;
  assert.equal(spawnSync('sh', ['-c', setUp]).status, 0);
  const list = () =>
    spawnSync('sh', ['-c', `cd ${root} && find . -type f | sort | xargs cksum`], { encoding: 'utf8' }).stdout;
  for (const style of ['mwan3', 'endian'] as const) {
    const before = list();
    const path = join(folder, `${style}.sh`);
    writeFileSync(path, script([A.replace('weight: 1', 'weight: 6'), B.replace('weight: 1', 'weight: 4')], style));
    const verb = (name: string) =>
      spawnSync('sh', [path, name], {
        encoding: 'utf8',
        env: { PATH: `${root}/bin:${process.env.PATH}`, MLSTAT_ROOT: root },
      });
    assert.equal(verb('check').status, 1);
    assert.equal(verb('apply').status, 0);
    assert.equal(verb('check').status, 0);
    const once = list();
    assert.equal(verb('apply').status, 0);
    assert.equal(list(), once);
    const text = spawnSync(
      'sh',
      [
        '-c',
        `cat ${root}/etc/config/mwan3 ${root}/var/efw/inithooks/start.local ${root}/var/efw/uplinks/main/settings`,
      ],
      {
        encoding: 'utf8',
      },
    ).stdout;
    if (style === 'mwan3')
      assert.match(text, /config member 'a_member'\n\toption interface 'a'\n\toption metric '1'\n\toption weight '3'/);
    else {
      assert.match(text, /echo mine\n# mlstat plan: begin\n/);
      assert.match(text, /^X=1\nDEFAULT_GATEWAY=\n/m);
      assert.match(
        text,
        /nexthop via 10\.1\.0\.1 dev wan1 weight 3 \\\n {2}nexthop via 10\.2\.0\.1 dev wan2 weight 2\n/,
      );
    }
    assert.equal(verb('remove').status, 0);
    assert.equal(list(), before);
  }
});

function madeUp(name: string, device: string): Config {
  const uplink = (own: string, net: number): UplinkConfig => ({
    name: own,
    interface: net === 1 ? device : 'wan2',
    gateway: `10.${net}.0.1`,
    gatewayMac: null,
    vlan: null,
    snat: [{ family: 4, words: [0, 0, 0, 0x0a000002 + net * 0x10000], length: 32, text: `10.${net}.0.2/32` }],
    weight: net,
    capacity: null,
    mark: null,
  });
  return {
    source: name,
    uplinks: [uplink(name, 1), uplink(`${name}2`, 2)],
    lan: [{ family: 4, words: [0, 0, 0, 0xc0a84d00], length: 24, text: '192.168.77.0/24' }],
    router: { hashPolicy: null, hashPolicy6: null, keepaliveSec: null, macs: [] },
  };
}

test('a planned script is read back as what it was planned from, and its audit finds nothing', () => {
  const text = `uplinks:
    - { name: wan1, interface: wan1, gateway: 10.1.0.1, gateway6: "2001:db8:101::1", snat: [10.1.0.2, "2001:db8:101::/64"], weight: 3 }
    - { name: wan2, interface: wan2, gateway: 10.2.0.1, gateway6: "fe80::1", snat: [], weight: 2 }
lan: [192.168.77.0/24, "2001:db8:77::/64"]
`;
  const six = text.replaceAll(/gateway: [\d.]+, |\d+(?:\.\d+){3}(?:\/24)?, /g, '');
  for (const [given, firewall] of [text, six].flatMap((one) => [[one, 'nft'] as const, [one, 'iptables'] as const])) {
    const planned = readConfig(given, 'x');
    const sources = [
      { name: 'setup.sh', path: '/setup.sh', text: planSetUp(planned, { style: 'connmark', firewall }).script },
    ];
    const { config, facts, texts } = readRouterTexts(sources);
    assert.ok(config);
    const known = ({ uplinks, lan }: Config) => [
      uplinks.map(({ name, interface: dev, gateway, gateway6, snat, weight }) => [
        ...[name, dev, gateway ?? gateway6, weight],
        snat.map((prefix) => prefix.text),
      ]),
      lan.map((prefix) => prefix.text),
    ];
    assert.deepEqual(known(config), known(planned));
    assert.deepEqual(auditSetUp({ facts, texts, config, given: null }).findings, []);
  }
});
