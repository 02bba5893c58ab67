// Items of `ip -json` become facts: routes, rules, addresses, links, neighbours, nexthop objects. Which one an item is,
// its own keys tell.

import type { Facts, Hop, Place } from './facts.js';
import { addAddress, MAC } from './ip-link.js';
import { addNetwork, readRoute } from './ip-route.js';
import { readRule } from './ip-rule.js';
import { field, listOf, numberOf, textOf } from './json-items.js';
import { readAddress, readInterfaceAddress } from './values.js';

export type IpObject = 'routes' | 'rules' | 'addresses' | 'links' | 'neighbours' | 'nexthops';

/** Adds what the item tells, and says what it was; null for none of ip's. */
export function readIpJson(item: unknown, facts: Facts, place: Place): IpObject | null {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return null;
  const has = (key: string) => Object.hasOwn(item, key);
  if (has('dst') && (has('lladdr') || has('state')) && !has('type') && !has('protocol')) {
    return readNeighbour(item, facts, place);
  }
  if (has('priority') && (has('src') || has('table') || has('action') || has('srclen'))) {
    return readJsonRule(item, facts, place);
  }
  if (has('ifname') && (has('ifindex') || has('addr_info'))) return readLink(item, facts, place);
  if (has('dst') && (has('dev') || has('nexthops') || has('gateway') || has('type') || has('nhid') || has('via'))) {
    return readJsonRoute(item, facts, place);
  }
  if (typeof field(item, 'id') === 'number' && (has('gateway') || has('dev') || has('group') || has('blackhole'))) {
    return readJsonNexthop(item, facts, place);
  }
  return null;
}

/** The same words as in text, so that both are understood alike. */
function readJsonRoute(item: object, facts: Facts, place: Place): IpObject {
  const words = [textOf(item, 'type') ?? 'unicast', textOf(item, 'dst') ?? ''];
  const keys = [
    ['dev', 'dev'],
    ['table', 'table'],
    ['protocol', 'proto'],
    ['scope', 'scope'],
    ['prefsrc', 'src'],
    ['metric', 'metric'],
    ['from', 'from'],
    ['nhid', 'nhid'],
    ['pref', 'pref'],
  ] as const;
  const gateway = gatewayOf(item);
  if (gateway !== null) words.push('via', gateway);
  for (const [key, word] of keys) {
    const value = textOf(item, key);
    if (value !== null && value !== '') words.push(word, value);
  }
  const read = readRoute(words, null, place);
  if (read.route === null) {
    addNetwork(facts, words, read, place);
    return 'routes';
  }
  const hops = listOf(item, 'nexthops').map((hop) => readHop(hop, place));
  if (hops.length > 0) read.route.hops = hops;
  else for (const hop of read.route.hops) hop.isDead = isDead(item);
  read.route.family ??= hops.flatMap(({ gateway }) => (gateway === null ? [] : [gateway.includes(':') ? 6 : 4]))[0] as
    | 4
    | 6
    | null;
  facts.routes.push(read.route);
  return 'routes';
}

function readHop(hop: unknown, place: Place): Hop {
  const weight = numberOf(hop, 'weight') ?? 1;
  return {
    gateway: readAddress(gatewayOf(hop) ?? '')?.text ?? null,
    dev: textOf(hop, 'dev'),
    weight: Number.isInteger(weight) && weight >= 1 && weight <= 65_536 ? weight : 1,
    isDead: isDead(hop),
    place,
  };
}

/** `gateway`, or `via` where the gateway is of the other family. */
function gatewayOf(item: unknown): string | null {
  return textOf(item, 'gateway') ?? textOf(field(item, 'via'), 'host');
}

function isDead(item: unknown): boolean {
  return listOf(item, 'flags').some((flag) => flag === 'dead' || flag === 'linkdown');
}

function readJsonRule(item: object, facts: Facts, place: Place): IpObject {
  const source = textOf(item, 'src') ?? 'all';
  const length = numberOf(item, 'srclen');
  const mask = textOf(item, 'fwmask');
  const fwmark = textOf(item, 'fwmark');
  const words = ['from', length === null ? source : `${source}/${length}`];
  if (fwmark !== null) words.push('fwmark', mask === null || fwmark.includes('/') ? fwmark : `${fwmark}/${mask}`);
  for (const key of ['iif', 'oif', 'tos', 'ipproto', 'sport', 'dport', 'uidrange', 'tun_id']) {
    if (Object.hasOwn(item, key)) words.push(key);
  }
  const suppressed = numberOf(item, 'suppress_prefixlen');
  if (suppressed !== null) words.push('suppress_prefixlength', String(suppressed));
  if (Object.hasOwn(item, 'not')) words.push('not');
  if (Object.hasOwn(item, 'dst') && textOf(item, 'dst') !== 'all') words.push('to', textOf(item, 'dst') ?? '');
  const table = textOf(item, 'table');
  if (table !== null) words.push('lookup', table);
  const rule = readRule(words, numberOf(item, 'priority'), null, place);
  if (rule !== null) facts.rules.push(rule);
  return 'rules';
}

function readLink(item: object, facts: Facts, place: Place): IpObject {
  const dev = textOf(item, 'ifname') ?? '';
  const mac = textOf(item, 'address') ?? '';
  const flags = listOf(item, 'flags');
  facts.links.push({
    dev,
    index: numberOf(item, 'ifindex'),
    mac: textOf(item, 'link_type') === 'ether' && MAC.test(mac) ? mac.toLowerCase() : null,
    isLoopback: flags.includes('LOOPBACK') || textOf(item, 'link_type') === 'loopback',
    place,
  });
  for (const info of listOf(item, 'addr_info')) {
    const found = readInterfaceAddress(`${textOf(info, 'local') ?? ''}/${numberOf(info, 'prefixlen') ?? ''}`);
    if (found === null) continue;
    const isPeer = textOf(info, 'address') !== null;
    addAddress(facts, dev, found, { isPeer, isDynamic: field(info, 'dynamic') === true, place });
  }
  return Object.hasOwn(item, 'addr_info') ? 'addresses' : 'links';
}

function readNeighbour(item: object, facts: Facts, place: Place): IpObject {
  const address = readAddress(textOf(item, 'dst') ?? '');
  const mac = textOf(item, 'lladdr') ?? '';
  if (address !== null && MAC.test(mac)) {
    facts.neighbours.push({ dev: textOf(item, 'dev'), address: address.text, mac: mac.toLowerCase(), place });
  }
  return 'neighbours';
}

function readJsonNexthop(item: object, facts: Facts, place: Place): IpObject {
  facts.nexthops.push({
    id: numberOf(item, 'id') ?? 0,
    gateway: readAddress(gatewayOf(item) ?? '')?.text ?? null,
    dev: textOf(item, 'dev'),
    group: listOf(item, 'group').flatMap((member) => {
      const id = numberOf(member, 'id');
      const weight = numberOf(member, 'weight') ?? 1;
      return id === null
        ? []
        : [{ id, weight: Number.isInteger(weight) && weight >= 1 && weight <= 65_536 ? weight : 1 }];
    }),
    place,
  });
  return 'nexthops';
}
