// Addresses: text to words and back. Four unsigned 32-bit words an address, IPv4 in the last one.
// Reading is strict and slow (ip-num, for configuration and command line); writing is fast (one string a flow).

import { createRequire } from 'node:module';

export type Family = 4 | 6;
export type Words = readonly [number, number, number, number];

export interface Address {
  family: Family;
  words: Words;
}

/** An address block, canonical: host bits zero; `text` always with its length (`203.0.113.2/32`, `2001:db8::/32`). */
export interface Prefix extends Address {
  /** Bits: 0–32 (IPv4) or 0–128. */
  length: number;
  text: string;
}

/** Longest text of an IPv6 address (INET6_ADDRSTRLEN − 1); longer input is refused before any pattern sees it. */
const LONGEST_ADDRESS = 45;

const DECIMAL = Array.from({ length: 256 }, (_, octet) => String(octet));

/**
 * Canonical text: dotted decimal, or RFC 5952 (lower case, the first longest run of two or more zero groups as `::`,
 * IPv4-mapped addresses with their IPv4 part dotted). Words may be signed: only their bits count.
 */
export function formatAddress(family: Family, words: ArrayLike<number>): string {
  return family === 4 ? formatIpv4(words[3]) : formatIpv6(words);
}

/**
 * Reads one address. Null for anything else, and for spellings on which programs disagree: leading zeros
 * (`010.1.2.3`), short forms (`10.1`), brackets, spaces, zone ids.
 */
export function parseAddress(text: string): Address | null {
  if (text.length > LONGEST_ADDRESS || text.includes('%') || text.includes('/')) return null;
  const { IPv4, IPv6 } = ipNum();
  try {
    if (text.includes(':')) return { family: 6, words: wordsOf(new IPv6(text).getValue()) };
    return { family: 4, words: wordsOf(new IPv4(text).getValue()) };
  } catch {
    return null; // ip-num says no by throwing
  }
}

/**
 * Reads `address/length`, or an address alone as its host prefix. The error is a predicate without the value, cure
 * included: `has host bits set; write 192.168.77.0/24`.
 */
export function parsePrefix(text: string): Prefix | { error: string } {
  const slash = text.indexOf('/');
  const host = slash < 0 ? text : text.slice(0, slash);
  const zone = host.indexOf('%');
  if (zone >= 0 && parseAddress(host.slice(0, zone))?.family === 6) {
    return { error: `has a zone id, which no packet carries; write ${host.slice(0, zone)}` };
  }
  const address = parseAddress(host);
  if (address === null) return { error: `must be an IPv4 or IPv6 address or prefix${hint(host)}` };
  const bits = address.family === 4 ? 32 : 128;
  const digits = slash < 0 ? String(bits) : text.slice(slash + 1);
  const length = /^(0|[1-9]\d{0,2})$/.test(digits) ? Number(digits) : Number.NaN;
  if (!(length <= bits)) return { error: `must have a prefix length from 0 to ${bits}` };
  const words = maskWords(address, length);
  const canonical = `${formatAddress(address.family, words)}/${length}`;
  if (words.some((word, i) => word !== address.words[i])) {
    return { error: `has host bits set; write ${canonical} or ${formatAddress(address.family, address.words)}` };
  }
  return { family: address.family, words, length, text: canonical };
}

/** Whether the address lies in the block; families never match each other. */
export function prefixContains(prefix: Prefix, family: Family, words: ArrayLike<number>): boolean {
  if (family !== prefix.family) return false;
  const left = family === 4 ? prefix.length + 96 : prefix.length;
  for (let i = family === 4 ? 3 : 0, done = i * 32; i < 4 && done < left; i++, done += 32) {
    if (((words[i] ^ prefix.words[i]) & maskOf(left - done)) !== 0) return false;
  }
  return true;
}

