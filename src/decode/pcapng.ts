// pcapng: cuts windows of bytes into blocks, keeps the interfaces of the section, hands each packet to the decoder.
// https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcapng/

import type { Framer } from './decoder.js';
import { type NgInterface, NgInterfaces, readUint64 } from './nginterfaces.js';
import type { PacketDecoder } from './packet.js';
import { HOLD_BYTES, MAX_MISSING, MAX_TIME_US, maxCapturedOf, soundOriginal } from './record.js';

const BLOCK = {
  section: 0x0a0d0d0a,
  interface: 1,
  obsoletePacket: 2,
  simplePacket: 3,
  statistics: 5,
  enhancedPacket: 6,
} as const;

const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const BLOCK_HEADER = 8;
/** Type, length, byte-order magic, version, section length, trailing length. */
const MIN_SECTION = 28;
/** A block that is looked into is held whole up to this; beyond, its options are passed over unread. */
const MAX_HELD = 1_048_576;
/** A packet's block is never longer; Wireshark draws the same line. */
const MAX_PACKET_BLOCK = 16 * 1024 * 1024;
const EPB_DROP_COUNT = 4;

export class PcapngFramer implements Framer {
  packets = 0;
  done = false;
  fatal: string | null = null;
  wants = MIN_SECTION;
  /** Absolute offset of the next byte to be consumed. */
  position = 0;
  private little = true;
  private started = false;
  private readonly interfaces: NgInterfaces;
  /** Bytes of the block under way still to be passed over; its trailing length follows them. */
  private skip = 0;
  /** The trailing length awaited after `skip`, 0 for none. */
  private trailer = 0;

  constructor(private readonly decoder: PacketDecoder) {
    this.interfaces = new NgInterfaces(decoder);
  }

  feed(bytes: Uint8Array, view: DataView, from: number, to: number): number {
    let at = from;
    while (!this.done) {
      const next = this.step(bytes, view, at, to);
      if (next === at) break;
      this.position += next - at;
      at = next;
    }
    return at;
  }

  end(left: number): void {
    if (this.done) return;
    this.done = true;
    if (!this.started) this.fatal = left === 0 ? 'empty file' : 'pcapng section header is cut off';
    else if (left > 0 || this.skip > 0 || this.trailer > 0) this.damage('truncated-file');
  }

  /** Consumes a block, or a part of one that is passed over; returns `at` where more bytes are needed. */
  private step(bytes: Uint8Array, view: DataView, at: number, to: number): number {
    if (this.skip > 0) {
      const passed = Math.min(this.skip, to - at);
      this.skip -= passed;
      return at + passed;
    }
    if (this.trailer > 0) {
      if (!this.need(4, at, to)) return at;
      if (padded(view.getUint32(at, this.little)) !== this.trailer) return this.stop('bad-block-length', at);
      this.trailer = 0;
      return at + 4;
    }
    if (!this.need(BLOCK_HEADER, at, to)) return at;
    // The section header's type reads alike in both orders; its own magic number tells the order.
    if (view.getUint32(at) === BLOCK.section) return this.section(view, at, to);
    if (!this.started) return this.refuse('not a pcapng file', at);
    const type = view.getUint32(at, this.little);
    const length = padded(view.getUint32(at + 4, this.little));
    if (length < 12) return this.stop('bad-block-length', at);
    switch (type) {
      case BLOCK.enhancedPacket:
        return this.packet(bytes, view, at, to, length, 28);
      case BLOCK.obsoletePacket:
        return this.packet(bytes, view, at, to, length, 28);
      case BLOCK.simplePacket:
        return this.packet(bytes, view, at, to, length, 12);
      case BLOCK.interface:
      case BLOCK.statistics: {
        if (length > MAX_HELD) return this.passLong(type, bytes, view, at, to, length);
        if (!this.need(length, at, to)) return at;
        if (padded(view.getUint32(at + length - 4, this.little)) !== length) return this.stop('bad-block-length', at);
        const damage =
          type === BLOCK.interface
            ? this.interfaces.describe(bytes, view, at + BLOCK_HEADER, at + length - 4, this.little)
            : this.interfaces.statistics(view, at + BLOCK_HEADER, at + length - 4, this.little);
        if (damage !== null) this.damage(damage);
        return at + length;
      }
      default:
        return this.pass(at, BLOCK_HEADER, length);
    }
  }

  /** Of an interface with endless options, all that stands before them. */
  private passLong(type: number, bytes: Uint8Array, view: DataView, at: number, to: number, length: number): number {
    const read = type === BLOCK.interface ? BLOCK_HEADER + 8 : BLOCK_HEADER;
    if (!this.need(read, at, to)) return at;
    if (type === BLOCK.interface) this.interfaces.describe(bytes, view, at + BLOCK_HEADER, at + read, this.little);
    this.damage('bad-option');
    return this.pass(at, read, length);
  }

