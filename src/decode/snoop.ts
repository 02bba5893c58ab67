// snoop (Solaris), version 2: cuts windows of bytes into records and hands each packet to the decoder.
// RFC 1761

import type { Framer } from './decoder.js';
import { LINKTYPE, SNOOP_BASE } from './linktypes.js';
import type { PacketDecoder } from './packet.js';
import { HOLD_BYTES, MAX_MISSING, soundOriginal } from './record.js';

const FILE_HEADER = 16;
const RECORD_HEADER = 24;
const VERSION = 2;
/** Beyond it a link type is nonsense, and no longer a 31-bit integer with the base added. */
const MAX_LINK = 0xffff;
/** Far above any packet and its padding; a longer record is no record. */
const MAX_RECORD = 2 * HOLD_BYTES;

/** Data link types of snoop's header, as LINKTYPE numbers. */
const LINKS: ReadonlyMap<number, number> = new Map([
  [0, LINKTYPE.ethernet],
  [2, LINKTYPE.tokenRing],
  [4, LINKTYPE.ethernet],
  [8, LINKTYPE.fddi],
  [18, LINKTYPE.atmClip],
  [22, LINKTYPE.ethernet],
  [24, LINKTYPE.ethernet],
  [25, LINKTYPE.ethernet],
  [26, LINKTYPE.ipOverInfiniband],
]);

export class SnoopFramer implements Framer {
  packets = 0;
  done = false;
  fatal: string | null = null;
  wants = FILE_HEADER;
  /** Absolute offset of the next record. */
  position = 0;
  private linkType = -1;

  constructor(private readonly decoder: PacketDecoder) {}

  feed(bytes: Uint8Array, view: DataView, from: number, to: number): number {
    let at = from;
    if (this.linkType < 0 && !this.done) {
      if (to - at < FILE_HEADER) return at;
      const version = view.getUint32(at + 8);
      if (view.getUint32(at) !== 0x736e6f6f || view.getUint32(at + 4) !== 0x70000000) this.fatal = 'not a snoop file';
      else if (version !== VERSION) this.fatal = `unsupported snoop version ${version}`;
      this.done = this.fatal !== null;
      if (this.done) return at;
      const link = view.getUint32(at + 12);
      this.linkType = LINKS.get(link) ?? SNOOP_BASE + Math.min(link, MAX_LINK);
      at += FILE_HEADER;
      this.position += FILE_HEADER;
    }
    while (!this.done) {
      this.wants = RECORD_HEADER;
      if (to - at < RECORD_HEADER) break;
      const captured = view.getUint32(at + 4);
      const length = view.getUint32(at + 8);
      if (length < RECORD_HEADER || length > MAX_RECORD || captured > length - RECORD_HEADER) {
        this.decoder.counts.damage.add('bad-record-length', this.position);
        this.done = true;
        break;
      }
      this.wants = length;
      if (to - at < length) break;
      this.record(bytes, view, at, captured);
      at += length;
      this.position += length;
    }
    return at;
  }

  end(left: number): void {
    if (this.done) return;
    this.done = true;
    if (this.linkType < 0) this.fatal = left === 0 ? 'empty file' : 'snoop file header is cut off';
    else if (left > 0) this.decoder.counts.damage.add('truncated-file', this.position);
  }

  private record(bytes: Uint8Array, view: DataView, at: number, captured: number): void {
    const counts = this.decoder.counts;
    let original = view.getUint32(at);
    if (original < captured || original - captured > MAX_MISSING) {
      counts.damage.add('bad-original-length', this.position);
      original = soundOriginal(original, captured);
    }
    // Cumulative since the recording began.
    counts.dropped = Math.max(counts.dropped ?? 0, view.getUint32(at + 12));
    let fraction = view.getUint32(at + 20);
    if (fraction >= 1e6) {
      counts.damage.add('bad-timestamp', this.position);
      if (fraction >= 2e6) fraction = 0;
    }
    const timeUs = view.getUint32(at + 16) * 1e6 + fraction;
    this.decoder.packet(bytes, view, at + RECORD_HEADER, captured, original, timeUs, this.linkType, 0);
    this.packets++;
  }
}
