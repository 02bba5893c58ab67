// Tags between an EtherType and the next one: what bridges, switches and taps put into a frame, VLAN tags aside.
// IEEE 802.1BR (E-tag, VN-tag), 802.1CB (R-tag), 802.1AE (MACsec), IEC 62439-3 (HSR), Cisco MetaData, Arista time stamps.

import type { LinkWalk } from './walk.js';

const TAG = {
  arista: 0xd28b,
  eTag: 0x893f,
  vnTag: 0x8926,
  hsr: 0x892f,
  macsec: 0x88e5,
  metaData: 0x8909,
  redundancy: 0xf1c1,
} as const;

const MACSEC = { channelIdentifier: 0x20, encrypted: 0x08, changed: 0x04 } as const;

/**
 * Passes over the tag that the type announces: returns the offset after it and leaves the type that follows in
 * `link.type`; -1 where the type announces no such tag, or what is behind it can't be read.
 */
export function skipTag(
  type: number,
  bytes: Uint8Array,
  view: DataView,
  at: number,
  end: number,
  link: LinkWalk,
): number {
  let size = 0;
  switch (type) {
    case TAG.hsr:
    case TAG.vnTag:
    case TAG.redundancy:
      size = 4;
      break;
    case TAG.eTag:
    case TAG.metaData:
      size = 6;
      break;
    case TAG.macsec: {
      if (at >= end) return -1;
      const control = bytes[at] as number;
      if ((control & (MACSEC.encrypted | MACSEC.changed)) !== 0) return -1;
      size = (control & MACSEC.channelIdentifier) !== 0 ? 14 : 6;
      break;
    }
    case TAG.arista: {
      // Subtype 1 is a time stamp; the third byte's high nibble tells its width, 64 or 48 bits.
      if (end - at < 4 || view.getUint16(at) !== 1) return -1;
      size = ((bytes[at + 3] as number) & 0xf0) === 0x20 ? 10 : 12;
      break;
    }
    default:
      return -1;
  }
  if (end - at < size + 2) return -1;
  link.type = view.getUint16(at + size);
  return at + size + 2;
}
