// The router that the traffic passes: addresses of its uplinks, its clients and the servers, and its choice of an uplink.

import type { Random } from './random.js';

export const LAN_IFINDEX = 2;
export const FIRST_UPLINK_IFINDEX = 3;

/** Documentation and benchmark space: RFC 5737, then RFC 2544. */
const UPLINK_NETS = [0xcb007100, 0xc6336400, 0xc0000200] as const;
const LAN_NET = 0xc0a84d00;
const FIRST_CLIENT = 10;

function uplinkNet(uplink: number): number {
  return UPLINK_NETS[uplink] ?? 0xc6120000 + uplink * 256;
}

export function gatewayOf(uplink: number): number {
  return uplinkNet(uplink) + 1;
}

/** The SNAT source, IPv4; `colons` makes its IPv6 counterpart. */
export function snatOf(uplink: number): number {
  return uplinkNet(uplink) + 2;
}

export function clientOf(client: number): number {
  return LAN_NET + FIRST_CLIENT + client;
}

/** A server anywhere in unicast space that is nobody's special range. */
export function drawServer(random: Random): number {
  for (;;) {
    const address = random.int32() >>> 0;
    const top = address >>> 24;
    const ordinary = top >= 1 && top < 224 && ![10, 100, 127, 169, 172, 192, 198, 203].includes(top);
    if (ordinary) return address;
  }
}

/**
 * The uplink of a client and server pair, as `net.ipv4.fib_multipath_hash_policy` 0 has it: a hash of the two addresses
 * held against the weights. `cumulative` are the running sums of the weights.
 */
export function pickUplink(client: number, server: number, cumulative: readonly number[]): number {
  let h = Math.imul(client + 0x9e3779b1, 0x85ebca6b) ^ Math.imul(server, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 13), 0x297a2d39);
  const point = (((h ^ (h >>> 16)) >>> 0) / 4294967296) * (cumulative.at(-1) as number);
  let uplink = 0;
  while (point >= (cumulative[uplink] as number)) uplink++;
  return uplink;
}

/** The configuration that goes with the captures. */
export function configYaml(weights: readonly number[]): string {
  const uplinks = weights.map((weight, i) =>
    [
      `  - name: dsl${i + 1}`,
      `    interface: eth${i + 1}`,
      `    gateway: ${dotted(gatewayOf(i))}`,
      `    snat: ["${dotted(snatOf(i))}", "${colons(snatOf(i))}"]`,
      `    weight: ${weight}`,
    ].join('\n'),
  );
  const lan = `lan: ["${dotted(LAN_NET)}/24", "${colons(LAN_NET)}/120"]`;
  return ['uplinks:', ...uplinks, lan, 'router: { hashPolicy: 0 }', ''].join('\n');
}

/** As `frames.ts` writes it: 2001:db8:0:HIGH::HIGH:LOW. */
function colons(address: number): string {
  const high = (address >>> 16).toString(16);
  return `2001:db8:0:${high}::${high}:${(address & 0xffff).toString(16)}`;
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}
