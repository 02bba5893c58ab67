// The 24 bytes at the start of a classic pcap file.
// https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcap/ and, for old versions, libpcap's sf-pcap.c

import { maxCapturedOf } from './record.js';

export const PCAP_HEADER_BYTES = 24;

const MAGIC = {
  micro: 0xa1b2c3d4,
  nano: 0xa1b23c4d,
  /** Alexey Kuznetzov's patched libpcap: longer record headers. */
  modified: 0xa1b2cd34,
} as const;

export interface PcapHeader {
  littleEndian: boolean;
  /** Units of a record's fraction in a second: 1e6 or 1e9. */
  fractions: number;
  /** Bytes of a record's header: 16, or 24 (Kuznetzov's). */
  recordBytes: number;
  /** Whether records give the original length before the captured one: never, always, or now and then (version 2.3). */
  lengths: 'normal' | 'swapped' | 'mixed';
  major: number;
  minor: number;
  snaplen: number;
  /** LINKTYPE number, the bits about frame check sequences taken off. */
  linkType: number;
  /** A captured length above this is no record's. */
  maxCaptured: number;
}

/** Needs PCAP_HEADER_BYTES. An error is a clause to follow the file's name: lower case, no full stop. */
export function parsePcapHeader(bytes: Uint8Array): PcapHeader | { error: string } {
  if (bytes.length < PCAP_HEADER_BYTES) return { error: 'pcap file header is cut off' };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const littleEndian = isMagic(view.getUint32(0, true));
  const magic = view.getUint32(0, littleEndian);
  if (!isMagic(magic)) return { error: `not a pcap file: magic number 0x${magic.toString(16).padStart(8, '0')}` };
  const major = view.getUint16(4, littleEndian);
  const minor = view.getUint16(6, littleEndian);
  // No minor version above 4 was ever given out, but files that claim one read like 2.4. DG/UX wrote 543.0.
  if (major !== 2 && !(major === 543 && minor === 0)) {
    return { error: `unsupported pcap version ${major}.${minor}` };
  }
  const linkWord = view.getUint32(20, littleEndian);
  // Bits 26 to 31 tell of frame check sequences; those below down to 16 are reserved.
  if ((linkWord & 0x03ff0000) !== 0) {
    return { error: `reserved bits of the pcap link type are set: 0x${linkWord.toString(16).padStart(8, '0')}` };
  }
  const linkType = linkWord & 0xffff;
  return {
    littleEndian,
    fractions: magic === MAGIC.nano ? 1e9 : 1e6,
    recordBytes: magic === MAGIC.modified ? 24 : 16,
    lengths: major === 543 || minor < 3 ? 'swapped' : minor === 3 ? 'mixed' : 'normal',
    major,
    minor,
    snaplen: view.getUint32(16, littleEndian),
    linkType,
    maxCaptured: maxCapturedOf(linkType),
  };
}

/** A record may hold so many bytes. */
export function mostCaptured({ snaplen, maxCaptured }: PcapHeader): number {
  return Math.min(snaplen || maxCaptured, maxCaptured);
}

function isMagic(magic: number): boolean {
  return magic === MAGIC.micro || magic === MAGIC.nano || magic === MAGIC.modified;
}
