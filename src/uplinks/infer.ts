// Without a configuration: which addresses are the router's SNAT sources? They are the ends that meet many others. Where
// flows are seen twice, before and after NAT, the later sight carries the SNAT source. That an address is private says
// nothing: a provider's box in front hands out private ones.

import type { Prefix } from '../config/config.js';
import { formatAddress, isLinkLocal, isMulticast, isPrivate, maskWords, type Words } from '../util/address.js';
import type { SightedEnd, Sighting, SurveyPoint } from './sighting.js';
import { interfaceName } from './topology.js';

export interface InferredUplink {
  name: string;
  interface: string | null;
  snat: Prefix[];
  why: string;
  flows: number;
}

export interface Inference {
  uplinks: InferredUplink[];
  lan: Prefix[];
}

const TCP = 6;
const UDP = 17;
const ICMP = 1;
const ICMP6 = 58;
/** Forwarding and NAT take microseconds; two flows of one client to one server seldom start this near. */
const NAT_US = 5000;
/** Of an address's flows so many at least are seen on both sides of the NAT, if it is one. */
const NAT_SHARE = 0.2;
/** Points that show one flow. */
const MOST_SIGHTS = 6;
/** Networks of the LAN that are told apart. */
const MOST_NETWORKS = 64;
/** More local ends than this at one point are the hosts of a LAN. */
const MOST_ENDS = 8;
/** Ends looked at, busiest first; the rest can't be a router's. */
const MOST_RANKED = 64;
/** No router has more uplinks; what looks like more are hosts, each at a point of its own. */
const MOST_UPLINKS = 64;
/** Local ends together take part in this part of a point's flows. */
const COVERAGE = 0.95;

interface Hub {
  words: Words;
  family: 4 | 6;
  address: string;
  point: SurveyPoint;
  flows: number;
  peers: number;
  /** Flows whose LAN sight was seen as well. */
  natFlows: number;
}

export function inferUplinks(sightings: readonly Sighting[]): Inference {
  const flows = sightings.filter(isForwardable);
  const nat = findNat(flows);
  const lanAddresses = new Map<string, SightedEnd & { family: 4 | 6 }>();
  const hubs = new Map<string, Hub>();
  for (const flow of flows) {
    for (const end of flow.ends) {
      if (nat.inside.has(end.address)) lanAddresses.set(end.address, { ...end, family: flow.family });
    }
  }
  for (const [, group] of groupBy(flows, (flow) => flow.point.key)) {
    const onLan = group.some((flow) => flow.ends.some((end) => nat.inside.has(end.address)));
    const outside = group.filter((flow) => !flow.ends.some((end) => nat.inside.has(end.address)));
    for (const family of [4, 6] as const) {
      const chosen = localEnds(
        outside.filter((flow) => flow.family === family),
        nat,
        onLan,
      );
      if (isLan(chosen)) {
        for (const hub of chosen) lanAddresses.set(hub.address, { ...hub, port: 0 });
        continue;
      }
      for (const hub of chosen) {
        const known = hubs.get(hub.address);
        if (known === undefined || known.flows < hub.flows) hubs.set(hub.address, hub);
        if (known !== undefined) known.peers = hub.peers = Math.max(known.peers, hub.peers);
      }
    }
    if (nat.inside.size === 0) for (const end of lanHosts(group)) lanAddresses.set(end.address, end);
  }
  for (const address of lanAddresses.keys()) hubs.delete(address);
  // Rotated files: what was counted file by file is told as a whole.
  for (const hub of hubs.values()) hub.flows = nat.seen.get(hub.address) ?? hub.flows;
  return { uplinks: nameUplinks([...hubs.values()]), lan: networksOf([...lanAddresses.values()]) };
}

/** Flows that a router forwards: not link-local, not multicast, of the usual protocols. */
function isForwardable(flow: Sighting): boolean {
  const { protocol, hasPorts, family } = flow;
  if (!(protocol === TCP || protocol === UDP || ((protocol === ICMP || protocol === ICMP6) && hasPorts))) return false;
  return !flow.ends.some(
    ({ words }) =>
      isLinkLocal(family, words) ||
      isMulticast(family, words) ||
      (family === 4 && (words[3] === 0 || words[3] === 0xffffffff)),
  );
}

interface Nat {
  /** Flows of each address, all points together. */
  seen: Map<string, number>;
  /** Addresses seen before NAT, and after it with the number of flows. */
  inside: Set<string>;
  outside: Map<string, number>;
}

