// Systems with settings of their own: mwan3 on OpenWrt, Endian Firewall.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { markOf } from '#src/router/mwan3.js';
import { read } from './texts.js';

const settings = (net: string, dev: string) => `ENABLED=on
DEFAULT_GATEWAY=
RED_ADDRESS=${net}.2
RED_CIDR=28
RED_DEV=${dev}
RED_IPS=${net}.2/28
RED_NETMASK=255.255.255.240
RED_TYPE=STATIC
`;
const HOOK = `route del default
ip route add default equalize scope global \\
nexthop via 203.0.113.1 dev eth1 weight 3 \\
nexthop via 198.51.100.1 dev eth2 weight 1 \\
`;

test('Endian: names of folders, addresses of settings, gateways and weights of the hooks', () => {
  const { uplinks, config, told } = read({
    'uplinks/main/settings': settings('203.0.113', 'eth1'),
    'uplinks/link2/settings': settings('198.51.100', 'eth2'),
    'ethernet/settings': 'GREEN_ADDRESS=192.168.77.1\nGREEN_CIDR=24\nGREEN_DEV=br0\n',
    'inithooks/start.local': HOOK,
    'inithooks/updatered.local': HOOK,
  });
  assert.deepEqual(uplinks, ['main eth1 203.0.113.1 3 203.0.113.2', 'link2 eth2 198.51.100.1 1 198.51.100.2']);
  assert.deepEqual(
    config?.lan.map(({ text }) => text),
    ['192.168.77.0/24'],
  );
  assert.deepEqual(told('contradiction'), []);
});

test('Endian: hooks that differ from each other are told', () => {
  const { uplinks, told } = read({
    'a/start.local': HOOK,
    'a/updatered.local': HOOK.replace('weight 3', 'weight 2'),
  });
  assert.equal(uplinks[0], 'eth1 eth1 203.0.113.1 3 -');
  assert.deepEqual(told('contradiction'), [
    'a/updatered.local:2: the weight of eth1 is 2 here, and 3 at a/start.local:2: the latter is taken',
  ]);
});

const MWAN3 = `
config globals 'globals'
	option mmx_mask '0x3F00'
config interface 'wan'
	option enabled '1'
	list track_ip '192.0.2.53'
config interface 'off'
	option enabled '0'
config interface 'wanb'
	option enabled '1'
config member 'wan_m1_w3'
	option interface 'wan'
	option metric '1'
	option weight '3'
config member 'wanb_m1_w2'
	option interface 'wanb'
	option metric '1'
	option weight '2'
config member 'wanb_m2_w2'
	option interface 'wanb'
	option metric '2'
	option weight '2'
config policy 'failover'
	list use_member 'wan_m1_w3'
	list use_member 'wanb_m2_w2'
config policy 'balanced'
	list use_member 'wan_m1_w3'
	list use_member 'wanb_m1_w2'
config rule 'https'
	option dest_port '443'
	option proto 'tcp'
	option use_policy 'failover'
config rule 'all'
	option dest_ip '0.0.0.0/0'
	option use_policy 'balanced'
`;
const NETWORK = `config interface 'lan'
	option device 'br-lan'
	option proto 'static'
	option ipaddr '192.168.1.1'
	option netmask '255.255.255.0'
config interface 'wan'
	option device 'eth1'
	option proto 'static'
	option ipaddr '203.0.113.2'
	option netmask '255.255.255.240'
	option gateway '203.0.113.1'
config interface 'wanb'
	option device 'eth2'
	option proto 'pppoe'
`;

test('mwan3: weights of the policy for everything, marks by the number of the section, interfaces of network', () => {
  const { uplinks, config, told } = read({ mwan3: MWAN3, network: NETWORK });
  assert.deepEqual(uplinks, ['wan eth1 203.0.113.1 3 203.0.113.2 0x100/0x3f00', 'wanb pppoe-wanb - 2 - 0x300/0x3f00']);
  assert.deepEqual(
    config?.lan.map(({ text }) => text),
    ['192.168.1.0/24'],
  );
  assert.ok(told('assumed').includes('mwan3:29: rule https sends its flows by policy failover, not by these weights'));
});

test('mwan3: who stands by has no weight', () => {
  const { uplinks } = read({
    mwan3: MWAN3.replace("use_policy 'balanced'", "use_policy 'failover'"),
    network: NETWORK,
  });
  assert.deepEqual(
    uplinks.map((line) => line.split(' ')[3]),
    ['3', '-'],
  );
});

test('what uci show prints is the same', () => {
  const shown = (text: string, file: string) => {
    let name = '';
    return text
      .split('\n')
      .flatMap((line) => {
        const [, type, section] = /^config (\S+) '(.*)'/.exec(line) ?? [];
        if (section !== undefined) name = section;
        const [, key, value] = /^\s(?:option|list) (\S+) (.*)/.exec(line) ?? [];
        return type !== undefined
          ? `${file}.${name}=${type}`
          : key !== undefined
            ? `${file}.${name}.${key}=${value}`
            : [];
      })
      .join('\n');
  };
  // Lists stand in one line there; here none has two elements but policies.
  const lists = shown(MWAN3, 'mwan3').replace(/^(.*\.use_member)=(.*)\n\1=(.*)$/gm, '$1=$2 $3');
  const { uplinks } = read({ all: `${lists}\n${shown(NETWORK, 'network')}\n` });
  assert.deepEqual(uplinks, read({ mwan3: MWAN3, network: NETWORK }).uplinks);
});

test('marks of mwan3 are numbers spread over the bits of the mask', () => {
  // mwan3's own comment: 0b101 on the mask 0b10101010 is 0b00100010.
  assert.deepEqual(markOf(5, 0xaa), { value: 0x22, mask: 0xaa });
  assert.deepEqual(markOf(3, 0x3f00), { value: 0x300, mask: 0x3f00 });
  assert.equal(markOf(4, 0x3), null);
});