/** Whether the two blocks share an address. */
export function prefixesOverlap(a: Prefix, b: Prefix): boolean {
  return a.length <= b.length ? prefixContains(a, b.family, b.words) : prefixContains(b, a.family, a.words);
}

/** Never forwarded by a router: 169.254.0.0/16 (RFC 3927), fe80::/10 (RFC 4291). */
export function isLinkLocal(family: Family, words: ArrayLike<number>): boolean {
  return family === 4 ? words[3] >>> 16 === 0xa9fe : words[0] >>> 22 === 0x3fa;
}

/** 224.0.0.0/4 (RFC 5771), ff00::/8 (RFC 4291). */
export function isMulticast(family: Family, words: ArrayLike<number>): boolean {
  return family === 4 ? words[3] >>> 28 === 0xe : words[0] >>> 24 === 0xff;
}

/**
 * Routed inside a site or a provider, never across the Internet: RFC 1918, 100.64.0.0/10 (RFC 6598), fc00::/7
 * (RFC 4193). Link-local addresses are not among them: `isLinkLocal`.
 */
export function isPrivate(family: Family, words: ArrayLike<number>): boolean {
  if (family === 6) return words[0] >>> 25 === 0x7e;
  const word = words[3];
  return word >>> 24 === 10 || word >>> 20 === 0xac1 || word >>> 16 === 0xc0a8 || word >>> 22 === 0x191;
}

function formatIpv4(word: number): string {
  return `${DECIMAL[word >>> 24]}.${DECIMAL[(word >>> 16) & 255]}.${DECIMAL[(word >>> 8) & 255]}.${DECIMAL[word & 255]}`;
}

function formatIpv6(words: ArrayLike<number>): string {
  if (words[0] === 0 && words[1] === 0 && words[2] === 0xffff) return `::ffff:${formatIpv4(words[3])}`;
  let best = -1;
  let bestLength = 1; // a single zero group stays `0` (RFC 5952, 4.2.2)
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && group(words, end) === 0) end++;
    if (end - i > bestLength) {
      best = i;
      bestLength = end - i;
    }
    if (end > i) i = end;
  }
  let text = '';
  for (let i = 0; i < 8; i++) {
    if (i === best) {
      text += '::';
      i += bestLength - 1;
    } else {
      text += i === 0 || i === best + bestLength ? group(words, i).toString(16) : `:${group(words, i).toString(16)}`;
    }
  }
  return text;
}

function group(words: ArrayLike<number>, i: number): number {
  return (i & 1) === 0 ? words[i >> 1] >>> 16 : words[i >> 1] & 0xffff;
}

function hint(host: string): string {
  if (host.startsWith('[')) return ' without brackets';
  const plain = host.replace(/(^|\.)0+(?=\d)/g, '$1');
  return plain !== host && parseAddress(plain) !== null ? `; leading zeros are ambiguous, write ${plain}` : '';
}

function maskWords(address: Address, length: number): Words {
  const bits = address.family === 4 ? length + 96 : length;
  const [a, b, c, d] = address.words;
  const mask = (word: number, i: number) => (word & maskOf(bits - 32 * i)) >>> 0;
  return [mask(a, 0), mask(b, 1), mask(c, 2), mask(d, 3)];
}

/** The upper `bits` bits of a word; counts below 0 and above 32 are bounded. */
function maskOf(bits: number): number {
  return bits >= 32 ? -1 : bits <= 0 ? 0 : -1 << (32 - bits);
}

function wordsOf(value: bigint): Words {
  const word = (i: bigint) => Number((value >> (i * 32n)) & 0xffffffffn);
  return [word(3n), word(2n), word(1n), word(0n)];
}

let loaded: typeof import('ip-num') | undefined;

/** Loaded at the first address that is read: it costs start-up 14 ms, and most imports of this file only write. */
function ipNum(): typeof import('ip-num') {
  loaded ??= createRequire(import.meta.url)('ip-num') as typeof import('ip-num');
  return loaded;
}
