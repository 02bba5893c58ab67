// Link types that put nothing, or no more than an address family or a small fixed header, before the IP header.
// https://www.tcpdump.org/linktypes.html

import { walkPpp } from './ppp.js';
import { type LinkWalk, NETWORK } from './walk.js';

/** AF_INET everywhere; AF_INET6 of Linux, NetBSD and OpenBSD, Solaris, FreeBSD, macOS. */
const AF_INET = 2;
const AF_INET6: readonly number[] = [10, 24, 26, 28, 30];
const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;

/** The version nibble decides. */
export function walkRawIp(bytes: Uint8Array, at: number, end: number, link: LinkWalk): void {
  if (at >= end) return;
  const version = (bytes[at] as number) >>> 4;
  if (version === 4 || version === 6) link.arrive(version, at);
}

/**
 * LINKTYPE_NULL: the family in the byte order of the machine that captured, which the record doesn't tell. Families are
 * small: whichever reading is small is right. Some wrote it as 16 bits, or an EtherType, next to two bytes of nothing.
 */
export function walkNull(bytes: Uint8Array, view: DataView, at: number, end: number, link: LinkWalk): void {
  if (end - at < 4) return;
  if (view.getUint16(at) === 0xff03) {
    walkPpp(bytes, view, at, end, link);
    return;
  }
  const word = Math.min(view.getUint32(at, true), view.getUint32(at));
  const network =
    networkOf(word) ||
    networkOf(view.getUint16(at, true)) ||
    networkOf(view.getUint16(at)) ||
    networkOf(view.getUint16(at + 2, true)) ||
    networkOf(view.getUint16(at + 2));
  link.arrive(network, at + 4);
}

/** LINKTYPE_LOOP: the family in network byte order. */
export function walkLoop(view: DataView, at: number, end: number, link: LinkWalk): void {
  if (end - at >= 4) link.arrive(networkOf(view.getUint32(at)), at + 4);
}

/** LINKTYPE_PFLOG: a header that tells its own length (without padding to a multiple of four). */
export function walkPflog(bytes: Uint8Array, at: number, end: number, link: LinkWalk): void {
  if (at < end) walkRawIp(bytes, at + (((bytes[at] as number) + 3) & ~3), end, link);
}

/** LINKTYPE_NFLOG: netfilter's log, attributes in the byte order of the machine, one of which is the packet. */
export function walkNflog(bytes: Uint8Array, view: DataView, at: number, end: number, link: LinkWalk): void {
  let payload = findPayload(view, at + 4, end, true);
  if (payload < 0) payload = findPayload(view, at + 4, end, false);
  if (payload >= 0) walkRawIp(bytes, payload, end, link);
}

function findPayload(view: DataView, from: number, end: number, little: boolean): number {
  const NFULA_PAYLOAD = 9;
  let at = from;
  while (end - at >= 4) {
    const length = view.getUint16(at, little);
    if (length < 4) return -1;
    if ((view.getUint16(at + 2, little) & 0x7fff) === NFULA_PAYLOAD) return at + 4;
    at += (length + 3) & ~3;
  }
  return -1;
}

function networkOf(family: number): number {
  if (family === AF_INET || family === ETHERTYPE_IPV4) return NETWORK.ipv4;
  return AF_INET6.includes(family) || family === ETHERTYPE_IPV6 ? NETWORK.ipv6 : NETWORK.other;
}
