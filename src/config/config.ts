// What is known of the router before the first packet: its uplinks, its LAN, its settings. Plain data; `read.ts` makes it of YAML.

/** An address block, canonical: `words` are four unsigned 32-bit words, IPv4 in the last one, host bits zero. */
export interface Prefix {
  family: 4 | 6;
  words: readonly [number, number, number, number];
  /** Bits: 0–32 (IPv4) or 0–128. */
  length: number;
  /** As printed: `203.0.113.2/32`, RFC 5952 for IPv6. */
  text: string;
}

/** Bits per second each way, null where unknown. */
export interface Capacity {
  up: number | null;
  down: number | null;
}

export interface UplinkConfig {
  name: string;
  interface: string | null;
  /** Address of the gateway, IPv4 or IPv6, as text. */
  gateway: string | null;
  /** Address of its IPv6 gateway, where `gateway` is that of IPv4. */
  gateway6?: string | null;
  /** `aa:bb:cc:dd:ee:ff`, or null. */
  gatewayMac: string | null;
  vlan: number | null;
  /** SNAT sources; empty for a dynamic address. */
  snat: readonly Prefix[];
  weight: number | null;
  capacity: Capacity | null;
  /** conntrack mark value and mask that name the uplink, or null. */
  mark: { value: number; mask: number } | null;
}

export interface RouterConfig {
  hashPolicy: number | null;
  hashPolicy6: number | null;
  keepaliveSec: number | null;
  /** MAC addresses of the router itself. */
  macs: readonly string[];
}

export interface Config {
  /** The file it came from, null for the command line alone. */
  source: string | null;
  uplinks: readonly UplinkConfig[];
  lan: readonly Prefix[];
  router: RouterConfig;
  /** What `mlstat validate` checks, as written; none where left out. */
  rules?: readonly string[];
}
