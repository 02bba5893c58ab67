// The inside of an ERF record: from its header to the frame that it carries.
// Endace, "Extensible Record Format" (EDM11-01)

import { LINKTYPE } from './linktypes.js';
import type { LinkWalk } from './walk.js';

export const ERF_HEADER = 16;

/** Record types; `color`, `dsm` and `hash` ones differ from the plain in their header's counter field alone. */
const ERF = {
  hdlc: 1,
  ethernet: 2,
  atm: 3,
  aal5: 4,
  channelHdlc: 5,
  channelAal5: 9,
  colorHdlc: 10,
  colorEthernet: 11,
  dsmHdlc: 15,
  dsmEthernet: 16,
  colorChannelHdlc: 17,
  hashHdlc: 19,
  hashEthernet: 20,
  ipv4: 22,
  ipv6: 23,
  pad: 48,
} as const;

const TYPE_MASK = 0x7f;
/** Of the type byte, and of the first byte of each extension header (of eight bytes). */
const MORE_HEADERS = 0x80;
const CHANNEL_HEADER = 4;
const ATM_HEADER = 4;
const ETHERNET_PADDING = 2;

/** Types whose 16-bit field before the wire length counts lost records; in the others it is a colour or hash. */
export function countsLosses(type: number): boolean {
  switch (type & TYPE_MASK) {
    case ERF.colorHdlc:
    case ERF.colorEthernet:
    case ERF.dsmHdlc:
    case ERF.dsmEthernet:
    case ERF.colorChannelHdlc:
    case ERF.hashHdlc:
    case ERF.hashEthernet:
      return false;
    default:
      return true;
  }
}

/** Types that fill up the stream and carry nothing. */
export function isPadding(type: number): boolean {
  return (type & TYPE_MASK) === ERF.pad;
}

/**
 * Offset of the frame in the record at `at`, of which ERF_HEADER bytes are there; its link type goes to `link.type`
 * (-1 for none that is known), the size of the headers to `link.pseudo`. The offset may be beyond `end`.
 */
export function erfFrame(bytes: Uint8Array, at: number, end: number, link: LinkWalk): number {
  const type = bytes[at + 8] as number;
  let frame = at + ERF_HEADER;
  let more = (type & MORE_HEADERS) !== 0;
  while (more) {
    if (end - frame < 8) return end;
    more = ((bytes[frame] as number) & MORE_HEADERS) !== 0;
    frame += 8;
  }
  link.pseudo = frame - at;
  switch (type & TYPE_MASK) {
    case ERF.ethernet:
    case ERF.colorEthernet:
    case ERF.dsmEthernet:
    case ERF.hashEthernet:
      link.type = LINKTYPE.ethernet;
      return frame + ETHERNET_PADDING;
    case ERF.hdlc:
    case ERF.colorHdlc:
    case ERF.dsmHdlc:
    case ERF.hashHdlc:
      link.type = LINKTYPE.pppHdlc;
      return frame;
    case ERF.channelHdlc:
    case ERF.colorChannelHdlc:
      link.type = LINKTYPE.pppHdlc;
      return frame + CHANNEL_HEADER;
    case ERF.atm:
      // A cell: whatever begins in it, after its header.
      link.type = LINKTYPE.atmRfc1483;
      return frame + ATM_HEADER;
    case ERF.aal5:
      link.type = LINKTYPE.atmRfc1483;
      return frame + ATM_HEADER;
    case ERF.channelAal5:
      link.type = LINKTYPE.atmRfc1483;
      return frame + CHANNEL_HEADER + ATM_HEADER;
    case ERF.ipv4:
      link.type = LINKTYPE.ipv4;
      return frame;
    case ERF.ipv6:
      link.type = LINKTYPE.ipv6;
      return frame;
    default:
      link.type = -1;
      return frame;
  }
}
