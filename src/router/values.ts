// Words of router files become values: addresses, networks, ranges, marks, names. Null for what is none.

import { parseAddress, parsePrefix } from '../config/address.js';
import type { Prefix } from '../config/config.js';
import { formatAddress, maskWords } from '../util/address.js';
import type { DevMatch, Mark } from './facts.js';

const ALL_BITS = 0xffffffff;
const FULL = { 4: 32, 6: 128 } as const;
/** A range of SNAT sources may take this many prefixes at most; a thousand addresses take ten. */
const MOST_PREFIXES = 64;

/** Canonical text and family. A length behind it is left out. */
export function readAddress(word: string): { text: string; family: 4 | 6 } | null {
  const slash = word.indexOf('/');
  const found = parseAddress(slash < 0 ? word : word.slice(0, slash));
  return found === null ? null : { text: formatAddress(found.family, found.words), family: found.family };
}

/** `203.0.113.2/28`, also with a dotted mask: the address and its network. Alone: its own network. */
export function readInterfaceAddress(word: string): { address: string; family: 4 | 6; network: Prefix } | null {
  const slash = word.indexOf('/');
  const found = parseAddress(slash < 0 ? word : word.slice(0, slash));
  if (found === null) return null;
  const length = slash < 0 ? FULL[found.family] : readLength(word.slice(slash + 1), found.family);
  if (length === null) return null;
  const words = maskWords(found, length);
  return {
    address: formatAddress(found.family, found.words),
    family: found.family,
    network: { family: found.family, words, length, text: `${formatAddress(found.family, words)}/${length}` },
  };
}

/** An address or network; host bits are dropped, as ip and iptables do. */
export function readNetwork(word: string): Prefix | null {
  return readInterfaceAddress(word)?.network ?? null;
}

/** `default`, `0.0.0.0/0`, `::/0` and the family that they tell. */
export function readDefault(word: string): { family: 4 | 6 | null } | null {
  if (word === 'default' || word === 'any' || word === 'all') return { family: null };
  if (word === '0.0.0.0/0' || word === '0/0' || word === '0.0.0.0') return { family: 4 };
  return word === '::/0' || word === '::' ? { family: 6 } : null;
}

/** Bits of `28`, `255.255.255.240`. */
export function readLength(word: string, family: 4 | 6): number | null {
  if (/^\d{1,3}$/.test(word)) return Number(word) <= FULL[family] ? Number(word) : null;
  const mask = family === 4 ? parseAddress(word) : null;
  if (mask === null) return null;
  const ones = Math.clz32(~mask.words[3]);
  return maskWords({ family: 4, words: [0, 0, 0, ALL_BITS] }, ones)[3] === mask.words[3] ? ones : null;
}

/**
 * Targets of SNAT (`203.0.113.2`, `203.0.113.2-203.0.113.6:1024-2047`, `[2001:db8::2]:80`, a prefix) become prefixes,
 * ports left out.
 */
export function readSources(word: string): Prefix[] | null {
  const bare = word.startsWith('[')
    ? word.replace(/\](?::[\d-]+)?$/, '').replace(/^\[/, '')
    : /^[\d.]+(?:-[\d.]+)?:[\d-]+$/.test(word)
      ? word.slice(0, word.indexOf(':'))
      : word;
  const dash = bare.indexOf('-');
  if (dash < 0) {
    const prefix = parsePrefix(bare);
    return 'error' in prefix ? null : [prefix];
  }
  const from = readAddress(bare.slice(0, dash).replace(/\]$/, ''));
  const to = readAddress(bare.slice(dash + 1).replace(/^\[/, ''));
  if (from === null || to === null || from.family !== to.family) return null;
  return coverRange(from.text, to.text, from.family);
}

/** `0x100/0xff00`, `1`. Without a mask all bits count. */
export function readMark(word: string): Mark | null {
  const [, value, mask] = /^(0x[0-9a-f]{1,8}|\d{1,10})(?:\/(0x[0-9a-f]{1,8}|\d{1,10}))?$/i.exec(word) ?? [];
  if (value === undefined) return null;
  const mark = { value: Number(value), mask: mask === undefined ? ALL_BITS : Number(mask) };
  return mark.value <= ALL_BITS && mark.mask <= ALL_BITS && mark.mask > 0
    ? { value: (mark.value & mark.mask) >>> 0, mask: mark.mask }
    : null;
}

/** A whole number, 1 to `most`. */
export function readCount(word: string | undefined, most: number): number | null {
  if (word === undefined || !/^\d{1,9}$/.test(word)) return null;
  const count = Number(word);
  return count >= 1 && count <= most ? count : null;
}

/** The name without what `ip link` puts behind it: `wan1@if2`. */
export function devName(word: string): string {
  const at = word.indexOf('@');
  return (at > 0 ? word.slice(0, at) : word).replace(/:$/, '');
}

export function matchesDev(match: DevMatch | null, dev: string): boolean {
  if (match === null) return true;
  const found = match.names.some((name) =>
    name.endsWith('*') || name.endsWith('+') ? dev.startsWith(name.slice(0, -1)) : name === dev,
  );
  return found !== match.not;
}

/** The fewest prefixes that cover the range and nothing else. */
function coverRange(from: string, to: string, family: 4 | 6): Prefix[] | null {
  let start = asNumber(from);
  const end = asNumber(to);
  const prefixes: Prefix[] = [];
  while (start <= end) {
    let size = 0n;
    while (size < BigInt(FULL[family]) && start % (2n << size) === 0n && start + (2n << size) - 1n <= end) size++;
    const words = [96n, 64n, 32n, 0n].map((shift) => Number((start >> shift) & 0xffffffffn)) as [
      number,
      number,
      number,
      number,
    ];
    const length = FULL[family] - Number(size);
    prefixes.push({ family, words, length, text: `${formatAddress(family, words)}/${length}` });
    if (prefixes.length > MOST_PREFIXES) return null;
    start += 1n << size;
  }
  return prefixes.length === 0 ? null : prefixes;
}

function asNumber(text: string): bigint {
  const words = parseAddress(text)?.words ?? [0, 0, 0, 0];
  return words.reduce((sum, word) => (sum << 32n) | BigInt(word), 0n);
}
