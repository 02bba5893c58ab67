// Rules of the audit about routes and rules: the balanced route is reached, each uplink's own table is reached and whole.

import type { DefaultRoute } from '../facts.js';
import { commonDivisor, LARGEST_NEXTHOP_WEIGHT, nearestWeights, reduceWeights } from '../plan/weights.js';
import { familyOf } from '../routes.js';
import { planCure } from './plan-cure.js';
import {
  hopOf,
  hopsText,
  hopText,
  ip,
  prohibitCommand,
  replaceCommand,
  routeWords,
  sourceText,
  tableCure,
} from './route-words.js';
import type { AuditFinding } from './rule.js';
import {
  type AuditState,
  type AuditUplink,
  at,
  FAMILIES,
  type Family,
  isBalanced,
  isMain,
  ownTables,
  sourceRulesOf,
} from './state.js';

type Found = Omit<AuditFinding, 'evidence'>;

export function auditRoutes(state: AuditState): Found[] {
  if (!state.knows.routes) return [];
  return FAMILIES.flatMap((family) => [
    ...auditMain(state, family),
    ...auditBalance(state, family),
    ...auditWeights(state, family),
    ...auditHops(state, family),
    ...(state.knows.rules ? auditSources(state, family) : []),
    ...auditTables(state, family),
  ]);
}

function auditMain(state: AuditState, family: Family): Found[] {
  const balanced = state.balanced[family];
  if (balanced === null || isMain(balanced.table) || !state.knows.rules) return [];
  const rules = state.rules[family];
  const isPlain = (rule: (typeof rules)[number]) => rule.from === null && rule.fwmark === null;
  const reached = rules.find((rule) => rule.table === balanced.table && isPlain(rule) && !rule.isNarrow);
  if (reached === undefined) {
    return [
      {
        code: 'no-balance',
        severity: 'error',
        what: `table ${balanced.table} holds the balanced IPv${family} route, and no rule looks it up`,
        breaks: 'no flow is ever shared',
        cure: [`${ip(family)} rule add priority 222 lookup ${balanced.table}`],
        uplinks: [],
        place: at(balanced.place),
      },
    ];
  }
  const main = rules.find(({ table, priority }) => isMain(table) && priority < reached.priority);
  if (main === undefined) {
    return [
      {
        code: 'main-not-first',
        severity: 'error',
        what: `the balanced table ${balanced.table} is looked up at ${reached.priority}, before table main`,
        breaks:
          'packets for the LAN and for the gateways themselves leave by an uplink: nothing works as soon as it is used',
        cure: [`${ip(family)} rule add priority 50 lookup main suppress_prefixlength 0`],
        uplinks: [],
        place: at(reached.place),
      },
    ];
  }
  if (main.suppressesDefault === true || main.isNarrow || main.from !== null || main.fwmark !== null) return [];
  const defaults = state.rest.filter((route) => familyOf(route) === family && isMain(route.table));
  return defaults.slice(0, 1).map((route) => ({
    code: 'main-default',
    severity: 'error',
    what: `table main holds the IPv${family} default ${hopsText(route)} and is looked up at ${main.priority}, before the balanced table ${balanced.table} at ${reached.priority}`,
    breaks: 'every flow takes it: the balanced route is never reached, and the other uplinks stand idle',
    cure: [
      `${ip(family)} route delete ${routeWords(route)} table main`,
      '# or, where a DHCP client or a router advertisement sets it again and again:',
      `${ip(family)} rule add priority ${main.priority} lookup main suppress_prefixlength 0`,
      `${ip(family)} rule delete priority ${main.priority} lookup main`,
    ],
    uplinks: [],
    place: at(route.place),
  }));
}

function auditBalance(state: AuditState, family: Family): Found[] {
  if (state.balanced[family] !== null) return [];
  const hops = state.rest.filter((route) => familyOf(route) === family).flatMap((route) => route.hops);
  const devices = new Set(hops.flatMap(({ dev, gateway }) => (dev === null ? [] : `${dev} ${gateway}`)));
  if (devices.size < 2) return [];
  const [route] = state.rest.filter((one) => familyOf(one) === family);
  return [
    {
      code: 'no-balance',
      severity: family === 4 ? 'error' : 'warning',
      what: `${devices.size} uplinks have IPv${family} default routes, and none of these is a multipath route`,
      breaks: 'the route with the lowest metric takes every flow; the others stand by at best',
      cure: planCure(state),
      uplinks: [],
      place: at(route?.place),
    },
  ];
}

