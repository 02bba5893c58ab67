// Routes, rules and addresses as words of ip(8), for what the audit says and for the commands that cure it.

import type { DefaultRoute, Hop } from '../facts.js';
import { type AuditState, type AuditUplink, type Family, ownTables } from './state.js';

export function ip(family: Family): string {
  return family === 4 ? 'ip' : 'ip -6';
}

export function prohibitCommand(table: string, family: Family): string {
  return `${ip(family)} route append prohibit default table ${table} metric ${family === 4 ? 1 : 2000} proto static`;
}

export function tableCure(state: AuditState, uplink: AuditUplink, family: Family): string[] {
  const hop = hopOf(state, uplink, family);
  const [own] = ownTables(state, uplink, family);
  const table = own ?? freeTable(state, 201 + state.uplinks.indexOf(uplink));
  const route =
    own === undefined && hop !== undefined
      ? [`${ip(family)} route add default ${hopText(hop)} proto static table ${table}`, prohibitCommand(table, family)]
      : [];
  return [
    ...route,
    `${ip(family)} rule add priority ${201 + state.uplinks.indexOf(uplink)} from ${sourceText(state, uplink, family) ?? addressNow(uplink, family)} lookup ${table}`,
  ];
}

/** On a shared device the gateway tells. */
export function hopOf({ balanced }: AuditState, { device, gateway }: AuditUplink, family: Family): Hop | undefined {
  const hops = balanced[family]?.hops.filter(({ dev }) => dev === device) ?? [];
  return hops.find((hop) => hop.gateway === gateway) ?? hops[0];
}

function freeTable({ rest, balanced }: AuditState, wanted: number): string {
  const taken = new Set([...rest, balanced[4], balanced[6]].map((route) => route?.table));
  let table = wanted;
  while (taken.has(String(table))) table += 100;
  return String(table);
}

/** For a cure where no file tells the address: the shell of the router does. */
function addressNow({ device }: AuditUplink, family: Family): string {
  return `$(ip -o -${family} address show dev ${device} scope global | awk '{ print $4; exit }')`;
}

export function sourceText(state: AuditState, uplink: AuditUplink, family: Family): string | null {
  const snat = uplink.config.snat.find((prefix) => prefix.family === family)?.text.replace(/\/(?:32|128)$/, '');
  const own = state.facts.addresses.find(
    ({ dev, family: of, address }) =>
      dev === uplink.device && of === family && address !== null && !address.startsWith('fe80:'),
  )?.address;
  return snat ?? own ?? null;
}

export function replaceCommand(route: DefaultRoute, family: Family, weights: readonly number[]): string {
  const hops = route.hops.map((hop, i) => `nexthop ${hopText(hop)} weight ${weights[i]}`);
  // Of another metric it would be a second route.
  const metric = route.metric === 0 || (family === 6 && route.metric === 1024) ? '' : ` metric ${route.metric}`;
  return `${ip(family)} route replace default${metric} proto static table ${route.table} ${hops.join(' ')}`;
}

export function routeWords(route: DefaultRoute): string {
  const metric = route.metric === 0 ? '' : ` metric ${route.metric}`;
  return `default${route.hops.length === 1 ? ` ${hopText(route.hops[0])}` : ''}${metric}`;
}

export function hopsText(route: DefaultRoute): string {
  return route.hops.map(hopText).join(', ');
}

export function hopText({ gateway, dev }: Hop): string {
  return [...(gateway === null ? [] : ['via', gateway]), ...(dev === null ? [] : ['dev', dev])].join(' ');
}
