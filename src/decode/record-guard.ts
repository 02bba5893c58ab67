// Chunks of a classic pcap input into runs of whole, plausible records: what stands in front of a reader that believes every
// length. https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcap/

import { type DamageLog, EXIT, UserError } from '../util/error.js';
import { BLANK_RECORDS, isFileHeader, maxCapturedOf } from './record.js';

const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const MICROSECONDS = 0xa1b2c3d4;
/** Between the link type and what is said of frame check sequences. */
const RESERVED_LINK_BITS = 0x03ff0000;

/** Other formats by their first four bytes, for the one line that says why they are not read here. */
const OTHERS: Readonly<Record<string, string>> = {
  a1b23c4d: 'pcap with nanoseconds',
  '4d3cb2a1': 'pcap with nanoseconds',
  a1b2cd34: "pcap in Kuznetzov's form",
  '34cdb2a1': "pcap in Kuznetzov's form",
  '0a0d0d0a': 'pcapng',
  '736e6f6f': 'snoop',
};

/** Cuts chunks after the last whole record and stops at the first length that can't be one. */
export class RecordGuard {
  records = 0;
  done = false;
  private readonly pending: Buffer[] = [];
  private pendingBytes = 0;
  /** Bytes that have to be pending before it is worth looking again. */
  private wants = FILE_HEADER;
  private started = false;
  private littleEndian = false;
  private largest = 0;
  private snaplen = 0;
  /** Records of nothing but zeros at the beginning of what is pending. */
  private blank = 0;
  /** Absolute offset of the first pending byte. */
  private offset = 0;

  constructor(private readonly damage: DamageLog) {}

  /** Whole records (the file's header before the first), possibly none; the bytes are the caller's. */
  cut(chunk: Uint8Array): Buffer {
    this.pending.push(Buffer.from(chunk));
    this.pendingBytes += chunk.length;
    if (this.pendingBytes < this.wants) return Buffer.alloc(0);
    const bytes = Buffer.concat(this.pending);
    const end = this.started ? this.wholeRecords(bytes, 0) : this.wholeRecords(bytes, this.open(bytes));
    this.pending.length = 0;
    this.pending.push(bytes.subarray(end));
    this.pendingBytes = bytes.length - end;
    this.offset += end;
    return bytes.subarray(0, end);
  }

  /** The blank records at the end that may be some, to be read like the others. */
  end(): Buffer {
    if (!this.started && this.pendingBytes === 0) throw unreadable('empty file');
    if (!this.started) {
      refuseOther(Buffer.concat(this.pending));
      throw unreadable('pcap file header is cut off');
    }
    if (this.done) return Buffer.alloc(0);
    const blank = this.blank * RECORD_HEADER;
    this.records += this.blank;
    if (this.pendingBytes > blank) this.damage.add('truncated-file', this.offset + blank);
    return Buffer.concat(this.pending).subarray(0, blank);
  }

  private open(bytes: Buffer): number {
    refuseOther(bytes);
    this.littleEndian = bytes.readUInt32LE(0) === MICROSECONDS;
    const major = this.uint16(bytes, 4);
    const minor = this.uint16(bytes, 6);
    // Before 2.4 the two lengths of a record changed places.
    if (major !== 2 || minor < 4) {
      throw unreadable(`the reference reader can't read pcap version ${major}.${minor}, only 2.4 (use --reader fast)`);
    }
    const linkWord = this.uint32(bytes, 20);
    if ((linkWord & RESERVED_LINK_BITS) !== 0) {
      throw unreadable(`reserved bits of the pcap link type are set: 0x${linkWord.toString(16).padStart(8, '0')}`);
    }
    this.largest = maxCapturedOf(linkWord & 0xffff);
    this.snaplen = Math.min(this.uint32(bytes, 16) || this.largest, this.largest);
    this.started = true;
    return FILE_HEADER;
  }

  private wholeRecords(bytes: Buffer, from: number): number {
    let at = from;
    this.wants = RECORD_HEADER;
    while (bytes.length - at >= RECORD_HEADER) {
      const blank = blankRecords(bytes, at);
      if (blank === BLANK_RECORDS) {
        this.damage.add('zero-bytes', this.offset + at);
        this.done = true;
        break;
      }
      // They may go on.
      if (blank > 0 && bytes.length - at < (blank + 1) * RECORD_HEADER) {
        this.blank = blank;
        this.wants = (blank + 1) * RECORD_HEADER;
        return at;
      }
      at += blank * RECORD_HEADER;
      this.records += blank;
      const captured = this.uint32(bytes, at + 8);
      const reason =
        captured > this.largest
          ? 'bad-record-length'
          : captured === 0 && isFileHeader(viewOf(bytes), at)
            ? 'concatenated-file'
            : null;
      if (reason !== null) {
        this.damage.add(reason, this.offset + at);
        this.done = true;
        break;
      }
      if (bytes.length - at < RECORD_HEADER + captured) {
        this.wants = RECORD_HEADER + captured;
        break;
      }
      if (captured > this.snaplen) this.damage.add('above-snaplen', this.offset + at);
      at += RECORD_HEADER + captured;
      this.records++;
    }
    this.blank = 0;
    return at;
  }

  private uint16(bytes: Buffer, at: number): number {
    return this.littleEndian ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
  }

  private uint32(bytes: Buffer, at: number): number {
    return this.littleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** How many records of nothing but zeros begin at `from`, counted up to where they are too many. */
function blankRecords(bytes: Buffer, from: number): number {
  let count = 0;
  let at = from;
  while (count < BLANK_RECORDS && bytes.length - at >= RECORD_HEADER) {
    for (let i = 0; i < RECORD_HEADER; i += 4) if (bytes.readInt32LE(at + i) !== 0) return count;
    at += RECORD_HEADER;
    count++;
  }
  return count;
}

function refuseOther(bytes: Buffer): void {
  if (bytes.length < 4 || bytes.readUInt32LE(0) === MICROSECONDS || bytes.readUInt32BE(0) === MICROSECONDS) return;
  const magic = bytes.toString('hex', 0, 4);
  const format = OTHERS[magic] ?? (magic.startsWith('1f8b') ? 'gzip' : `a file that begins with ${magic}`);
  throw unreadable(`the reference reader can't read ${format}, only pcap with microseconds (use --reader fast)`);
}

function unreadable(message: string): UserError {
  return new UserError(message, EXIT.unreadable);
}
