// Tells by content what an input is, from its first bytes; names never count.

import { erfLooks } from './sniff-erf.js';
import { sniffText } from './sniff-text.js';

export type Format =
  | 'pcap'
  | 'pcapng'
  | 'erf'
  | 'snoop'
  | 'conntrack-list'
  | 'conntrack-events'
  | 'conntrack-xml'
  | 'conntrack-proc'
  | 'tally'
  | 'unknown';

export interface Sniffed {
  format: Format;
  /** For `unknown`: what it is instead and what to do, in words that follow "it is"; else null. */
  why: string | null;
  /** False where more bytes could change the answer. */
  sure: boolean;
}

/** More bytes than these are never needed. */
export const SNIFF_BYTES = 1 << 16;

/** First four bytes, big-endian. Sources: libpcap sf-pcap.c, draft-ietf-opsawg-pcap. */
const PCAP_MAGICS: readonly number[] = [
  0xa1b2c3d4, // microseconds
  0xd4c3b2a1,
  0xa1b23c4d, // nanoseconds
  0x4d3cb2a1,
  0xa1b2cd34, // Kuznetzov's, with a longer record header
  0x34cdb2a1,
];

const PCAPNG_BLOCK = 0x0a0d0d0a;
/** A saved summary of ours: `tally/codec.ts`. */
const TALLY = 'mlstat-tally';
const SNOOP = [0x73, 0x6e, 0x6f, 0x6f, 0x70, 0, 0, 0];

/** What people hand over by mistake: first bytes, what it is, what to do. */
const OTHERS: readonly [bytes: string | readonly number[], what: string][] = [
  [[0x1c, 0x00, 0x01, 0xab], 'an Ixia capture: convert it with editcap -F pcap'],
  [[0x1c, 0x00, 0x01, 0xac], 'an Ixia capture: convert it with editcap -F pcap'],
  [[0xab, 0x01, 0x00, 0x1c], 'an Ixia capture: convert it with editcap -F pcap'],
  [[0xac, 0x01, 0x00, 0x1c], 'an Ixia capture: convert it with editcap -F pcap'],
  ['GMBU', 'a Microsoft Network Monitor capture: convert it with editcap -F pcapng'],
  ['RTSS', 'a Microsoft Network Monitor capture: convert it with editcap -F pcapng'],
  ['TRSNIFF data', 'a Sniffer capture: convert it with editcap -F pcap'],
  ['XCP\0', 'a NetXray capture: convert it with editcap -F pcap'],
  ['PK\x03\x04', 'a ZIP archive: unpack it first'],
  [[0x37, 0x7a, 0xbc, 0xaf], 'a 7z archive: unpack it first'],
  ['Rar!', 'a RAR archive: unpack it first'],
  [[0x1f, 0x9d], 'compressed with compress (.Z): unpack it first with uncompress'],
  ['LZIP', 'compressed with lzip: unpack it first with lzip -d'],
  [[0x5d, 0x00, 0x00], 'compressed with lzma: unpack it first with xz --format=lzma -d'],
  [[0xff, 0x06, 0x00, 0x00, 0x73, 0x4e], 'compressed with snappy: unpack it first'],
  [[0x0c, 0xa5], 'an nfdump file, which holds flows of another tool: a capture or conntrack dump is needed'],
  [[0xa5, 0x0c], 'an nfdump file, which holds flows of another tool: a capture or conntrack dump is needed'],
  ['\x7fELF', 'a program, not a capture'],
  [[0x89, 0x50, 0x4e, 0x47], 'a PNG picture, not a capture'],
  [[0xff, 0xd8, 0xff], 'a JPEG picture, not a capture'],
  ['%PDF', 'a PDF document, not a capture'],
  ['SQLite format', 'an SQLite database, not a capture'],
];

/**
 * Names the format of an input (uncompressed) that starts with `prefix`.
 *
 * `whole` says that there is no more than the prefix. Give at least 12 bytes where there are as many; up to
 * SNIFF_BYTES may be needed for text and ERF, which has no magic number.
 */
export function sniff(prefix: Uint8Array, whole = true): Sniffed {
  if (prefix.length === 0) return unknown('empty', whole);
  const end = whole || prefix.length >= SNIFF_BYTES;
  if (prefix.length < 4)
    return unknown(
      `only ${prefix.length === 1 ? '1 byte' : `${prefix.length} bytes`} long, too short for a capture`,
      end,
    );
  const word = wordAt(prefix, 0);
  if (PCAP_MAGICS.includes(word)) return known('pcap');
  if (word === PCAPNG_BLOCK) return sniffPcapng(prefix, end);
  if (startsWith(prefix, SNOOP)) return known('snoop');
  if (startsWith(prefix, TALLY)) return known('tally');
  if (startsWith(prefix, [0xff, 0xfe]) || startsWith(prefix, [0xfe, 0xff])) {
    return unknown('UTF-16 text: convert it with iconv -f UTF-16 -t UTF-8', true);
  }
  const text = sniffText(prefix, end);
  if (text !== null) return text;
  if (prefix.every((byte) => byte === 0)) {
    return unknown(
      `nothing but zero bytes at its start (${prefix.length} seen): the disk was full, or it was never written`,
      end,
    );
  }
  const erf = erfLooks(prefix, whole);
  if (erf === 'yes') return known('erf');
  for (const [bytes, what] of OTHERS) if (startsWith(prefix, bytes)) return unknown(what, true);
  if (isTar(prefix)) return unknown('a tar archive: unpack it first', true);
  if (erf === 'maybe') {
    return unknown('no known format; it may be ERF, but too few records follow each other to be sure', end);
  }
  return unknown(describeBinary(prefix), end);
}

function sniffPcapng(prefix: Uint8Array, end: boolean): Sniffed {
  if (prefix.length < 12) return unknown('cut off within the first block of a pcapng file', end);
  if (startsWith(prefix.subarray(8), [0x1a, 0x2b, 0x3c, 0x4d])) return known('pcapng');
  if (startsWith(prefix.subarray(8), [0x4d, 0x3c, 0x2b, 0x1a])) return known('pcapng');
  return unknown(`a pcapng file whose byte-order magic is destroyed (${hex(prefix.subarray(8, 12))})`, true);
}

/** Where a capture starts a little further on, the bytes in front are all that is wrong. */
function describeBinary(prefix: Uint8Array): string {
  const bytes = `no known capture format (first bytes ${hex(prefix.subarray(0, 4))})`;
  const near = Math.min(prefix.length - 24, 4096);
  for (let at = 1; at < near; at++) {
    if (PCAP_MAGICS.includes(wordAt(prefix, at)))
      return `${bytes}; a pcap header stands at byte ${at}: try tail -c +${at + 1}`;
  }
  return bytes;
}

/** POSIX.1-1988 ustar: the magic stands at byte 257. */
function isTar(prefix: Uint8Array): boolean {
  return prefix.length >= 262 && startsWith(prefix.subarray(257), 'ustar');
}

function startsWith(bytes: Uint8Array, magic: string | readonly number[]): boolean {
  if (bytes.length < magic.length) return false;
  for (let i = 0; i < magic.length; i++) {
    const want = typeof magic === 'string' ? magic.charCodeAt(i) : magic[i];
    if (bytes[i] !== want) return false;
  }
  return true;
}

function wordAt(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0);
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

function known(format: Format): Sniffed {
  return { format, why: null, sure: true };
}

function unknown(why: string, sure: boolean): Sniffed {
  return { format: 'unknown', why, sure };
}
