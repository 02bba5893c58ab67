// Reads dumps whole or in pieces, and keeps what the readers lend.

import { ConntrackReader } from '#src/decode/conntrack.js';
import type { ConntrackOptions } from '#src/decode/conntrack-counts.js';
import type { Entry, Tuple } from '#src/decode/conntrack-entry.js';
import { ConntrackXmlReader } from '#src/decode/conntrack-xml.js';
import { formatAddress } from '#src/util/address.js';

export interface PlainTuple extends Omit<Tuple, 'src' | 'dst' | 'reset'> {
  src: string;
  dst: string;
}

export interface PlainEntry extends Omit<Entry, 'original' | 'reply' | 'reset'> {
  original: PlainTuple;
  reply: PlainTuple;
}

export interface Reading {
  entries: PlainEntry[];
  kind: 'list' | 'events' | 'mixed' | null;
  lines: number;
  other: number;
  announced: number | null;
  skipped: { reason: string; count: number; offset: number | null }[];
}

type Format = 'text' | 'xml';

/** The pieces are overwritten once they were fed, as a window would. */
export function readPieces(pieces: readonly Uint8Array[], format: Format, options: ConntrackOptions = {}): Reading {
  const entries: PlainEntry[] = [];
  const keep = (entry: Entry) => entries.push(plainEntry(entry));
  const reader = format === 'text' ? new ConntrackReader(keep, options) : new ConntrackXmlReader(keep, options);
  for (const piece of pieces) {
    const lent = Uint8Array.from(piece);
    reader.feed(lent);
    lent.fill(0x3f);
  }
  reader.end();
  const { announced, lines, other, skipped } = reader.counts;
  return { entries, kind: reader.kind, lines, other, announced, skipped: skipped.list() };
}

export function readText(text: string | Uint8Array, options: ConntrackOptions = {}): Reading {
  return readPieces([Buffer.from(text)], 'text', options);
}

export function readXml(text: string | Uint8Array, options: ConntrackOptions = {}): Reading {
  return readPieces([Buffer.from(text)], 'xml', options);
}

/** Cuts at the given places, which need not be in order. */
export function cutAt(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const sorted = [...places].sort((a, b) => a - b);
  return [...sorted, bytes.length].map((to, i) => bytes.subarray(i === 0 ? 0 : sorted[i - 1], to));
}

export function plainEntry(entry: Entry): PlainEntry {
  const tuple = ({ src, dst, ...rest }: Tuple): PlainTuple => ({
    ...rest,
    src: formatAddress(entry.family, src),
    dst: formatAddress(entry.family, dst),
  });
  return { ...entry, original: tuple(entry.original), reply: tuple(entry.reply) };
}
