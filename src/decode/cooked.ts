// Linux "cooked" captures (of the `any` device): v1 (LINKTYPE_LINUX_SLL) and v2 (LINKTYPE_LINUX_SLL2, with the interface index).
// https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html and …/LINKTYPE_LINUX_SLL2.html

import { FLAG } from './batch.js';
import { walkEtherType, walkLlc } from './ethernet.js';
import type { LinkWalk } from './walk.js';

const PACKET_OUTGOING = 4;
/** ARPHRD_ values (if_arp.h) whose protocol field is no EtherType. */
const ARPHRD = { frad: 770, radiotap: 803, netlink: 824 } as const;
/** Below 0x0600 the protocol field is one of Linux' own numbers (if_ether.h). */
const LINUX_PROTOCOL_LLC = 0x0004;

export function walkCooked1(bytes: Uint8Array, view: DataView, at: number, end: number, link: LinkWalk): void {
  if (end - at < 16) return;
  link.flags = direction(view.getUint16(at));
  link.addresses(view, view.getUint16(at + 4) === 6 ? at + 6 : -1, -1);
  walkCookedProtocol(view.getUint16(at + 14), view.getUint16(at + 2), bytes, view, at + 16, end, link);
}

export function walkCooked2(bytes: Uint8Array, view: DataView, at: number, end: number, link: LinkWalk): void {
  if (end - at < 20) return;
  link.flags = direction(bytes[at + 10] as number);
  link.ifindex = view.getUint32(at + 4);
  link.addresses(view, bytes[at + 11] === 6 ? at + 12 : -1, -1);
  walkCookedProtocol(view.getUint16(at), view.getUint16(at + 8), bytes, view, at + 20, end, link);
}

/** To us, broadcast, multicast and to someone else came in. */
function direction(packetType: number): number {
  return packetType < PACKET_OUTGOING ? FLAG.incoming : packetType === PACKET_OUTGOING ? FLAG.outgoing : 0;
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
  else if (protocol === LINUX_PROTOCOL_LLC) walkLlc(bytes, view, at, end, link);
}
