// From a record's link type to its network header: one case a LINKTYPE, each handled in the file of its family.
// Numbers: https://www.tcpdump.org/linktypes.html

import { walkCooked1, walkCooked2 } from './cooked.js';
import { walkEthernet, walkPppoe } from './ethernet.js';
import { LINKTYPE } from './linktypes.js';
import { walkCiscoHdlc, walkPpp } from './ppp.js';
import { walkLoop, walkNull, walkRawIp } from './raw.js';
import { type LinkWalk, NETWORK } from './walk.js';

/** Fills `link` for the packet whose captured bytes are [at, end); `link` is reset first. */
export function walkLink(
  linkType: number,
  bytes: Uint8Array,
  view: DataView,
  at: number,
  end: number,
  link: LinkWalk,
): void {
  link.reset();
  switch (linkType) {
    case LINKTYPE.ethernet:
      walkEthernet(bytes, view, at, end, link);
      return;
    case LINKTYPE.linuxSll:
      walkCooked1(bytes, view, at, end, link);
      return;
    case LINKTYPE.linuxSll2:
      walkCooked2(bytes, view, at, end, link);
      return;
    case LINKTYPE.raw:
    case LINKTYPE.rawDlt12:
    case LINKTYPE.rawDlt14:
      walkRawIp(bytes, at, end, link);
      return;
    case LINKTYPE.ipv4:
      link.network = NETWORK.ipv4;
      link.offset = at;
      return;
    case LINKTYPE.ipv6:
      link.network = NETWORK.ipv6;
      link.offset = at;
      return;
    case LINKTYPE.null:
      walkNull(bytes, view, at, end, link);
      return;
    case LINKTYPE.loop:
      walkLoop(view, at, end, link);
      return;
    case LINKTYPE.ppp:
    case LINKTYPE.pppHdlc:
      walkPpp(bytes, view, at, end, link);
      return;
    case LINKTYPE.pppEther:
      walkPppoe(bytes, view, at, end, link);
      return;
    case LINKTYPE.ciscoHdlc:
      walkCiscoHdlc(bytes, view, at, end, link);
      return;
    default:
      link.network = NETWORK.unknown;
  }
}