function auditWeights(state: AuditState, family: Family): Found[] {
  const route = state.balanced[family];
  if (route === null || route.hops.length < 2) return [];
  const weights = route.hops.map(({ weight }) => weight);
  const place = at(route.place);
  const isObject = route.nexthopId !== null;
  const tooLarge = weights.filter((weight) => weight > LARGEST_NEXTHOP_WEIGHT);
  if (tooLarge.length > 0 && !isObject) {
    return [
      {
        code: 'weights-bound',
        severity: 'error',
        what: `weights ${weights.join(':')} of the balanced IPv${family} route: ${Math.max(...tooLarge)} is above ${LARGEST_NEXTHOP_WEIGHT}`,
        breaks: 'ip refuses the route, and there is none',
        cure: [replaceCommand(route, family, nearestWeights(reduceWeights(weights)))],
        uplinks: [],
        place,
      },
    ];
  }
  const divisor = weights.reduce(commonDivisor, 0);
  if (divisor < 2) return [];
  return [
    {
      code: 'weights-divisor',
      severity: 'advice',
      what: `weights ${weights.join(':')} of the balanced IPv${family} route have the divisor ${divisor}`,
      breaks: 'kernels before 4.4 make a round of as many turns; today only the reader is misled',
      cure: [replaceCommand(route, family, reduceWeights(weights))],
      uplinks: [],
      place,
    },
  ];
}

function auditHops(state: AuditState, family: Family): Found[] {
  const route = state.balanced[family];
  if (route === null) return [];
  const found: Found[] = [];
  if (route.nexthopId !== null) {
    found.push({
      code: 'nexthop-objects',
      severity: 'warning',
      what: `the balanced IPv${family} route is made of nexthop objects (nhid ${route.nexthopId})`,
      breaks:
        'an object is deleted on mere loss of carrier and never comes back: one pulled cable takes the uplink out for good',
      cure: [
        replaceCommand(
          route,
          family,
          route.hops.map(({ weight }) => weight),
        ),
      ],
      uplinks: [],
      place: at(route.place),
    });
  }
  for (const hop of route.hops.filter(({ isDead }) => isDead)) {
    const uplink = state.uplinks.find(({ device }) => device === hop.dev);
    found.push({
      code: 'nexthop-dead',
      severity: 'warning',
      what: `the nexthop ${hopText(hop)} of the balanced IPv${family} route is out of use (dead or without carrier)`,
      breaks: 'its flows go by the other uplinks, as long as it lasts',
      cure: [`ip link show dev ${hop.dev ?? '?'}`],
      uplinks: uplink === undefined ? [] : [uplink.name],
      place: at(hop.place),
    });
  }
  return found;
}

function auditSources(state: AuditState, family: Family): Found[] {
  const members = state.uplinks.filter((uplink) => isBalanced(state, uplink, family));
  if (members.length < 2) return [];
  const without = members.filter((uplink) => !isLed(state, uplink, family));
  if (without.length === 0) return [];
  const names = without.map(({ name }) => name);
  const cure = without.slice(0, 8).flatMap((uplink) => tableCure(state, uplink, family));
  if (family === 6 && without.length === members.length) {
    return [
      {
        code: 'ipv6-without-rules',
        severity: 'error',
        what: `IPv6 is balanced over ${members.length} uplinks, and no rule by source leads to a table of one`,
        breaks:
          "the router's own IPv6 packets and answers leave by either uplink with the other's source (28 of 60 did), where the provider drops them",
        cure,
        uplinks: names,
        place: null,
      },
    ];
  }
  return [
    {
      code: 'no-source-rule',
      severity: family === 4 ? 'warning' : 'error',
      what: `no IPv${family} rule leads what comes from ${without.map((uplink) => sourceText(state, uplink, family) ?? `the address of ${uplink.device}`).join(', ')} to a table of that uplink`,
      breaks:
        family === 4
          ? "what the router itself sends from that address (answers to pings, tunnels, DNS) goes by the kernel's choice: while that uplink is down it leaves by another with the wrong source, where the provider drops it"
          : "what the router itself sends from that address leaves by any uplink, and with another one's source the provider drops it",
      cure,
      uplinks: names,
      place: null,
    },
  ];
}

