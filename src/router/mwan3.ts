// mwan3 on OpenWrt: its interfaces, members and policies, joined with the interfaces of /etc/config/network, become
// uplinks with weights and marks. https://openwrt.org/docs/guide-user/network/wan/multiwan/mwan3

import { type Facts, type Mark, type NamedUplink, type Note, placeText, type UciSection } from './facts.js';
import { readAddress, readCount, readDefault, readInterfaceAddress, readMark } from './values.js';

/** `option mmx_mask`, where none is given. */
const DEFAULT_MASK = 0x3f00;

interface Member {
  interface: string;
  metric: number;
  weight: number;
  section: UciSection;
}

/** Adds the uplinks of mwan3 and the addresses of the network's interfaces. */
export function readMwan3(facts: Facts, notes: Note[]): void {
  const { uci } = facts;
  const networks = new Map(
    uci.filter((one) => one.type === 'interface' && one.options.has('proto')).map((one) => [one.name, one]),
  );
  for (const network of networks.values()) addAddresses(network, networks, facts);
  const interfaces = uci.filter((one) => one.type === 'interface' && !one.options.has('proto') && isMwan3(one));
  if (interfaces.length === 0) return;
  const mask = Number(
    readMark(uci.find((one) => one.options.has('mmx_mask'))?.options.get('mmx_mask') ?? '')?.value ?? DEFAULT_MASK,
  );
  const members = new Map(uci.filter((one) => one.type === 'member').map((one) => [one.name, memberOf(one)]));
  const chosen = chooseMembers(uci, members, notes);
  const least = Math.min(...chosen.map(({ metric }) => metric));
  interfaces.forEach((section, i) => {
    const enabled = section.options.get('enabled');
    if (enabled !== '1' && enabled !== 'on' && enabled !== 'true' && enabled !== 'yes') {
      notes.push({ kind: 'assumed', place: section.place, text: `${section.name} is not enabled: left out` });
      return;
    }
    const member = chosen.find((one) => one.interface === section.name);
    if (member === undefined) {
      notes.push({
        kind: 'assumed',
        place: section.place,
        text: `${section.name} is no member of the policy: left out`,
      });
      return;
    }
    const standby =
      member.metric > least ? `stands by with metric ${member.metric} (${placeText(member.section.place)})` : null;
    facts.uplinks.push({
      ...ofNetwork(section, networks),
      name: section.name,
      system: 'mwan3',
      weight: standby === null ? member.weight : null,
      standby,
      mark: markOf(i + 1, mask),
      place: standby === null ? member.section.place : section.place,
    });
  });
}

/** The bits of the number, put on the places where the mask has its bits. */
export function markOf(id: number, mask: number): Mark | null {
  let value = 0;
  let left = id;
  for (let bit = 0; bit < 32; bit++) {
    if (((mask >>> bit) & 1) === 0) continue;
    if ((left & 1) === 1) value += 2 ** bit;
    left >>>= 1;
  }
  return left === 0 && mask > 0 ? { value, mask: mask >>> 0 } : null;
}

/** Sections `interface` stand in network too; those of mwan3 have none of its options. */
function isMwan3({ options, lists }: UciSection): boolean {
  return ['enabled', 'track_ip', 'reliability', 'initial_state', 'track_method'].some(
    (key) => options.has(key) || lists.has(key),
  );
}

