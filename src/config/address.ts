// Addresses and prefixes that a person wrote: text becomes words. Strict and, for IPv6, slow (ip-num): for configuration and
// command line, never for packets or dumps.

import { createRequire } from 'node:module';
import { type Address, formatAddress, maskWords, type Words } from '../util/address.js';
import type { Prefix } from './config.js';

/** Longest text of an IPv6 address (INET6_ADDRSTRLEN − 1); longer input is refused before any pattern sees it. */
const LONGEST_ADDRESS = 45;
/** What ip-num makes of an address: all groups, all digits. */
const EXPANDED = /^(?:[\da-f]{4}:){7}[\da-f]{4}$/i;
const DOTTED = /^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}$/;

/**
 * Reads one address. Null for anything else, and for spellings on which programs disagree: leading zeros
 * (`010.1.2.3`), short forms (`10.1`), brackets, spaces, zone ids.
 */
export function parseAddress(text: string): Address | null {
  if (text.length > LONGEST_ADDRESS || text.includes('%') || text.includes('/')) return null;
  if (!text.includes(':')) return parseIpv4(text);
  try {
    const expanded = ipNum().expandIPv6Number(text);
    return EXPANDED.test(expanded) ? { family: 6, words: wordsOf(expanded) } : null;
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

/** Four numbers from 0 to 255 without leading zeros. By itself, for most configurations hold nothing else. */
function parseIpv4(text: string): Address | null {
  if (!DOTTED.test(text)) return null;
  const [a, b, c, d] = text.split('.').map(Number) as [number, number, number, number];
  if (Math.max(a, b, c, d) > 255) return null;
  return { family: 4, words: [0, 0, 0, ((a << 24) | (b << 16) | (c << 8) | d) >>> 0] };
}

function hint(host: string): string {
  if (host.startsWith('[')) return ' without brackets';
  const plain = host.replace(/(^|\.)0+(?=\d)/g, '$1');
  return plain !== host && parseAddress(plain) !== null ? `; leading zeros are ambiguous, write ${plain}` : '';
}

function wordsOf(expanded: string): Words {
  const digits = expanded.replaceAll(':', '');
  const word = (i: number) => Number.parseInt(digits.slice(8 * i, 8 * i + 8), 16);
  return [word(0), word(1), word(2), word(3)];
}

type IpNum = typeof import('ip-num/dist/src/IPv6Utils.js');

let loaded: IpNum | undefined;

/**
 * At the first address of IPv6, and by require, which is faster than import. Its numbers (`IPv6`) are left alone: they begin by
 * making 25 ranges of special use out of BigInts, 9 ms at each start.
 */
function ipNum(): IpNum {
  loaded ??= createRequire(import.meta.url)('ip-num/dist/src/IPv6Utils.js') as IpNum;
  return loaded;
}
