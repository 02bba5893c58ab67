import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { sharedDir, withoutShared } from '../shared.js';
import { read } from './texts.js';

const TWO = ['eth1 eth1 203.0.113.1 4 203.0.113.2', 'eth2 eth2 198.51.100.1 1 198.51.100.2'];

/** What the Nano-Howto's placeholders stand for, longer names first. */
const FILLED: Record<string, string> = {
  IFE1: 'eth1',
  IFE2: 'eth2',
  IPE1: '203.0.113.2',
  IPE2: '198.51.100.2',
  GWE1: '203.0.113.1',
  GWE2: '198.51.100.1',
  NWE1: '203.0.113.0',
  NWE2: '198.51.100.0',
  NME1: '28',
  NME2: '28',
  BRD1: '203.0.113.15',
  BRD2: '198.51.100.15',
  IFI: 'eth0',
  IPI: '192.168.77.1',
  NWI: '192.168.77.0',
  NMI: '24',
};

const SCRIPT = `ip link set IFI up
ip addr add IPI/NMI brd + dev IFI
ip rule add prio 50 table main
ip route del default table main
ip link set IFE1 up
ip addr flush dev IFE1
ip addr add IPE1/NME1 brd BRD1 dev IFE1
ip addr flush dev IFE2
ip addr add IPE2/NME2 brd BRD2 dev IFE2
ip rule add prio 201 from NWE1/NME1 table 201
ip route add default via GWE1 dev IFE1 src IPE1 proto static table 201
ip route append prohibit default table 201 metric 1 proto static
ip rule add prio 202 from NWE2/NME2 table 202
ip route add default via GWE2 dev IFE2 src IPE2 proto static table 202
ip route append prohibit default table 202 metric 1 proto static
ip rule add prio 222 table 222
ip route add default table 222 proto static \\
nexthop via GWE1 dev IFE1 weight 4\\
nexthop via GWE2 dev IFE2 weight 1
iptables -t nat -A POSTROUTING -o IFE1 -s NWI/NMI -j SNAT --to IPE1
iptables -t nat -A POSTROUTING -o IFE2 -s NWI/NMI -j SNAT --to-source IPE2
while : ; do
  ping -c 1 GWE1 > /dev/null 2>&1
  ping -c 1 GWE2 > /dev/null 2>&1
  sleep 60
done
`;

function fill(text: string, by: (name: string, value: string) => string = (_, value) => value): string {
  return Object.entries(FILLED).reduce((filled, [name, value]) => filled.replaceAll(name, by(name, value)), text);
}

test('the Nano-Howto with addresses filled in; its line break without a space splits no weight', () => {
  const { uplinks, config, told } = read({ 'setup.sh': `#!/bin/sh\n${fill(SCRIPT)}` });
  assert.deepEqual(uplinks, TWO);
  assert.deepEqual(
    config?.lan.map(({ text }) => text),
    ['192.168.77.0/24'],
  );
  assert.equal(config?.router.keepaliveSec, 60);
  assert.deepEqual([told('unclear'), told('contradiction')], [[], []]);
});

test('the same with variables of the script, quoted, braced, several in a line', () => {
  const set = Object.entries(FILLED).map(([name, value], i) => `${name}=${i % 2 === 0 ? `"${value}"` : value}`);
  const script = fill(SCRIPT, (name) => (name.endsWith('1') ? `\${${name}}` : `$${name}`));
  const text = `#!/bin/bash\n${set.slice(0, 8).join('; ')}\nexport ${set.slice(8).join(' ')}\n${script}`;
  assert.deepEqual(read({ 'setup.sh': text }).uplinks, TWO);
});

test('the document itself, prose and all, with dashes where options had hyphens', { skip: withoutShared }, () => {
  const howto = readFileSync(`${sharedDir}/design/nano-howto.txt`, 'utf8');
  const { uplinks, told } = read({ 'nano-howto.txt': fill(howto) });
  assert.deepEqual(uplinks, TWO);
  // It gives the route of table 222 twice, equal first, 4:1 then.
  const line = howto.split('\n').findIndex((text) => text.startsWith('nexthop via GWE1 dev IFE1 weight 4')) + 1;
  assert.match(told('contradiction').join('\n'), new RegExp(`nano-howto.txt:${line - 1}: .*table 222 is set again`));
});

test('functions, loops, a string of nexthops put together, a program in a variable', () => {
  const { uplinks } = read({
    'up.sh': `#!/bin/sh
IP=/sbin/ip; HOPS=
line() {
  $IP addr add $2/28 dev $1
  HOPS="$HOPS nexthop via $3 dev $1 weight $4"
  iptables -t nat -A POSTROUTING -o $1 -j MASQUERADE
}
case "$1" in
  start)
    line eth1 203.0.113.2 203.0.113.1 \${W1:-4}
    line eth2 198.51.100.2 198.51.100.1 1 ;;
esac
for table in 222; do $IP route replace default table $table $HOPS; done
`,
  });
  assert.deepEqual(uplinks, TWO);
});

test('what would have to be run, or is set elsewhere, is told with its line and guessed never', () => {
  const { uplinks, told } = read({
    'up.sh': `#!/bin/sh
GW=$(cat /var/run/gateway)
ip route add default nexthop via 203.0.113.1 dev eth1 nexthop via 198.51.100.1 dev eth2
ip route add default via $GW dev eth1 table 201
iptables -t nat -A POSTROUTING -o eth1 -j SNAT --to-source \`curl ifconfig.example\`
`,
  });
  assert.deepEqual(uplinks, ['eth1 eth1 203.0.113.1 1 -', 'eth2 eth2 198.51.100.1 1 -']);
  assert.deepEqual(told('unclear'), [
    'up.sh:4: $GW is not set in this script: ip route add default via $GW dev eth1 table 201',
    'up.sh:5: what a command prints is not known: iptables -t nat -A POSTROUTING -o eth1 -j SNAT --to-source $()',
  ]);
});

test('what is deleted, flushed or replaced counts no more', () => {
  const { uplinks } = read({
    'up.sh': `#!/bin/sh
ip addr add 192.0.2.9/24 dev eth1
ip addr flush dev eth1
ip addr add 203.0.113.2/28 dev eth1
ip route add default nexthop via 192.0.2.1 dev eth1 weight 9 nexthop via 192.0.2.2 dev eth3
ip route flush table main
ip route add default nexthop via 203.0.113.1 dev eth1 weight 2 nexthop via 198.51.100.1 dev eth2
ip route replace default nexthop via 203.0.113.1 dev eth1 weight 4 nexthop via 198.51.100.1 dev eth2
iptables -t nat -A POSTROUTING -o eth2 -j SNAT --to 192.0.2.7
iptables -t nat -F
iptables -t nat -A POSTROUTING -o eth2 -j SNAT --to 198.51.100.2
`,
  });
  assert.deepEqual(uplinks, TWO);
});

test('a state that differs from the script: the state counts, and both places are told', () => {
  const { uplinks, told } = read({
    'up.sh': `#!/bin/sh\n${fill(SCRIPT)}`,
    'route.txt':
      'default table 222 proto static\n\tnexthop via 203.0.113.1 dev eth1 weight 2\n\tnexthop via 198.51.100.1 dev eth2 weight 1\n',
  });
  assert.deepEqual(uplinks, [TWO[0].replace(' 4 ', ' 2 '), TWO[1]]);
  assert.deepEqual(told('contradiction'), [
    'up.sh:18: the weight of eth1 is 4 here, and 2 at route.txt:2: the latter is taken',
  ]);
});
