// One frame of every link type and header chain that leads to IP: what stands before the packet, as its specification has it.

import { ethernet, hex, ipv4, ipv6, join, numbers, UDP, zeros } from './build.js';

export interface Frame {
  /** Names the oddity. */
  name: string;
  linkType: number;
  bytes: Uint8Array;
  family: 4 | 6;
  vlan?: number;
  /** Why tshark 4.0 reads it otherwise. */
  notForTshark?: string;
}

const IP = ipv4(17, UDP);
const IP6 = ipv6(17, UDP);
const ETHERNET = ethernet(0x0800, IP);
const SNAP = hex('aaaa03 000000 0800');
const A = '00163e000001';
const B = '00163e000002';
const C = '00163e000003';
/** Data frames of 802.11: first byte, flags, addresses, what stands between sequence control and LLC. */
const wireless = (control: string, between = '') => join(hex(`${control} 0000 ${A}${B}${C} 0000 ${between}`), SNAP, IP);
const radiotap = (flags: string, frame: Uint8Array) => join(hex(`00 00 0900 02000000 ${flags}`), frame);
const erf = (type: string, before: string, frame: Uint8Array, extension = '') => {
  const body = join(hex(extension), hex(before), frame);
  const length = 16 + body.length;
  return join(hex(`00000000 00f15365 ${type} 04`), numbers(false, [2, length], [2, 0], [2, frame.length]), body);
};
const lengthOf = (bytes: Uint8Array, more: number) => numbers(false, [2, bytes.length + more]);

const unsupported = 'does not know the link type';

