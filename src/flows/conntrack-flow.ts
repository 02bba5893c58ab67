// One connection as the router tracked it, told from all that its dumps say of it. Neutral: which of it is NAT of an
// uplink, an inbound connection or the router's own is decided where the uplinks' addresses are known.

import type { Offload } from '../decode/conntrack-entry.js';

/** One object, filled anew for each flow and lent to whoever takes it. Null is what the dumps don't tell, never 0. */
export class EntryFlow {
  family: 4 | 6 = 4;
  /** IP protocol number. */
  protocol = 0;
  zone = 0;
  zoneOriginal = 0;
  zoneReply = 0;
  id: number | null = null;

  /** Source of the original tuple: who began. Four words, IPv4 in the last. Ports are ICMP's identifier there. */
  readonly client = new Int32Array(4);
  clientPort: number | null = null;
  /** Destination of the original tuple: whom the client asked for. */
  readonly server = new Int32Array(4);
  serverPort: number | null = null;
  /** Destination of the reply tuple: the SNAT source, or the client itself. */
  readonly natSource = new Int32Array(4);
  natPort: number | null = null;
  /** Source of the reply tuple: who really answers, another than `server` after DNAT. */
  readonly replySource = new Int32Array(4);
  replyPort: number | null = null;
  /** Of the original tuple. */
  icmpType: number | null = null;

  /** NEW, the time that the kernel stamped, or the time of the removal less its length of life (whole seconds). */
  startUs: number | null = null;
  /** The first event that shows an answer, of flows whose NEW was seen. */
  answerUs: number | null = null;
  /**
   * About the last packet. TCP that closed: its last event. Others: the removal less the timeout, so up to a minute
   * too late (the kernel removes at leisure). Without a removal the last event; null in lists.
   */
  endUs: number | null = null;
  /** When the entry was removed. */
  removedUs: number | null = null;
  /** Lists: whole seconds that the entry had lived. */
  ageSec: number | null = null;

  packetsUp: number | null = null;
  packetsDown: number | null = null;
  /** Bytes of the IP packets, after reassembly. */
  bytesUp: number | null = null;
  bytesDown: number | null = null;

  /** The last one that was printed. */
  state: string | null = null;
  /** Whether a packet matched the reply tuple; null where only NEW events were recorded. */
  answered: boolean | null = null;
  assured = false;
  offload: Offload | null = null;
  mark: number | null = null;

  /** A NEW was seen, a list showed it, a DESTROY was seen. */
  born = false;
  listed = false;
  removed = false;
  /** Removed so many seconds before it ran out (flushed, deleted, its tuple reused); null where it ran out. */
  timeoutLeftSec: number | null = null;
  /** TCP whose first packet was no SYN: a connection that the router had forgotten, or never knew. */
  midstream = false;
  /** The server's packet came first, so `client` is the server: what is left of a connection that was forgotten. */
  reversed = false;
}
