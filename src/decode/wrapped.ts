// Recorders' headers around a frame of any other link type: PPI, Apple's pktap, Juniper's, ERF, a byte of direction.
// https://www.tcpdump.org/linktypes.html

import { FLAG } from './batch.js';
import { ERF_HEADER, erfFrame } from './erf-record.js';
import { LINKTYPE } from './linktypes.js';
import { type LinkWalk, NETWORK } from './walk.js';

const PKTAP = { minimum: 108, packet: 1, incoming: 1, outgoing: 2 } as const;
const JUNIPER = { magic: 0x4d4743, incoming: 0x01, noLink: 0x02, extended: 0x80 } as const;

export function isWrapper(linkType: number): boolean {
  switch (linkType) {
    case LINKTYPE.pppDirected:
    case LINKTYPE.ciscoHdlcDirected:
    case LINKTYPE.frameRelayDirected:
    case LINKTYPE.ppi:
    case LINKTYPE.pktap:
    case LINKTYPE.user2:
    case LINKTYPE.juniperEthernet:
    case LINKTYPE.juniperPpp:
    case LINKTYPE.juniperFrameRelay:
    case LINKTYPE.juniperHdlc:
    case LINKTYPE.juniperAtm1:
    case LINKTYPE.juniperAtm2:
    case LINKTYPE.erf:
      return true;
    default:
      return false;
  }
}

/** Returns the offset of the frame within, its link type in `link.type`; -1 where none can be read. */
export function unwrap(
  linkType: number,
  bytes: Uint8Array,
  view: DataView,
  at: number,
  end: number,
  link: LinkWalk,
): number {
  switch (linkType) {
    case LINKTYPE.pppDirected:
      return unwrapDirection(LINKTYPE.ppp, bytes, at, end, link);
    case LINKTYPE.ciscoHdlcDirected:
      return unwrapDirection(LINKTYPE.ciscoHdlc, bytes, at, end, link);
    case LINKTYPE.frameRelayDirected:
      return unwrapDirection(LINKTYPE.frameRelay, bytes, at, end, link);
    case LINKTYPE.ppi:
      return unwrapPpi(view, at, end, link);
    case LINKTYPE.pktap:
      return unwrapPktap(view, at, end, link);
    case LINKTYPE.user2: {
      // Apple wrote pktap under this number; whoever else did can't be known.
      const frame = unwrapPktap(view, at, end, link);
      if (frame < 0) link.network = NETWORK.unknown;
      return frame;
    }
    case LINKTYPE.juniperEthernet:
      return unwrapJuniper(LINKTYPE.ethernet, bytes, view, at, end, link);
    case LINKTYPE.juniperPpp:
      return unwrapJuniper(LINKTYPE.ppp, bytes, view, at, end, link);
    case LINKTYPE.juniperFrameRelay:
      return unwrapJuniper(LINKTYPE.frameRelay, bytes, view, at, end, link);
    case LINKTYPE.juniperHdlc:
      return unwrapJuniper(LINKTYPE.ciscoHdlc, bytes, view, at, end, link);
    case LINKTYPE.juniperAtm1:
      return unwrapJuniperAtm(4, bytes, view, at, end, link);
    case LINKTYPE.juniperAtm2:
      return unwrapJuniperAtm(8, bytes, view, at, end, link);
    default:
      return unwrapErf(bytes, at, end, link);
  }
}

/** Per-packet information: version, flags, length, link type, all little-endian. */
function unwrapPpi(view: DataView, at: number, end: number, link: LinkWalk): number {
  if (end - at < 8) return -1;
  link.type = view.getUint32(at + 4, true);
  return at + view.getUint16(at + 2, true);
}

function unwrapPktap(view: DataView, at: number, end: number, link: LinkWalk): number {
  if (end - at < PKTAP.minimum) return -1;
  const length = view.getUint32(at, true);
  if (length < PKTAP.minimum || length > end - at || view.getUint32(at + 4, true) !== PKTAP.packet) return -1;
  const flags = view.getUint32(at + 36, true);
  if ((flags & PKTAP.outgoing) !== 0) link.flags = FLAG.outgoing;
  else if ((flags & PKTAP.incoming) !== 0) link.flags = FLAG.incoming;
  link.type = view.getUint32(at + 8, true);
  return at + length;
}

/** @param linkType of the frame behind the header, unless that says that it was stripped down to IP */
function unwrapJuniper(
  linkType: number,
  bytes: Uint8Array,
  view: DataView,
  at: number,
  end: number,
  link: LinkWalk,
): number {
  if (end - at < 6 || view.getUint32(at) >>> 8 !== JUNIPER.magic) return -1;
  const flags = bytes[at + 3] as number;
  link.flags = (flags & JUNIPER.incoming) !== 0 ? FLAG.incoming : FLAG.outgoing;
  const frame = at + ((flags & JUNIPER.extended) !== 0 ? 6 + view.getUint16(at + 4) : 4);
  const stripped = (flags & JUNIPER.noLink) !== 0;
  link.type = stripped ? LINKTYPE.raw : linkType;
  // The protocol's number stands before a stripped packet; the packet tells its version itself.
  return stripped ? frame + 4 : frame;
}

/** The circuit stands in a cookie of four or eight bytes. */
function unwrapJuniperAtm(
  cookie: number,
  bytes: Uint8Array,
  view: DataView,
  at: number,
  end: number,
  link: LinkWalk,
): number {
  const frame = unwrapJuniper(LINKTYPE.atmRfc1483, bytes, view, at, end, link);
  return frame < 0 || link.type !== LINKTYPE.atmRfc1483 ? frame : frame + cookie;
}

/** An ERF record within another format. */
function unwrapErf(bytes: Uint8Array, at: number, end: number, link: LinkWalk): number {
  if (end - at < ERF_HEADER) return -1;
  return erfFrame(bytes, at, end, link);
}

/** One byte: 0 for received, else sent. */
function unwrapDirection(linkType: number, bytes: Uint8Array, at: number, end: number, link: LinkWalk): number {
  if (at >= end) return -1;
  link.flags = bytes[at] === 0 ? FLAG.incoming : FLAG.outgoing;
  link.pseudo = 1;
  link.type = linkType;
  return at + 1;
}
