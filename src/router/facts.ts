// What the router's files say, each statement with its place: the common language of the readers of every format.
// Plain data. Readers add to it, `uplinks.ts` makes a configuration of it.

import type { Prefix } from '../config/config.js';

/** What a statement is worth against another: the kernel's state, a script that sets it, settings that a system uses. */
export const RANK = { state: 0, script: 1, settings: 2 } as const;

export interface Place {
  file: string;
  /** From 1. */
  line: number;
  /** From 1, for JSON: there one line may hold everything. */
  column: number | null;
  rank: number;
}

export interface Hop {
  gateway: string | null;
  dev: string | null;
  weight: number;
  /** The kernel has taken it out of use: `dead`, `linkdown`. */
  isDead: boolean;
  place: Place;
}

/** A default route, unicast. */
export interface DefaultRoute {
  /** Null where nothing in it tells. */
  family: 4 | 6 | null;
  table: string;
  metric: number;
  hops: Hop[];
  /** `src`: the source of the router's own packets. */
  source: string | null;
  nexthopId: number | null;
  place: Place;
}

export interface Rule {
  priority: number;
  table: string;
  /** `from`, null for all. */
  from: Prefix | null;
  fwmark: Mark | null;
  /** Asks for more than `from` and `fwmark`: interface, destination, protocol, … */
  isNarrow: boolean;
  /** Its default routes don't count (`suppress_prefixlength 0`). */
  suppressesDefault?: boolean;
  family: 4 | 6 | null;
  place: Place;
}

/** An address of the router, or a network that lies at one of its interfaces. */
export interface InterfaceAddress {
  dev: string;
  family: 4 | 6;
  /** Null where only the network is told. */
  address: string | null;
  network: Prefix | null;
  /** By DHCP or router advertisement: it may be another one tomorrow. */
  isDynamic: boolean;
  place: Place;
}

export interface Link {
  dev: string;
  index: number | null;
  mac: string | null;
  isLoopback: boolean;
  place: Place;
}

export interface Mark {
  value: number;
  mask: number;
}

/** Names of interfaces with `*` or `+` at their end for any; `not` for all others. */
export interface DevMatch {
  names: readonly string[];
  not: boolean;
}

export type NatAction =
  | { kind: 'snat'; to: readonly string[] }
  | { kind: 'snatByDev'; to: readonly (readonly [dev: string, address: string])[] }
  | { kind: 'masquerade' }
  /** Sets the mark of the connection. */
  | { kind: 'connmark'; mark: Mark }
  /** Sets the mark of the packet. */
  | { kind: 'mark'; mark: Mark }
  | { kind: 'jump'; chain: string };

/** One rule of netfilter that has to do with sources or marks. */
export interface NatRule {
  /** Chain with its table and family: `ip nat POSTROUTING`. */
  chain: string;
  family: 4 | 6 | null;
  out: DevMatch | null;
  in: DevMatch | null;
  sources: readonly Prefix[];
  /** Mark of packet or connection that it asks for; not the absence of one. */
  mark: Mark | null;
  /** Only for some destinations. */
  isNarrow: boolean;
  action: NatAction;
  place: Place;
}

export interface NexthopObject {
  id: number;
  gateway: string | null;
  dev: string | null;
  group: readonly { id: number; weight: number }[];
  place: Place;
}

export interface Neighbour {
  dev: string | null;
  address: string;
  mac: string;
  place: Place;
}

/** What a system of its own (mwan3, Endian) calls an uplink. Null: it doesn't say. */
export interface NamedUplink {
  name: string;
  system: string;
  dev: string | null;
  gateway: string | null;
  gateway6: string | null;
  addresses: readonly string[];
  weight: number | null;
  /** Why it has no weight, where it stands by. */
  standby: string | null;
  mark: Mark | null;
  place: Place;
  /** Where interface, gateway and addresses stand, where that is elsewhere. */
  linePlace?: Place;
}

/** A section of a UCI file (OpenWrt): `config interface 'wan'` with its options. */
export interface UciSection {
  type: string;
  name: string;
  options: ReadonlyMap<string, string>;
  lists: ReadonlyMap<string, readonly string[]>;
  place: Place;
}

export interface Setting<T> {
  value: T;
  place: Place;
}

export interface Facts {
  routes: DefaultRoute[];
  rules: Rule[];
  addresses: InterfaceAddress[];
  links: Link[];
  nat: NatRule[];
  /** Chains in which packets start, by the hook. */
  bases: Map<string, 'postrouting' | 'prerouting' | 'other'>;
  /** Where marks of packets are saved as marks of connections. */
  savesMark: boolean;
  nexthops: NexthopObject[];
  neighbours: Neighbour[];
  uplinks: NamedUplink[];
  uci: UciSection[];
  lan: Setting<Prefix>[];
  hashPolicy: Setting<number>[];
  hashPolicy6: Setting<number>[];
  keepaliveSec: Setting<number>[];
}

export interface Note {
  /**
   * `understood` what a file gave; `assumed` what was concluded, with its reason; `unclear` what was not understood;
   * `contradiction` what does not fit together; `skipped` what says nothing of uplinks.
   */
  kind: 'understood' | 'assumed' | 'unclear' | 'contradiction' | 'skipped';
  place: Place | null;
  text: string;
}

export function noFacts(): Facts {
  return {
    routes: [],
    rules: [],
    addresses: [],
    links: [],
    nat: [],
    bases: new Map(),
    savesMark: false,
    nexthops: [],
    neighbours: [],
    uplinks: [],
    uci: [],
    lan: [],
    hashPolicy: [],
    hashPolicy6: [],
    keepaliveSec: [],
  };
}

/** A router has fewer of each; what is put together of them grows with their products. */
const MOST = 10_000;

/** Adds `other` behind what is there, up to ten thousand of each. */
export function addFacts(facts: Facts, other: Facts): void {
  for (const key of LISTS) {
    const list = facts[key] as unknown[];
    const room = Math.max(0, MOST - list.length);
    for (const one of other[key].slice(0, room)) list.push(one);
  }
  for (const [chain, hook] of other.bases) facts.bases.set(chain, hook);
  facts.savesMark ||= other.savesMark;
}

const LISTS = [
  'routes',
  'rules',
  'addresses',
  'links',
  'nat',
  'nexthops',
  'neighbours',
  'uplinks',
  'uci',
  'lan',
  'hashPolicy',
  'hashPolicy6',
  'keepaliveSec',
] as const satisfies readonly (keyof Facts)[];

/** `start.route.txt:6`, `start.route.json:1:518`. */
export function placeText({ file, line, column }: Place): string {
  return column === null ? `${file}:${line}` : `${file}:${line}:${column}`;
}