/** Pairs of sights of one flow with different sources: the earlier is before NAT. */
function findNat(flows: readonly Sighting[]): Nat {
  const insideVotes = new Map<string, number>();
  const outside = new Map<string, number>();
  const byFlow = groupBy(flows, ({ protocol, ends, isn }) => {
    const [from, to] = ends;
    if (protocol === TCP && isn !== null) return `t ${to.address} ${to.port} ${isn}`;
    if (protocol === UDP) return `u ${to.address} ${to.port} ${from.port}`;
    return null;
  });
  for (const [, group] of byFlow) {
    // One flow is seen at a few points; more of the same number are a flood, or a tool that always begins with it.
    if (group.length < 2 || (group[0].protocol === TCP && group.length > MOST_SIGHTS)) continue;
    const sorted = [...group].sort((a, b) => a.startUs - b.startUs);
    for (let n = 1; n < sorted.length; n++) {
      const before = sorted[n - 1];
      const after = sorted[n];
      if (before.ends[0].address === after.ends[0].address || after.startUs - before.startUs > NAT_US) continue;
      count(insideVotes, before.ends[0].address);
      count(outside, after.ends[0].address);
    }
  }
  // Now and then two clients of one server begin with the same port at the same moment: chance, not NAT.
  const seen = new Map<string, number>();
  for (const { ends } of flows) for (const end of ends) count(seen, end.address);
  const isReal = (address: string, votes: number) => votes >= (seen.get(address) ?? 0) * NAT_SHARE;
  for (const [address, votes] of [...outside]) {
    if ((insideVotes.get(address) ?? 0) >= votes || !isReal(address, votes)) outside.delete(address);
  }
  const inside = new Set(
    [...insideVotes]
      .filter(([address, votes]) => !outside.has(address) && isReal(address, votes))
      .map(([address]) => address),
  );
  return { seen, outside, inside: outside.size === 0 ? new Set() : inside };
}

/** The few addresses of one family that take part in nearly all flows of a point, busiest first; none if it takes many. */
function localEnds(flows: readonly Sighting[], nat: Nat, onLan: boolean): Hub[] {
  const hubs = new Map<string, Hub & { met: Set<string>; began: number }>();
  for (const flow of flows) {
    flow.ends.forEach((end, n) => {
      let hub = hubs.get(end.address);
      if (hub === undefined) {
        const { point, family } = flow;
        hub = { ...end, family, point, flows: 0, peers: 0, natFlows: 0, met: new Set(), began: 0 };
        hubs.set(end.address, hub);
      }
      hub.flows++;
      hub.met.add(flow.ends[1 - n].address);
      if (n === 0) hub.began++;
    });
  }
  for (const hub of hubs.values()) {
    hub.peers = hub.met.size;
    hub.natFlows = nat.outside.get(hub.address) ?? 0;
  }
  const ranked = [...hubs.values()].sort(
    (a, b) => b.natFlows - a.natFlows || b.peers - a.peers || b.began - a.began || (a.address < b.address ? -1 : 1),
  );
  const chosen: Hub[] = [];
  const taken = new Set<string>();
  let covered = 0;
  for (const hub of ranked.slice(0, MOST_RANKED)) {
    if (covered >= flows.length * COVERAGE || chosen.length > MOST_ENDS) break;
    // Where NAT shows itself, it is the better witness.
    if (onLan && hub.natFlows === 0) continue;
    const fresh = flows.filter(
      ({ ends }) => ends.some((end) => end.address === hub.address) && !ends.some((end) => taken.has(end.address)),
    ).length;
    if (hub.natFlows === 0 && fresh < Math.max(1, flows.length * 0.01)) continue;
    chosen.push(hub);
    taken.add(hub.address);
    covered += fresh;
  }
  if (nat.outside.size > 0 && chosen.some((hub) => hub.natFlows > 0)) return chosen.filter((hub) => hub.natFlows > 0);
  if (chosen.length > MOST_ENDS || covered < flows.length * COVERAGE) return [];
  // An end that meets one other only is no router's, unless there is nothing else.
  const busy = chosen.filter((hub) => hub.peers > 1);
  return busy.length > 0 ? busy : chosen.slice(0, 1);
}

/** Several private neighbours in one network are hosts of a LAN, not uplinks. */
function isLan(hubs: readonly Hub[]): boolean {
  if (hubs.length < 2 || hubs.some((hub) => hub.natFlows > 0)) return false;
  return hubs.every((hub) => isPrivate(hub.family, hub.words) && sameNetwork(hub, hubs[0]));
}

