// PPP (RFC 1661), with or without its HDLC framing (RFC 1662), and Cisco's HDLC: a protocol number leads to the network header.

import { FLAG } from './batch.js';
import { walkEtherType, walkMpls } from './ethernet.js';
import { type LinkWalk, NETWORK } from './walk.js';

const PPP = { ipv4: 0x0021, ipv6: 0x0057, mplsUnicast: 0x0281, mplsMulticast: 0x0283 } as const;
const CISCO = { unicast: 0x0f, broadcast: 0x8f } as const;

/** Address and control field are there or compressed away, as the peers agreed (RFC 1661, 6.6). */
export function walkPpp(bytes: Uint8Array, view: DataView, at: number, end: number, link: LinkWalk): void {
  if (end - at < 2) return;
  walkPppProtocol(bytes, view, view.getUint16(at) === 0xff03 ? at + 2 : at, end, link);
}

/** As pppd hands it out: a direction (0 for received) in place of the address, then the control field. */
export function walkPppPppd(bytes: Uint8Array, view: DataView, at: number, end: number, link: LinkWalk): void {
  if (end - at < 4) return;
  link.flags = bytes[at] === 0 ? FLAG.incoming : FLAG.outgoing;
  walkPppProtocol(bytes, view, at + 2, end, link);
}

/** A serial line that may run either: Cisco's HDLC is known by its address byte. */
export function walkSerial(bytes: Uint8Array, view: DataView, at: number, end: number, link: LinkWalk): void {
  if (at >= end) return;
  const address = bytes[at];
  if (address === CISCO.unicast || address === CISCO.broadcast) walkCiscoHdlc(bytes, view, at, end, link);
  else walkPpp(bytes, view, at, end, link);
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
  if (protocol === PPP.ipv4) link.arrive(NETWORK.ipv4, at);
  else if (protocol === PPP.ipv6) link.arrive(NETWORK.ipv6, at);
  else if (protocol === PPP.mplsUnicast || protocol === PPP.mplsMulticast) walkMpls(bytes, view, at, end, link);
}

/** Cisco HDLC: address, control, EtherType. */
export function walkCiscoHdlc(bytes: Uint8Array, view: DataView, at: number, end: number, link: LinkWalk): void {
  if (end - at >= 4) walkEtherType(view.getUint16(at + 2), bytes, view, at + 4, end, link);
}
