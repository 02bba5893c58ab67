// The words of a route, as `ip route` prints and takes them, become default routes and networks of interfaces.
// https://man7.org/linux/man-pages/man8/ip-route.8.html

import type { DefaultRoute, Facts, Hop, Place } from './facts.js';
import { devName, readAddress, readCount, readDefault, readInterfaceAddress } from './values.js';

/** Linux takes 1 to 256, nexthop objects 65536 since 6.12. */
const LARGEST_WEIGHT = 65_536;
/** Of one route; the rest is left out. */
export const MOST_HOPS = 1024;

export const ROUTE_TYPES: ReadonlySet<string> = new Set([
  'unicast',
  'local',
  'broadcast',
  'multicast',
  'throw',
  'unreachable',
  'prohibit',
  'blackhole',
  'nat',
  'anycast',
]);

/** Keys that have no value behind them. */
const FLAGS = new Set(
  'onlink pervasive dead linkdown offload trap offload_failed unresolved rt_offload notify equalize cache local'.split(
    ' ',
  ),
);

/** Never the value of a key that isn't known here. */
const OPENERS = new Set(['nexthop', 'via', 'dev', 'weight']);

/** What a route is, told or not; `problem` names the word that was not understood. */
export interface RouteWords {
  type: string;
  destination: string;
  dev: string | null;
  table: string | null;
  protocol: string | null;
  scope: string | null;
  route: DefaultRoute | null;
  problem: string | null;
}

/** Reads `default via 203.0.113.1 dev wan1 table 201 …`; the words of `nexthop` may follow, or come as further lines. */
export function readRoute(words: readonly string[], family: 4 | 6 | null, place: Place): RouteWords {
  let at = 0;
  const type = ROUTE_TYPES.has(words[0]) ? words[at++] : 'unicast';
  let destination = '';
  const values = new Map<string, string>();
  const first = { gateway: null, dev: null, weight: 1, isDead: false, place } as Hop;
  const hops: Hop[] = [];
  let hop = first;
  let problem: string | null = null;
  for (; at < words.length; at++) {
    const word = words[at];
    if (word === 'nexthop') {
      hop = { gateway: null, dev: null, weight: 1, isDead: false, place };
      if (hops.length < MOST_HOPS) hops.push(hop);
    } else if (word === 'via') {
      if (words[at + 1] === 'inet' || words[at + 1] === 'inet6') at++;
      const gateway = readAddress(words[++at] ?? '');
      if (gateway === null) problem ??= `via ${words[at] ?? ''}`;
      hop.gateway = gateway?.text ?? null;
    } else if (word === 'dev' || word === 'oif') hop.dev = devName(words[++at] ?? '') || null;
    else if (word === 'weight') {
      const [, digits, rest] = /^(\d+)(.*)$/.exec(words[++at] ?? '') ?? [];
      const weight = readCount(digits, LARGEST_WEIGHT);
      if (weight === null) problem ??= `weight ${words[at] ?? ''}`;
      hop.weight = weight ?? 1;
      // `weight 4\` before a line break glues the next word to it: the Nano-Howto prints it so.
      if (rest === 'nexthop') {
        hop = { gateway: null, dev: null, weight: 1, isDead: false, place };
        if (hops.length < MOST_HOPS) hops.push(hop);
      } else if (rest) problem ??= `weight ${words[at]}`;
    } else if (word === 'dead' || word === 'linkdown') hop.isDead = true;
    else if (word === 'metric' || word === 'preference' || word === 'priority') values.set('metric', words[++at] ?? '');
    else if (word === 'proto' || word === 'protocol') values.set('proto', words[++at] ?? '');
    else if (word === 'table') values.set('table', words[++at] ?? '');
    else if (FLAGS.has(word) || word === 'lock') continue;
    else if (word === 'to' && destination === '') destination = words[++at] ?? '';
    else if (
      destination === '' &&
      (readDefault(word) !== null || /^[\da-f]*[.:][\da-f.:/]*$|^\d+(\/\d+)?$/i.test(word))
    )
      destination = word;
    else if (!OPENERS.has(words[at + 1])) values.set(word, words[++at] ?? '');
  }
  const isDefault = readDefault(destination);
  const known = isDefault?.family ?? family ?? familyOf([first, ...hops], values);
  return {
    type,
    destination,
    dev: first.dev,
    table: values.get('table') ?? null,
    protocol: values.get('proto') ?? null,
    scope: values.get('scope') ?? null,
    route:
      isDefault === null || type !== 'unicast' || destination === ''
        ? null
        : {
            family: known,
            table: values.get('table') ?? 'main',
            metric: Number(/^\d+$/.exec(values.get('metric') ?? '')?.[0] ?? 0),
            hops: (hops.length > 0 ? hops : [first]).filter(({ gateway, dev }) => gateway !== null || dev !== null),
            source: readAddress(values.get('src') ?? '')?.text ?? null,
            nexthopId: readCount(values.get('nhid'), 0x7fffffff),
            place,
          },
    problem,
  };
}

/** A further line `nexthop via … dev … weight …`. */
export function readHop(words: readonly string[], place: Place): { hops: Hop[]; problem: string | null } {
  const { route, problem } = readRoute(['default', ...words], null, place);
  return { hops: route?.hops ?? [], problem };
}

/** The network or address that a line of the tables main and local tells of an interface. */
export function addNetwork(facts: Facts, words: readonly string[], route: RouteWords, place: Place): void {
  if (route.dev === null) return;
  const isLocal = route.type === 'local';
  const isConnected = route.type === 'unicast' && !words.includes('via') && !words.includes('nhid');
  if (!isLocal && !(isConnected && (route.protocol === 'kernel' || route.scope === 'link'))) return;
  const found = readInterfaceAddress(route.destination);
  if (found === null || route.dev === 'lo') return;
  const source = readAddress(words[words.indexOf('src') + 1] ?? '');
  facts.addresses.push({
    dev: route.dev,
    family: found.family,
    address: isLocal ? found.address : words.includes('src') ? (source?.text ?? null) : null,
    network: isLocal ? null : found.network,
    isDynamic: false,
    place,
  });
}

function familyOf(hops: readonly Hop[], values: ReadonlyMap<string, string>): 4 | 6 | null {
  const address = readAddress(values.get('src') ?? '') ?? readAddress(values.get('from') ?? '');
  if (address !== null) return address.family;
  if (values.has('pref')) return 6; // the preference of router advertisements: IPv6 alone has it
  for (const { gateway } of hops) if (gateway !== null) return gateway.includes(':') ? 6 : 4;
  return null;
}