/** Members of the policy by which flows without a rule of their own go. */
function chooseMembers(
  uci: readonly UciSection[],
  members: ReadonlyMap<string, Member | null>,
  notes: Note[],
): Member[] {
  const policies = new Map(uci.filter(({ type }) => type === 'policy').map((one) => [one.name, one]));
  const rules = uci.filter(({ type, options }) => type === 'rule' && options.has('use_policy'));
  const general = rules.find(({ options }) => {
    const isAny = (key: string) =>
      ['', 'all', 'any'].includes(options.get(key) ?? '') || readDefault(options.get(key) ?? '') !== null;
    return (
      ['src_ip', 'src_port', 'dest_port', 'ipset', 'src_iface', 'dest_ip', 'proto'].every(isAny) &&
      options.get('family') !== 'ipv6' &&
      readDefault(options.get('dest_ip') ?? '')?.family !== 6
    );
  });
  for (const rule of rules) {
    const policy = rule.options.get('use_policy');
    if (rule === general || policy === general?.options.get('use_policy')) continue;
    notes.push({
      kind: 'assumed',
      place: rule.place,
      text: `rule ${rule.name} sends its flows by policy ${policy}, not by these weights`,
    });
  }
  const largest = [...policies.values()].sort((a, b) => usedBy(b).length - usedBy(a).length)[0];
  const policy = policies.get(general?.options.get('use_policy') ?? '') ?? largest;
  if (policy === undefined) return [...members.values()].filter((member) => member !== null);
  const why =
    general === undefined
      ? 'it has the most members; no rule is for everything'
      : `rule ${general.name} is for everything`;
  notes.push({ kind: 'assumed', place: policy.place, text: `weights are those of policy ${policy.name}: ${why}` });
  return usedBy(policy).flatMap((name) => {
    const member = members.get(name);
    if (member) return [member];
    notes.push({
      kind: 'contradiction',
      place: policy.place,
      text: `policy ${policy.name} uses member ${name}, which is not there`,
    });
    return [];
  });
}

function usedBy({ options, lists }: UciSection): readonly string[] {
  return lists.get('use_member') ?? options.get('use_member')?.split(/\s+/) ?? [];
}

function memberOf(section: UciSection): Member | null {
  const name = section.options.get('interface');
  if (name === undefined) return null;
  return {
    interface: name,
    metric: readCount(section.options.get('metric'), 1e6) ?? 1,
    weight: readCount(section.options.get('weight'), 65_536) ?? 1,
    section,
  };
}

function ofNetwork(
  section: UciSection,
  networks: ReadonlyMap<string, UciSection>,
): Pick<NamedUplink, 'dev' | 'gateway' | 'gateway6' | 'addresses' | 'linePlace'> {
  const network = networks.get(section.name);
  if (network === undefined) return { dev: null, gateway: null, gateway6: null, addresses: [] };
  return {
    dev: deviceOf(network, networks),
    gateway: readAddress(network.options.get('gateway') ?? '')?.text ?? null,
    gateway6: readAddress(network.options.get('ip6gw') ?? '')?.text ?? null,
    addresses: addressesOf(network).map(({ address }) => address),
    linePlace: network.place,
  };
}

/** The kernel's name of the interface: tunnels over a line have their own, `@wan` is another one's. */
function deviceOf(network: UciSection, networks: ReadonlyMap<string, UciSection>, depth = 0): string | null {
  const proto = network.options.get('proto') ?? '';
  if (/^(?:pppoe|pppoa|pptp|l2tp|3g)$/.test(proto)) return `${proto}-${network.name}`;
  if (/^(?:qmi|ncm|mbim|modemmanager|wireguard)$/.test(proto)) return proto === 'wireguard' ? network.name : null;
  const device = network.options.get('device') ?? network.options.get('ifname') ?? null;
  if (device === null || !device.startsWith('@')) {
    return network.options.get('type') === 'bridge' ? `br-${network.name}` : (device?.split(/\s+/)[0] ?? null);
  }
  const other = networks.get(device.slice(1));
  return other === undefined || depth > 8 ? null : deviceOf(other, networks, depth + 1);
}

function addressesOf({ options, lists }: UciSection) {
  if (options.get('proto') !== 'static') return [];
  const mask = options.get('netmask');
  const all = ['ipaddr', 'ip6addr'].flatMap((key) => lists.get(key) ?? options.get(key)?.split(/\s+/) ?? []);
  return all.flatMap((text) => {
    const hasMask = text.includes('/') || text.includes(':') || mask === undefined;
    return readInterfaceAddress(hasMask ? text : `${text}/${mask}`) ?? [];
  });
}

function addAddresses(network: UciSection, networks: ReadonlyMap<string, UciSection>, facts: Facts): void {
  const dev = deviceOf(network, networks);
  if (dev === null || dev === 'lo') return;
  for (const { address, family, network: prefix } of addressesOf(network)) {
    facts.addresses.push({ dev, family, address, network: prefix, isDynamic: false, place: network.place });
  }
}
