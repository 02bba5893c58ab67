// One captured packet in, one row of the batch out; full batches go to the sink.

import { DamageLog } from '../util/error.js';
import { decodeArp } from './arp.js';
import { BATCH_ROWS, type Batch, type BatchSink, KIND, META, ROW, ROW_MASK, ROW_SHIFT } from './batch.js';
import type { DecodeCounts, DecodeOptions, PointInfo } from './decoder.js';
import { decodeIpv4, decodeIpv6, reject } from './ip.js';
import { walkLink } from './link.js';
import { LINKTYPE } from './linktypes.js';
import { mostCaptured, type PcapHeader } from './pcap-header.js';
import { MAX_POINTS, PointTable } from './points.js';
import { type TakingClock, type UsualRecords, usualLink } from './usual.js';
import { LinkWalk, NETWORK } from './walk.js';

const ETHERNET_HEADER = 14;
const VLAN_TAG = 4;
const ETHERTYPE = { ipv4: 0x0800, vlan: 0x8100, ipv6: 0x86dd } as const;

/**
 * Decodes packets in place. Nothing is kept of the bytes; nothing is allocated a packet.
 *
 * `counts.packets`, `wireBytes`, `firstUs` and `lastUs` are brought up to date when a batch is flushed; the others at
 * once. After `finish` all are final.
 */
export class PacketDecoder {
  readonly counts: DecodeCounts = {
    packets: 0,
    // No whole number at first: it outgrows 31 bits, and code that was compiled for these has to be compiled again.
    wireBytes: Number.NaN,
    firstUs: Number.POSITIVE_INFINITY,
    lastUs: Number.NEGATIVE_INFINITY,
    unknownLink: new Map(),
    dropped: null,
    damage: new DamageLog(),
  };

  private readonly table = new PointTable();
  /** Index is `PointInfo`'s number in the high half of `meta`. */
  readonly points: PointInfo[] = this.table.points;
  private readonly link = new LinkWalk();
  private readonly macs: boolean;
  /** Reads usual records by itself, into the decoder's batch. */
  private readonly usual: UsualRecords | null;
  private readonly ifaceNames = new Map<number, string>();
  private readonly nameOf = (iface: number): string | null => this.ifaceNames.get(iface) ?? null;
  // The point of the packet before, shifted into place.
  private lastMeta = 0;
  private lastIface = -1;
  private lastIfindex = 0;
  private lastVlan = 0;
  private lastLinkType = -1;
  /** Of the flow table, where batches go there as they are. */
  private clock: TakingClock | null = null;
  /** The file whose usual records are read. */
  private usualHeader: PcapHeader | null = null;

  constructor(
    private readonly batch: Batch,
    private readonly sink: BatchSink,
    options: DecodeOptions,
  ) {
    this.macs = options.macs;
    this.counts.wireBytes = 0;
    this.usual = options.usual ?? null;
  }

  /** Names an interface before its first packet. */
  nameIface(iface: number, name: string): void {
    this.ifaceNames.set(iface, name);
  }

  /**
   * @param view of the same memory as `bytes`
   * @param offset first captured byte of the packet
   * @param captured bytes there are, all within `bytes`
   * @param wireBytes original length, 0 to 2^31 − 1
   * @param timeUs whole microseconds since the epoch
   * @param linkType LINKTYPE number
   * @param iface number of the interface within the input
   */
  packet(
    bytes: Uint8Array,
    view: DataView,
    offset: number,
    captured: number,
    wireBytes: number,
    timeUs: number,
    linkType: number,
    iface: number,
  ): void {
    // Small enough to be inlined where it is called: else the time, being no 31-bit integer, would be allocated.
    this.batch.floats[(this.batch.count & ROW_MASK) << (ROW_SHIFT - 1)] = timeUs;
    this.decode(bytes, view, offset, captured, wireBytes, linkType, iface);
  }

  /** From now on the sink is the flow table that `usual` is part of, by this clock. */
  goThrough(clock: TakingClock): void {
    this.clock = clock;
  }

  /** What reads usual records of such a file out of this window by itself, null where nothing does. */
  usualRecords(header: PcapHeader, bytes: Uint8Array): UsualRecords | null {
    const { usual } = this;
    const link = usualLink(header.linkType);
    if (usual?.window !== bytes || link < 0 || header.lengths !== 'normal') return null;
    if (header !== this.usualHeader) usual.beginFrames(header, mostCaptured(header), link);
    this.usualHeader = header;
    return usual;
  }

  /** Packets so far. */
  get rows(): number {
    return this.counts.packets + this.batch.count;
  }

  /** Reads usual records; parameters and result as `UsualRecords.frame`. */
  frame(usual: UsualRecords, at: number, to: number, limit: number): number {
    const { clock, counts } = this;
    let next = at;
    while (true) {
      const from = next;
      next = clock === null ? usual.frame(from, to, limit) : usual.frameThrough(from, to, limit, clock, counts);
      if (this.batch.count < BATCH_ROWS) return next;
      this.flush();
    }
  }

  /** Hands the partial batch over; to be called once, after the last packet. */
  finish(): void {
    if (this.batch.count > 0) this.flush();
  }

