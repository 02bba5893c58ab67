// Builds the net of a scenario: clients – router – a gateway for each uplink – the internet. Bare of any set-up of
// the router but its addresses; gateways and internet count what reaches them, five-tuple by five-tuple.

import { CALLERS, clientAddress, LAN, type LabUplink, SERVERS, transit } from './addresses.js';
import type { Namespaces } from './namespaces.js';
import type { Scenario } from './scenario.js';
import { attempt, have, inside, run } from './tools.js';

export const PARTS = { clients: 'lan', router: 'r', internet: 'net', gateway: (id: number) => `g${id}` } as const;

export function partsOf(uplinks: readonly LabUplink[]): string[] {
  return [PARTS.clients, PARTS.router, PARTS.internet, ...uplinks.map(({ id }) => PARTS.gateway(id))];
}

/** Returns what could not be had on this machine, for the reader of the run. */
export async function buildNetwork(
  net: Namespaces,
  scenario: Scenario,
  uplinks: readonly LabUplink[],
): Promise<string[]> {
  const router = net.name(PARTS.router);
  await joinLan(net, scenario);
  for (const uplink of uplinks) await joinGateway(net, uplink);
  await batch(net.name(PARTS.internet), [
    `route add local ${SERVERS.net} dev lo`,
    `route add local ${CALLERS.net} dev lo`,
    `-6 route add local ${SERVERS.net6} dev lo`,
  ]);
  // Answers come from the address that was asked, though no interface has it.
  await sysctl(net.name(PARTS.internet), { 'net.ipv6.ip_nonlocal_bind': 1 });
  // A port forwarding of the owner's own, beside whatever the set-up brings.
  if (scenario.inbound.rate > 0) await run(inside(router, ['nft', '-f', '-']), forwarding(uplinks));
  const gateways = uplinks.map(({ id }) => net.name(PARTS.gateway(id)));
  for (const gateway of gateways)
    await sysctl(gateway, { 'net.ipv4.ip_forward': 1, 'net.ipv6.conf.all.forwarding': 1 });
  for (const place of [...gateways, net.name(PARTS.internet)]) await run(inside(place, ['nft', '-f', '-']), WITNESS);
  // A sender's socket would change its hash after a timeout, and on a virtual cable the router goes by that hash.
  await sysctl(net.name(PARTS.clients), { 'net.core.txrehash': 0 });
  await sysctl(router, {
    'net.netfilter.nf_conntrack_acct': 1,
    'net.netfilter.nf_conntrack_timestamp': 1,
    'net.netfilter.nf_conntrack_events': 1,
  });
  if (scenario.offload === 'on') return [];
  if (!have('ethtool')) return ['no ethtool: captures hold segments and checksums as the virtual cards leave them'];
  await offloadsOff(net, uplinks);
  return [];
}

function forwarding(uplinks: readonly LabUplink[]): string {
  const devices = uplinks.map(({ dev }) => `"${dev}"`).join(', ');
  return `table ip forwarding {
  chain dstnat { type nat hook prerouting priority dstnat; policy accept;
    iifname { ${devices} } tcp dport ${CALLERS.port} dnat to ${CALLERS.target}
  }
}
`;
}

/** What passes, by five-tuple: one row a tuple, counted. Of ICMP the identifier stands for both ports. */
const WITNESS = `table inet witness {
  set four { type ipv4_addr . inet_proto . inet_service . ipv4_addr . inet_service; flags dynamic; size 65535; counter; }
  set six { type ipv6_addr . inet_proto . inet_service . ipv6_addr . inet_service; flags dynamic; size 65535; counter; }
  set ping { typeof ip saddr . icmp id . ip daddr; flags dynamic; size 65535; counter; }
  set ping6 { typeof ip6 saddr . icmpv6 id . ip6 daddr; flags dynamic; size 65535; counter; }
  chain arrive { type filter hook prerouting priority 0; policy accept;
    iifname "net" return
    meta nfproto ipv4 meta l4proto { tcp, udp } update @four { ip saddr . meta l4proto . th sport . ip daddr . th dport }
    meta nfproto ipv6 meta l4proto { tcp, udp } update @six { ip6 saddr . meta l4proto . th sport . ip6 daddr . th dport }
    icmp type echo-request update @ping { ip saddr . icmp id . ip daddr }
    icmpv6 type echo-request update @ping6 { ip6 saddr . icmpv6 id . ip6 daddr }
  }
}
`;

