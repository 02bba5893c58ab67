// The cure where much is wrong: a plan, and room for it. Tables that hold routes of another set-up are refused by the
// planned script, so what is in its way is taken out first.

import { familyOf } from '../routes.js';
import { type AuditState, FAMILIES, type Family } from './state.js';

/** As `plan` numbers them: 201 …, 222; more than twenty uplinks have 2001 …, 2999. */
const MOST_IN_HOWTO_TABLES = 20;

export function planCure(state: AuditState): string[] {
  const old = state.extras.isPlanned ? [] : FAMILIES.flatMap((family) => oldSetUp(state, family));
  if (old.length === 0) return [`${state.planCommand} && sh setup.sh apply`];
  return [state.planCommand, '# the old set-up makes room for it:', ...old, 'sh setup.sh apply'];
}

function oldSetUp({ uplinks, rest, balanced, rules, extras }: AuditState, family: Family): string[] {
  const [first, last] = uplinks.length <= MOST_IN_HOWTO_TABLES ? [201, 222] : [2001, 2999];
  const wanted = [...uplinks.map((_, i) => String(first + i)), String(last)];
  const holding = new Set([
    ...[...rest, balanced[family]].flatMap((route) =>
      route !== null && familyOf(route) === family ? [route.table] : [],
    ),
    ...extras.blocked.filter((one) => one.family === family).map(({ table }) => table),
  ]);
  const held = wanted.filter((table) => holding.has(table));
  const ip = family === 4 ? 'ip' : 'ip -6';
  return [
    ...rules[family]
      .filter(({ table }) => held.includes(table))
      .map(({ priority, table }) => `${ip} rule delete priority ${priority} lookup ${table}`),
    ...held.map((table) => `${ip} route flush table ${table}`),
  ];
}
