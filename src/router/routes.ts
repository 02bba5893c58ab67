// Default routes become the balanced one of each family, and what the others say: names for indices, hops for nexthop
// objects, one multipath route for IPv6's siblings.

import { parseAddress } from '../config/address.js';
import { prefixContains } from '../util/address.js';
import { type DefaultRoute, type Facts, type Hop, type NexthopObject, type Note, placeText, RANK } from './facts.js';

export interface Routing {
  /** The multipath route that is looked up first, with its equals in other files behind it. */
  balanced: Record<4 | 6, DefaultRoute[]>;
  /** All others. */
  rest: DefaultRoute[];
}

/** Groups of nexthop objects hold no groups; a chain longer than this is none. */
const DEEPEST_GROUP = 2;
const TABLES: Readonly<Record<string, string>> = { '253': 'default', '254': 'main', '255': 'local' };

export function sortRoutes(facts: Facts, notes: Note[]): Routing {
  const name = namer(facts);
  const objects = new Map(facts.nexthops.map((one) => [one.id, one]));
  const routes = facts.routes
    .map((route): DefaultRoute => {
      const hops = route.hops.length > 0 ? route.hops : hopsOf(route, objects, notes);
      return {
        ...route,
        table: TABLES[route.table] ?? route.table,
        hops: hops.map(name),
      };
    })
    .filter(({ table, hops }) => table !== 'local' && hops.length > 0);
  const all = joinSiblings(routes, notes);
  const several = all.filter(({ hops }) => hops.length > 1);
  const balanced = { 4: choose(several, 4, facts, notes), 6: choose(several, 6, facts, notes) };
  const used = new Set([...balanced[4], ...balanced[6]]);
  return { balanced, rest: all.filter((route) => !used.has(route)) };
}

export function familyOf(route: DefaultRoute): 4 | 6 {
  return route.family ?? 4;
}

/** Candidates of the table whose rule comes first; those of other tables are told. */
function choose(several: readonly DefaultRoute[], family: 4 | 6, facts: Facts, notes: Note[]): DefaultRoute[] {
  const ranked = several
    .filter((route) => familyOf(route) === family)
    .map((route) => ({ route, priority: priorityOf(route.table, family, facts) }))
    .sort(
      (a, b) => a.route.place.rank - b.route.place.rank || a.priority - b.priority || a.route.metric - b.route.metric,
    );
  const [first] = ranked;
  if (first === undefined) return [];
  const told = new Set<string>();
  for (const { route, priority } of ranked) {
    if (route.table === first.route.table || told.has(route.table)) continue;
    told.add(route.table);
    const isClear = priority !== first.priority;
    const why = isClear
      ? `its rule comes behind that of table ${first.route.table}`
      : `table ${first.route.table} is taken`;
    notes.push({
      kind: isClear ? 'assumed' : 'contradiction',
      place: route.place,
      text: `another multipath default route, in table ${route.table}, is left out: ${why} (${placeText(first.route.place)})`,
    });
  }
  return ranked.map(({ route }) => route).filter(({ table }) => table === first.route.table);
}

/** The first rule by which any packet looks the table up. Without rules the kernel looks up main alone. */
function priorityOf(table: string, family: 4 | 6, facts: Facts): number {
  const found = facts.rules
    .filter((rule) => (TABLES[rule.table] ?? rule.table) === table && (rule.family ?? family) === family)
    .filter((rule) => !rule.isNarrow && rule.from === null && rule.fwmark === null)
    .map(({ priority }) => priority);
  return Math.min(table === 'main' ? 32_766 : 1e9, ...found);
}

function hopsOf(route: DefaultRoute, objects: ReadonlyMap<number, NexthopObject>, notes: Note[]): Hop[] {
  if (route.nexthopId === null) return [];
  const expand = (id: number, weight: number, depth: number): Hop[] => {
    const object = objects.get(id);
    if (object === undefined || depth > DEEPEST_GROUP) {
      notes.push({
        kind: 'unclear',
        place: route.place,
        text: `nexthop object ${id} is not among these files: give ip nexthop`,
      });
      return [];
    }
    if (object.group.length > 0) return object.group.flatMap((member) => expand(member.id, member.weight, depth + 1));
    return [{ gateway: object.gateway, dev: object.dev, weight, isDead: false, place: object.place }];
  };
  return expand(route.nexthopId, 1, 0);
}

/** `if7` is how ip names an interface that it can't; a hop without one lies where its gateway's network is. */
function namer(facts: Facts): (hop: Hop) => Hop {
  const byIndex = new Map(facts.links.map(({ index, dev }) => [index, dev]));
  const byGateway = new Map<string, string | null>();
  const near = (text: string): string | null => {
    const gateway = parseAddress(text);
    if (gateway === null) return null;
    const { family, words } = gateway;
    return (
      facts.addresses.find(({ network }) => network !== null && prefixContains(network, family, words))?.dev ?? null
    );
  };
  return (hop) => {
    const [, index] = /^if(\d{1,9})$/.exec(hop.dev ?? '') ?? [];
    if (index !== undefined) return { ...hop, dev: byIndex.get(Number(index)) ?? hop.dev };
    if (hop.dev !== null || hop.gateway === null) return hop;
    if (!byGateway.has(hop.gateway)) byGateway.set(hop.gateway, near(hop.gateway));
    return { ...hop, dev: byGateway.get(hop.gateway) ?? null };
  };
}

/** Older ip prints IPv6's multipath as routes of one metric, a line each, and without their weights. */
function joinSiblings(routes: readonly DefaultRoute[], notes: Note[]): DefaultRoute[] {
  const groups = new Map<string, DefaultRoute[]>();
  const result: DefaultRoute[] = [];
  for (const route of routes) {
    const key = `${route.place.file} ${route.table} ${route.metric}`;
    const isSingle = familyOf(route) === 6 && route.hops.length === 1 && route.place.rank !== RANK.settings;
    const group = isSingle ? groups.get(key) : undefined;
    if (group === undefined) {
      result.push(route);
      if (isSingle) groups.set(key, [route]);
    } else group.push(route);
  }
  return result.map((route) => {
    const group = groups.get(`${route.place.file} ${route.table} ${route.metric}`);
    if (group === undefined || group[0] !== route) return route;
    const hops = distinct(group.flatMap((one) => one.hops));
    if (hops.length < 2) return route;
    notes.push({
      kind: 'assumed',
      place: route.place,
      text: `${hops.length} default routes of IPv6 with one metric are taken for a multipath route of equal weights`,
    });
    return { ...route, hops };
  });
}

function distinct(hops: readonly Hop[]): Hop[] {
  return [...new Map(hops.map((hop) => [`${hop.gateway} ${hop.dev}`, hop])).values()];
}
