// Classic pcap: cuts windows of bytes into records and hands each packet to the decoder.

import type { Framer } from './decoder.js';
import type { PacketDecoder } from './packet.js';
import { mostCaptured, PCAP_HEADER_BYTES, type PcapHeader, parsePcapHeader } from './pcap-header.js';
import { BLANK_RECORDS, HOLD_BYTES, isFileHeader, MAX_MISSING, soundOriginal } from './record.js';
import type { UsualRecords } from './usual.js';

export { type PcapHeader, parsePcapHeader } from './pcap-header.js';

const NO_BYTES = new Uint8Array(0);
const NO_VIEW = new DataView(NO_BYTES.buffer);

export interface PcapFramerOptions {
  /** Absent: the bytes fed begin with the file's header. */
  header?: PcapHeader;
  /** Absolute offset of the first byte fed. */
  startOffset: number;
  /** Records that start at or beyond this absolute offset are not read. */
  limit: number;
}

export class PcapFramer implements Framer {
  packets = 0;
  done = false;
  fatal: string | null = null;
  wants = PCAP_HEADER_BYTES;
  /** Absolute offset of the next record. */
  position: number;
  private header: PcapHeader | null;
  private readonly limit: number;
  /** Bytes still to be passed over. */
  private skip = 0;
  /** Records of nothing but zeros passed last, and not handed on yet. */
  private blank = 0;

  constructor(
    private readonly decoder: PacketDecoder,
    options: PcapFramerOptions,
  ) {
    this.header = options.header ?? null;
    this.position = options.startOffset;
    this.limit = options.limit;
    if (this.header !== null) this.wants = this.header.recordBytes;
  }

  feed(bytes: Uint8Array, view: DataView, from: number, to: number): number {
    let at = from;
    if (this.header === null) {
      if (to - at < PCAP_HEADER_BYTES) return at;
      const header = parsePcapHeader(bytes.subarray(at, at + PCAP_HEADER_BYTES));
      if ('error' in header) {
        this.fatal = header.error;
        this.done = true;
        return at;
      }
      this.header = header;
      at += PCAP_HEADER_BYTES;
      this.position += PCAP_HEADER_BYTES;
    }
    if (this.done) return at;
    if (this.skip > 0) {
      const passed = Math.min(this.skip, to - at);
      this.skip -= passed;
      this.position += passed;
      at += passed;
      // The limit may lie within what is passed over: the record is this part's to its end.
      if (this.skip > 0) return at;
    }
    const usual = this.decoder.usualRecords(this.header, bytes);
    if (usual === null) return this.records(this.header, bytes, view, at, to, Number.POSITIVE_INFINITY);
    return this.mostlyUsual(usual, this.header, bytes, view, at, to);
  }

  /** Runs of usual records, and one by one what is between them. */
  private mostlyUsual(
    usual: UsualRecords,
    header: PcapHeader,
    bytes: Uint8Array,
    view: DataView,
    from: number,
    to: number,
  ): number {
    const { decoder } = this;
    let at = from;
    for (;;) {
      if (this.blank === 0) {
        const before = decoder.rows;
        const next = decoder.frame(usual, at, to, Math.min(to, at + (this.limit - this.position)));
        this.packets += decoder.rows - before;
        this.position += next - at;
        at = next;
        if (usual.wants > 0) {
          this.wants = usual.wants;
          return at;
        }
      }
      const next = this.records(header, bytes, view, at, to, 1);
      if (next === at || this.done) return next;
      at = next;
    }
  }

  end(left: number): void {
    if (this.done) return;
    if (this.header === null) {
      this.fatal = left === 0 ? 'empty file' : 'pcap file header is cut off';
      this.done = true;
      return;
    }
    this.giveBlank(this.header.linkType);
    if (left > 0 || this.skip > 0) this.decoder.counts.damage.add('truncated-file', this.position);
  }