/** At a point with many local ends: the private ones that begin flows. */
function lanHosts(flows: readonly Sighting[]): (SightedEnd & { family: 4 | 6 })[] {
  const hosts = new Map<string, SightedEnd & { family: 4 | 6 }>();
  for (const { ends, family } of flows) {
    const [from, to] = ends;
    if (isPrivate(family, from.words) && !isPrivate(family, to.words)) hosts.set(from.address, { ...from, family });
  }
  const networks = groupBy([...hosts.values()], (host) => networkOf(host).text);
  return [...networks.values()].filter((group) => group.length > 1).flat();
}

function nameUplinks(hubs: readonly Hub[]): InferredUplink[] {
  const groups: Hub[][] = [];
  const byPoint = new Map<number, Hub[][]>();
  const sorted = [...hubs].sort((a, b) => b.flows - a.flows || (a.address < b.address ? -1 : 1));
  for (const hub of sorted) {
    const { key } = hub.point;
    const there = byPoint.get(key) ?? [];
    byPoint.set(key, there);
    const group = there.find((known) => belongs(hub, known));
    if (group === undefined) {
      groups.push([hub]);
      there.push(groups[groups.length - 1]);
    } else {
      group.push(hub);
    }
  }
  const names = new Set<string>();
  const several = new Set(hubs.map((hub) => hub.point.input)).size > 1;
  return busiest(groups).map((group, n) => {
    const { point } = group[0];
    const alone = byPoint.get(point.key)?.length === 1;
    const wanted = alone ? pointName(point, several) : null;
    let name = wanted ?? `uplink${n + 1}`;
    for (let i = 2; names.has(name); i++) name = `${wanted ?? 'uplink'}-${i}`;
    names.add(name);
    const flows = group.reduce((sum, hub) => sum + hub.flows, 0);
    return {
      name,
      interface: alone ? point.name : null,
      snat: group.map((hub) => prefixOf(hub, hub.family === 4 ? 32 : 128)).sort((a, b) => (a.text < b.text ? -1 : 1)),
      why: group.map(reason).join('; '),
      flows,
    };
  });
}

/** As many as there may be, in the order given: those that NAT shows, then those of most flows. */
function busiest(groups: readonly Hub[][]): readonly Hub[][] {
  if (groups.length <= MOST_UPLINKS) return groups;
  const witnessed = groups.filter((group) => group.some((hub) => hub.natFlows > 0));
  const others = groups.filter((group) => !group.some((hub) => hub.natFlows > 0));
  const chosen = new Set([...witnessed, ...others].slice(0, MOST_UPLINKS));
  return groups.filter((group) => chosen.has(group));
}

/** A name from where the uplink was seen: the file's own only where each has its file. */
function pointName(point: SurveyPoint, several: boolean): string | null {
  const name = point.label ?? interfaceName(point);
  return name ?? (several && /^[\w.-]{1,40}$/.test(point.stem) ? point.stem : null);
}

/** Of one point: an uplink has one address a family there; a second one in the same network is the same line renumbered. */
function belongs(hub: Hub, group: readonly Hub[]): boolean {
  return group.every((known) => known.family !== hub.family || sameNetwork(known, hub));
}

function reason(hub: Hub): string {
  const { point, address } = hub;
  const where =
    point.name ?? point.label ?? (point.ifindex > 0 ? `interface ${point.ifindex}` : point.stem || 'standard input');
  // No counts: those of a survey would differ with the files that a capture is cut into.
  if (hub.natFlows > 0) return `on ${where}, ${address} stands where the LAN side of the same flows has a client`;
  return `on ${where}, ${address} is an end of the flows${hub.peers > 1 ? ' and meets many others' : ''}`;
}

function sameNetwork(a: { family: 4 | 6; words: Words }, b: { family: 4 | 6; words: Words }): boolean {
  return networkOf(a).text === networkOf(b).text;
}

/** The /24 or /64 around an address. */
function networkOf(end: { family: 4 | 6; words: Words }): Prefix {
  return prefixOf(end, end.family === 4 ? 24 : 64);
}

function networksOf(ends: readonly { family: 4 | 6; words: Words }[]): Prefix[] {
  const networks = groupBy(ends, (end) => networkOf(end).text);
  return [...networks.values()]
    .sort((a, b) => b.length - a.length)
    .slice(0, MOST_NETWORKS)
    .map((group) => networkOf(group[0]))
    .sort((a, b) => (a.text < b.text ? -1 : 1));
}

function prefixOf({ family, words }: { family: 4 | 6; words: Words }, length: number): Prefix {
  const masked = maskWords({ family, words }, length);
  const w = masked as unknown as [number, number, number, number];
  return { family, words: w, length, text: `${formatAddress(family, masked)}/${length}` };
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function groupBy<T, K>(list: readonly T[], keyOf: (item: T) => K | null): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of list) {
    const key = keyOf(item);
    if (key === null) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