/** A rule by its source leads to a table with its default; or what has it there by mark only, and by no rule. */
function isLed(state: AuditState, uplink: AuditUplink, family: Family): boolean {
  const tables = ownTables(state, uplink, family);
  // The planned script finds out a dynamic address when it runs.
  if (state.extras.isPlanned && sourceText(state, uplink, family) === null) return true;
  const lost = new Set(lostTables(state, uplink, family));
  return sourceRulesOf(state, uplink, family).some(({ table }) => tables.includes(table) || lost.has(table));
}

/** Tables that rules of the uplink lead to, which hold nothing but a refusal. */
function lostTables(state: AuditState, uplink: AuditUplink, family: Family): string[] {
  const ruled = new Set(sourceRulesOf(state, uplink, family).map(({ table }) => table));
  const mark = uplink.config.mark;
  for (const { fwmark, table } of state.rules[family]) {
    if (mark !== null && fwmark?.value === mark.value) ruled.add(table);
  }
  return [...ruled].filter(
    (table) =>
      !isMain(table) &&
      table !== state.balanced[family]?.table &&
      !state.rest.some((route) => familyOf(route) === family && route.table === table),
  );
}

function auditTables(state: AuditState, family: Family): Found[] {
  const found: Found[] = [];
  const noProhibit: [AuditUplink, string][] = [];
  for (const uplink of state.uplinks.filter((one) => isBalanced(state, one, family))) {
    for (const table of lostTables(state, uplink, family)) {
      const hop = hopOf(state, uplink, family);
      const via = hop === undefined ? `dev ${uplink.device}` : hopText(hop);
      found.push({
        code: 'table-without-default',
        severity: 'error',
        what: `rules lead to table ${table} of ${uplink.name}, and it has no IPv${family} default route`,
        breaks:
          'setting a link down deletes it for good, while the balanced route takes the uplink up again: with marks every flow on it then fails (63 of 63)',
        cure: [`${ip(family)} route add default ${via} proto static table ${table}`],
        uplinks: [uplink.name],
        place: null,
      });
    }
    for (const table of ownTables(state, uplink, family)) {
      const isUsed = state.rules[family].some((rule) => rule.table === table);
      if (!isUsed) continue;
      const own = state.rest.find((route) => familyOf(route) === family && route.table === table);
      const blocks = state.extras.blocked.filter((one) => one.family === family && one.table === table);
      if (blocks.length === 0) noProhibit.push([uplink, table]);
      for (const block of blocks
        .filter(({ metric }) => own !== undefined && metric < metricOf(own, family))
        .slice(0, 1)) {
        found.push({
          code: 'prohibit-first',
          severity: 'error',
          what: `table ${table} of ${uplink.name} refuses with metric ${block.metric}, and its default has ${metricOf(own as DefaultRoute, family)}`,
          breaks: 'the refusal is found first: nothing leaves by this table',
          cure: [
            `${ip(family)} route delete ${block.type} default table ${table} metric ${block.metric}`,
            prohibitCommand(table, family),
          ],
          uplinks: [uplink.name],
          place: block.place,
        });
      }
    }
  }
  if (noProhibit.length > 0) {
    found.push({
      code: 'no-prohibit',
      severity: 'warning',
      what: `no prohibit route behind the IPv${family} default of table ${noProhibit.map(([, table]) => table).join(', ')}`,
      breaks:
        'when the link is down, what belongs to it goes on to the balanced route and leaves by another uplink with the wrong source, instead of ending with an ICMP error',
      cure: noProhibit.map(([, table]) => prohibitCommand(table, family)),
      uplinks: noProhibit.map(([{ name }]) => name),
      place: null,
    });
  }
  return found;
}

function metricOf({ metric, place: _ }: DefaultRoute, family: Family): number {
  return metric === 0 && family === 6 ? 1024 : metric;
}
