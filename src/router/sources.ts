// Which SNAT sources and which marks are an uplink's: by the rules that packets meet on their way out of its interface,
// by the interface's own address where they masquerade.

import { parseAddress, parsePrefix } from '../config/address.js';
import type { Prefix } from '../config/config.js';
import { isLinkLocal, prefixContains, prefixesOverlap } from '../util/address.js';
import type { Claim } from './claims.js';
import type { DefaultRoute, Facts, Mark, Note, Place } from './facts.js';
import { placeText } from './facts.js';
import type { Effect } from './nat.js';
import type { Draft } from './uplinks.js';
import { matchesDev, readSources } from './values.js';

export interface Source {
  prefix: Prefix;
  place: Place;
}

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
  const masquerades = new Set<Draft>();
  const all = drafts.map((draft) => {
    const matching = rules.filter((rule) => applies(rule, draft));
    const specific = matching.filter((rule) => isSpecific(rule, draft));
    const found: Source[] = [];
    for (const rule of specific.length > 0 ? specific : matching.filter(({ isNarrow }) => !isNarrow)) {
      const { action, place } = rule;
      if (action.kind === 'masquerade') {
        masquerades.add(draft);
        for (const family of rule.family === null ? ([4, 6] as const) : [rule.family]) {
          const own = ownAddress(draft, family, facts);
          if (own !== null) found.push(own);
        }
        continue;
      }
      const texts = action.kind === 'snat' ? action.to : textsFor(action, draft);
      for (const text of texts) {
        const prefixes = readSources(text);
        if (prefixes === null) notes.push({ kind: 'unclear', place, text: `SNAT to ${text}: no address` });
        // Without an interface of its own, a rule means the uplink that has the address.
        const isOwn = specific.length > 0 || drafts.length === 1;
        for (const prefix of prefixes ?? []) {
          if (isOwn || ownerOf(prefix, drafts, facts) === draft) found.push({ prefix, place });
        }
      }
    }
    if (matching.length === 0) {
      const own = ownAddress(draft, 4, facts) ?? ownAddress(draft, 6, facts);
      if (own !== null) {
        const text = `no SNAT rule for ${draft.dev ?? draft.key} among these files: the address of its interface is taken`;
        notes.push({ kind: 'assumed', place: own.place, text });
        found.push(own);
      }
    }
    return unique(found);
  });
  checkOwners(drafts, all, facts, notes);
  for (const draft of masquerades) tellDynamic(draft, facts, notes);
  return all;
}

/**
 * Gives the drafts their marks of connections: what rules of netfilter set for their interface, and what rules of
 * routing look their table up by, where marks are kept with connections at all.
 */
export function marksOf(
  drafts: readonly Draft[],
  effects: readonly Effect[],
  rest: readonly DefaultRoute[],
  facts: Facts,
  notes: Note[],
): void {
  const keeps = facts.savesMark || effects.some(({ action }) => action.kind === 'connmark');
  for (const draft of drafts) {
    const { dev } = draft;
    if (dev === null) continue;
    for (const { action, place, out, in: into } of effects) {
      if (!(action.kind === 'connmark' || (action.kind === 'mark' && facts.savesMark))) continue;
      const matches = [...out, ...into].filter(({ not }) => !not);
      if (matches.length > 0 && [...out, ...into].every((match) => matchesDev(match, dev)))
        draft.marks.push({ value: action.mark, place });
    }
    if (!keeps) continue;
    const tables = new Set(
      rest.filter(({ hops }) => hops.length === 1 && hops[0].dev === dev).map(({ table }) => table),
    );
    for (const rule of facts.rules) {
      if (rule.fwmark !== null && rule.fwmark.value !== 0 && tables.has(rule.table))
        draft.marks.push({ value: rule.fwmark, place: rule.place });
    }
    // A mark by which routing chooses the table is the uplink's own; others on the interface serve other ends.
    const routed = draft.marks.filter(({ value }) => facts.rules.some(({ fwmark }) => fwmark?.value === value.value));
    if (routed.length > 0) draft.marks = widest(routed);
  }
  for (const draft of drafts) {
    const other = drafts.find(
      (one) => one !== draft && one.marks.some((a) => draft.marks.some((b) => sameMark(a.value, b.value))),
    );
    if (other === undefined) continue;
    const [mark] = draft.marks;
    notes.push({
      kind: 'contradiction',
      place: mark.place,
      text: `${draft.dev} has the mark of ${other.dev}: both are left without`,
    });
    draft.marks = [];
    other.marks = [];
  }
}

/** One mark with several masks is one mark: the mask that was written for it, not that of all bits. */
function widest(marks: readonly Claim<Mark>[]): Claim<Mark>[] {
  const byValue = new Map<string, Claim<Mark>>();
  for (const mark of marks) {
    const known = byValue.get(`${mark.place.rank} ${mark.value.value}`);
    if (known === undefined || mark.value.mask < known.value.mask)
      byValue.set(`${mark.place.rank} ${mark.value.value}`, mark);
  }
  return [...byValue.values()];
}

