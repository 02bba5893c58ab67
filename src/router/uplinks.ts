// Facts become a configuration: the uplinks of the balanced route with their gateways and weights, their SNAT sources,
// their marks; the LAN; the router's settings. What is concluded and what does not fit is told, with its place.

import { checkUplinks } from '../config/check.js';
import type { Config, UplinkConfig } from '../config/config.js';
import { nameOf } from '../config/explain.js';
import { type Claim, settle } from './claims.js';
import type { DefaultRoute, Facts, Hop, Mark, NamedUplink, Note, Place } from './facts.js';
import { placeText } from './facts.js';
import { lanOf, macsOf } from './lan.js';
import { marksOf } from './marks.js';
import { type Effect, natEffects } from './nat.js';
import { familyOf, sortRoutes } from './routes.js';
import { type Source, sourcesOf } from './sources.js';

/** An uplink in the making. */
export interface Draft {
  dev: string | null;
  /** What tells it from another one on the same interface. */
  key: string;
  names: Claim<string>[];
  gateways: Record<4 | 6, Claim<string>[]>;
  weights: Record<4 | 6, Claim<number>[]>;
  /** `src` of its default routes. */
  preferred: Claim<string>[];
  /** Addresses that a system of its own gives it. */
  addresses: Claim<string>[];
  marks: Claim<Mark>[];
  standby: Claim<string> | null;
}

/** As many as a configuration may hold and a person oversees. */
const MOST_UPLINKS = 256;

/** `config` is null where no default route and no uplink was found. */
export function toConfig(facts: Facts): { config: Config | null; notes: Note[] } {
  const notes: Note[] = [];
  const { balanced, rest } = sortRoutes(facts, notes);
  const drafts: Draft[] = [];
  for (const route of [...balanced[4], ...balanced[6]]) addBalanced(route, drafts);
  const isBalanced = drafts.length > 0;
  const hasNamed = facts.uplinks.length > 0;
  for (const uplink of facts.uplinks) addNamed(uplink, drafts, isBalanced, notes);
  for (const route of rest) addSingle(route, drafts, !isBalanced && !hasNamed);
  if (drafts.length === 0) return { config: null, notes };
  if (!isBalanced && !hasNamed) {
    const text =
      'no multipath default route among these files: the uplinks are those of the default routes, without weights';
    notes.push({ kind: 'assumed', place: rest[0]?.place ?? null, text });
  }
  const effects = natEffects(facts, notes);
  marksOf(drafts, effects, rest, facts, notes);
  const uplinks = makeUplinks(drafts, effects, facts, notes);
  const devs = new Set([...drafts, ...rest.flatMap(({ hops }) => hops)].flatMap(({ dev }) => dev ?? []));
  const lan = lanOf(facts, effects, devs);
  const config: Config = {
    source: null,
    uplinks,
    lan: lan.map(({ prefix }) => prefix),
    router: {
      hashPolicy: settle(facts.hashPolicy, 'net.ipv4.fib_multipath_hash_policy', notes)?.value ?? null,
      hashPolicy6: settle(facts.hashPolicy6, 'net.ipv6.fib_multipath_hash_policy', notes)?.value ?? null,
      keepaliveSec: settle(facts.keepaliveSec, 'the interval of the keep-alive pings', notes)?.value ?? null,
      macs: macsOf(facts, new Set([...drafts.flatMap(({ dev }) => dev ?? []), ...lan.map(({ dev }) => dev ?? '')])),
    },
  };
  const fault = checkUplinks(config.uplinks);
  if (fault !== null) {
    notes.push({
      kind: 'contradiction',
      place: null,
      text: `${nameOf(fault.path)} ${fault.message}: complete it by hand`,
    });
  }
  return { config, notes };
}

function addBalanced(route: DefaultRoute, drafts: Draft[]): void {
  const family = familyOf(route);
  const byDev = new Map<string | null, number>();
  for (const { dev } of route.hops) byDev.set(dev, (byDev.get(dev) ?? 0) + 1);
  for (const hop of route.hops) {
    if (drafts.length >= MOST_UPLINKS) break;
    const isShared = hop.dev === null || (byDev.get(hop.dev) ?? 0) > 1;
    const draft = draftOf(drafts, hop.dev, isShared ? (hop.gateway ?? '') : '');
    draft.weights[family].push({ value: hop.weight, place: hop.place });
    if (hop.gateway !== null) draft.gateways[family].push({ value: hop.gateway, place: hop.place });
    if (route.source !== null && route.hops.length === 1)
      draft.preferred.push({ value: route.source, place: route.place });
  }
}

