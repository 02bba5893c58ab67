// Which mark of connections names an uplink: what rules of netfilter set for its interface, and what rules of routing
// look its table up by, where marks are kept with connections at all.

import type { Claim } from './claims.js';
import type { DefaultRoute, Facts, Mark, Note } from './facts.js';
import type { Effect } from './nat.js';
import type { Draft } from './uplinks.js';
import { matchesDev } from './values.js';

/** Of one uplink; more are a firewall's own affair. */
const MOST_MARKS = 64;

/** Gives the drafts their marks. `rest` are the default routes of single uplinks. */
export function marksOf(
  drafts: readonly Draft[],
  effects: readonly Effect[],
  rest: readonly DefaultRoute[],
  facts: Facts,
  notes: Note[],
): void {
  const keeps = facts.savesMark || effects.some(({ action }) => action.kind === 'connmark');
  const tables = new Map<string, Set<string>>();
  for (const { hops, table } of rest) {
    const dev = hops.length === 1 ? hops[0].dev : null;
    if (dev !== null) tables.set(dev, (tables.get(dev) ?? new Set()).add(table));
  }
  const routed = facts.rules.filter(({ fwmark }) => fwmark !== null && fwmark.value !== 0);
  const routedValues = new Set(routed.map(({ fwmark }) => fwmark?.value));
  for (const draft of drafts) {
    const { dev } = draft;
    if (dev === null) continue;
    draft.marks.push(...ofNetfilter(dev, effects, facts.savesMark));
    if (!keeps) continue;
    for (const { fwmark, table, place } of routed) {
      if (fwmark !== null && tables.get(dev)?.has(table)) draft.marks.push({ value: fwmark, place });
    }
    // A mark by which routing chooses the table is the uplink's own; others on the interface serve other ends.
    const chosen = draft.marks.filter(({ value }) => routedValues.has(value.value));
    draft.marks = distinct(chosen.length > 0 ? chosen : draft.marks);
  }
  refuseShared(drafts, notes);
}

function ofNetfilter(dev: string, effects: readonly Effect[], savesMark: boolean): Claim<Mark>[] {
  const marks: Claim<Mark>[] = [];
  for (const { action, place, out, in: into } of effects) {
    if (marks.length >= MOST_MARKS) break;
    if (!(action.kind === 'connmark' || (action.kind === 'mark' && savesMark))) continue;
    const matches = [...out, ...into];
    const isNamed = matches.some(({ not }) => !not);
    if (isNamed && matches.every((match) => matchesDev(match, dev))) marks.push({ value: action.mark, place });
  }
  return marks;
}

/** One mark with several masks is one mark: the mask that was written for it, not that of all bits. */
function distinct(marks: readonly Claim<Mark>[]): Claim<Mark>[] {
  const byValue = new Map<string, Claim<Mark>>();
  for (const mark of marks) {
    const key = `${mark.place.rank} ${mark.value.value}`;
    const known = byValue.get(key);
    if (known === undefined || mark.value.mask < known.value.mask) byValue.set(key, mark);
  }
  return [...byValue.values()].slice(0, MOST_MARKS);
}

/** A mark that two uplinks have names neither. */
function refuseShared(drafts: readonly Draft[], notes: Note[]): void {
  const owners = new Map<string, Draft>();
  const shared = new Set<Draft>();
  for (const draft of drafts) {
    for (const { value, place } of draft.marks) {
      const key = `${value.value}/${value.mask}`;
      const other = owners.get(key);
      if (other === undefined) owners.set(key, draft);
      if (other === undefined || other === draft) continue;
      shared.add(other).add(draft);
      const text = `${draft.dev} has the mark of ${other.dev}: both are left without`;
      notes.push({ kind: 'contradiction', place, text });
      break;
    }
  }
  for (const draft of shared) draft.marks = [];
}