  private decode(
    bytes: Uint8Array,
    view: DataView,
    offset: number,
    captured: number,
    wireBytes: number,
    linkType: number,
    iface: number,
  ): void {
    const batch = this.batch;
    const { words } = batch;
    const row = batch.count;
    const rowAt = row << ROW_SHIFT;
    words[rowAt + ROW.wireBytes] = wireBytes;
    if (linkType === LINKTYPE.ethernet && captured >= ETHERNET_HEADER + VLAN_TAG) {
      // The usual frame, at most one VLAN tag; all else goes the long way.
      let type = view.getUint16(offset + 12);
      let header = ETHERNET_HEADER;
      let vlan = 0;
      if (type === ETHERTYPE.vlan) {
        vlan = view.getUint16(offset + 14) & 0xfff;
        type = view.getUint16(offset + 16);
        header = ETHERNET_HEADER + VLAN_TAG;
      }
      if (type === ETHERTYPE.ipv4 || type === ETHERTYPE.ipv6) {
        const meta =
          this.lastIface === iface && this.lastVlan === vlan && this.lastLinkType === linkType && this.lastIfindex === 0
            ? this.lastMeta
            : this.pointMeta(iface, 0, vlan, linkType);
        if (this.macs) this.frameAddresses(row, view, offset);
        // `| 0` spares the compiled code a check for overflow, here and in what is called.
        const at = (offset + header) | 0;
        const end = (offset + captured) | 0;
        if (type === ETHERTYPE.ipv4) decodeIpv4(batch, row, view, at, end, wireBytes - header, meta, 0);
        else decodeIpv6(batch, row, view, at, end, wireBytes - header, meta, 0);
      } else {
        this.walk(row, bytes, view, offset, offset + captured, wireBytes, linkType, iface);
      }
    } else {
      this.walk(row, bytes, view, offset, offset + captured, wireBytes, linkType, iface);
    }
    batch.count = row + 1;
    if (row + 1 === BATCH_ROWS) this.flush();
  }

  /** Any link type, any header. */
  private walk(
    row: number,
    bytes: Uint8Array,
    view: DataView,
    offset: number,
    end: number,
    wireBytes: number,
    linkType: number,
    iface: number,
  ): void {
    const batch = this.batch;
    const link = this.link;
    walkLink(linkType, bytes, view, offset, end, link);
    if (link.pseudo > 0)
      batch.words[((row & ROW_MASK) << ROW_SHIFT) + ROW.wireBytes] = Math.max(wireBytes - link.pseudo, 0);
    const meta =
      this.lastLinkType === linkType &&
      this.lastIface === iface &&
      this.lastVlan === link.vlan &&
      this.lastIfindex === link.ifindex
        ? this.lastMeta
        : this.pointMeta(iface, link.ifindex, link.vlan, linkType);
    if (this.macs) {
      const known = link.hasMac;
      const mac = link.mac;
      batch.macFromLow[row] = known ? (mac[0] as number) : 0;
      batch.macFromHigh[row] = known ? (mac[1] as number) : 0;
      batch.macToLow[row] = known ? (mac[2] as number) : 0;
      batch.macToHigh[row] = known ? (mac[3] as number) : 0;
    }
    const at = link.offset;
    const network = link.network;
    if (network === NETWORK.ipv4) {
      decodeIpv4(batch, row, view, at, end, wireBytes - (at - offset), meta, link.flags);
    } else if (network === NETWORK.ipv6) {
      decodeIpv6(batch, row, view, at, end, wireBytes - (at - offset), meta, link.flags);
    } else {
      reject(batch, row, network === NETWORK.arp ? KIND.arp : KIND.other, meta, link.flags);
      if (network === NETWORK.arp) decodeArp(batch, row, view, at, end);
      if (network === NETWORK.unknown) {
        const unknown = this.counts.unknownLink;
        unknown.set(linkType, (unknown.get(linkType) ?? 0) + 1);
      }
    }
  }

  private frameAddresses(row: number, view: DataView, offset: number): void {
    const batch = this.batch;
    batch.macToHigh[row] = view.getUint16(offset);
    batch.macToLow[row] = view.getInt32(offset + 2);
    batch.macFromHigh[row] = view.getUint16(offset + 6);
    batch.macFromLow[row] = view.getInt32(offset + 8);
  }

  private pointMeta(iface: number, ifindex: number, vlan: number, linkType: number): number {
    let point = this.table.find(iface, ifindex, vlan, linkType, this.nameOf);
    const isBeyond = point === MAX_POINTS;
    if (isBeyond) {
      this.counts.damage.add('too-many-points', null);
      point = MAX_POINTS - 1;
    }
    this.lastIface = iface;
    this.lastIfindex = ifindex;
    this.lastVlan = vlan;
    this.lastLinkType = linkType;
    this.lastMeta = point << META.pointShift;
    // Of one that has no number of its own every packet is counted.
    if (!isBeyond) this.usual?.notePoint(ifindex, vlan, this.lastMeta);
    return this.lastMeta;
  }

  private flush(): void {
    const batch = this.batch;
    const count = batch.count;
    const { words, floats } = batch;
    const counts = this.counts;
    let first = counts.firstUs;
    let last = counts.lastUs;
    let sum = 0;
    for (let row = 0; row < count; row++) {
      const at = floats[(row & ROW_MASK) << (ROW_SHIFT - 1)];
      if (at < first) first = at;
      if (at > last) last = at;
      sum += words[((row & ROW_MASK) << ROW_SHIFT) + ROW.wireBytes];
    }
    counts.packets += count;
    counts.wireBytes += sum;
    counts.firstUs = first;
    counts.lastUs = last;
    this.sink.flush(batch);
    batch.count = 0;
  }
}
