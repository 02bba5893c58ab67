// Which SNAT sources are an uplink's: by the rules that packets meet on their way out of its interface, by the
// interface's own address where they masquerade.

import type { Prefix } from '../config/config.js';
import type { Facts, Note, Place } from './facts.js';
import type { Effect } from './nat.js';
import { hostPrefix, isNetworkOf, type OwnAddresses, ownAddresses } from './own.js';
import type { Draft } from './uplinks.js';
import { matchesDev, readSources } from './values.js';

export interface Source {
  prefix: Prefix;
  place: Place;
}

/** Of one uplink; a range of addresses is a few prefixes. */
const MOST_SOURCES = 256;

/** The sources of every uplink, in the order of the drafts. */
export function sourcesOf(
  drafts: readonly Draft[],
  effects: readonly Effect[],
  facts: Facts,
  notes: Note[],
): Source[][] {
  const rules = effects.filter(
    ({ hook, action }) => hook === 'postrouting' && action.kind !== 'mark' && action.kind !== 'connmark',
  );
  const own = ownAddresses(drafts, facts);
  const prefixesOf = reader(notes);
  const all = drafts.map((draft) => {
    const matching = rules.filter((rule) => applies(rule, draft));
    const specific = matching.filter((rule) => isSpecific(rule, draft));
    const chosen = specific.length > 0 ? specific : matching.filter(({ isNarrow }) => !isNarrow);
    if (chosen.length === 0) return withoutRule(draft, own, notes);
    const found = chosen.flatMap((rule): Source[] => {
      if (rule.action.kind === 'masquerade') return masqueraded(draft, rule, own, notes);
      const prefixes = textsOf(rule, draft).flatMap((text) => prefixesOf(text, rule.place));
      // Without an interface of its own, a rule means the uplink that has the address.
      const isMeant = (prefix: Prefix) => specific.length > 0 || drafts.length === 1 || own.ownerOf(prefix) === draft;
      return prefixes.filter(isMeant).map((prefix) => ({ prefix, place: rule.place }));
    });
    return unique(found).slice(0, MOST_SOURCES);
  });
  tellOwners(drafts, all, own, notes);
  return all;
}

/** The words of SNAT targets as prefixes; what is none is told once. */
function reader(notes: Note[]): (text: string, place: Place) => readonly Prefix[] {
  const known = new Map<string, readonly Prefix[]>();
  return (text, place) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const read = readSources(text);
    if (read === null) notes.push({ kind: 'unclear', place, text: `SNAT to ${text}: no address` });
    known.set(text, read ?? []);
    return read ?? [];
  };
}

function withoutRule(draft: Draft, own: OwnAddresses, notes: Note[]): Source[] {
  const found = ownSource(draft, 4, own) ?? ownSource(draft, 6, own);
  if (found === null) return [];
  const text = `no SNAT rule for ${draft.dev ?? draft.key} among these files: the address of its interface is taken`;
  notes.push({ kind: 'assumed', place: found.place, text });
  return [found];
}

function masqueraded(draft: Draft, { family }: Effect, own: OwnAddresses, notes: Note[]): Source[] {
  return (family === null ? ([4, 6] as const) : [family]).flatMap((one) => {
    const found = ownSource(draft, one, own);
    if (found === null) return [];
    const isDynamic = own.of(draft, one).some((known) => known.isDynamic && known.prefix.text === found.prefix.text);
    const text = `${draft.dev} masquerades with a dynamic address: write snat: [] where it changes`;
    const { place } = found;
    const isTold = notes.some((note) => note.text === text);
    if (isDynamic && !isTold) notes.push({ kind: 'assumed', place, text });
    return [found];
  });
}

/**
 * The address that a packet of the router itself would have: `src` of the route, else that of the gateway's network,
 * else the first of the interface.
 */
function ownSource(draft: Draft, family: 4 | 6, own: OwnAddresses): Source | null {
  for (const { value, place } of draft.preferred) {
    const prefix = hostPrefix(value);
    if (prefix?.family === family) return { prefix, place };
  }
  const all = own.of(draft, family);
  const near = all.find(({ network }) => network !== null && isNetworkOf(draft, family, network));
  const found = near ?? all[0];
  return found === undefined ? null : { prefix: found.prefix, place: found.place };
}

function applies(rule: Effect, draft: Draft): boolean {
  const { dev } = draft;
  if (dev === null) return rule.out.length === 0 && rule.mark === null;
  if (!rule.out.every((match) => matchesDev(match, dev))) return false;
  if (rule.action.kind === 'snatByDev' && textsOf(rule, draft).length === 0) return false;
  return rule.mark === null || rule.out.some(({ not }) => !not) || hasMark(rule, draft);
}

/** Whether the rule is for this uplink, and not for whatever goes out. */
function isSpecific(rule: Effect, draft: Draft): boolean {
  return rule.action.kind === 'snatByDev' || rule.out.some(({ not }) => !not) || hasMark(rule, draft);
}

function hasMark({ mark }: Effect, { marks }: Draft): boolean {
  return mark !== null && marks.some(({ value }) => ((value.value ^ mark.value) & mark.mask & value.mask) === 0);
}

function textsOf({ action }: Effect, { dev }: Draft): readonly string[] {
  if (action.kind === 'snat') return action.to;
  if (action.kind !== 'snatByDev' || dev === null) return [];
  return action.to.filter(([name]) => matchesDev({ names: [name], not: false }, dev)).map(([, address]) => address);
}

/** A rule that gives packets the address of another uplink's interface. */
function tellOwners(drafts: readonly Draft[], all: readonly Source[][], own: OwnAddresses, notes: Note[]): void {
  drafts.forEach((draft, i) => {
    for (const { prefix, place } of all[i]) {
      const owner = own.ownerOf(prefix);
      if (owner === null || owner.dev === draft.dev) continue;
      const text = `SNAT source ${prefix.text} of ${draft.dev} is an address of ${owner.dev}: answers would come by the wrong uplink`;
      notes.push({ kind: 'contradiction', place, text });
    }
  });
}

function unique(sources: readonly Source[]): Source[] {
  return [...new Map([...sources].reverse().map((source) => [source.prefix.text, source])).values()].reverse();
}
