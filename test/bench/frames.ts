// One packet into the bytes of a classic pcap record: link header, IPv4 or IPv6, TCP, UDP, ICMP echo or ARP, and payload.
// Sources: draft-ietf-opsawg-pcap, LINKTYPE_LINUX_SLL2 of tcpdump.org, RFC 791, RFC 8200, RFC 9293, RFC 768, RFC 792.

import { Random } from './random.js';

export const LINK = { ethernet: 1, sll2: 276 } as const;
export const PROTO = { icmp: 1, tcp: 6, udp: 17, icmp6: 58 } as const;
export const TCP = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16 } as const;

/** What a packet says, apart from its ends: one reused object, never kept. */
export interface Packet {
  /** One of PROTO; echo is `icmp` in both families. */
  protocol: number;
  v6: boolean;
  /** From the client; of echo: the request. */
  up: boolean;
  serverPort: number;
  /** TCP flags; the sequence number of an echo. */
  flags: number;
  /** Bytes of TCP options: 0, 12 (timestamps) or 20 (those of a SYN). */
  options: number;
  seq: number;
  ack: number;
  payload: number;
}

/** Where a frame is seen: which interface, and which way it passes the router there. */
export interface Sight {
  linkType: number;
  ifindex: number;
  /** The router sends it (cooked: packet type 4, outgoing). */
  outgoing: boolean;
}

const POOL_BYTES = 8 << 20;
const OUT_BYTES = 4 << 20;
const LARGEST_RECORD = 16 + 2048;
const PCAP_MAGIC = 0xa1b2c3d4;
const SLL2_HEADER = 20;
const ETHERNET_HEADER = 14;
const ETHERNET_SHORTEST = 60;

/** Of all IPv6 addresses: documentation space (RFC 3849). */
const V6_HEAD = 0x20010db8;
const V6_SERVERS = 0x10000;

/**
 * Writes records into one reused buffer and hands it on when it is nearly full. `write` has taken the bytes when it
 * returns. The head of the same memory is a pool of random payload, so that filling a packet is one copy within it;
 * what lies above the transport is noise, and only the checksum of IPv4's header is right.
 */
export class FrameWriter {
  private readonly bytes = new Uint8Array(POOL_BYTES + OUT_BYTES);
  private readonly view = new DataView(this.bytes.buffer);
  private at = POOL_BYTES;
  private poolAt = 0;
  private ident = 1;
  /** Bytes handed on and pending, the file's header with them. */
  written = 0;
  /** Bytes of the IP packet written last, as its header says; 0 for ARP. */
  ipBytes = 0;
  /** The last frame's original length. */
  wireBytes = 0;

  constructor(
    private readonly linkType: number,
    private readonly snaplen: number,
    seed: number,
    private readonly write: (bytes: Uint8Array) => void,
  ) {
    const random = new Random(seed);
    const pool = new Int32Array(this.bytes.buffer, 0, POOL_BYTES / 4);
    for (let i = 0; i < pool.length; i++) pool[i] = random.int32();
    this.fileHeader();
  }

  /** One IP packet between two ends, as seen at `sight`. Times never step back; they are whole microseconds. */
  packet(
    timeUs: number,
    sight: Sight,
    packet: Packet,
    from: number,
    to: number,
    fromPort: number,
    toPort: number,
  ): void {
    const view = this.view;
    const start = this.at;
    const { protocol, payload, options } = packet;
    const header = protocol === PROTO.tcp ? 20 + options : 8;
    const p = this.ip(start + 16, sight, packet.v6, packet.up, protocol, from, to, header + payload);
    if (protocol === PROTO.tcp) {
      view.setUint32(p, (fromPort << 16) | toPort);
      view.setUint32(p + 4, packet.seq);
      view.setUint32(p + 8, packet.ack);
      view.setUint32(p + 12, (header << 26) | (packet.flags << 16) | 0xfaf0);
      // The checksum stays zero: what a capture shows of segments that the card is to sum up.
      view.setUint32(p + 16, 0);
      if (options > 0) this.tcpOptions(p + 20, options, timeUs);
    } else if (protocol === PROTO.udp) {
      view.setUint32(p, (fromPort << 16) | toPort);
      view.setUint32(p + 4, (8 + payload) << 16);
    } else {
      const type = packet.v6 ? (packet.up ? 128 : 129) : packet.up ? 8 : 0;
      view.setUint32(p, type << 24);
      view.setUint32(p + 4, ((packet.up ? fromPort : toPort) << 16) | packet.flags);
    }
    this.finish(start, timeUs, p + header, payload);
  }

  arp(timeUs: number, sight: Sight, reply: boolean, from: number, to: number): void {
    const view = this.view;
    const start = this.at;
    const p = this.link(start + 16, sight, 0x0806);
    view.setUint32(p, 0x00010800);
    view.setUint32(p + 4, 0x06040000 | (reply ? 2 : 1));
    view.setUint32(p + 8, 0x02000000 | sight.ifindex);
    view.setUint16(p + 12, sight.outgoing ? 1 : 2);
    view.setUint32(p + 14, from);
    view.setUint32(p + 18, 0);
    view.setUint16(p + 22, 0);
    view.setUint32(p + 24, to);
    this.ipBytes = 0;
    this.finish(start, timeUs, p + 28, 0);
  }

  /** Hands on what is left. */
  end(): void {
    if (this.at > POOL_BYTES) this.write(this.bytes.subarray(POOL_BYTES, this.at));
    this.at = POOL_BYTES;
  }

