// Addresses as four unsigned 32-bit words, IPv4 in the last one: written as text, and told by their kind.
// Text is read in `config/address.ts`.

export type Family = 4 | 6;
export type Words = readonly [number, number, number, number];

export interface Address {
  family: Family;
  words: Words;
}

/** An address and how many of its leading bits count: 0–32 (IPv4) or 0–128. */
export interface Block extends Address {
  length: number;
}

const DECIMAL = Array.from({ length: 256 }, (_, octet) => String(octet));

/**
 * Canonical text: dotted decimal, or RFC 5952 (lower case, the first longest run of two or more zero groups as `::`,
 * IPv4-mapped addresses with their IPv4 part dotted). Words may be signed: only their bits count.
 */
export function formatAddress(family: Family, words: ArrayLike<number>): string {
  return family === 4 ? formatIpv4(words[3]) : formatIpv6(words);
}

/** Whether the address lies in the block; families never match each other. */
export function prefixContains(prefix: Block, family: Family, words: ArrayLike<number>): boolean {
  if (family !== prefix.family) return false;
  const left = family === 4 ? prefix.length + 96 : prefix.length;
  for (let i = family === 4 ? 3 : 0, done = i * 32; i < 4 && done < left; i++, done += 32) {
    if (((words[i] ^ prefix.words[i]) & maskOf(left - done)) !== 0) return false;
  }
  return true;
}

/** Whether the two blocks share an address. */
export function prefixesOverlap(a: Block, b: Block): boolean {
  return a.length <= b.length ? prefixContains(a, b.family, b.words) : prefixContains(b, a.family, a.words);
}

/** The words with everything after the first `length` bits zero. */
export function maskWords({ family, words }: Address, length: number): Words {
  const bits = family === 4 ? length + 96 : length;
  const [a, b, c, d] = words;
  const mask = (word: number, i: number) => (word & maskOf(bits - 32 * i)) >>> 0;
  return [mask(a, 0), mask(b, 1), mask(c, 2), mask(d, 3)];
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

/** The upper `bits` bits of a word; counts below 0 and above 32 are bounded. */
function maskOf(bits: number): number {
  return bits >= 32 ? -1 : bits <= 0 ? 0 : -1 << (32 - bits);
}
