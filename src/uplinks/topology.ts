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

/** The role of a point that the survey or the configuration has named, else shared. */
export function roleOf(topology: Topology, input: number, point: PointInfo): Role {
  if (point.link !== undefined && point.link >= 0) return point.link;
  for (const known of topology.roles) {
    if (
      known.input === input &&
      known.iface === point.iface &&
      known.ifindex === point.ifindex &&
      known.vlan === point.vlan
    ) {
      return known.role;
    }
  }
  return ROLE.shared;
}
