// Linux "cooked" captures (of the `any` device): v1 (LINKTYPE_LINUX_SLL) and v2 (LINKTYPE_LINUX_SLL2, with the interface index).
// https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html and …/LINKTYPE_LINUX_SLL2.html

import { FLAG } from './batch.js';
import { walkEtherType, walkLlc } from './ethernet.js';
import type { LinkWalk } from './walk.js';

const PACKET_OUTGOING = 4;
/** ARPHRD_ values (if_arp.h) whose protocol field is no EtherType. */
const ARPHRD = { netlink: 824, gre: 778, radiotap: 803, frad: 770 } as const;
/** Below 0x0600 the protocol field is one of Linux' own numbers (if_ether.h). */
const LINUX_PROTOCOL = { novell: 0x0001, llc: 0x0004 } as const;

export function walkCooked1(bytes: Uint8Array, view: DataView, at: number, end: number, link: LinkWalk): void {
  if (end - at < 16) return;
  const packetType = view.getUint16(at);
  link.flags = packetType < PACKET_OUTGOING ? FLAG.incoming : packetType === PACKET_OUTGOING ? FLAG.outgoing : 0;
  noteSender(view, view.getUint16(at + 4), at + 6, link);
  walkCookedProtocol(view.getUint16(at + 14), view.getUint16(at + 2), bytes, view, at + 16, end, link);
}

export function walkCooked2(bytes: Uint8Array, view: DataView, at: number, end: number, link: LinkWalk): void {
  if (end - at < 20) return;
  const packetType = bytes[at + 10] as number;
  link.flags = packetType < PACKET_OUTGOING ? FLAG.incoming : packetType === PACKET_OUTGOING ? FLAG.outgoing : 0;
  link.ifindex = view.getUint32(at + 4);
  noteSender(view, bytes[at + 11] as number, at + 12, link);
  walkCookedProtocol(view.getUint16(at), view.getUint16(at + 8), bytes, view, at + 20, end, link);
}

/** Cooked headers hold the sender's link address alone. */
function noteSender(view: DataView, length: number, at: number, link: LinkWalk): void {
  link.hasMac = true;
  const mac = link.mac;
  const known = length === 6;
  mac[0] = known ? view.getInt32(at + 2) : 0;
  mac[1] = known ? view.getUint16(at) : 0;
  mac[2] = 0;
  mac[3] = 0;
}

function walkCookedProtocol(
  protocol: number,
  hardware: number,
  bytes: Uint8Array,
  view: DataView,
  at: number,
  end: number,
  link: LinkWalk,
): void {
  if (hardware === ARPHRD.netlink || hardware === ARPHRD.radiotap || hardware === ARPHRD.frad) return;
  if (protocol >= 0x0600) walkEtherType(protocol, bytes, view, at, end, link);
  else if (protocol === LINUX_PROTOCOL.llc) walkLlc(bytes, view, at, end, link);
}
