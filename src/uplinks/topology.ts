// What is fixed before the first packet is tallied: the uplinks, the LAN, and which part every point of observation plays.
// Plain data: it travels to the workers as it is.

import type { Prefix } from '../config/config.js';
import type { PointInfo } from '../decode/decoder.js';

/** An uplink as attribution needs it. Its number is its place in `Topology.uplinks`. */
export interface UplinkPlan {
  name: string;
  snat: readonly Prefix[];
  /** Addresses of the gateway. */
  gateways: readonly Prefix[];
  /** What names its link: an interface, a VLAN; null where not configured. */
  interface: string | null;
  vlan: number | null;
}

/** The part of a point: an uplink's own link (its number), or one of ROLE. */
export type Role = number;
export const ROLE = {
  /** Carries whatever it carries: an `any` capture without interfaces, a mirror port, a file of several links. */
  shared: -1,
  lan: -2,
  /** Shows packets of uplinks that are counted at another point (the device under a PPPoE interface). */
  second: -3,
} as const;

export interface PointRole {
  /** Number of the input, in the order in which inputs are listed. */
  input: number;
  iface: number;
  ifindex: number;
  vlan: number;
  role: Role;
}

/** A link address (as `macLow`, `macHigh`) by which the uplink of a packet is told. */
export interface MacRule {
  low: number;
  high: number;
  uplink: number;
}

export interface Topology {
  /** Every five-tuple as seen: no uplinks, no joining of fragments. */
  asSeen: boolean;
  uplinks: readonly UplinkPlan[];
  lan: readonly Prefix[];
  roles: readonly PointRole[];
  macs: readonly MacRule[];
  /** Whether any point shows the LAN side: flows may then be seen twice. */
  lanVisible: boolean;
}

/** The interface's name, or `if3` where the capture has only its number (cooked v2; `ip link` lists it); null without. */
export function interfaceName({ name, ifindex }: { name: string | null; ifindex: number }): string | null {
  return name ?? (ifindex > 0 ? `if${ifindex}` : null);
}

/** Looks up the roles of one input's points: as surveyed, else (a line that came up later) as its name or VLAN tells. */
export function roleFinder(topology: Topology, input: number): (point: PointInfo) => Role {
  const surveyed = new Map<string, Role>();
  for (const { input: of, iface, ifindex, vlan, role } of topology.roles) {
    if (of === input) surveyed.set(`${iface} ${ifindex} ${vlan}`, role);
  }
  return (point) => {
    if (point.link !== undefined && point.link >= 0) return point.link;
    const known = surveyed.get(`${point.iface} ${point.ifindex} ${point.vlan}`);
    if (known !== undefined) return known;
    const { uplinks } = topology;
    const byVlan = uplinks.findIndex(({ vlan }) => vlan !== null && vlan === point.vlan);
    if (byVlan >= 0) return byVlan;
    const name = interfaceName(point);
    const byName = uplinks.findIndex((uplink) => name !== null && uplink.interface === name);
    return byName >= 0 && uplinks[byName].vlan === null ? byName : ROLE.shared;
  };
}
