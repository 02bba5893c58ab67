// Without a configuration: which addresses connection tracking puts in place of its clients'. The destination of the reply
// tuple is the SNAT source, so that nothing has to be guessed.

import type { Prefix } from '../config/config.js';
import type { Entry } from '../decode/conntrack-entry.js';
import { formatAddress, isLinkLocal, isMulticast, maskWords, prefixContains } from '../util/address.js';
import type { Inference, InferredUplink } from './infer.js';

/** Addresses and networks that are kept apart; a dump with more is a flood, or made up. */
const MOST_ADDRESSES = 4096;
/** Peers of an address that are told apart: it only matters whether there are several. */
const MOST_PEERS = 8;
/** mwan3 keeps the number of its interface in these bits of the mark (the default of its `mmx_mask`). */
export const MWAN3_MASK = 0x3f00;
/** The flows of one SNAT source have one mark nearly always, if marks are of uplinks. */
const MARKED = 0.9;
const LEAST_MARKED = 5;
const APART = '; if that is the line of an IPv4 uplink, which nothing here tells, put both addresses into one';
/** Marks of one source that are told apart. */
const MOST_MARKS = 64;

interface Source {
  prefix: Prefix;
  flows: number;
  /** Of these, flows to hosts of the Internet: not to neighbours in the source's own network. */
  far: number;
  peers: Set<string>;
  /** Flows by mark, of those that have one. */
  marks: Map<number, number>;
}

/** Takes the entries of any dumps, in any order. */
export class SourceSurvey {
  private readonly sources = new Map<string, Source>();
  /** Networks of clients, with some of their hosts. */
  private readonly networks = new Map<string, { prefix: Prefix; hosts: Set<string> }>();

  add({ family, original, reply, mark }: Entry): void {
    if (same(original.src, reply.dst) || isUpkeep(family, reply.dst) || isUpkeep(family, original.src)) return;
    // NAT of a neighbour: a LAN host that is led back to the LAN.
    const near = networkOf(family, reply.dst);
    if (prefixContains(near, family, original.src)) return;
    const key = addressKey(family, reply.dst);
    let source = this.sources.get(key);
    if (source === undefined) {
      if (this.sources.size >= MOST_ADDRESSES) return;
      source = {
        prefix: blockOf(family, reply.dst, FULL[family]),
        flows: 0,
        far: 0,
        peers: new Set(),
        marks: new Map(),
      };
      this.sources.set(key, source);
    }
    source.flows++;
    const isFar = !prefixContains(near, family, reply.src);
    if (isFar) source.far++;
    if (source.peers.size < MOST_PEERS) source.peers.add(addressKey(family, reply.src));
    if (mark !== null && mark !== 0 && (source.marks.has(mark) || source.marks.size < MOST_MARKS)) {
      source.marks.set(mark, (source.marks.get(mark) ?? 0) + 1);
    }
    // Who is translated towards the Internet is behind the router, whatever the address.
    if (!isFar || this.networks.size >= MOST_ADDRESSES) return;
    const prefix = networkOf(family, original.src);
    const network = this.networks.get(prefix.text) ?? { prefix, hosts: new Set() };
    this.networks.set(prefix.text, network);
    if (network.hosts.size < MOST_PEERS) network.hosts.add(addressKey(family, original.src));
  }

  /** The uplinks, busiest first; addresses of one network, or (IPv4 and IPv6) with one mark, are one uplink's. */
  finish(): Inference {
    // NAT towards hosts beside the router is another matter, unless there is nothing else.
    const far = [...this.sources.values()].filter((source) => source.far > 0);
    const all = far.length > 0 ? far : [...this.sources.values()];
    const several = all.filter(({ peers }) => peers.size > 1);
    const chosen = several.length > 0 ? several : all;
    const groups: Source[][] = [];
    for (const source of chosen.sort((a, b) => b.flows - a.flows || (a.prefix.text < b.prefix.text ? -1 : 1))) {
      const { family, words } = source.prefix;
      const near = networkOf(family, words);
      const group = groups.find(([first]) => prefixContains(near, first.prefix.family, first.prefix.words));
      if (group === undefined) groups.push([source]);
      else group.push(source);
    }
    // The router itself, with the source of one uplink, may be translated to that of another.
    const lan = [...this.networks.values()]
      .filter(({ hosts }) => [...hosts].some((host) => !this.sources.has(host)))
      .map(({ prefix }) => prefix)
      .sort((a, b) => (a.text < b.text ? -1 : 1));
    const flowsOf = (group: readonly Source[]) => group.reduce((sum, { flows }) => sum + flows, 0);
    const uplinks = pairFamilies(groups).sort((a, b) => flowsOf(b) - flowsOf(a));
    const isOnly = (group: readonly Source[], family: 4 | 6) => group.every(({ prefix }) => prefix.family === family);
    const apart = uplinks.some((group) => isOnly(group, 4));
    return { uplinks: uplinks.map((group, n) => toUplink(group, n, apart && isOnly(group, 6))), lan };
  }