  private tcpOptions(p: number, bytes: number, timeUs: number): void {
    const view = this.view;
    const ticks = timeUs / 1000;
    if (bytes === 12) {
      view.setUint32(p, 0x0101080a);
      view.setUint32(p + 4, ticks);
      view.setUint32(p + 8, ticks - 40);
      return;
    }
    view.setUint32(p, 0x020405b4);
    view.setUint32(p + 4, 0x0402080a);
    view.setUint32(p + 8, ticks);
    view.setUint32(p + 12, 0);
    view.setUint32(p + 16, 0x01030307);
  }

  private fileHeader(): void {
    const view = this.view;
    view.setUint32(this.at, PCAP_MAGIC, true);
    view.setUint16(this.at + 4, 2, true);
    view.setUint16(this.at + 6, 4, true);
    view.setUint32(this.at + 8, 0);
    view.setUint32(this.at + 12, 0);
    view.setUint32(this.at + 16, this.snaplen, true);
    view.setUint32(this.at + 20, this.linkType, true);
    this.at += 24;
    this.written = 24;
  }

  private link(at: number, sight: Sight, etherType: number): number {
    const view = this.view;
    if (sight.linkType === LINK.sll2) {
      view.setUint32(at, etherType << 16);
      view.setUint32(at + 4, sight.ifindex);
      view.setUint32(at + 8, (1 << 16) | ((sight.outgoing ? 4 : 0) << 8) | 6);
      view.setUint32(at + 12, 0x02000000 | sight.ifindex);
      view.setUint32(at + 16, (sight.outgoing ? 1 : 2) << 16);
      return at + SLL2_HEADER;
    }
    // Locally administered addresses: …:01 is the router on that interface, …:02 its neighbour.
    view.setUint32(at, 0x02000000 | sight.ifindex);
    view.setUint16(at + 4, sight.outgoing ? 2 : 1);
    view.setUint32(at + 6, 0x02000000 | sight.ifindex);
    view.setUint16(at + 10, sight.outgoing ? 1 : 2);
    view.setUint16(at + 12, etherType);
    return at + ETHERNET_HEADER;
  }

  private ip(
    at: number,
    sight: Sight,
    v6: boolean,
    up: boolean,
    protocol: number,
    from: number,
    to: number,
    transport: number,
  ): number {
    const view = this.view;
    const p = this.link(at, sight, v6 ? 0x86dd : 0x0800);
    const next = v6 && protocol === PROTO.icmp ? PROTO.icmp6 : protocol;
    const ttl = sight.outgoing ? 63 : 57;
    if (v6) {
      this.ipBytes = 40 + transport;
      view.setUint32(p, 0x60000000);
      view.setUint32(p + 4, (transport << 16) | (next << 8) | ttl);
      this.address6(p + 8, from, !up);
      this.address6(p + 24, to, up);
      return p + 40;
    }
    const total = 20 + transport;
    const ident = this.ident;
    this.ident = (ident + 1) & 0xffff;
    this.ipBytes = total;
    let sum = 0x4500 + total + ident + 0x4000 + ((ttl << 8) | protocol);
    sum += (from >>> 16) + (from & 0xffff) + (to >>> 16) + (to & 0xffff);
    sum = (sum & 0xffff) + (sum >>> 16);
    sum = (sum & 0xffff) + (sum >>> 16);
    view.setUint32(p, 0x45000000 | total);
    view.setUint32(p + 4, (ident << 16) | 0x4000);
    view.setUint32(p + 8, (ttl << 24) | (protocol << 16) | (~sum & 0xffff));
    view.setUint32(p + 12, from);
    view.setUint32(p + 16, to);
    return p + 20;
  }

  /** The IPv4 address, in a /64 made of its first half; servers apart from what is the site's own. */
  private address6(p: number, address: number, server: boolean): void {
    const view = this.view;
    view.setUint32(p, V6_HEAD);
    view.setUint32(p + 4, (server ? V6_SERVERS : 0) | (address >>> 16));
    view.setUint32(p + 8, 0);
    view.setUint32(p + 12, address);
  }

  /** Payload, padding, record header. What the headers wrote past the snaplen is overwritten by the next record. */
  private finish(start: number, timeUs: number, headerEnd: number, payload: number): void {
    const view = this.view;
    const frame = start + 16;
    let wire = headerEnd - frame + payload;
    if (this.linkType === LINK.ethernet && wire < ETHERNET_SHORTEST) {
      this.bytes.fill(0, headerEnd + payload, frame + ETHERNET_SHORTEST);
      wire = ETHERNET_SHORTEST;
    }
    const captured = Math.min(wire, this.snaplen);
    let length = frame + captured - headerEnd;
    if (length > payload) length = payload;
    if (length > 0) {
      let from = this.poolAt;
      if (from + length > POOL_BYTES) from = 0;
      this.bytes.copyWithin(headerEnd, from, from + length);
      this.poolAt = (from + length + 3) & ~3;
    }
    const seconds = Math.floor(timeUs / 1e6);
    view.setUint32(start, seconds, true);
    view.setUint32(start + 4, timeUs - seconds * 1e6, true);
    view.setUint32(start + 8, captured, true);
    view.setUint32(start + 12, wire, true);
    this.wireBytes = wire;
    this.written += 16 + captured;
    this.at = frame + captured;
    if (this.at > POOL_BYTES + OUT_BYTES - LARGEST_RECORD) this.end();
  }
}
