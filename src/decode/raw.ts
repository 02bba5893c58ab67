// Link types that put nothing, or no more than an address family, before the IP header.

import { walkPpp } from './ppp.js';
import { type LinkWalk, NETWORK } from './walk.js';

/** AF_INET everywhere; AF_INET6 of Linux, NetBSD/OpenBSD, FreeBSD, macOS, Solaris. */
const FAMILY = { inet: 2, inet6: [10, 24, 28, 30, 26] } as const;

/** The version nibble decides. */
export function walkRawIp(bytes: Uint8Array, at: number, end: number, link: LinkWalk): void {
  if (at >= end) return;
  const version = (bytes[at] as number) >>> 4;
  if (version !== 4 && version !== 6) return;
  link.network = version;
  link.offset = at;
}

/** LINKTYPE_NULL: the family in the byte order of the machine that captured, which the record doesn't tell. */
export function walkNull(bytes: Uint8Array, view: DataView, at: number, end: number, link: LinkWalk): void {
  if (end - at < 4) return;
  if (view.getUint16(at) === 0xff03) {
    walkPpp(bytes, view, at, end, link);
    return;
  }
  const little = view.getUint32(at, true);
  // Families are small numbers: the order in which the value is small is the right one.
  if (little <= 0xffff) walkFamily(little, at + 4, link);
  else walkFamily(view.getUint32(at), at + 4, link);
}

/** LINKTYPE_LOOP: the family in network byte order. */
export function walkLoop(view: DataView, at: number, end: number, link: LinkWalk): void {
  if (end - at < 4) return;
  walkFamily(view.getUint32(at), at + 4, link);
}

function walkFamily(family: number, at: number, link: LinkWalk): void {
  if (family === FAMILY.inet) link.network = NETWORK.ipv4;
  else if ((FAMILY.inet6 as readonly number[]).includes(family)) link.network = NETWORK.ipv6;
  else return;
  link.offset = at;
}
