// How large the records of a plain pcap file are, as far as a glance into its middle tells: it begins with small ones.

import { readSync } from 'node:fs';
import { PCAP_HEADER_BYTES, type PcapHeader, parsePcapHeader } from '../decode/pcap-header.js';
import { findRecord } from '../decode/resync.js';

/** Some dozens of large records, some hundreds of small ones. */
const SAMPLE_BYTES = 1 << 16;
/** Reading a record of so many bytes takes about as long as all that is done with it. */
const LARGE_BYTES = 400;
/** The beginning of a capture tells little: connections open with small packets. */
const BEGINNING_BYTES = 32 * 2 ** 20;

/** Whether so many records of so many bytes together are large ones, as far as they tell that. */
export function areLarge(records: number, bytes: number): boolean {
  return bytes < BEGINNING_BYTES || bytes >= LARGE_BYTES * records;
}

/**
 * How many parts of a file are looked at at a time by so many threads: one of what is no plain pcap, of large records half
 * as many as there are threads, for which the main one reads along (`input/ahead`). What can't be read is told when it is read in earnest.
 */
export function readersOf(fd: number, size: number, threads: number): number {
  if (threads <= 1) return 1;
  try {
    const header = headerOf(fd);
    if (header === null) return 1;
    return meanRecordBytes(fd, size, header) < LARGE_BYTES ? threads : Math.ceil(threads / 2);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    return threads;
  }
}

function headerOf(fd: number): PcapHeader | null {
  const head = Buffer.alloc(PCAP_HEADER_BYTES);
  const header = parsePcapHeader(head.subarray(0, readSync(fd, head, 0, PCAP_HEADER_BYTES, 0)));
  return 'error' in header ? null : header;
}

/** Mean bytes of a record with its header; 0 where nothing in the middle looks like records. */
function meanRecordBytes(fd: number, size: number, header: PcapHeader): number {
  const { recordBytes, littleEndian, lengths } = header;
  const bytes = Buffer.allocUnsafe(Math.min(SAMPLE_BYTES, size));
  const to = readSync(fd, bytes, 0, bytes.length, Math.floor((size - bytes.length) / 2));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const from = findRecord(bytes, view, header, 0, to);
  if (from < 0) return 0;
  const captured = lengths === 'normal' ? 8 : 12;
  let at = from;
  let records = 0;
  while (at + recordBytes <= to) {
    at += recordBytes + view.getUint32(at + captured, littleEndian);
    records++;
  }
  return records === 0 ? 0 : (at - from) / records;
}
