// The facts of a router become what the audit's rules ask of: for each family the balanced route and the rules, for each
// uplink its tables, translations and marks.

import { parseAddress } from '../../config/address.js';
import type { Config, UplinkConfig } from '../../config/config.js';
import { prefixContains } from '../../util/address.js';
import { type DefaultRoute, type Facts, type Note, placeText, RANK, type Rule } from '../facts.js';
import { type Effect, natEffects } from '../nat.js';
import type { SourceText } from '../read.js';
import { familyOf, sortRoutes } from '../routes.js';
import { matchesDev } from '../values.js';
import { type Extras, readExtras, settingPath } from './extras.js';

export type Family = 4 | 6;
export const FAMILIES: readonly Family[] = [4, 6];

export interface AuditUplink {
  name: string;
  device: string;
  gateway: string | null;
  config: UplinkConfig;
}

export interface AuditState {
  uplinks: AuditUplink[];
  /** The multipath default that is looked up first. */
  balanced: Record<Family, DefaultRoute | null>;
  /** All other default routes. */
  rest: DefaultRoute[];
  rules: Record<Family, Rule[]>;
  effects: Effect[];
  facts: Facts;
  extras: Extras;
  /** Of the configuration given: seconds between keep-alive pings. */
  keepaliveSec: number | null;
  /** Writes the script of what is needed, setup.sh. */
  planCommand: string;
  knows: { routes: boolean; rules: boolean; firewall: boolean; settings: boolean };
}

/** `read` is the configuration as read of the same texts; `given` one of the user's own, for names and intentions. */
export function auditState(
  facts: Facts,
  texts: readonly SourceText[],
  read: Config,
  given: Config | null,
  planCommand: string,
): AuditState {
  const notes: Note[] = [];
  const { balanced, rest } = sortRoutes(facts, notes);
  const extras = readExtras(texts, facts);
  const uplinks = read.uplinks.flatMap((config): AuditUplink[] => {
    const known = given?.uplinks.find((one) => one.interface === config.interface && sameGateway(one, config));
    if (config.interface === null) return [];
    return [{ name: known?.name ?? config.name, device: config.interface, gateway: config.gateway, config }];
  });
  const rules = rulesByFamily(facts);
  return {
    uplinks,
    balanced: { 4: balanced[4][0] ?? null, 6: balanced[6][0] ?? null },
    rest,
    rules,
    effects: natEffects(facts, notes),
    facts,
    extras,
    planCommand,
    keepaliveSec: given?.router.keepaliveSec ?? read.router.keepaliveSec,
    knows: {
      routes: facts.routes.length > 0,
      rules: facts.rules.length > 0,
      firewall: extras.hasFirewall,
      settings: extras.settings.size > 0,
    },
  };
}

/** The setting as a number; null where it is not told. */
export function setting({ extras }: AuditState, key: string): number | null {
  const found = extras.settings.get(settingPath(key));
  return found !== undefined && /^\d{1,15}$/.test(found.value) ? Number(found.value) : null;
}

export function settingPlace({ extras }: AuditState, key: string): string | null {
  return extras.settings.get(settingPath(key))?.place ?? null;
}

/** Whether the uplink has a nexthop in the balanced route of the family. */
export function isBalanced({ balanced, uplinks }: AuditState, uplink: AuditUplink, family: Family): boolean {
  const isShared = uplinks.filter(({ device }) => device === uplink.device).length > 1;
  return (
    balanced[family]?.hops.some(
      ({ dev, gateway }) => dev === uplink.device && (!isShared || gateway === uplink.gateway || family === 6),
    ) ?? false
  );
}

/** Tables beside main and the balanced one that this uplink alone has a default route in. */
export function ownTables({ rest, balanced }: AuditState, { device }: AuditUplink, family: Family): string[] {
  const found = rest.filter(
    (route) => familyOf(route) === family && route.hops.length === 1 && route.hops[0].dev === device,
  );
  const others = new Set(['main', 'default', 'local', balanced[family]?.table ?? '']);
  return [...new Set(found.map(({ table }) => table))].filter((table) => !others.has(table));
}

