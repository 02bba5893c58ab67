// Ethernet as the management port of a switch chip shows it: with the chip's own tag, in or before the frame.
// https://www.tcpdump.org/linktypes/LINKTYPE_ETHERNET_BRCM_TAG… ; Linux' Documentation/networking/dsa

import { walkEthernet, walkEtherType } from './ethernet.js';
import type { LinkWalk } from './walk.js';

const ADDRESSES = 12;
const BROADCOM_TAG = 4;
const MARVELL_TAG = 4;
/** Marvell's EtherType tag: 0xdada, two reserved bytes, then the tag. */
const MARVELL_TYPE = 4;

/** Broadcom's tag between the addresses and the type. */
export function walkBroadcom(bytes: Uint8Array, view: DataView, at: number, end: number, link: LinkWalk): void {
  walkAfter(ADDRESSES + BROADCOM_TAG, bytes, view, at, end, link);
}

/** Broadcom's tag before the frame. */
export function walkBroadcomPrepended(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  end: number,
  link: LinkWalk,
): void {
  walkEthernet(bytes, view, at + BROADCOM_TAG, end, link);
}

/** Marvell's DSA tag, without (`dsa`) or with (`edsa`) an EtherType of its own. */
export function walkMarvell(
  withType: boolean,
  bytes: Uint8Array,
  view: DataView,
  at: number,
  end: number,
  link: LinkWalk,
): void {
  const tag = ADDRESSES + (withType ? MARVELL_TYPE : 0);
  if (end - at < tag + MARVELL_TAG) return;
  // The VLAN that the frame belongs to within the switch, tagged on the wire or not.
  const vlan = view.getUint16(at + tag + 2) & 0xfff;
  if (vlan !== 0) link.tag(vlan);
  walkAfter(tag + MARVELL_TAG, bytes, view, at, end, link);
}

/** The type stands `typeAt` bytes into the frame. */
function walkAfter(typeAt: number, bytes: Uint8Array, view: DataView, at: number, end: number, link: LinkWalk): void {
  if (end - at < typeAt + 2) return;
  link.addresses(view, at + 6, at);
  walkEtherType(view.getUint16(at + typeAt), bytes, view, at + typeAt + 2, end, link);
}
