// Finds where a pcap record starts, from any offset of a file: a chain of record headers that fit each other.

import type { PcapHeader } from './pcap-header.js';

/** Records that must follow each other; a wrong start survives each with a chance of about 2^-20. */
const CHAIN = 6;
/** Neighbours in a file are seldom further apart; if they are, the segment is read in sequence instead. */
const MAX_STEP_SEC = 86_400;
const MAX_ORIGINAL = 0x1000000;

/**
 * Offset of a plausible record start in [from, to), or -1. A guess, to be proved by whoever reads up to it.
 * A chain that leaves the window counts if at least two records were seen whole.
 */
export function findRecord(bytes: Uint8Array, view: DataView, header: PcapHeader, from: number, to: number): number {
  const last = Math.min(to, bytes.length) - header.recordBytes;
  for (let at = from; at <= last; at++) {
    if (isChain(view, header, at, to)) return at;
  }
  return -1;
}

function isChain(view: DataView, header: PcapHeader, start: number, to: number): boolean {
  const { littleEndian, recordBytes, fractions, lengths } = header;
  // A snaplen of the header that makes sense is kept to by every recorder.
  const most = header.snaplen >= 14 && header.snaplen < header.maxCaptured ? header.snaplen : header.maxCaptured;
  let at = start;
  let before = -1;
  for (let count = 0; count < CHAIN; count++) {
    if (to - at < recordBytes) return count >= 2;
    const seconds = view.getUint32(at, littleEndian);
    let captured = view.getUint32(at + 8, littleEndian);
    let original = view.getUint32(at + 12, littleEndian);
    if (lengths !== 'normal' && (lengths === 'swapped' || captured > original)) {
      const swapped = captured;
      captured = original;
      original = swapped;
    }
    if (captured > most || captured === 0 || original < captured || original > MAX_ORIGINAL) return false;
    if (view.getUint32(at + 4, littleEndian) >= fractions) return false;
    if (before >= 0 && Math.abs(seconds - before) > MAX_STEP_SEC) return false;
    before = seconds;
    at += recordBytes + captured;
  }
  return true;
}