/** Rules `from` an address of the uplink, or a network that holds one. */
export function sourceRulesOf(state: AuditState, uplink: AuditUplink, family: Family): Rule[] {
  const sources = sourcesOf(state, uplink, family);
  return state.rules[family].filter(
    ({ from }) => from !== null && sources.some((address) => prefixContains(from, address.family, address.words)),
  );
}

/** SNAT sources of the uplink and the addresses of its device. */
export function sourcesOf({ facts, uplinks }: AuditState, { device, config }: AuditUplink, family: Family) {
  const isShared = uplinks.filter((one) => one.device === device).length > 1;
  const own = facts.addresses
    .filter((one) => one.dev === device && one.family === family && !isShared && !one.address?.startsWith('fe80:'))
    .flatMap(({ address }) => (address === null ? [] : (parseAddress(address) ?? [])));
  const snat = config.snat.filter((prefix) => prefix.family === family);
  return [...snat.map(({ words }) => ({ family, words })), ...own];
}

/** SNAT and MASQUERADE that what leaves by the device gets. */
export function translations({ effects }: AuditState, { device }: AuditUplink, family: Family): Effect[] {
  return effects.filter(
    ({ action, out, family: of, hook, isNarrow }) =>
      hook === 'postrouting' &&
      !isNarrow &&
      (of === null || of === family) &&
      (action.kind === 'masquerade' || action.kind === 'snat'
        ? out.every((match) => matchesDev(match, device))
        : action.kind === 'snatByDev' && action.to.some(([dev]) => dev === device)) &&
      (action.kind !== 'snat' || action.to.some((to) => to.includes(':') === (family === 6))),
  );
}

export function at(place: Parameters<typeof placeText>[0] | undefined): string | null {
  return place === undefined ? null : placeText(place);
}

function sameGateway(a: UplinkConfig, b: UplinkConfig): boolean {
  return a.gateway === null || b.gateway === null || a.gateway === b.gateway;
}

/**
 * A listing doesn't say of which family it is: IPv4's ends with the rule for table default at 32767, IPv6's without.
 * What no file says, the kernel's own rule for table main, is added.
 */
function rulesByFamily({ rules }: Facts): Record<Family, Rule[]> {
  const byFile = new Map<string, Rule[]>();
  for (const rule of rules) byFile.set(rule.place.file, [...(byFile.get(rule.place.file) ?? []), rule]);
  const found: Record<Family, Rule[]> = { 4: [], 6: [] };
  for (const list of byFile.values()) {
    for (const part of listings(list)) {
      const family = familyOfList(part);
      for (const rule of part) found[rule.family ?? family].push(rule);
    }
  }
  for (const family of FAMILIES) {
    const hasMain = found[family].some(({ table, priority }) => isMain(table) && priority === 32_766);
    if (!hasMain && found[family].length > 0) found[family].push(mainRule(family));
    found[family].sort((a, b) => a.priority - b.priority);
  }
  return found;
}

/** `ip rule; ip -6 rule` into one file: a listing begins anew where its priorities do. */
function listings(rules: readonly Rule[]): Rule[][] {
  const lists: Rule[][] = [];
  for (const rule of rules) {
    const isState = rule.place.rank === RANK.state;
    const list = lists.at(-1);
    if (list === undefined || (isState && rule.priority < (list.at(-1)?.priority ?? 0))) lists.push([rule]);
    else list.push(rule);
  }
  return lists;
}

function familyOfList(rules: readonly Rule[]): Family {
  if (rules.some(({ from }) => from?.family === 6)) return 6;
  const has = (priority: number) => rules.some((rule) => rule.priority === priority);
  return has(32_766) && !has(32_767) ? 6 : 4;
}

function mainRule(family: Family): Rule {
  const place = { file: "the kernel's own", line: 1, column: null, rank: RANK.state };
  return { priority: 32_766, table: 'main', from: null, fwmark: null, isNarrow: false, family, place };
}

export function isMain(table: string): boolean {
  return table === 'main' || table === '254';
}