function addSingle(route: DefaultRoute, drafts: Draft[], makes: boolean): void {
  for (const hop of route.hops) {
    const draft = findDraft(drafts, hop) ?? (makes ? makeDraft(drafts, hop) : undefined);
    if (draft === undefined) continue;
    if (hop.gateway !== null) draft.gateways[familyOf(route)].push({ value: hop.gateway, place: hop.place });
    if (route.source !== null) draft.preferred.push({ value: route.source, place: route.place });
  }
}

/** The uplink on the hop's interface; where several are, the one with its gateway. */
function findDraft(drafts: readonly Draft[], { dev, gateway }: Hop): Draft | undefined {
  const known = dev === null ? [] : drafts.filter((draft) => draft.dev === dev);
  return known.length > 1 ? known.find(({ key }) => key === gateway) : known[0];
}

function makeDraft(drafts: Draft[], { dev, gateway }: Hop): Draft | undefined {
  if (dev === 'lo' || drafts.length >= MOST_UPLINKS) return undefined;
  return draftOf(drafts, dev, dev === null ? (gateway ?? '') : '');
}

function addNamed(uplink: NamedUplink, drafts: Draft[], isBalanced: boolean, notes: Note[]): void {
  if (drafts.length >= MOST_UPLINKS) return;
  const { place } = uplink;
  const byGateway = drafts.find(({ gateways }) => gateways[4].some(({ value }) => value === uplink.gateway));
  const known =
    drafts.find(({ dev }) => dev !== null && dev === uplink.dev) ?? (uplink.dev === null ? byGateway : undefined);
  if (known === undefined && isBalanced) {
    notes.push({
      kind: 'contradiction',
      place,
      text: `${uplink.name} is an uplink here, and not in the multipath route: its weight is not known`,
    });
  }
  const draft = known ?? draftOf(drafts, uplink.dev, uplink.dev === null ? uplink.name : '');
  draft.names.push({ value: uplink.name, place });
  const family =
    uplink.gateway === null && uplink.addresses.length > 0 && uplink.addresses.every((one) => one.includes(':'))
      ? 6
      : 4;
  const linePlace = uplink.linePlace ?? place;
  if (uplink.gateway !== null) draft.gateways[4].push({ value: uplink.gateway, place: linePlace });
  if (uplink.gateway6 !== null) draft.gateways[6].push({ value: uplink.gateway6, place: linePlace });
  if (uplink.weight !== null) draft.weights[family].push({ value: uplink.weight, place });
  for (const value of uplink.addresses) draft.addresses.push({ value, place: linePlace });
  // The line's IPv6 has a mark of its own; there is room for one, and it is the first.
  if (uplink.mark !== null && !draft.marks.some((mark) => mark.place.rank === place.rank)) {
    draft.marks.push({ value: uplink.mark, place });
  }
  if (uplink.standby !== null) draft.standby ??= { value: uplink.standby, place };
}

function draftOf(drafts: Draft[], dev: string | null, key: string): Draft {
  const known = drafts.find((draft) => draft.dev === dev && draft.key === key);
  if (known !== undefined) return known;
  const made: Draft = {
    dev,
    key,
    names: [],
    gateways: { 4: [], 6: [] },
    weights: { 4: [], 6: [] },
    preferred: [],
    addresses: [],
    marks: [],
    standby: null,
  };
  drafts.push(made);
  return made;
}

