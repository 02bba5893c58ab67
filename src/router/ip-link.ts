// `ip addr`, `ip link`, `ip neigh` and `ip nexthop` in text, a line at a time.
// https://man7.org/linux/man-pages/man8/ip-address.8.html, ip-link(8), ip-neighbour(8), ip-nexthop(8)

import type { Facts, Link, NexthopObject, Place } from './facts.js';
import { devName, readAddress, readCount, readInterfaceAddress } from './values.js';

export const MAC = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i;

const LARGEST_ID = 0x7fffffff;

/** `3: wan1@if2: <BROADCAST,UP> mtu 1500 …`: the interface that further lines are about, null for another line. */
export function readLinkHead(line: string, place: Place): Link | null {
  const [, index, name, flags] = /^(\d{1,9}): ([^\s:]{1,64}(?::\d+)?):? <([A-Z0-9_,-]*)>/.exec(line) ?? [];
  if (index === undefined) return null;
  return {
    dev: devName(name),
    index: Number(index),
    mac: null,
    isLoopback: flags.includes('LOOPBACK'),
    place,
  };
}

/** `link/ether 02:00:… brd …`, `inet 203.0.113.2/28 brd … scope global dynamic wan1`. True where understood. */
export function readLinkDetail(words: readonly string[], link: Link, facts: Facts, place: Place): boolean {
  const [kind, value = ''] = words;
  if (kind.startsWith('link/')) {
    link.mac = kind === 'link/ether' && MAC.test(value) ? value.toLowerCase() : null;
    link.isLoopback ||= kind === 'link/loopback';
    return true;
  }
  if (kind !== 'inet' && kind !== 'inet6') return false;
  const peer = words.indexOf('peer');
  const found = readInterfaceAddress(value);
  if (found === null) return false;
  // Of a point-to-point link the far end's prefix is told, which is no network of ours.
  addAddress(facts, link.dev, found, { isPeer: peer > 0, isDynamic: words.includes('dynamic'), place });
  return true;
}

/** `3: wan1    inet 203.0.113.2/28 brd …`: the form of `ip -o addr`. */
export function readOneLineAddress(words: readonly string[], facts: Facts, place: Place): boolean {
  const found = readInterfaceAddress(words[3] ?? '');
  if (found === null) return false;
  const isPeer = words.includes('peer');
  addAddress(facts, devName(words[1]), found, { isPeer, isDynamic: words.includes('dynamic'), place });
  return true;
}

export function addAddress(
  facts: Facts,
  dev: string,
  { address, family, network }: { address: string; family: 4 | 6; network: Facts['addresses'][number]['network'] },
  { isPeer, isDynamic, place }: { isPeer: boolean; isDynamic: boolean; place: Place },
): void {
  facts.addresses.push({ dev, family, address, network: isPeer ? null : network, isDynamic, place });
}

/** `203.0.113.1 dev wan1 lladdr 02:00:00:00:01:01 REACHABLE`. */
export function readNeighbour(words: readonly string[], facts: Facts, place: Place): boolean {
  const address = readAddress(words[0]);
  const mac = words[words.indexOf('lladdr') + 1] ?? '';
  if (address === null || !MAC.test(mac)) return false;
  const dev = words.indexOf('dev');
  facts.neighbours.push({
    dev: dev < 0 ? null : devName(words[dev + 1] ?? ''),
    address: address.text,
    mac: mac.toLowerCase(),
    place,
  });
  return true;
}

/** `id 1 via 192.0.2.1 dev eth0 scope link`, `id 10 group 1,4/2`. */
export function readNexthop(words: readonly string[], place: Place): NexthopObject | null {
  const id = readCount(words[words.indexOf('id') + 1], LARGEST_ID);
  if (id === null) return null;
  const after = (key: string) => (words.includes(key) ? words[words.indexOf(key) + 1] : undefined);
  const group = (after('group') ?? '').split('/').flatMap((member) => {
    const [, one, weight] = /^(\d+)(?:,(\d+))?$/.exec(member) ?? [];
    const number = readCount(one, LARGEST_ID);
    return number === null ? [] : [{ id: number, weight: readCount(weight ?? '1', 65_536) ?? 1 }];
  });
  const via = after('via') === 'inet' || after('via') === 'inet6' ? words[words.indexOf('via') + 2] : after('via');
  const dev = after('dev');
  return {
    id,
    gateway: readAddress(via ?? '')?.text ?? null,
    dev: dev === undefined ? null : devName(dev),
    group,
    place,
  };
}