function sameMark(a: Mark, b: Mark): boolean {
  return a.value === b.value && a.mask === b.mask;
}

function applies(rule: Effect, draft: Draft): boolean {
  if (draft.dev === null) return rule.out.length === 0 && rule.mark === null;
  const { dev } = draft;
  if (!rule.out.every((match) => matchesDev(match, dev))) return false;
  if (rule.action.kind === 'snatByDev' && textsFor(rule.action, draft).length === 0) return false;
  return rule.mark === null || rule.out.some(({ not }) => !not) || hasMark(rule.mark, draft);
}

function isSpecific(rule: Effect, draft: Draft): boolean {
  return (
    rule.action.kind === 'snatByDev' ||
    rule.out.some(({ not }) => !not) ||
    (rule.mark !== null && hasMark(rule.mark, draft))
  );
}

function hasMark(mark: Mark, { marks }: Draft): boolean {
  return marks.some(({ value }) => ((value.value ^ mark.value) & mark.mask & value.mask) === 0);
}

function textsFor(action: Effect['action'], { dev }: Draft): string[] {
  if (action.kind !== 'snatByDev' || dev === null) return [];
  return action.to.filter(([name]) => matchesDev({ names: [name], not: false }, dev)).map(([, address]) => address);
}

/**
 * The address that a packet of the router itself would have: `src` of the route, else that of the gateway's network,
 * else the first of the interface.
 */
function ownAddress(draft: Draft, family: 4 | 6, facts: Facts): Source | null {
  const isFamily = (text: string) => text.includes(':') === (family === 6);
  const own = addressesOf(draft, family, facts);
  const [preferred] = draft.preferred.filter(({ value }) => isFamily(value));
  if (preferred !== undefined) return asSource(preferred);
  const gateways = draft.gateways[family].flatMap(({ value }) => parseAddress(value) ?? []);
  const near = own.find(({ network }) =>
    gateways.some(({ words }) => network !== null && prefixContains(network, family, words)),
  );
  const found = near ?? own[0];
  return found === undefined ? null : asSource({ value: found.text, place: found.place });
}

function addressesOf(draft: Draft, family: 4 | 6, facts: Facts) {
  const isShared = draft.key !== '';
  const gateways = draft.gateways[family].flatMap(({ value }) => parseAddress(value) ?? []);
  const ofDev = facts.addresses
    .filter((one) => one.dev === draft.dev && one.family === family && one.address !== null)
    .filter(
      ({ network }) =>
        !isShared || (network !== null && gateways.some(({ words }) => prefixContains(network, family, words))),
    )
    .map(({ address, network, place, isDynamic }) => ({ text: address ?? '', network, place, isDynamic }));
  const given = draft.addresses
    .filter(({ value }) => value.includes(':') === (family === 6))
    .map(({ value, place }) => ({ text: value, network: null, place, isDynamic: false }));
  return [...ofDev, ...given]
    .filter(({ text }) => {
      const parsed = parseAddress(text);
      return parsed !== null && !isLinkLocal(family, parsed.words);
    })
    .sort((a, b) => a.place.rank - b.place.rank);
}

function asSource({ value, place }: Claim<string>): Source | null {
  const prefix = parsePrefix(value);
  return 'error' in prefix ? null : { prefix, place };
}

function ownerOf(prefix: Prefix, drafts: readonly Draft[], facts: Facts): Draft | undefined {
  const near = drafts.find((draft) =>
    addressesOf(draft, prefix.family, facts).some(({ text, network }) => {
      const own = parsePrefix(text);
      return (
        (!('error' in own) && prefixesOverlap(own, prefix)) || (network !== null && prefixesOverlap(network, prefix))
      );
    }),
  );
  return near;
}

/** A rule that gives packets the address of another uplink's interface. */
function checkOwners(drafts: readonly Draft[], all: readonly Source[][], facts: Facts, notes: Note[]): void {
  drafts.forEach((draft, i) => {
    for (const { prefix, place } of all[i]) {
      const owner = ownerOf(prefix, drafts, facts);
      if (owner === undefined || owner === draft || owner.dev === draft.dev) continue;
      notes.push({
        kind: 'contradiction',
        place,
        text: `SNAT source ${prefix.text} of ${draft.dev} is an address of ${owner.dev}: packets would leave by the wrong uplink`,
      });
    }
  });
}

function tellDynamic(draft: Draft, facts: Facts, notes: Note[]): void {
  const dynamic = facts.addresses.find(
    ({ dev, isDynamic, address }) => dev === draft.dev && isDynamic && address !== null,
  );
  if (dynamic === undefined) return;
  notes.push({
    kind: 'assumed',
    place: dynamic.place,
    text: `${draft.dev} masquerades and its address ${dynamic.address} is dynamic: write snat: [] where it changes (${placeText(dynamic.place)})`,
  });
}

function unique(sources: readonly Source[]): Source[] {
  return [...new Map([...sources].reverse().map((source) => [source.prefix.text, source])).values()].reverse();
}
