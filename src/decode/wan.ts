// Frame relay and ATM.
// RFC 2427 (frame relay), RFC 2684 (AAL5), RFC 2225 (classical IP over ATM), https://www.tcpdump.org/linktypes/LINKTYPE_SUNATM.html

import { FLAG } from './batch.js';
import { walkEthernet, walkEtherType, walkLlc, walkSnap } from './ethernet.js';
import { walkPppProtocol } from './ppp.js';
import { walkRawIp } from './raw.js';
import { type LinkWalk, NETWORK } from './walk.js';

/** Network layer protocol identifiers (ISO/IEC TR 9577). */
const NLPID = { snap: 0x80, ipv6: 0x8e, ipv4: 0xcc, ppp: 0xcf } as const;
const UNNUMBERED = 0x03;
const MAX_ADDRESS = 4;
const SUN_HEADER = 4;
const SUN = { lane: 1, llc: 2, outgoing: 0x80 } as const;

export function walkFrameRelay(bytes: Uint8Array, view: DataView, at: number, end: number, link: LinkWalk): void {
  // The last byte of the address has its lowest bit set.
  let size = 1;
  while (size <= MAX_ADDRESS && end - at > size && ((bytes[at + size - 1] as number) & 1) === 0) size++;
  if (size < 2 || size > MAX_ADDRESS || end - at < size + 2) return;
  at += size;
  if (bytes[at] !== UNNUMBERED) {
    // Cisco's encapsulation: an EtherType at once.
    const type = view.getUint16(at);
    if (type >= 0x0600) walkEtherType(type, bytes, view, at + 2, end, link);
    return;
  }
  at++;
  if (bytes[at] === 0) at++;
  if (at >= end) return;
  const protocol = bytes[at];
  at++;
  if (protocol === NLPID.ipv4) link.arrive(NETWORK.ipv4, at);
  else if (protocol === NLPID.ipv6) link.arrive(NETWORK.ipv6, at);
  else if (protocol === NLPID.snap) walkSnap(bytes, view, at, end, link);
  else if (protocol === NLPID.ppp) walkPppProtocol(bytes, view, at, end, link);
}

/** An AAL5 packet: LLC, or IP alone on its circuit. */
export function walkAal5(bytes: Uint8Array, view: DataView, at: number, end: number, link: LinkWalk): void {
  if (end - at >= 2 && view.getUint16(at) === 0xaaaa) walkLlc(bytes, view, at, end, link);
  else walkRawIp(bytes, at, end, link);
}

/** SunATM: flags, virtual path, virtual circuit; then the AAL5 packet, or LAN emulation's two bytes and Ethernet. */
export function walkSunAtm(bytes: Uint8Array, view: DataView, at: number, end: number, link: LinkWalk): void {
  if (end - at < SUN_HEADER) return;
  const flags = bytes[at] as number;
  link.pseudo = SUN_HEADER;
  link.flags = (flags & SUN.outgoing) !== 0 ? FLAG.outgoing : FLAG.incoming;
  const traffic = flags & 0x0f;
  if (traffic === SUN.lane) walkEthernet(bytes, view, at + SUN_HEADER + 2, end, link);
  // A recorder that didn't know its circuits says 0 for everything.
  else if (traffic === SUN.llc || traffic === 0) walkLlc(bytes, view, at + SUN_HEADER, end, link);
}