  /** So many records at most. */
  private records(
    header: PcapHeader,
    bytes: Uint8Array,
    view: DataView,
    from: number,
    to: number,
    most: number,
  ): number {
    const decoder = this.decoder;
    const { littleEndian, fractions, recordBytes, linkType, lengths } = header;
    const snaplen = mostCaptured(header);
    const micro = fractions === 1e6;
    const normal = lengths === 'normal';
    // All integers of 31 bits, for the compiler's sake: fields with their highest bit set read as negative.
    const limitAt = Math.min(to + 1, from + (this.limit - this.position)) | 0;
    const start = this.position - from;
    let packets = 0;
    let at = from;
    let wants = recordBytes;
    let blank = this.blank;
    for (;;) {
      if (blank > 0 && to - at >= recordBytes && !isBlank(view, at)) {
        this.blank = blank;
        this.giveBlank(linkType);
        blank = 0;
      }
      // Zeros that begin before the limit belong here to their end.
      if (at >= limitAt && blank === 0) {
        this.done = true;
        break;
      }
      if (to - at < recordBytes) break;
      const seconds = view.getUint32(at, littleEndian);
      let fraction = view.getInt32(at + 4, littleEndian);
      let captured = view.getInt32(at + 8, littleEndian);
      let original = view.getInt32(at + 12, littleEndian);
      if (!normal && (lengths === 'swapped' || captured >>> 0 > original >>> 0)) {
        const swapped = captured;
        captured = original;
        original = swapped;
      }
      if (captured <= 0 || captured > snaplen) {
        if (captured === 0 && isBlank(view, at)) {
          at += recordBytes;
          if (++blank < BLANK_RECORDS) continue;
          this.blank = 0;
          this.packets += packets;
          this.position = start + at - blank * recordBytes;
          return this.stopAtZeros(at);
        }
        const reason = this.stopAt(header, view, at, captured);
        if (reason !== null) {
          decoder.counts.damage.add(reason, start + at);
          this.done = true;
          break;
        }
      }
      const body = at + recordBytes;
      const held = Math.min(captured, HOLD_BYTES);
      if (to - body < held) {
        wants = recordBytes + held;
        break;
      }
      const badLength = (original - captured) >>> 0 > MAX_MISSING;
      if (badLength || captured > snaplen || fraction < 0 || fraction >= fractions) {
        this.note(start + at, captured > snaplen, fraction < 0 || fraction >= fractions, badLength);
        if (original < captured) original = soundOriginal(original >>> 0, captured);
        // A second's carry is a rounding fault; anything beyond is noise beside the seconds.
        if (fraction < 0 || fraction >= 2 * fractions) fraction = 0;
      }
      const micros = micro ? fraction : (fraction / 1000) | 0;
      decoder.packet(bytes, view, body, held, original, seconds * 1e6 + micros, linkType, 0);
      packets++;
      at = body + captured;
      if (at > to) {
        this.skip = at - to;
        at = to;
        break;
      }
      if (packets === most) break;
    }
    this.blank = blank;
    this.packets += packets;
    this.position = start + at;
    this.wants = wants;
    return at;
  }

  /** Zeros to no end: what was never written, of a disk that was full or a file that was laid out ahead. */
  private stopAtZeros(at: number): number {
    this.decoder.counts.damage.add('zero-bytes', this.position);
    this.done = true;
    return at;
  }

  /** A few zeros are packets without bytes, as for all readers. */
  private giveBlank(linkType: number): void {
    for (let left = this.blank; left > 0; left--) {
      this.decoder.packet(NO_BYTES, NO_VIEW, 0, 0, 0, 0, linkType, 0);
      this.packets++;
    }
    this.blank = 0;
  }

  /** Why a captured length of 0, above the snaplen or negative ends the reading; null if it doesn't. */
  private stopAt(header: PcapHeader, view: DataView, at: number, captured: number): string | null {
    if (captured === 0) return isFileHeader(view, at) ? 'concatenated-file' : null;
    return captured < 0 || captured > header.maxCaptured ? 'bad-record-length' : null;
  }

  /** Off the hot path: what is wrong with a record that is read nevertheless (above the snaplen as libpcap does). */
  private note(offset: number, aboveSnaplen: boolean, badTime: boolean, badLength: boolean): void {
    const damage = this.decoder.counts.damage;
    if (aboveSnaplen) damage.add('above-snaplen', offset);
    if (badTime) damage.add('bad-timestamp', offset);
    if (badLength) damage.add('bad-original-length', offset);
  }
}

/** Whether time and lengths of the record's header are all zero. */
function isBlank(view: DataView, at: number): boolean {
  return (view.getInt32(at) | view.getInt32(at + 4) | view.getInt32(at + 8) | view.getInt32(at + 12)) === 0;
}
