// PPP (RFC 1661), with or without its HDLC framing (RFC 1662), and Cisco's HDLC: a protocol number leads to the network header.

import { walkEtherType, walkMpls } from './ethernet.js';
import { type LinkWalk, NETWORK } from './walk.js';

const PPP = { ipv4: 0x0021, ipv6: 0x0057, mplsUnicast: 0x0281, mplsMulticast: 0x0283 } as const;

/** Address and control field are there or compressed away, as the peers agreed (RFC 1661, 6.6). */
export function walkPpp(bytes: Uint8Array, view: DataView, at: number, end: number, link: LinkWalk): void {
  if (end - at < 2) return;
  walkPppProtocol(bytes, view, view.getUint16(at) === 0xff03 ? at + 2 : at, end, link);
}

/** From the protocol field on; an odd first byte is the whole of a compressed one (RFC 1661, 6.5). */
export function walkPppProtocol(bytes: Uint8Array, view: DataView, at: number, end: number, link: LinkWalk): void {
  if (at >= end) return;
  let protocol = bytes[at] as number;
  if ((protocol & 1) !== 0) {
    at += 1;
  } else {
    if (end - at < 2) return;
    protocol = view.getUint16(at);
    at += 2;
  }
  if (protocol === PPP.ipv4) {
    link.network = NETWORK.ipv4;
    link.offset = at;
  } else if (protocol === PPP.ipv6) {
    link.network = NETWORK.ipv6;
    link.offset = at;
  } else if (protocol === PPP.mplsUnicast || protocol === PPP.mplsMulticast) {
    walkMpls(bytes, view, at, end, link);
  }
}

/** Cisco HDLC: address, control, EtherType. */
export function walkCiscoHdlc(bytes: Uint8Array, view: DataView, at: number, end: number, link: LinkWalk): void {
  if (end - at < 4) return;
  walkEtherType(view.getUint16(at + 2), bytes, view, at + 4, end, link);
}
