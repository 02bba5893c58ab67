// ERF (Endace DAG cards): records without a file header, cut out of windows of bytes and handed to the decoder.
// Endace, "Extensible Record Format" (EDM11-01)

import { isErfType } from '../input/sniff-erf.js';
import type { Framer } from './decoder.js';
import { countsLosses, ERF_HEADER, erfFrame, isPadding } from './erf-record.js';
import { LINKTYPE } from './linktypes.js';
import type { PacketDecoder } from './packet.js';
import { LinkWalk } from './walk.js';

const TWO_32 = 4294967296;

export class ErfFramer implements Framer {
  packets = 0;
  done = false;
  fatal: string | null = null;
  wants = ERF_HEADER;
  /** Absolute offset of the next record. */
  position = 0;
  private readonly link = new LinkWalk();

  constructor(private readonly decoder: PacketDecoder) {}

  feed(bytes: Uint8Array, view: DataView, from: number, to: number): number {
    let at = from;
    while (!this.done) {
      this.wants = ERF_HEADER;
      if (to - at < ERF_HEADER) break;
      const length = view.getUint16(at + 10);
      if (length < ERF_HEADER) {
        this.stop('bad-record-length');
        break;
      }
      if (!isErfType((bytes[at + 8] as number) & 0x7f)) {
        this.stop('bad-record-type');
        break;
      }
      this.wants = length;
      if (to - at < length) break;
      if (!isPadding(bytes[at + 8] as number)) this.record(bytes, view, at, at + length);
      this.position += length;
      at += length;
    }
    return at;
  }

  end(left: number): void {
    if (this.done) return;
    this.done = true;
    if (this.position === 0) this.fatal = left === 0 ? 'empty file' : 'erf record is cut off';
    else if (left > 0) this.decoder.counts.damage.add('truncated-file', this.position);
  }

  /** What stands here is no record, and nothing says where the next one begins. */
  private stop(reason: string): void {
    this.decoder.counts.damage.add(reason, this.position);
    this.done = true;
  }

  private record(bytes: Uint8Array, view: DataView, at: number, end: number): void {
    const decoder = this.decoder;
    const link = this.link;
    // Fixed point, little-endian in every file: 32 bits of seconds over 32 of a second's fraction.
    const timeUs = view.getUint32(at + 4, true) * 1e6 + Math.floor((view.getUint32(at, true) * 1e6) / TWO_32);
    const type = bytes[at + 8] as number;
    const iface = (bytes[at + 9] as number) & 3;
    if (countsLosses(type)) decoder.counts.dropped = (decoder.counts.dropped ?? 0) + view.getUint16(at + 12);
    const wireBytes = view.getUint16(at + 14);
    let frame = Math.min(erfFrame(bytes, at, end, link), end);
    let linkType = link.type;
    if (linkType < 0) {
      // Metadata and the like: a row without contents.
      linkType = LINKTYPE.erf;
      frame = end;
    }
    // Records are padded to a multiple of eight bytes: what goes beyond the wire length was not captured.
    const captured = Math.min(end - frame, wireBytes);
    decoder.packet(bytes, view, frame, captured, wireBytes, timeUs, linkType, iface);
    this.packets++;
  }
}
