// What the first counted run of a sight tells of its two ends: the remote one, which NAT leaves alone, and the local one.

import { META } from '../decode/batch.js';
import { hashKey } from './hash.js';
import { COLD, HOT, HOT_WORDS, STATE } from './layout.js';
import { PROTOCOL } from './rules.js';
import type { Sights } from './sights.js';

const C = HOT_WORDS;
const ADDRESS_WORDS = 4;

/** What is known of one end of a TCP flow. */
export interface Side {
  syn: boolean;
  spoke: boolean;
  isn: number;
  seq: number;
}

/** Of the local (`mine`) or the remote end. */
export function sideOf(sights: Sights, sight: number, mine: boolean): Side {
  const { list, at } = sights.head(sight);
  const local = sights.local(sight);
  const end = mine ? local : 1 - local;
  const state = list.words[at + HOT.state];
  return {
    syn: (state & (STATE.synLow << end)) !== 0,
    spoke: (state & (STATE.spokeLow << end)) !== 0,
    isn: list.words[at + C + COLD.isnLow + end],
    seq: list.words[at + C + COLD.seqLow + end],
  };
}

export function protocolOf(sights: Sights, sight: number): number {
  const { list, at } = sights.head(sight);
  return list.words[at + HOT.meta] & META.protocolMask;
}

export function localPort(sights: Sights, sight: number): number {
  return portOf(sights, sight, sights.local(sight));
}

/** Whether two sights have one protocol, remote address and remote port. */
export function sameRemote(sights: Sights, a: number, b: number): boolean {
  const protocol = protocolOf(sights, a);
  if (protocol !== protocolOf(sights, b)) return false;
  const x = 1 - sights.local(a);
  const y = 1 - sights.local(b);
  for (let i = 0; i < ADDRESS_WORDS; i++) if (word(sights, a, x, i) !== word(sights, b, y, i)) return false;
  return isEcho(protocol) || portOf(sights, a, x) === portOf(sights, b, y);
}

/** Of what `sameRemote` compares. */
export function remoteHash(sights: Sights, sight: number): number {
  const protocol = protocolOf(sights, sight);
  const end = 1 - sights.local(sight);
  const port = isEcho(protocol) ? 0 : portOf(sights, sight, end);
  const [a, b, c, d] = [0, 1, 2, 3].map((i) => word(sights, sight, end, i));
  return hashKey(port, protocol, a, b, hashKey(c, d, 0, 0, sights.seed));
}

/** Orders sights of one moment by their ends, number by number as text, so that no order of arrival shows. */
export function compareEnds(sights: Sights, a: number, b: number): number {
  for (let i = 0; i < 2 * ADDRESS_WORDS; i++) {
    const end = i < ADDRESS_WORDS ? 0 : 1;
    const order = asText(word(sights, a, end, i % ADDRESS_WORDS), word(sights, b, end, i % ADDRESS_WORDS));
    if (order !== 0) return order;
  }
  const [x, y] = [sights.head(a), sights.head(b)];
  return (
    asText(x.list.words[x.at + HOT.ports], y.list.words[y.at + HOT.ports]) ||
    asText(x.list.words[x.at + HOT.meta], y.list.words[y.at + HOT.meta])
  );
}

function asText(a: number, b: number): number {
  return a === b ? 0 : String(a) < String(b) ? -1 : 1;
}

/** The identifier of an echo is the client's; of other protocols without ports nothing is there. */
function isEcho(protocol: number): boolean {
  return protocol === PROTOCOL.icmp || protocol === PROTOCOL.icmp6;
}

/** A word of an end's address; IPv4 in the last. */
function word(sights: Sights, sight: number, end: number, i: number): number {
  const { list, at } = sights.head(sight);
  const { words } = list;
  if ((words[at + HOT.meta] & META.ipv6) !== 0) return words[at + C + COLD.wide + end * ADDRESS_WORDS + i];
  return i < ADDRESS_WORDS - 1 ? 0 : words[at + HOT.k0 + end];
}

function portOf(sights: Sights, sight: number, end: number): number {
  const { list, at } = sights.head(sight);
  const ports = list.words[at + HOT.ports];
  return end === 0 ? ports >>> 16 : ports & 0xffff;
}
