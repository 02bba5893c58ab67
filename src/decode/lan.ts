// Local networks other than Ethernet: token ring, FDDI, ARCnet, Fibre Channel, FireWire, InfiniBand.
// IEEE 802.5, ISO 9314-2, RFC 1201 and 1051 (ARCnet), RFC 4338 (Fibre Channel), RFC 2734 (FireWire), RFC 4391 (InfiniBand).

import { walkEtherType, walkLlc } from './ethernet.js';
import { type LinkWalk, NETWORK } from './walk.js';

/** Protocol identifiers of ARCnet; those of RFC 1051 have no fragmentation header. */
const ARCNET = { ipv6: 0xc4, ipv4: 0xd4, arp: 0xd5, rarp: 0xd6, oldIpv4: 0xf0, oldArp: 0xf1 } as const;
const ARCNET_EXCEPTION = 0xff;
const IPOIB_ADDRESSES = 40;

export function walkTokenRing(bytes: Uint8Array, view: DataView, at: number, end: number, link: LinkWalk): void {
  // Access control, frame control (of which 01 means data), two addresses, perhaps a route.
  if (end - at < 16 || ((bytes[at + 1] as number) & 0xc0) !== 0x40) return;
  link.addresses(view, at + 8, at + 2);
  const routed = ((bytes[at + 8] as number) & 0x80) !== 0;
  walkLlc(bytes, view, at + 14 + (routed ? (bytes[at + 14] as number) & 0x1f : 0), end, link);
}

export function walkFddi(bytes: Uint8Array, view: DataView, at: number, end: number, link: LinkWalk): void {
  // Frame control 01 in the middle bits means LLC; the highest bit tells synchronous from asynchronous.
  if (end - at < 13 || ((bytes[at] as number) & 0x70) !== 0x50) return;
  link.addresses(view, at + 7, at + 1);
  walkLlc(bytes, view, at + 13, end, link);
}

/** @param afterAddresses bytes between the addresses and the protocol: 2 as Linux has it, 0 as BSD */
export function walkArcnet(
  afterAddresses: number,
  bytes: Uint8Array,
  _view: DataView,
  at: number,
  end: number,
  link: LinkWalk,
): void {
  at += 2 + afterAddresses;
  if (end - at < 1) return;
  const protocol = bytes[at] as number;
  at++;
  if (protocol === ARCNET.oldIpv4) {
    link.arrive(NETWORK.ipv4, at);
    return;
  }
  if (protocol === ARCNET.oldArp || protocol === ARCNET.arp || protocol === ARCNET.rarp) {
    link.arrive(NETWORK.arp, at);
    return;
  }
  // Split flag and sequence number, after three bytes of padding in an exception frame.
  if (end - at < 3) return;
  if (bytes[at] === ARCNET_EXCEPTION) at += 4;
  if (end - at < 3) return;
  const split = bytes[at] as number;
  // Even and not 0: a later part of a packet.
  if (split !== 0 && (split & 1) === 0) return;
  if (protocol === ARCNET.ipv4) link.arrive(NETWORK.ipv4, at + 3);
  else if (protocol === ARCNET.ipv6) link.arrive(NETWORK.ipv6, at + 3);
}

/** IP over Fibre Channel: two network addresses, of whose eight bytes the last six are link addresses. */
export function walkFibreChannel(bytes: Uint8Array, view: DataView, at: number, end: number, link: LinkWalk): void {
  if (end - at < 16) return;
  link.addresses(view, at + 10, at + 2);
  walkLlc(bytes, view, at + 16, end, link);
}

/** IP over FireWire: two addresses of eight bytes, an EtherType. */
export function walkFireWire(bytes: Uint8Array, view: DataView, at: number, end: number, link: LinkWalk): void {
  if (end - at >= 18) walkEtherType(view.getUint16(at + 16), bytes, view, at + 18, end, link);
}

/** IP over InfiniBand: addresses of twenty bytes each, an EtherType, two reserved bytes. */
export function walkIpOverInfiniband(bytes: Uint8Array, view: DataView, at: number, end: number, link: LinkWalk): void {
  at += IPOIB_ADDRESSES;
  if (end - at >= 4) walkEtherType(view.getUint16(at), bytes, view, at + 4, end, link);
}