async function joinLan(net: Namespaces, scenario: Scenario): Promise<void> {
  const [clients, router] = [net.name(PARTS.clients), net.name(PARTS.router)];
  const indices = Array.from({ length: scenario.clients }, (_, index) => index);
  const six = scenario.ipv6 === 'mixed';
  await batch(router, [
    `link add ${LAN.dev} address 02:00:00:00:77:01 type veth peer name eth0 address 02:00:00:00:77:02 netns ${clients}`,
    `link set ${LAN.dev} up`,
    `addr add ${LAN.router}/24 brd + dev ${LAN.dev}`,
    ...(six ? [`addr add ${LAN.router6}/64 dev ${LAN.dev} nodad`] : []),
  ]);
  await batch(clients, [
    'link set eth0 up',
    ...indices.map((index) => `addr add ${clientAddress(index, 4)}/24 brd + dev eth0`),
    `route add default via ${LAN.router}`,
    ...(six ? indices.map((index) => `addr add ${clientAddress(index, 6)}/64 dev eth0 nodad`) : []),
    ...(six ? [`-6 route add default via ${LAN.router6}`] : []),
  ]);
}

/** Router – gateway – internet. IPv6 addresses stay when a link goes down, as those of IPv4 do. */
async function joinGateway(net: Namespaces, uplink: LabUplink): Promise<void> {
  const [router, internet] = [net.name(PARTS.router), net.name(PARTS.internet)];
  const gateway = net.name(PARTS.gateway(uplink.id));
  const { id, dev, net: network, net6 } = uplink;
  const between = transit(id);
  const mac = (end: string) => `02:00:00:00:0${id}:0${end}`;
  await sysctl(gateway, { 'net.ipv6.conf.all.keep_addr_on_down': 1 });
  await sysctl(router, { 'net.ipv6.conf.all.keep_addr_on_down': 1 });
  await batch(router, [
    `link add ${dev} address ${mac('2')} type veth peer name wan address ${mac('1')} netns ${gateway}`,
    `link set ${dev} up`,
    `addr add ${uplink.ip}/28 brd + dev ${dev}`,
    `addr add ${uplink.ip6}/64 dev ${dev} nodad`,
  ]);
  await batch(gateway, [
    `link add net address ${mac('3')} type veth peer name isp${id} address ${mac('4')} netns ${internet}`,
    'link set wan up',
    'link set net up',
    `addr add ${uplink.gw}/28 brd + dev wan`,
    `addr add ${uplink.gw6}/64 dev wan nodad`,
    `addr add ${between.gateway}/30 dev net`,
    `addr add ${between.gateway6}/64 dev net nodad`,
    `route add default via ${between.internet}`,
    `-6 route add default via ${between.internet6}`,
  ]);
  await batch(internet, [
    `link set isp${id} up`,
    `addr add ${between.internet}/30 dev isp${id}`,
    `addr add ${between.internet6}/64 dev isp${id} nodad`,
    `route add ${network} via ${between.gateway}`,
    `-6 route add ${net6} via ${between.gateway6}`,
  ]);
}

async function offloadsOff(net: Namespaces, uplinks: readonly LabUplink[]): Promise<void> {
  const cards: [string, string][] = [
    [PARTS.clients, 'eth0'],
    [PARTS.router, LAN.dev],
    ...uplinks.flatMap(({ id, dev }): [string, string][] => [
      [PARTS.router, dev],
      [PARTS.gateway(id), 'wan'],
      [PARTS.gateway(id), 'net'],
      [PARTS.internet, `isp${id}`],
    ]),
  ];
  const features = ['tso', 'gso', 'gro', 'tx', 'rx', 'sg'].flatMap((feature) => [feature, 'off']);
  for (const [part, card] of cards) await attempt(inside(net.name(part), ['ethtool', '-K', card, ...features]));
}

/** Several `ip` commands in one process; `-6` before one makes it IPv6's. */
export async function batch(namespace: string, commands: readonly string[]): Promise<void> {
  for (const six of [false, true]) {
    const chosen = commands.filter((command) => command.startsWith('-6 ') === six);
    const family = six ? ['-6'] : [];
    if (chosen.length === 0) continue;
    await run(['ip', ...family, '-n', namespace, '-batch', '-'], `${chosen.join('\n').replace(/^-6 /gm, '')}\n`);
  }
}

export async function sysctl(namespace: string, settings: Readonly<Record<string, number>>): Promise<void> {
  const assignments = Object.entries(settings).map(([key, value]) => `${key}=${value}`);
  if (assignments.length > 0) await run(inside(namespace, ['sysctl', '-q', '-w', ...assignments]));
}