  /** By uplink (its SNAT sources): how many entries have one of them. */
  entriesOf(uplinks: readonly (readonly Prefix[])[]): number[] {
    return uplinks.map((snat) => this.sourcesOf(snat).reduce((sum, { flows }) => sum + flows, 0));
  }

  /** By uplink (its SNAT sources) the mark in mwan3's bits that nearly all of its flows have, and no other's; else null. */
  marksOf(uplinks: readonly (readonly Prefix[])[]): (number | null)[] {
    const found = uplinks.map((snat) => usualMark(this.sourcesOf(snat), MWAN3_MASK));
    return found.map((mark) => (found.filter((other) => other === mark).length === 1 ? mark : null));
  }

  private sourcesOf(snat: readonly Prefix[]): Source[] {
    return [...this.sources.values()].filter(({ prefix: { family, words } }) =>
      snat.some((prefix) => prefixContains(prefix, family, words)),
    );
  }
}

/** Groups of one family each become uplinks of both where connection marks say so, and no two say the same. */
function pairFamilies(groups: readonly Source[][]): Source[][] {
  const marks = groups.map((group) => usualMark(group, 0xffffffff));
  const isOf = (n: number, family: 4 | 6) => groups[n][0].prefix.family === family;
  const partnerOf = (n: number): number => {
    const same = groups.flatMap((_, other) =>
      other !== n && marks[other] !== null && marks[other] === marks[n] ? [other] : [],
    );
    return same.length === 1 && !isOf(same[0], groups[n][0].prefix.family) ? same[0] : -1;
  };
  return groups.flatMap((group, n) => {
    const partner = partnerOf(n);
    if (partner < 0) return [group];
    // The busier one comes first, and takes the other in.
    return partner > n ? [[...group, ...groups[partner]]] : [];
  });
}

/** The mark, as far as `mask` goes, of nearly all flows of some sources; null where there is none. */
function usualMark(sources: readonly Source[], mask: number): number | null {
  const marks = new Map<number, number>();
  let flows = 0;
  for (const source of sources) {
    flows += source.flows;
    for (const [mark, count] of source.marks) {
      const value = (mark & mask) >>> 0;
      if (value !== 0) marks.set(value, (marks.get(value) ?? 0) + count);
    }
  }
  const [most] = [...marks].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  return most !== undefined && flows >= LEAST_MARKED && most[1] >= flows * MARKED ? most[0] : null;
}

const FULL = { 4: 32, 6: 128 } as const;

/** `apart`: it has IPv6 alone, others have IPv4 alone. */
function toUplink(group: readonly Source[], n: number, apart: boolean): InferredUplink {
  const snat = group.map(({ prefix }) => prefix).sort((a, b) => a.family - b.family || (a.text < b.text ? -1 : 1));
  // No counts, as for captures: those of a survey are of a beginning only.
  const addresses = snat.map(({ text }) => text.replace(/\/(32|128)$/, '')).join(' and ');
  const paired = snat.some(({ family }) => family !== snat[0].family) ? ', with one connection mark' : '';
  return {
    name: `uplink${n + 1}`,
    interface: null,
    snat,
    why: `conntrack expects the answers to clients at ${addresses}${paired}${apart ? APART : ''}`,
    flows: group.reduce((sum, { flows }) => sum + flows, 0),
  };
}

function isUpkeep(family: 4 | 6, words: Int32Array): boolean {
  return isLinkLocal(family, words) || isMulticast(family, words) || (family === 4 && words[3] === 0);
}

function same(a: Int32Array, b: Int32Array): boolean {
  return a[0] === b[0] && a[1] === b[1] && a[2] === b[2] && a[3] === b[3];
}

function addressKey(family: 4 | 6, words: Int32Array): string {
  return family === 4 ? String(words[3]) : words.join(' ');
}

/** The /24 or /64 around an address. */
function networkOf(family: 4 | 6, words: ArrayLike<number>): Prefix {
  return blockOf(family, words, family === 4 ? 24 : 64);
}

function blockOf(family: 4 | 6, words: ArrayLike<number>, length: number): Prefix {
  const whole = [words[0] >>> 0, words[1] >>> 0, words[2] >>> 0, words[3] >>> 0] as const;
  const [a, b, c, d] = maskWords({ family, words: whole }, length);
  return { family, words: [a, b, c, d], length, text: `${formatAddress(family, [a, b, c, d])}/${length}` };
}
