// The state that a walk over link headers leaves behind: where the network header is, and what was met on the way.

/** What the walk arrived at. */
export const NETWORK = {
  other: 0,
  arp: 1,
  ipv4: 4,
  ipv6: 6,
  /** The link type itself is not known. */
  unknown: -1,
} as const;

/** More headers before IP than any real network stacks up; deeper frames are left undecoded. */
export const MAX_LINK_HEADERS = 64;

/** One object a decoder, reused for every packet; offsets are absolute in the window. */
export class LinkWalk {
  network: number = NETWORK.other;
  /** First byte of the network header; meaningful for NETWORK.ipv4 and NETWORK.ipv6 alone. */
  offset = 0;
  /** Outermost VLAN identifier, 0 for none. */
  vlan = 0;
  /** Whether a VLAN tag was met already (a priority tag has identifier 0). */
  tagged = false;
  /** Interface index of a cooked v2 header. */
  ifindex = 0;
  /** FLAG.incoming or FLAG.outgoing. */
  flags = 0;
  /** Link headers walked so far, against MAX_LINK_HEADERS. */
  depth = 0;
  /** Link addresses as the batch has them: from low, from high, to low, to high. */
  readonly mac = new Int32Array(4);
  hasMac = false;

  reset(): void {
    this.network = NETWORK.other;
    this.offset = 0;
    this.vlan = 0;
    this.tagged = false;
    this.ifindex = 0;
    this.flags = 0;
    this.depth = 0;
    this.hasMac = false;
  }

  /** Notes a VLAN identifier, if it is the outermost one. */
  tag(vlan: number): void {
    if (this.tagged) return;
    this.tagged = true;
    this.vlan = vlan;
  }
}