  private section(view: DataView, at: number, to: number): number {
    if (!this.need(MIN_SECTION - 4, at, to)) return at;
    const little = view.getUint32(at + 8, true) === BYTE_ORDER_MAGIC;
    if (!little && view.getUint32(at + 8) !== BYTE_ORDER_MAGIC) {
      return this.refuse('pcapng byte-order magic is damaged', at);
    }
    const length = padded(view.getUint32(at + 4, little));
    const major = view.getUint16(at + 12, little);
    const minor = view.getUint16(at + 14, little);
    // 1.2 was written for a while and reads like 1.0.
    if (major !== 1 || (minor !== 0 && minor !== 2)) {
      return this.refuse(`unsupported pcapng version ${major}.${minor}`, at);
    }
    if (length < MIN_SECTION) return this.refuse('pcapng section header is damaged', at);
    this.started = true;
    this.little = little;
    this.interfaces.newSection();
    return this.pass(at, MIN_SECTION - 4, length);
  }

  /** Enhanced, obsolete and simple packets alike; `fixed` is where their data start. */
  private packet(bytes: Uint8Array, view: DataView, at: number, to: number, length: number, fixed: number): number {
    const little = this.little;
    if (length > MAX_PACKET_BLOCK || length < fixed + 4) return this.stop('bad-block-length', at);
    const held = length <= MAX_HELD ? length : fixed + HOLD_BYTES;
    if (!this.need(held, at, to)) return at;
    if (length <= MAX_HELD && padded(view.getUint32(at + length - 4, little)) !== length) {
      return this.stop('bad-block-length', at);
    }
    const type = view.getUint32(at, little);
    const simple = type === BLOCK.simplePacket;
    const index = simple
      ? 0
      : type === BLOCK.enhancedPacket
        ? view.getUint32(at + 8, little)
        : view.getUint16(at + 8, little);
    const iface = this.interfaces.get(index);
    const room = length - fixed - 4;
    let original = view.getUint32(at + (simple ? 8 : 24), little);
    let captured = original;
    if (!simple) captured = view.getUint32(at + 20, little);
    else if (iface !== undefined) captured = Math.min(original, iface.snaplen || original, room);
    if (captured > room || captured > maxCapturedOf(iface === undefined ? 0 : iface.linkType)) {
      return this.stop('bad-record-length', at);
    }
    if (iface === undefined) {
      this.damage('unknown-interface');
    } else {
      // Simple packets have no time: 0, as all readers have it.
      const timeUs = simple
        ? 0
        : this.time(iface.clock.toMicros(view.getUint32(at + 12, little), view.getUint32(at + 16, little)));
      if (!iface.clock.sound) this.damage('bad-timestamp');
      if (original < captured || original - captured > MAX_MISSING) {
        this.damage('bad-original-length');
        original = soundOriginal(original, captured);
      }
      const hold = Math.min(captured, HOLD_BYTES);
      this.decoder.packet(bytes, view, at + fixed, hold, original, timeUs, iface.linkType, iface.number);
      this.packets++;
      if (type === BLOCK.obsoletePacket) {
        const drops = view.getUint16(at + 10, little);
        if (drops !== 0xffff) this.interfaces.dropped(iface, drops);
      }
      const options = fixed + ((captured + 3) & ~3);
      if (type === BLOCK.enhancedPacket && length <= MAX_HELD && length - 4 - options >= 4) {
        this.packetOptions(view, at + options, at + length - 4, iface);
      }
    }
    return length <= MAX_HELD ? at + length : this.pass(at, held, length);
  }

  private packetOptions(view: DataView, from: number, to: number, iface: NgInterface): void {
    const little = this.little;
    let at = from;
    while (to - at >= 4) {
      const code = view.getUint16(at, little);
      const size = view.getUint16(at + 2, little);
      if (code === 0) return;
      if (to - at - 4 < size) {
        this.damage('bad-option');
        return;
      }
      if (code === EPB_DROP_COUNT && size === 8) this.interfaces.dropped(iface, readUint64(view, at + 4, little));
      at += 4 + ((size + 3) & ~3);
    }
  }

  /** Within what numbers and dates can hold. */
  private time(us: number): number {
    if (us >= 0 && us <= MAX_TIME_US) return us;
    this.damage('bad-timestamp');
    return us < 0 ? 0 : MAX_TIME_US;
  }

  /** Passes over the rest of a block of which `read` bytes were looked at, but for its trailing length. */
  private pass(at: number, read: number, length: number): number {
    this.skip = length - read - 4;
    this.trailer = length;
    return at + read;
  }

  private need(size: number, at: number, to: number): boolean {
    this.wants = size;
    return to - at >= size;
  }

  private damage(reason: string): void {
    this.decoder.counts.damage.add(reason, this.position);
  }

  /** The rest can't be framed. */
  private stop(reason: string, at: number): number {
    this.damage(reason);
    this.done = true;
    return at;
  }

  /** As `stop`, for a section that can't be read; in the first one the input is no capture at all. */
  private refuse(reason: string, at: number): number {
    if (!this.started) {
      this.fatal = reason;
      this.done = true;
      return at;
    }
    return this.stop('bad-section', at);
  }
}

/** Blocks end at multiples of four bytes, whatever some writers' lengths say. */
function padded(length: number): number {
  return length + ((4 - (length & 3)) & 3);
}
