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
  /** First byte of the network header (which may lie beyond what was captured); for NETWORK.ipv4 and ipv6 alone. */
  offset = 0;
  /** Outermost VLAN identifier, 0 for none. */
  vlan = 0;
  /** Interface index of a cooked v2 header. */
  ifindex = 0;
  /** FLAG.incoming or FLAG.outgoing. */
  flags = 0;
  /** Bytes that the recorder put before the frame and counted into its original length. */
  pseudo = 0;
  /** Link headers walked so far, against MAX_LINK_HEADERS. */
  depth = 0;
  /** Where a header announces the next: its EtherType, or its link type. */
  type = 0;
  /** Link addresses as the batch has them: from low, from high, to low, to high. */
  readonly mac = new Int32Array(4);
  hasMac = false;
  private tagged = false;

  reset(): void {
    this.network = NETWORK.other;
    this.offset = 0;
    this.vlan = 0;
    this.ifindex = 0;
    this.flags = 0;
    this.pseudo = 0;
    this.depth = 0;
    this.hasMac = false;
    this.tagged = false;
  }

  arrive(network: number, at: number): void {
    this.network = network;
    this.offset = at;
  }

  /** Notes a VLAN identifier, if it is the outermost one (that of a priority tag is 0). */
  tag(vlan: number): void {
    if (this.tagged) return;
    this.tagged = true;
    this.vlan = vlan;
  }

  /** Notes the link addresses of six bytes at these offsets, if they are the outermost ones; negative for unknown. */
  addresses(view: DataView, from: number, to: number): void {
    if (this.hasMac) return;
    this.hasMac = true;
    const mac = this.mac;
    mac[0] = from < 0 ? 0 : view.getInt32(from + 2);
    mac[1] = from < 0 ? 0 : view.getUint16(from);
    mac[2] = to < 0 ? 0 : view.getInt32(to + 2);
    mac[3] = to < 0 ? 0 : view.getUint16(to);
  }
}
