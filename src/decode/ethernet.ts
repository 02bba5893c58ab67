// Ethernet frames and everything that an EtherType leads through (VLAN, MPLS, PPPoE, LLC/SNAP …) to the network header.
// IEEE 802.3, 802.1Q, 802.1ad, 802.1ah; RFC 1042 (SNAP), 2516 (PPPoE), 3032 (MPLS), 4448 (pseudowires), 6325 (TRILL), 8300 (NSH).

import { walkPppProtocol } from './ppp.js';
import { skipTag } from './tags.js';
import { type LinkWalk, MAX_LINK_HEADERS, NETWORK } from './walk.js';

const ETHERTYPE = {
  ipv4: 0x0800,
  arp: 0x0806,
  trill: 0x22f3,
  transparentBridging: 0x6558,
  rarp: 0x8035,
  vlan: 0x8100,
  ipv6: 0x86dd,
  ppp: 0x880b,
  mplsUnicast: 0x8847,
  mplsMulticast: 0x8848,
  pppoeSession: 0x8864,
  jumboLlc: 0x8870,
  providerVlan: 0x88a8,
  backbone: 0x88e7,
  fabricPath: 0x8903,
  serviceHeader: 0x894f,
  qinq9100: 0x9100,
  qinq9200: 0x9200,
  qinq9300: 0x9300,
} as const;

/** Below this, the type field of an Ethernet header is a length (IEEE 802.3). */
const MAX_LENGTH_FIELD = 1500;
/** Cisco's inter-switch link: 26 bytes around a whole frame. */
const ISL_HEADER = 26;

/** From the destination address on. */
export function walkEthernet(bytes: Uint8Array, view: DataView, at: number, end: number, link: LinkWalk): void {
  if (end - at < 14) return;
  link.addresses(view, at + 6, at);
  const type = view.getUint16(at + 12);
  if (type <= MAX_LENGTH_FIELD && isIsl(bytes, view, at, end)) {
    link.tag((view.getUint16(at + 20) >>> 1) & 0xfff);
    if (++link.depth <= MAX_LINK_HEADERS) walkEthernet(bytes, view, at + ISL_HEADER, end, link);
    return;
  }
  walkEtherType(type, bytes, view, at + 14, end, link);
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
        link.arrive(NETWORK.ipv4, at);
        return;
      case ETHERTYPE.ipv6:
        link.arrive(NETWORK.ipv6, at);
        return;
      case ETHERTYPE.arp:
      case ETHERTYPE.rarp:
        link.arrive(NETWORK.arp, at);
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
        walkEthernet(bytes, view, at + 4, end, link);
        return;
      case ETHERTYPE.fabricPath:
        walkEthernet(bytes, view, at + 2, end, link);
        return;
      case ETHERTYPE.trill:
        // The options' length, in words, are the five bits that straddle the first two bytes' middle.
        if (end - at < 6) return;
        walkEthernet(bytes, view, at + 6 + ((view.getUint16(at) >>> 6) & 0x1f) * 4, end, link);
        return;
      case ETHERTYPE.serviceHeader:
        walkServiceHeader(bytes, view, at, end, link);
        return;
      case ETHERTYPE.jumboLlc:
        walkLlc(bytes, view, at, end, link);
        return;
      default:
        if (type <= MAX_LENGTH_FIELD) {
          walkLlc(bytes, view, at, end, link);
          return;
        }
        at = skipTag(type, bytes, view, at, end, link);
        if (at < 0) return;
        type = link.type;
    }
  }
}

/** PPPoE session header (version and type, code, session, length), then a PPP protocol number. */
export function walkPppoe(bytes: Uint8Array, view: DataView, at: number, end: number, link: LinkWalk): void {
  walkPppProtocol(bytes, view, at + 6, end, link);
}

/** IEEE 802.2: SNAP, IP by its own service access point (RFC 948), else nothing of ours. */
export function walkLlc(bytes: Uint8Array, view: DataView, at: number, end: number, link: LinkWalk): void {
  if (end - at < 3) return;
  const sap = view.getUint16(at);
  if (bytes[at + 2] !== 0x03) return;
  if (sap === 0xaaaa) walkSnap(bytes, view, at + 3, end, link);
  else if (sap === 0x0606) link.arrive(NETWORK.ipv4, at + 3);
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

/** Label stack, then what the first nibble says: 4 and 6 are IP, 0 a pseudowire's control word, 1 its channel (RFC 4385). */
export function walkMpls(bytes: Uint8Array, view: DataView, at: number, end: number, link: LinkWalk): void {
  let bottom = false;
  for (let labels = 0; labels < MAX_LINK_HEADERS && !bottom; labels++) {
    if (end - at < 4) return;
    bottom = ((bytes[at + 2] as number) & 1) !== 0;
    at += 4;
  }
  if (!bottom || at >= end || ++link.depth > MAX_LINK_HEADERS) return;
  const nibble = (bytes[at] as number) >>> 4;
  if (nibble === 4 || nibble === 6) {
    link.arrive(nibble, at);
  } else if (nibble === 1) {
    if (end - at >= 4) walkChannel(view.getUint16(at + 2), at + 4, link);
  } else {
    // Nothing says whether a control word was agreed on: the place where an EtherType stands shows it.
    const wordless = isEtherType(view, at + 12, end) && !(nibble === 0 && isEtherType(view, at + 16, end));
    walkEthernet(bytes, view, wordless ? at : at + 4, end, link);
  }
}

/** Associated channel of a pseudowire (RFC 5586): the IANA channel types that are IP. */
function walkChannel(channel: number, at: number, link: LinkWalk): void {
  if (channel === 0x21) link.arrive(NETWORK.ipv4, at);
  else if (channel === 0x57) link.arrive(NETWORK.ipv6, at);
}

function walkServiceHeader(bytes: Uint8Array, view: DataView, at: number, end: number, link: LinkWalk): void {
  if (end - at < 8) return;
  const next = at + (view.getUint16(at) & 0x3f) * 4;
  if (next === at) return;
  const protocol = bytes[at + 3] as number;
  if (protocol === 1) link.arrive(NETWORK.ipv4, next);
  else if (protocol === 2) link.arrive(NETWORK.ipv6, next);
  else if (protocol === 3) walkEthernet(bytes, view, next, end, link);
  else if (protocol === 5) walkMpls(bytes, view, next, end, link);
}

function isIsl(bytes: Uint8Array, view: DataView, at: number, end: number): boolean {
  if (end - at < ISL_HEADER + 14) return false;
  const destination = view.getUint32(at);
  return (destination === 0x01000c00 || destination === 0x03000c00) && bytes[at + 4] === 0;
}

function isEtherType(view: DataView, at: number, end: number): boolean {
  if (end - at < 2) return false;
  const type = view.getUint16(at);
  return (
    type === ETHERTYPE.ipv4 ||
    type === ETHERTYPE.ipv6 ||
    type === ETHERTYPE.arp ||
    type === ETHERTYPE.vlan ||
    type === ETHERTYPE.providerVlan ||
    type === ETHERTYPE.mplsUnicast ||
    type === ETHERTYPE.pppoeSession
  );
}
