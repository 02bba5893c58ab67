// One frame into its five-tuple, in the plainest way: an object a packet, no batch, nothing shared with the fast decoder,
// which this is there to check. IEEE 802.3, 802.1Q, RFC 791, RFC 8200; link types of tcpdump.org.

import { formatAddress } from '../util/address.js';

/** Ends of one packet, sender first. */
export interface FiveTuple {
  proto: number;
  /** Canonical text. */
  a: string;
  /** Null where the protocol has no ports, they are not captured, or the packet is a later fragment. */
  aPort: number | null;
  b: string;
  bPort: number | null;
}

/** Protocols whose ports tell flows apart; ICMP's identifiers are left out. */
export const WITH_PORTS: ReadonlySet<number> = new Set([6, 17, 33, 132, 136]);

/** A network header: its EtherType and what follows; null is none of ours. */
type Network = { type: number; bytes: Uint8Array } | null;

const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const ARP = 0x0806;
const TAGS: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x9100, 0x9200, 0x9300]);
const PPPOE = 0x8864;
const MPLS: ReadonlySet<number> = new Set([0x8847, 0x8848]);
const PPP_TYPES: Readonly<Record<number, number>> = { 33: IPV4, 87: IPV6 };
const MACSEC = 0x88e5;
const NSH = 0x894f;
const NSH_TYPES: Readonly<Record<number, number>> = { 1: IPV4, 2: IPV6 };
const IPV6_FAMILIES: ReadonlySet<number> = new Set([10, 24, 26, 28, 30]);

/** By LINKTYPE number. */
const LINKS: Readonly<Record<number, (frame: Uint8Array) => Network>> = {
  0: (frame) => loopback(frame, true),
  1: (frame) => etherType(frame, 12),
  12: rawIp,
  14: rawIp,
  101: rawIp,
  108: (frame) => loopback(frame, false),
  113: (frame) => etherType(frame, 14),
  228: (frame) => ({ type: IPV4, bytes: frame }),
  229: (frame) => ({ type: IPV6, bytes: frame }),
  276: (frame) => (frame.length < 20 ? null : network(uint16(frame, 0), frame.subarray(20))),
};

export function knowsLink(linkType: number): boolean {
  return linkType in LINKS;
}

/** Null for what is not IP, or not enough of it; `opaque` where a header stands that isn't known here: IP may follow it. */
export function plainFiveTuple(linkType: number, frame: Uint8Array): FiveTuple | 'opaque' | null {
  const found = LINKS[linkType]?.(frame) ?? null;
  if (found === null) return null;
  const version = (found.bytes[0] ?? 0) >>> 4;
  if (found.type === IPV4 && version === 4) return ipv4(found.bytes, frame.length);
  if (found.type === IPV6 && version === 6) return ipv6(found.bytes);
  return found.type === ARP ? null : 'opaque';
}

function etherType(frame: Uint8Array, at: number): Network {
  return frame.length < at + 2 ? null : network(uint16(frame, at), frame.subarray(at + 2));
}

/** Whatever stands between an EtherType and the IP header. */
function network(type: number, bytes: Uint8Array): Network {
  if (TAGS.has(type)) return bytes.length < 4 ? null : network(uint16(bytes, 2), bytes.subarray(4));
  if (type === PPPOE) {
    const compressed = bytes.length > 6 && ((bytes[6] as number) & 1) === 1;
    if (bytes.length < 8) return null;
    const protocol = compressed ? (bytes[6] as number) : uint16(bytes, 6);
    return network(PPP_TYPES[protocol] ?? 0xffff, bytes.subarray(compressed ? 7 : 8));
  }
  if (MPLS.has(type)) {
    let at = 0;
    while (at + 4 < bytes.length && ((bytes[at + 2] as number) & 1) === 0) at += 4;
    return rawIp(bytes.subarray(at + 4));
  }
  if (type === MACSEC) {
    // Tag control, four bytes of packet number, and an identifier where its bit says so; ciphertext is not IP.
    const control = bytes[0] ?? 0;
    const header = control & 0x20 ? 14 : 6;
    return control & 0x0c || bytes.length < header + 2
      ? null
      : network(uint16(bytes, header), bytes.subarray(header + 2));
  }
  if (type === NSH) {
    // Length in words in the low six bits of the second byte, next protocol in the fourth (RFC 8300).
    const inner = NSH_TYPES[bytes[3] ?? 0];
    return inner === undefined ? null : { type: inner, bytes: bytes.subarray(((bytes[1] as number) & 0x3f) * 4) };
  }
  // LLC and SNAP where the type is a length (RFC 1042).
  const snap = type <= 1500 && bytes.length >= 8 && uint16(bytes, 0) === 0xaaaa && bytes[2] === 3;
  if (snap && bytes[3] === 0 && uint16(bytes, 4) === 0) return network(uint16(bytes, 6), bytes.subarray(8));
  return { type, bytes };
}

