// From a record's link type to its network header: one case a LINKTYPE, each handled in the file of its family.
// https://www.tcpdump.org/linktypes.html

import { walkCooked1, walkCooked2 } from './cooked.js';
import { walkEthernet, walkMpls, walkPppoe } from './ethernet.js';
import { walkArcnet, walkFddi, walkFibreChannel, walkFireWire, walkIpOverInfiniband, walkTokenRing } from './lan.js';
import { LINKTYPE } from './linktypes.js';
import { walkCiscoHdlc, walkPppPppd, walkSerial } from './ppp.js';
import { walkLoop, walkNflog, walkNull, walkPflog, walkRawIp } from './raw.js';
import { walkBroadcom, walkBroadcomPrepended, walkMarvell } from './switch-tags.js';
import { type LinkWalk, MAX_LINK_HEADERS, NETWORK } from './walk.js';
import { walkAal5, walkFrameRelay, walkSunAtm } from './wan.js';
import { walk80211, walkPrismOrAvs, walkRadiotap } from './wireless.js';
import { isWrapper, unwrap } from './wrapped.js';

const ENC_HEADER = 12;
const IPNET_HEADER = 24;
const NETANALYZER_HEADER = 4;
/** Preamble and start of frame. */
const PREAMBLE = 8;

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
  let type = linkType;
  while (++link.depth <= MAX_LINK_HEADERS && isWrapper(type)) {
    at = unwrap(type, bytes, view, at, end, link);
    if (at < 0) return;
    type = link.type;
  }
  walkFrame(type, bytes, view, at, end, link);
}

function walkFrame(linkType: number, bytes: Uint8Array, view: DataView, at: number, end: number, link: LinkWalk): void {
  switch (linkType) {
    case LINKTYPE.ethernet:
      walkEthernet(bytes, view, at, end, link);
      break;
    case LINKTYPE.linuxSll:
      walkCooked1(bytes, view, at, end, link);
      break;
    case LINKTYPE.linuxSll2:
      walkCooked2(bytes, view, at, end, link);
      break;
    case LINKTYPE.raw:
    case LINKTYPE.rawDlt12:
    case LINKTYPE.rawDlt14:
      walkRawIp(bytes, at, end, link);
      break;
    case LINKTYPE.ipv4:
      link.arrive(NETWORK.ipv4, at);
      break;
    case LINKTYPE.ipv6:
      link.arrive(NETWORK.ipv6, at);
      break;
    case LINKTYPE.null:
      walkNull(bytes, view, at, end, link);
      break;
    case LINKTYPE.loop:
      walkLoop(view, at, end, link);
      break;
    case LINKTYPE.enc:
      walkRawIp(bytes, at + ENC_HEADER, end, link);
      break;
    case LINKTYPE.pflog:
      walkPflog(bytes, at, end, link);
      break;
    case LINKTYPE.ipnet:
      walkRawIp(bytes, at + IPNET_HEADER, end, link);
      break;
    case LINKTYPE.nflog:
      walkNflog(bytes, view, at, end, link);
      break;
    case LINKTYPE.ppp:
    case LINKTYPE.pppHdlc:
      walkSerial(bytes, view, at, end, link);
      break;
    case LINKTYPE.pppEther:
      walkPppoe(bytes, view, at, end, link);
      break;
    case LINKTYPE.ciscoHdlc:
      walkCiscoHdlc(bytes, view, at, end, link);
      break;
    case LINKTYPE.frameRelay:
      walkFrameRelay(bytes, view, at, end, link);
      break;
    case LINKTYPE.mpls:
      walkMpls(bytes, view, at, end, link);
      break;
    case LINKTYPE.atmRfc1483:
    case LINKTYPE.atmDlt11:
    case LINKTYPE.atmClip:
      walkAal5(bytes, view, at, end, link);
      break;
    case LINKTYPE.sunAtm:
      walkSunAtm(bytes, view, at, end, link);
      break;
    case LINKTYPE.wireless:
      walk80211(false, bytes, view, at, end, link);
      break;
    case LINKTYPE.radiotap:
      walkRadiotap(bytes, view, at, end, link);
      break;
    case LINKTYPE.prism:
    case LINKTYPE.avs:
      walkPrismOrAvs(bytes, view, at, end, link);
      break;
    case LINKTYPE.tokenRing:
      walkTokenRing(bytes, view, at, end, link);
      break;
    case LINKTYPE.fddi:
      walkFddi(bytes, view, at, end, link);
      break;
    case LINKTYPE.arcnetBsd:
      walkArcnet(0, bytes, view, at, end, link);
      break;
    case LINKTYPE.arcnetLinux:
      walkArcnet(2, bytes, view, at, end, link);
      break;
    case LINKTYPE.ipOverFibreChannel:
      walkFibreChannel(bytes, view, at, end, link);
      break;
    case LINKTYPE.ipOverFireWire:
      walkFireWire(bytes, view, at, end, link);
      break;
    case LINKTYPE.ipOverInfiniband:
      walkIpOverInfiniband(bytes, view, at, end, link);
      break;
    case LINKTYPE.broadcomTag:
      walkBroadcom(bytes, view, at, end, link);
      break;
    case LINKTYPE.broadcomTagPrepended:
      walkBroadcomPrepended(bytes, view, at, end, link);
      break;
    case LINKTYPE.marvellDsa:
      walkMarvell(false, bytes, view, at, end, link);
      break;
    case LINKTYPE.marvellEdsa:
      walkMarvell(true, bytes, view, at, end, link);
      break;
    case LINKTYPE.netAnalyzer:
      walkEthernet(bytes, view, at + NETANALYZER_HEADER, end, link);
      break;
    case LINKTYPE.netAnalyzerTransparent:
      walkEthernet(bytes, view, at + NETANALYZER_HEADER + PREAMBLE, end, link);
      break;
    case LINKTYPE.ethernetMpacket:
      walkEthernet(bytes, view, at + PREAMBLE, end, link);
      break;
    case LINKTYPE.pppPppd:
      walkPppPppd(bytes, view, at, end, link);
      break;
    default:
      // The kind of frame within a recorder's header may be unknown while the link type is not.
      link.network = link.depth === 1 ? NETWORK.unknown : NETWORK.other;
  }
}