function makeUplinks(
  drafts: readonly Draft[],
  effects: readonly Effect[],
  facts: Facts,
  notes: Note[],
): UplinkConfig[] {
  const sources = sourcesOf(drafts, effects, facts, notes);
  const macs = drafts.map((draft) => gatewayMac(draft, facts));
  const names = namesOf(drafts, notes);
  return drafts.map((draft, i) => {
    const name = names[i];
    const gateway4 = settle(draft.gateways[4], `the gateway of ${name}`, notes);
    const gateway6 = settle(draft.gateways[6], `the IPv6 gateway of ${name}`, notes);
    if (gateway4 !== null && gateway6 !== null) {
      notes.push({ kind: 'understood', place: gateway6.place, text: `${name}: IPv6 gateway ${gateway6.value}` });
    }
    const weight4 = settle(draft.weights[4], `the weight of ${name}`, notes);
    const weight6 = settle(draft.weights[6], `the IPv6 weight of ${name}`, notes);
    const weight = weight4 ?? weight6;
    if (weight4 !== null && weight6 !== null) settle([weight4, weight6], `the weight of ${name}`, notes);
    if (draft.standby !== null && weight === null) {
      notes.push({
        kind: 'assumed',
        place: draft.standby.place,
        text: `${name} ${draft.standby.value}: it has no weight`,
      });
    }
    const mark = settle(draft.marks, `the mark of ${name}`, notes, markText);
    const isShared = macs[i] !== null && macs.some((mac, j) => j !== i && mac?.value === macs[i]?.value);
    if (isShared) {
      notes.push({
        kind: 'assumed',
        place: macs[i]?.place ?? null,
        text: `the gateway of ${name} has another one's MAC address: left out`,
      });
    }
    const gateway = gateway4 ?? gateway6;
    tell(name, draft, { gateway, weight, mark, snat: sources[i], mac: isShared ? null : macs[i] }, notes);
    return {
      name,
      interface: draft.dev,
      gateway: gateway?.value ?? null,
      ...(gateway4 === null || gateway6 === null ? {} : { gateway6: gateway6.value }),
      gatewayMac: isShared ? null : (macs[i]?.value ?? null),
      vlan: null,
      snat: sources[i].map(({ prefix }) => prefix),
      weight: weight?.value ?? null,
      capacity: null,
      mark: mark?.value ?? null,
    };
  });
}

interface Told {
  gateway: Claim<string> | null;
  weight: Claim<number> | null;
  mark: Claim<Mark> | null;
  snat: readonly Source[];
  mac: Claim<string> | null;
}

/** One line an uplink: what is known of it and from where. */
function tell(name: string, { dev }: Draft, { gateway, weight, mark, snat, mac }: Told, notes: Note[]): void {
  const parts = [
    dev === null ? 'interface unknown' : `interface ${dev}`,
    from('gateway', gateway?.value ?? null, gateway?.place),
    from('weight', weight?.value ?? null, weight?.place),
    ...(snat.length === 0
      ? ['no SNAT source: dynamic']
      : snat.map(({ prefix, place }) => from('SNAT source', prefix.text.replace(/\/(?:32|128)$/, ''), place))),
    ...(mark === null ? [] : [from('mark', markText(mark.value), mark.place)]),
    ...(mac === null ? [] : [from('MAC of the gateway', mac.value, mac.place)]),
  ];
  notes.push({ kind: 'understood', place: null, text: `${name}: ${parts.join(', ')}` });
}

function from(what: string, value: string | number | null, place: Place | undefined): string {
  return value === null || place === undefined ? `no ${what}` : `${what} ${value} (${placeText(place)})`;
}

function gatewayMac(draft: Draft, facts: Facts): Claim<string> | null {
  const gateways = [...draft.gateways[4], ...draft.gateways[6]].map(({ value }) => value);
  const found = facts.neighbours.find(
    ({ address, dev }) => gateways.includes(address) && (dev === null || draft.dev === null || dev === draft.dev),
  );
  return found === undefined ? null : { value: found.mac, place: found.place };
}

/** Its own system's name, else the interface's; unique, and such that the configuration takes it. */
function namesOf(drafts: readonly Draft[], notes: Note[]): string[] {
  const taken = new Set<string>();
  return drafts.map((draft, i) => {
    const named = settle(draft.names, `the name of ${draft.dev ?? 'an uplink'}`, notes)?.value;
    const wanted = [...(named ?? draft.dev ?? '').replace(/[=,@\p{C}\p{Zl}\p{Zp}]/gu, '').trim()].slice(0, 60).join('');
    const base = wanted === '' ? `uplink${i + 1}` : wanted;
    let name = base;
    for (let n = 2; taken.has(name); n++) name = `${base}-${n}`;
    taken.add(name);
    return name;
  });
}

function markText({ value, mask }: Mark): string {
  return `0x${value.toString(16)}/0x${mask.toString(16)}`;
}
