// One flow as `mlstat flows` writes it: plain values, null for what is not known. What the writers of CSV and NDJSON take.

/** Who started the flow: a LAN host, the router itself, a host of the Internet; unknown where the capture can't tell. */
export type FlowOrigin = 'lan' | 'router' | 'inbound' | 'unknown';

/**
 * One flow, both directions together. Up is initiator to responder. Addresses are canonical text (RFC 5952 for IPv6),
 * as the capture shows them (after NAT on a WAN). Times are whole microseconds since the epoch.
 */
export interface FlowRow {
  /** IP protocol number. */
  proto: number;
  initiator: string;
  /** Null without ports; ICMP echo: its identifier. */
  initiatorPort: number | null;
  responder: string;
  responderPort: number | null;
  /** The LAN host, where it is known. */
  client: string | null;
  clientPort: number | null;
  /** Name of the uplink whose SNAT source the flow carries. */
  uplink: string | null;
  /** Name of the uplink by which its packets really left, where that can be seen; it differs from `uplink` in a leak. */
  egress: string | null;
  origin: FlowOrigin;
  startUs: number | null;
  endUs: number | null;
  packetsUp: number | null;
  packetsDown: number | null;
  /** Bytes of the IP packets as their headers say. */
  ipBytesUp: number | null;
  ipBytesDown: number | null;
  /** Original lengths of the frames. */
  wireBytesUp: number | null;
  wireBytesDown: number | null;
  /** From a closed list of the flow table: how far the connection came. */
  state: string | null;
  /** From a closed list of the flow table: why the flow ended. */
  end: string | null;
}

/** The columns in the order in which they are written. */
export const FLOW_COLUMNS = [
  'proto',
  'initiator',
  'initiatorPort',
  'responder',
  'responderPort',
  'client',
  'clientPort',
  'uplink',
  'egress',
  'origin',
  'startUs',
  'endUs',
  'packetsUp',
  'packetsDown',
  'ipBytesUp',
  'ipBytesDown',
  'wireBytesUp',
  'wireBytesDown',
  'state',
  'end',
] as const satisfies readonly (keyof FlowRow)[];