export const FRAMES: readonly Frame[] = [
  on(1, [
    ['Ethernet', ethernet(0x0800, IP)],
    ['Ethernet with IPv6', ethernet(0x86dd, IP6), { family: 6 }],
    ['IPv6 announced as IPv4', ethernet(0x0800, IP6), { family: 6 }],
    ['VLAN', ethernet(0x8100, join(hex('0005 0800'), IP)), { vlan: 5 }],
    ['VLAN with priority', ethernet(0x8100, join(hex('e005 0800'), IP)), { vlan: 5 }],
    ['priority tag', ethernet(0x8100, join(hex('e000 0800'), IP)), { vlan: 0 }],
    ['VLAN with IPv6', ethernet(0x8100, join(hex('0fff 86dd'), IP6)), { vlan: 4095, family: 6 }],
    ['802.1ad', ethernet(0x88a8, join(hex('0005 8100 0006 0800'), IP)), { vlan: 5 }],
    ['three VLAN tags', ethernet(0x88a8, join(hex('0005 8100 0006 8100 0007 0800'), IP)), { vlan: 5 }],
    ['QinQ as 9100', ethernet(0x9100, join(hex('0005 8100 0006 0800'), IP)), { vlan: 5 }],
    ['QinQ as 9200', ethernet(0x9200, join(hex('0005 0800'), IP)), { vlan: 5, notForTshark: 'not this type' }],
    ['VN-tag', ethernet(0x8926, join(hex('00000000 0800'), IP))],
    ['E-tag', ethernet(0x893f, join(hex('000000000000 0800'), IP))],
    ['HSR', ethernet(0x892f, join(hex('00000000 0800'), IP))],
    ['R-tag', ethernet(0xf1c1, join(hex('00000000 0800'), IP))],
    ['Cisco MetaData', ethernet(0x8909, join(hex('0101 0001 0002 0800'), IP))],
    ['Arista time stamp, 64 bits', ethernet(0xd28b, join(hex('0001 0010 0000000000000000 0800'), IP))],
    ['Arista time stamp, 48 bits', ethernet(0xd28b, join(hex('0001 0020 000000000000 0800'), IP))],
    ['MACsec, integrity alone', ethernet(0x88e5, join(hex('0000 00000001 0800'), IP, zeros(16)))],
    ['MACsec with its channel', ethernet(0x88e5, join(hex('2000 00000001 0000000000000000 0800'), IP, zeros(16)))],
    ['backbone bridging', ethernet(0x88e7, join(hex('00000001'), ETHERNET))],
    ['transparent bridging', ethernet(0x6558, ETHERNET)],
    ['TRILL', ethernet(0x22f3, join(hex('0000 0001 0002'), ETHERNET))],
    ['FabricPath', join(hex('020102030405 020102030406 8903 0001'), ETHERNET)],
    ['network service header', ethernet(0x894f, join(hex('0006 01 01 00030707'), zeros(16), IP))],
    [
      'ISL',
      join(hex(`01000c000000 ${B}`), lengthOf(ETHERNET, 16), hex('aaaa03 00000c 000a 0000 0000'), ETHERNET, zeros(4)),
      { vlan: 5 },
    ],
    ['MPLS', ethernet(0x8847, join(hex('00064140'), IP))],
    ['two MPLS labels, IPv6', ethernet(0x8847, join(hex('00064040 00065140'), IP6)), { family: 6 }],
    ['pseudowire with control word', ethernet(0x8847, join(hex('00064140 00000000'), ETHERNET))],
    ['pseudowire without control word', ethernet(0x8847, join(hex('00064140'), ETHERNET))],
    ['pseudowire channel', ethernet(0x8847, join(hex('00064140 10000021'), IP))],
    ['PPPoE', ethernet(0x8864, join(hex('11 00 0001'), lengthOf(IP, 2), hex('0021'), IP))],
    ['PPPoE, protocol compressed', ethernet(0x8864, join(hex('11 00 0001'), lengthOf(IP, 1), hex('21'), IP))],
    ['PPPoE with IPv6', ethernet(0x8864, join(hex('11 00 0001'), lengthOf(IP6, 2), hex('0057'), IP6)), { family: 6 }],
    ['PPPoE with MPLS', ethernet(0x8864, join(hex('11 00 0001'), lengthOf(IP, 6), hex('0281 00009140'), IP))],
    [
      'PPPoE in a VLAN',
      ethernet(0x8100, join(hex('0007 8864 11 00 0001'), lengthOf(IP, 2), hex('0021'), IP)),
      { vlan: 7 },
    ],
    ['LLC/SNAP', ethernet(8 + IP.length, join(SNAP, IP))],
    ['SNAP of a bridge tunnel', ethernet(8 + IP.length, join(hex('aaaa03 0000f8 0800'), IP))],
    ['LLC with the service access point of IP', ethernet(3 + IP.length, join(hex('060603'), IP))],
    ['LLC in a VLAN', ethernet(0x8100, join(hex('0005'), lengthOf(IP, 8), SNAP, IP)), { vlan: 5 }],
    ['LLC in a jumbo frame', ethernet(0x8870, join(SNAP, IP))],
    ['bridged Ethernet in SNAP', ethernet(10 + ETHERNET.length, join(hex('aaaa03 0080c2 0007 0000'), ETHERNET))],
  ]),
  on(0, [
    ['null, little-endian', join(hex('02000000'), IP)],
    ['null, big-endian', join(hex('00000002'), IP)],
    ['null, IPv6 of macOS', join(hex('1e000000'), IP6), { family: 6 }],
    ['null, IPv6 of OpenBSD', join(hex('18000000'), IP6), { family: 6 }],
    ['null, an EtherType of 16 bits', join(hex('0008 0000'), IP)],
  ]),
  on(108, [
    ['loop', join(hex('00000002'), IP)],
    ['loop, IPv6 of FreeBSD', join(hex('0000001c'), IP6), { family: 6 }],
  ]),
  ...[12, 14, 101].flatMap((linkType) =>
    on(linkType, [
      [`raw ${linkType}`, IP],
      [`raw ${linkType}, IPv6`, IP6, { family: 6 }],
    ]),
  ),
  on(228, [['raw IPv4', IP]]),
  on(229, [['raw IPv6', IP6, { family: 6 }]]),
  on(113, [
    ['cooked v1', join(hex('0000 0001 0006 00163e000002 0000 0800'), IP)],
    ['cooked v1, outgoing VLAN', join(hex('0004 0001 0006 00163e000002 0000 8100 0005 0800'), IP), { vlan: 5 }],
    ['cooked v1 without addresses', join(hex('0000 0200 0000 0000000000000000 86dd'), IP6), { family: 6 }],
  ]),
  on(276, [
    ['cooked v2', join(hex('0800 0000 00000003 0001 04 06 00163e000002 0000'), IP)],
    ['cooked v2, point to point', join(hex('86dd 0000 00000004 0200 00 00 0000000000000000'), IP6), { family: 6 }],
  ]),
  on(9, [
    ['PPP', join(hex('ff03 0021'), IP)],
    ['PPP, address and control compressed', join(hex('0021'), IP)],
    ['PPP, all compressed', join(hex('21'), IP)],
    ['PPP with IPv6', join(hex('ff03 0057'), IP6), { family: 6 }],
    ['PPP that is Cisco HDLC', join(hex('0f00 0800'), IP)],
  ]),
  on(50, [
    ['PPP in HDLC', join(hex('ff03 0021'), IP)],
    ['Cisco HDLC on a serial line', join(hex('0f00 0800'), IP)],
  ]),
  on(51, [['PPPoE as a link type', join(hex('11 00 0001'), lengthOf(IP, 2), hex('0021'), IP)]]),
  on(104, [
    ['Cisco HDLC', join(hex('0f00 0800'), IP)],
    ['Cisco HDLC with IPv6', join(hex('8f00 86dd'), IP6), { family: 6 }],
  ]),
  on(166, [['PPP of pppd', join(hex('00 03 0021'), IP), { notForTshark: 'direction taken for an address' }]]),
  on(204, [['PPP with direction', join(hex('00 ff03 0021'), IP)]]),
  on(205, [['Cisco HDLC with direction', join(hex('01 0f00 0800'), IP), { notForTshark: unsupported }]]),
  on(206, [['frame relay with direction', join(hex('00 1841 03cc'), IP), { notForTshark: unsupported }]]),
  on(107, [
    ['frame relay', join(hex('1841 03cc'), IP)],
    ['frame relay with padding', join(hex('1841 0300cc'), IP)],
    ['frame relay, SNAP', join(hex('1841 0300 80 000000 0800'), IP)],
    ['frame relay, an address of four bytes', join(hex('18404001 03cc'), IP)],
    ['frame relay as Cisco has it', join(hex('1841 0800'), IP)],
    ['frame relay with IPv6', join(hex('1841 038e'), IP6), { family: 6 }],
  ]),
  on(219, [['MPLS as a link type', join(hex('00064140'), IP), { notForTshark: unsupported }]]),
  on(100, [
    ['ATM', join(SNAP, IP)],
    ['ATM, a circuit of its own', IP, { notForTshark: 'takes all for LLC' }],
  ]),
  on(106, [['classical IP over ATM', IP]]),
  on(123, [
    ['SunATM', join(hex('02 00 0005'), SNAP, IP)],
    ['SunATM, LAN emulation', join(hex('01 00 0005 0000'), ETHERNET)],
  ]),
  on(105, [
    ['802.11 to the access point', wireless('0801')],
    ['802.11 from the access point', wireless('0802')],
    ['802.11 between access points', wireless('0803', B)],
    ['802.11 with quality of service', wireless('8801', '0000')],
    ['802.11 with a control field more', wireless('8881', '0000 00000000')],
    ['802.11, several packets a frame', wireless('8801', `8000 ${A}${B} 0028`)],
  ]),
  on(127, [
    ['radiotap', radiotap('00', wireless('0801'))],
    ['radiotap with padding', radiotap('20', wireless('8801', '0000 0000'))],
    ['radiotap with the frame check sequence', radiotap('10', join(wireless('0801'), zeros(4)))],
    ['radiotap with time', join(hex('00 00 1100 03000000 0000000000000000 20'), wireless('8801', '0000 0000'))],
  ]),
  on(119, [['Prism', join(hex('44000000 90000000'), zeros(136), wireless('0801'))]]),
  on(163, [['AVS', join(hex('80211001 00000040'), zeros(56), wireless('0801'))]]),
  on(192, [
    ['PPI with 802.11', join(hex('00 00 0800 69000000'), wireless('0801'))],
    ['PPI with Ethernet', join(hex('00 00 0800 01000000'), ETHERNET)],
  ]),
  on(6, [
    ['token ring', join(hex(`10 40 ${A}${B}`), SNAP, IP)],
    ['token ring with a route', join(hex(`10 40 ${A} 80163e000002 0600 0001 0002`), SNAP, IP)],
  ]),
  on(10, [['FDDI', join(hex(`50 ${A}${B}`), SNAP, IP)]]),
  on(7, [
    ['ARCnet of BSD, RFC 1051', join(hex('01 02 f0'), IP)],
    ['ARCnet of BSD, RFC 1201', join(hex('01 02 d4 00 0001'), IP)],
  ]),
  on(129, [
    ['ARCnet of Linux, RFC 1051', join(hex('01 02 0000 f0'), IP)],
    ['ARCnet of Linux, RFC 1201', join(hex('01 02 0000 d4 00 0001'), IP)],
  ]),
  on(122, [['IP over Fibre Channel', join(hex(`0000 ${A} 0000 ${B}`), SNAP, IP)]]),
  on(138, [['IP over FireWire', join(zeros(16), hex('0800'), IP)]]),
  on(242, [['IP over InfiniBand', join(zeros(40), hex('0800 0000'), IP)]]),
  on(109, [['OpenBSD enc', join(numbers(true, [4, 2], [4, 5], [4, 0]), IP)]]),
  on(117, [['OpenBSD pflog', join(hex('3d 02'), zeros(62), IP)]]),
  on(226, [['Solaris ipnet', join(hex('01 02'), zeros(22), IP), { notForTshark: 'wants more of the header filled' }]]),
  on(239, [
    ['nflog', join(hex('02 00 0000 0800 0100 08000100'), lengthLittle(IP, 4), hex('0900'), IP)],
    [
      'nflog, big-endian',
      join(hex('02 00 0000 0008 0001 08000100'), lengthOf(IP, 4), hex('0009'), IP),
      { notForTshark: 'reads the order of its machine' },
    ],
  ]),
  on(178, [
    ['Juniper Ethernet', join(hex('4d4743 01'), ETHERNET)],
    ['Juniper Ethernet with an extension', join(hex('4d4743 80 0004 00000000'), ETHERNET)],
    ['Juniper, stripped to IP', join(hex('4d4743 02 02000000'), IP)],
  ]),
  on(179, [['Juniper PPP', join(hex('4d4743 00 ff03 0021'), IP)]]),
  on(180, [['Juniper frame relay', join(hex('4d4743 00 1841 03cc'), IP)]]),
  on(181, [['Juniper Cisco HDLC', join(hex('4d4743 00 0f00 0800'), IP)]]),
  on(137, [['Juniper ATM', join(hex('4d4743 00 00000000'), SNAP, IP)]]),
  on(197, [
    ['ERF Ethernet', erf('02', '0000', ETHERNET)],
    ['ERF Ethernet with an extension header', erf('82', '0000', ETHERNET, '0400000000000000')],
    ['ERF PPP', erf('01', '', join(hex('ff03 0021'), IP))],
    ['ERF channel', erf('05', '00000000', join(hex('0f00 0800'), IP))],
    ['ERF AAL5', erf('04', '00000000', join(SNAP, IP))],
    ['ERF IPv4', erf('16', '', IP)],
  ]),
  on(281, [['Broadcom tag', join(hex(`${A}${B} 40000001 0800`), IP), { notForTshark: unsupported }]]),
  on(282, [['Broadcom tag before the frame', join(hex('40000001'), ETHERNET), { notForTshark: unsupported }]]),
  on(284, [
    ['Marvell tag', join(hex(`${A}${B} c0080000 0800`), IP), { notForTshark: unsupported }],
    ['Marvell tag with a VLAN', join(hex(`${A}${B} e0080005 0800`), IP), { notForTshark: unsupported, vlan: 5 }],
  ]),
  on(285, [
    ['Marvell tag with its type', join(hex(`${A}${B} dada 0000 c0080000 0800`), IP), { notForTshark: unsupported }],
  ]),
  on(258, [
    [
      'pktap',
      join(numbers(true, [4, 108], [4, 1], [4, 1]), zeros(24), numbers(true, [4, 2], [4, 2]), zeros(64), ETHERNET),
    ],
  ]),
  on(240, [['netANALYZER', join(zeros(4), ETHERNET, zeros(4)), { notForTshark: 'wants its header filled' }]]),
  on(274, [
    ['Ethernet with preamble', join(hex('55555555555555d5'), ETHERNET), { notForTshark: 'wants a check sequence' }],
  ]),
].flat();

function on(
  linkType: number,
  frames: readonly (readonly [string, Uint8Array, (Partial<Frame> | undefined)?])[],
): Frame[] {
  return frames.map(([name, bytes, more]) => ({ name, linkType, bytes, family: 4, ...more }));
}

function lengthLittle(bytes: Uint8Array, more: number): Uint8Array {
  return numbers(true, [2, bytes.length + more]);
}
