// Which networks are the clients': those that SNAT rules name, those of the interfaces that are no uplinks.

import type { Prefix } from '../config/config.js';
import { isLinkLocal, isMulticast, prefixesOverlap } from '../util/address.js';
import type { Facts } from './facts.js';
import type { Effect } from './nat.js';

/** Narrower ones are single hosts: ends of tunnels, a management address. */
const LONGEST = { 4: 31, 6: 127 } as const;
const MOST = 256;

/** `uplinks` are the interfaces of default routes. Networks within others are left out. */
export function lanOf(
  facts: Facts,
  effects: readonly Effect[],
  uplinks: ReadonlySet<string>,
): { prefix: Prefix; dev: string | null }[] {
  const loopback = new Set(facts.links.filter(({ isLoopback }) => isLoopback).map(({ dev }) => dev));
  const connected = facts.addresses.filter(({ dev }) => dev !== 'lo' && !loopback.has(dev));
  const outside = connected.filter(({ dev }) => uplinks.has(dev)).flatMap(({ network }) => network ?? []);
  const inside = connected.filter(({ dev }) => !uplinks.has(dev));
  const ofRules = effects
    .filter(({ action }) => action.kind === 'snat' || action.kind === 'snatByDev' || action.kind === 'masquerade')
    .flatMap(({ sources }) => sources);
  const all = [
    ...ofRules.map((prefix) => ({ prefix, dev: devOf(prefix, inside) })),
    ...inside.flatMap(({ network, dev }) => (network === null ? [] : [{ prefix: network, dev }])),
    ...facts.lan.map(({ value }) => ({ prefix: value, dev: null })),
  ].filter(({ prefix }) => isLan(prefix) && !outside.some((network) => prefixesOverlap(network, prefix)));
  const kept: typeof all = [];
  for (const one of [...all].sort((a, b) => a.prefix.length - b.prefix.length)) {
    if (!kept.some(({ prefix }) => prefixesOverlap(prefix, one.prefix))) kept.push(one);
    if (kept.length >= MOST) break;
  }
  return all.filter((one) => kept.includes(one));
}

/** MAC addresses of these interfaces. */
export function macsOf(facts: Facts, devs: ReadonlySet<string>): string[] {
  return [...new Set(facts.links.filter(({ dev }) => devs.has(dev)).flatMap(({ mac }) => mac ?? []))];
}

function devOf(prefix: Prefix, inside: Facts['addresses']): string | null {
  return inside.find(({ network }) => network !== null && prefixesOverlap(network, prefix))?.dev ?? null;
}

function isLan({ family, words, length }: Prefix): boolean {
  const isLoopback = family === 4 ? words[3] >>> 24 === 127 : words[0] === 0 && words[1] === 0 && words[2] === 0;
  return (
    length > 0 && length <= LONGEST[family] && !isLoopback && !isLinkLocal(family, words) && !isMulticast(family, words)
  );
}