function rawIp(bytes: Uint8Array): Network {
  const version = (bytes[0] ?? 0) >>> 4;
  if (version === 4) return { type: IPV4, bytes };
  return version === 6 ? { type: IPV6, bytes } : null;
}

/** The address family, a small number: in either byte order for `null`, where some systems wrote an EtherType instead. */
function loopback(frame: Uint8Array, anyOrder: boolean): Network {
  if (frame.length < 4) return null;
  const low = uint16(frame, 2);
  if (anyOrder && low >= 0x600) return network(low, frame.subarray(4));
  const family = anyOrder && low === 0 ? (frame[0] as number) : low;
  if (family === 2) return { type: IPV4, bytes: frame.subarray(4) };
  return IPV6_FAMILIES.has(family) ? { type: IPV6, bytes: frame.subarray(4) } : null;
}

function ipv4(bytes: Uint8Array, frameLength: number): FiveTuple | null {
  if (bytes.length < 20) return null;
  const header = ((bytes[0] as number) & 15) * 4;
  // A total length of zero is segmentation offload's: then all that was captured counts.
  const total = uint16(bytes, 2) || frameLength;
  if (header < 20 || total < header) return null;
  const later = (uint16(bytes, 6) & 0x1fff) !== 0;
  const rest = later ? new Uint8Array() : bytes.subarray(header, total);
  return ends(bytes[9] as number, 4, bytes.subarray(12, 20), rest);
}

function ipv6(bytes: Uint8Array): FiveTuple | null {
  if (bytes.length < 40) return null;
  const length = uint16(bytes, 4);
  let next = bytes[6] as number;
  let rest = length === 0 ? bytes.subarray(40) : bytes.subarray(40, 40 + length);
  for (;;) {
    const size = extensionBytes(next, rest);
    // A header that nothing follows (59) is itself the protocol.
    if (size === 0 || rest.length < size || rest[0] === 59) break;
    const later = next === 44 && (uint16(rest, 2) & 0xfff8) !== 0;
    next = rest[0] as number;
    rest = rest.subarray(size);
    if (later) return ends(next, 6, bytes.subarray(8, 40), new Uint8Array());
  }
  return ends(next, 6, bytes.subarray(8, 40), rest);
}

/** Length of an IPv6 extension header; 0 if it is none or cut off. */
function extensionBytes(protocol: number, bytes: Uint8Array): number {
  if (protocol === 44) return 8;
  if (bytes.length < 2) return 0;
  if (protocol === 51) return ((bytes[1] as number) + 2) * 4;
  return [0, 43, 60, 140].includes(protocol) ? ((bytes[1] as number) + 1) * 8 : 0;
}

function ends(proto: number, family: 4 | 6, addresses: Uint8Array, rest: Uint8Array): FiveTuple {
  const half = addresses.length / 2;
  const ported = WITH_PORTS.has(proto) && rest.length >= 4;
  return {
    proto,
    a: text(family, addresses.subarray(0, half)),
    aPort: ported ? uint16(rest, 0) : null,
    b: text(family, addresses.subarray(half)),
    bPort: ported ? uint16(rest, 2) : null,
  };
}

function text(family: 4 | 6, address: Uint8Array): string {
  const words = [0, 0, 0, 0];
  const first = 4 - address.length / 4;
  for (let i = first; i < 4; i++) {
    words[i] = uint16(address, 4 * (i - first)) * 65536 + uint16(address, 4 * (i - first) + 2);
  }
  return formatAddress(family, words);
}

function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}
