// Ethernet frames and everything that an EtherType leads through (VLAN, MPLS, PPPoE, LLC/SNAP …) to the network header.
// IEEE 802.3, 802.1Q, 802.1ad, 802.1ah, 802.1CB; RFC 1042 (SNAP), RFC 2516 (PPPoE), RFC 3032 (MPLS), RFC 4448 (pseudowires).

import { walkPppProtocol } from './ppp.js';
import { type LinkWalk, MAX_LINK_HEADERS, NETWORK } from './walk.js';

const ETHERTYPE = {
  ipv4: 0x0800,
  arp: 0x0806,
  vnTag: 0x8926,
  rarp: 0x8035,
  transparentBridging: 0x6558,
  vlan: 0x8100,
  ipv6: 0x86dd,
  ppp: 0x880b,
  mplsUnicast: 0x8847,
  mplsMulticast: 0x8848,
  pppoeSession: 0x8864,
  jumboLlc: 0x8870,
  metaData: 0x8909,
  providerVlan: 0x88a8,
  macsec: 0x88e5,
  backbone: 0x88e7,
  hsr: 0x892f,
  qinq9100: 0x9100,
  qinq9200: 0x9200,
  qinq9300: 0x9300,
  redundancyTag: 0xf1c1,
} as const;

/** Below this, the type field of an Ethernet header is a length (IEEE 802.3). */
const MAX_LENGTH_FIELD = 1500;

/** From the destination address on. */
export function walkEthernet(bytes: Uint8Array, view: DataView, at: number, end: number, link: LinkWalk): void {
  if (end - at < 14) return;
  if (!link.hasMac) {
    link.hasMac = true;
    const mac = link.mac;
    mac[2] = view.getInt32(at + 2);
    mac[3] = view.getUint16(at);
    mac[0] = view.getInt32(at + 8);
    mac[1] = view.getUint16(at + 6);
  }
  walkEtherType(view.getUint16(at + 12), bytes, view, at + 14, end, link);
}

/** From the first byte after a type (or length) field of the given value. */
export function walkEtherType(
  type: number,
  bytes: Uint8Array,
  view: DataView,
  at: number,
  end: number,
  link: LinkWalk,
): void {
  while (++link.depth <= MAX_LINK_HEADERS) {
    switch (type) {
      case ETHERTYPE.ipv4:
        link.network = NETWORK.ipv4;
        link.offset = at;
        return;
      case ETHERTYPE.ipv6:
        link.network = NETWORK.ipv6;
        link.offset = at;
        return;
      case ETHERTYPE.arp:
      case ETHERTYPE.rarp:
        link.network = NETWORK.arp;
        return;
      case ETHERTYPE.vlan:
      case ETHERTYPE.providerVlan:
      case ETHERTYPE.qinq9100:
      case ETHERTYPE.qinq9200:
      case ETHERTYPE.qinq9300:
        if (end - at < 4) return;
        link.tag(view.getUint16(at) & 0xfff);
        type = view.getUint16(at + 2);
        at += 4;
        break;
      case ETHERTYPE.hsr:
      case ETHERTYPE.vnTag:
      case ETHERTYPE.redundancyTag:
        // Four bytes of tag, then the type; VN-tag (802.1BR) and HSR alike.
        if (end - at < 6) return;
        type = view.getUint16(at + 4);
        at += 6;
        break;
      case ETHERTYPE.mplsUnicast:
      case ETHERTYPE.mplsMulticast:
        walkMpls(bytes, view, at, end, link);
        return;
      case ETHERTYPE.pppoeSession:
        walkPppoe(bytes, view, at, end, link);
        return;
      case ETHERTYPE.ppp:
        walkPppProtocol(bytes, view, at, end, link);
        return;
      case ETHERTYPE.transparentBridging:
        walkEthernet(bytes, view, at, end, link);
        return;
      case ETHERTYPE.backbone:
        // I-TAG (802.1ah): four bytes, then the customer's whole Ethernet frame.
        if (end - at < 4) return;
        walkEthernet(bytes, view, at + 4, end, link);
        return;
      case ETHERTYPE.jumboLlc:
        walkLlc(bytes, view, at, end, link);
        return;
      default:
        if (type <= MAX_LENGTH_FIELD) walkLlc(bytes, view, at, end, link);
        return;
    }
  }
}

/** PPPoE session header (version/type, code, session, length), then a PPP protocol number. */
export function walkPppoe(bytes: Uint8Array, view: DataView, at: number, end: number, link: LinkWalk): void {
  if (end - at < 6) return;
  // Only code 0 carries data (RFC 2516, section 6).
  if (bytes[at + 1] !== 0) return;
  walkPppProtocol(bytes, view, at + 6, end, link);
}

/** IEEE 802.2: SNAP, IP by its own service access point (RFC 948), else nothing of ours. */
export function walkLlc(bytes: Uint8Array, view: DataView, at: number, end: number, link: LinkWalk): void {
  if (end - at < 3) return;
  const sap = view.getUint16(at);
  if (sap === 0xaaaa && bytes[at + 2] === 0x03) {
    walkSnap(bytes, view, at + 3, end, link);
  } else if (sap === 0x0606 && bytes[at + 2] === 0x03) {
    link.network = NETWORK.ipv4;
    link.offset = at + 3;
  }
}

/** Organisation (three bytes), protocol (two). */
export function walkSnap(bytes: Uint8Array, view: DataView, at: number, end: number, link: LinkWalk): void {
  if (end - at < 5) return;
  const organisation = ((bytes[at] as number) << 16) | view.getUint16(at + 1);
  const protocol = view.getUint16(at + 3);
  if (organisation === 0x000000 || organisation === 0x0000f8) {
    // A length has no meaning here, so types alone are followed.
    if (protocol > MAX_LENGTH_FIELD) walkEtherType(protocol, bytes, view, at + 5, end, link);
  } else if (organisation === 0x0080c2 && (protocol === 1 || protocol === 7)) {
    // Bridged Ethernet (RFC 2684): with (1) or without (7) the frame check sequence, after two bytes of padding.
    if (++link.depth <= MAX_LINK_HEADERS) walkEthernet(bytes, view, at + 7, end, link);
  }
}

/** Label stack, then what the first nibble says; a zero nibble is a pseudowire's control word (RFC 4385). */
export function walkMpls(bytes: Uint8Array, view: DataView, at: number, end: number, link: LinkWalk): void {
  let bottom = false;
  for (let labels = 0; labels < MAX_LINK_HEADERS && !bottom; labels++) {
    if (end - at < 4) return;
    bottom = ((bytes[at + 2] as number) & 1) !== 0;
    at += 4;
  }
  if (!bottom || at >= end) return;
  const nibble = (bytes[at] as number) >>> 4;
  if (nibble === 4 || nibble === 6) {
    link.network = nibble;
    link.offset = at;
  } else if (nibble === 0 && ++link.depth <= MAX_LINK_HEADERS) {
    walkEthernet(bytes, view, at + 4, end, link);
  }
}
