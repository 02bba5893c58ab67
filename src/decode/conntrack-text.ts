// Numbers, addresses and times out of the bytes of a dump's text, without making strings of them.

const DOT = 0x2e;
const COLON = 0x3a;

/** Largest value that a double holds exactly. */
const LARGEST = Number.MAX_SAFE_INTEGER;

/** Whole decimal number of bytes[from, to); -1 where it is none, Infinity from 2^53 on. */
export function readNumber(bytes: Uint8Array, from: number, to: number): number {
  if (from >= to) return -1;
  if (bytes[from] === 0x30 && (bytes[from + 1] | 0x20) === 0x78 && to - from > 2) return readHex(bytes, from + 2, to);
  let value = 0;
  for (let at = from; at < to; at++) {
    const digit = bytes[at] - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value > LARGEST ? Number.POSITIVE_INFINITY : value;
}

function readHex(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) {
    const digit = hexDigit(bytes[at]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value > LARGEST ? Number.POSITIVE_INFINITY : value;
}

/**
 * Fills the words from an address (IPv4 dotted decimal without leading zeros; IPv6 in any form of RFC 4291, 2.2) and
 * returns its family, or 0 where bytes[from, to) are none.
 */
export function readAddress(bytes: Uint8Array, from: number, to: number, words: Int32Array): 0 | 4 | 6 {
  // The first dot or colon tells: it stands within four digits in either family.
  for (let at = from; at < to && at < from + 5; at++) {
    if (bytes[at] === COLON) return readIpv6(bytes, from, to, words) ? 6 : 0;
    if (bytes[at] !== DOT) continue;
    const word = readIpv4(bytes, from, to);
    if (word < 0) return 0;
    words[0] = words[1] = words[2] = 0;
    words[3] = word;
    return 4;
  }
  return 0;
}

/** The address as an unsigned number, or -1. */
function readIpv4(bytes: Uint8Array, from: number, to: number): number {
  let word = 0;
  let octets = 0;
  let at = from;
  while (true) {
    const start = at;
    let octet = 0;
    for (; at < to && at < start + 4; at++) {
      const digit = bytes[at] - 0x30;
      if (digit < 0 || digit > 9) break;
      octet = octet * 10 + digit;
    }
    const length = at - start;
    if (length === 0 || octet > 255 || (length > 1 && bytes[start] === 0x30)) return -1;
    word = word * 256 + octet;
    octets++;
    if (at === to) return octets === 4 ? word : -1;
    if (octets === 4 || bytes[at] !== DOT) return -1;
    at++;
  }
}

const groups = new Uint16Array(8);

function readIpv6(bytes: Uint8Array, from: number, to: number, words: Int32Array): boolean {
  let count = 0;
  /** How many groups stand before `::`. */
  let gap = -1;
  let at = from;
  if (bytes[at] === COLON) {
    if (bytes[at + 1] !== COLON || to - from < 2) return false;
    gap = 0;
    at += 2;
  }
  while (at < to) {
    if (count === 8) return false;
    const start = at;
    let value = 0;
    let digit = 0;
    for (; at < to && at < start + 4; at++) {
      digit = hexDigit(bytes[at]);
      if (digit < 0) break;
      value = value * 16 + digit;
    }
    if (at < to && bytes[at] === DOT) {
      // The last 32 bits may be written as IPv4.
      const word = count > 6 ? -1 : readIpv4(bytes, start, to);
      if (word < 0) return false;
      groups[count++] = word >>> 16;
      groups[count++] = word & 0xffff;
      at = to;
      break;
    }
    if (at === start) return false;
    groups[count++] = value;
    if (at === to) break;
    if (bytes[at++] !== COLON) return false;
    if (at === to) return false;
    if (bytes[at] !== COLON) continue;
    if (gap >= 0) return false;
    gap = count;
    at++;
  }
  if (gap < 0 ? count !== 8 : count === 8) return false;
  if (gap >= 0) {
    groups.copyWithin(8 - (count - gap), gap, count);
    groups.fill(0, gap, 8 - (count - gap));
  }
  for (let i = 0; i < 4; i++) words[i] = (groups[2 * i] << 16) | groups[2 * i + 1];
  return true;
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** Microseconds of `seconds.fraction` (as of `-o timestamp`, which pads with blanks in old versions), or -1. */
export function readEpochUs(bytes: Uint8Array, from: number, to: number): number {
  let end = to;
  while (end > from && bytes[end - 1] === 0x20) end--;
  const dot = bytes.indexOf(DOT, from);
  if (dot < 0 || dot >= end || end - dot > 10) return -1;
  const seconds = readNumber(bytes, from, dot);
  const digits = end - dot - 1;
  const fraction = readNumber(bytes, dot + 1, end);
  if (seconds < 0 || fraction < 0 || seconds > 1e11) return -1;
  return seconds * 1e6 + Math.floor(digits <= 6 ? fraction * 10 ** (6 - digits) : fraction / 10 ** (digits - 6));
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/**
 * Microseconds of a time as ctime(3) prints it (`Sun Nov  2 17:27:59 2026`), which `toUtcMs` reads (from the
 * fields as if they were UTC), or of nanoseconds since the epoch (as XML and some vendors print them); null where it is
 * neither.
 */
export function readMoment(text: string, toUtcMs: (wallMs: number) => number): number | null {
  if (/^\d{16,19}$/.test(text)) return Number(text.slice(0, -3));
  const match = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d):(\d\d):(\d\d) (\d{4})$/.exec(text);
  if (match === null) return null;
  const [, month, day, hour, minute, second, year] = match as unknown as string[];
  const ms = Date.UTC(
    Number(year),
    MONTHS.indexOf(month as string),
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  return MONTHS.includes(month as string) ? toUtcMs(ms) * 1000 : null;
}
