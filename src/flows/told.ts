// A flow as the router's own connection tracking tells it becomes a connection as captures show it: the five-tuple of the
// WAN, the uplink of its SNAT source (or of its mark), the client behind it.

import type { Prefix } from '../config/config.js';
import { foldAddress, META } from '../decode/batch.js';
import { CLASS, type Lane, LaneTable } from '../uplinks/lanes.js';
import type { Topology } from '../uplinks/topology.js';
import { isPrivate, prefixContains } from '../util/address.js';
import { type Connection, FLOW, type FlowState, type Told } from './connection.js';
import type { EntryFlow } from './conntrack-flow.js';
import { NEVER, STATE } from './layout.js';
import { PROTOCOL } from './rules.js';

/** A mark of connections that names an uplink where no address does. */
export interface MarkRule {
  value: number;
  mask: number;
  uplink: number;
}

/** Of a flow that connection tracking told of, what the findings are about. */
export const TRAIT = {
  /** Of a list alone: no event of it was recorded. */
  listed: 0x01,
  /** The entry of a living connection was taken away: flushed, deleted, or its address gone. */
  flushed: 0x02,
  /** TCP met in the middle: the router had forgotten the connection, or never knew it. */
  midstream: 0x04,
  /** A connection met in the middle was closed by a RST. */
  reset: 0x08,
  /** Translated to an address of no known uplink. */
  unknownSource: 0x10,
  /** The mark names another uplink than the SNAT source. */
  otherMark: 0x20,
  /** No answer could be recorded: the log has NEW events alone. */
  unheard: 0x40,
  /** From a LAN host to the Internet, not translated, and never answered. */
  untranslated: 0x80,
} as const;

/** TCP states (nf_conntrack_proto_tcp.c) of a connection that is not over. */
const LIVING: readonly string[] = ['SYN_RECV', 'ESTABLISHED', 'FIN_WAIT', 'CLOSE_WAIT', 'LAST_ACK'];
const CLOSED: readonly string[] = ['LAST_ACK', 'TIME_WAIT'];
const CLOSING: readonly string[] = ['FIN_WAIT', 'CLOSE_WAIT'];
const ICMP: readonly number[] = [PROTOCOL.icmp, PROTOCOL.icmp6];
const FULL = { 4: 32, 6: 128 } as const;

/** One end of a five-tuple. */
interface End {
  words: Int32Array;
  port: number | null;
}

/** Bound to one topology; fills the connection that it is given. */
export class Teller {
  /** TRAIT bits of the flow told last. */
  traits = 0;
  private readonly lanes: LaneTable;
  private readonly wide = new Int32Array(8);

  /**
   * `clients` are networks of the LAN, empty where none is known. `elseUs` stands in for times that are not known at all.
   */
  constructor(
    private readonly topology: Topology,
    private readonly marks: readonly MarkRule[],
    private readonly clients: readonly Prefix[],
    private readonly elseUs: number,
  ) {
    // A point that shows all links at once: every address is judged by itself.
    this.lanes = new LaneTable(topology, -1, [{ iface: 0, ifindex: 0, vlan: 0, name: null, linkType: 0 }]);
  }

  /**
   * Fills `flow` from `entry`. Outgoing: the reply tuple turned round is what the WAN shows. Inbound: the original one.
   * Times of the connection are never unknown (`FLOW.untimed` says that they are made up); those of `flow.told` may be.
   */
  tell(entry: EntryFlow, flow: Connection): void {
    const began: End = { words: entry.client, port: entry.clientPort };
    const asked: End = { words: entry.server, port: entry.serverPort };
    const nat: End = { words: entry.natSource, port: entry.natPort };
    const answers: End = { words: entry.replySource, port: entry.replyPort };
    this.traits = 0;
    if (this.topology.asSeen) {
      this.laneOf(entry, flow, began, asked);
      flow.origin = 'unknown';
      this.describe(entry, flow);
      return;
    }
    const leaving = this.laneOf(entry, flow, nat, answers);
    if (!isOnUplink(leaving) || flow.local !== flow.initiator) {
      const arriving = this.laneOf(entry, flow, began, asked);
      if (isOnUplink(arriving) && flow.local !== flow.initiator) {
        this.nameInbound(entry, flow, asked, answers);
      } else {
        this.nameUnplaced(entry, flow, nat, answers);
      }
    } else {
      this.nameOutgoing(entry, flow);
    }
    this.describe(entry, flow);
  }

  /** Sets the five-tuple from the first end to the second and what it is by its addresses. */
  private laneOf(entry: EntryFlow, flow: Connection, from: End, to: End): Lane {
    const { family, protocol } = entry;
    const low = setEnds(flow, entry, from, to);
    const { wide } = this;
    wide.set(flow.words[0], 0);
    wide.set(flow.words[1], 4);
    const six = family === 6;
    const k = (end: 0 | 1) => {
      const words = flow.words[end];
      return six ? foldAddress(words[0], words[1], words[2], words[3]) : words[3];
    };
    // Connection tracking keeps no neighbour discovery: its ICMP has an identifier, printed or not.
    const meta = (flow.meta & ~META.hasPorts) | (flow.hasPorts || ICMP.includes(protocol) ? META.hasPorts : 0);
    const lane = this.lanes.lanes[this.lanes.laneOf(meta, k(0), k(1), wide, 0)];
    flow.class = lane.class;
    flow.uplink = lane.uplink;
    flow.egress = -1;
    flow.leakedPackets = 0;
    flow.sprayed = false;
    flow.local = lane.class === CLASS.other ? -1 : lane.localHigh ? 1 : 0;
    flow.initiator = low ? 0 : 1;
    flow.client = null;
    flow.clientPort = -1;
    return lane;
  }

  private nameOutgoing(entry: EntryFlow, flow: Connection): void {
    if (flow.class === CLASS.upkeep) {
      flow.origin = 'router';
      return;
    }
    const translated = !sameAddress(entry.client, entry.natSource);
    if (translated ? this.isOwn(entry) : !this.isClient(entry, flow.uplink)) flow.origin = 'router';
    else this.nameClient(entry, flow);
    const marked = this.markedUplink(entry);
    if (marked >= 0 && marked !== flow.uplink) this.traits |= TRAIT.otherMark;
  }

  private nameInbound(entry: EntryFlow, flow: Connection, asked: End, answers: End): void {
    if (flow.class === CLASS.upkeep) {
      flow.origin = 'router';
      return;
    }
    flow.origin = 'inbound';
    if (entry.reversed) {
      // What is left of a connection that began here and was forgotten: it ends at the router, which answers with a RST.
      flow.initiator = flow.local as 0 | 1;
      flow.origin = 'router';
    } else if (!sameAddress(asked.words, answers.words)) {
      flow.client = answers.words;
      flow.clientPort = answers.port ?? -1;
    }
  }

  /** No address is an uplink's: the mark may name one, else the flow is one within the LAN, or of an unknown uplink. */
  private nameUnplaced(entry: EntryFlow, flow: Connection, nat: End, answers: End): void {
    const lane = this.laneOf(entry, flow, nat, answers);
    const marked = this.markedUplink(entry);
    const within = lane.class === CLASS.lan && this.isLan(entry.family, answers.words);
    if (marked >= 0 && lane.class !== CLASS.upkeep && !within) {
      flow.class = isKeepalive(entry) ? CLASS.upkeep : CLASS.wan;
      flow.uplink = marked;
      flow.local = flow.initiator;
      if (flow.class === CLASS.upkeep) {
        flow.origin = 'router';
        return;
      }
      // Not translated here, but perhaps by a box of the provider's.
      const own = sameAddress(entry.client, entry.natSource) && this.clients.length > 0;
      if (own && !this.isLan(entry.family, entry.client)) flow.origin = 'router';
      else this.nameClient(entry, flow);
      return;
    }
    flow.origin = lane.class === CLASS.upkeep ? 'router' : lane.class === CLASS.lan ? 'lan' : 'unknown';
    if (lane.class === CLASS.lan) {
      flow.local = flow.initiator;
      flow.client = entry.client;
      flow.clientPort = entry.clientPort ?? -1;
      if (isLost(entry)) this.traits |= TRAIT.untranslated;
    }
    if (!sameAddress(entry.client, entry.natSource) && lane.class === CLASS.other) this.traits |= TRAIT.unknownSource;
  }

  private nameClient(entry: EntryFlow, flow: Connection): void {
    flow.origin = 'lan';
    flow.client = entry.client;
    flow.clientPort = entry.clientPort ?? -1;
  }

  /** Translated, yet the router's own: its source was another of its addresses. */
  private isOwn({ family, client }: EntryFlow): boolean {
    return this.topology.uplinks.some(({ snat }) =>
      snat.some((own) => own.length === FULL[family] && prefixContains(own, family, client)),
    );
  }

  /** Not translated: a client of a routed network, or the router itself. */
  private isClient({ family, client }: EntryFlow, uplink: number): boolean {
    const own = this.topology.uplinks[uplink].snat.find((prefix) => prefixContains(prefix, family, client));
    if (own === undefined || own.length === FULL[family]) return false;
    return family === 6 || this.isLan(family, client);
  }

  private isLan(family: 4 | 6, words: Int32Array): boolean {
    return this.clients.some((own) => prefixContains(own, family, words));
  }

  private markedUplink({ mark }: EntryFlow): number {
    if (mark === null || mark === 0) return -1;
    for (const rule of this.marks) if ((mark & rule.mask) >>> 0 === rule.value) return rule.uplink;
    return -1;
  }

  private describe(entry: EntryFlow, flow: Connection): void {
    const { initiator } = flow;
    // Of the reversed ones the original tuple is the remote end's.
    const turned =
      !sameAddress(flow.words[initiator], entry.natSource) && !sameAddress(flow.words[initiator], entry.client);
    const original = turned ? ((1 - initiator) as 0 | 1) : initiator;
    const reply = (1 - original) as 0 | 1;
    const counted = entry.packetsUp !== null && entry.packetsDown !== null;
    const bytesKnown = counted && entry.bytesUp !== null && entry.bytesDown !== null;
    flow.packets[original] = bytesKnown ? (entry.packetsUp as number) : 0;
    flow.packets[reply] = bytesKnown ? (entry.packetsDown as number) : 0;
    flow.ipBytes[original] = bytesKnown ? (entry.bytesUp as number) : 0;
    flow.ipBytes[reply] = bytesKnown ? (entry.bytesDown as number) : 0;
    flow.wireBytes[0] = flow.wireBytes[1] = 0;
    const evented = !entry.listed || entry.born || entry.removed || entry.endUs !== null;
    const { startUs } = entry;
    const endUs = entry.endUs === null || startUs === null ? entry.endUs : Math.max(entry.endUs, startUs);
    const timed = evented && startUs !== null;
    flow.startUs = startUs ?? endUs ?? this.elseUs;
    flow.endUs = endUs ?? flow.startUs;
    flow.told = toldOf(entry, startUs, endUs);
    flow.knowledge = FLOW.told | (bytesKnown ? 0 : FLOW.uncounted) | (timed ? 0 : FLOW.untimed);
    flow.firstUs[initiator] = flow.startUs;
    flow.firstUs[1 - initiator] = entry.answerUs ?? NEVER;
    flow.lastUs[initiator] = flow.endUs;
    flow.lastUs[1 - initiator] = flow.answered ? flow.endUs : NEVER;
    flow.state = stateBits(entry, initiator);
    if (!evented) this.traits |= TRAIT.listed;
    if (entry.answered === null) this.traits |= TRAIT.unheard;
    if (isFlushed(entry)) this.traits |= TRAIT.flushed;
    if (entry.midstream) this.traits |= TRAIT.midstream | (entry.state === 'CLOSE' ? TRAIT.reset : 0);
  }
}

function isOnUplink(lane: Lane): boolean {
  return lane.uplink >= 0 && (lane.class === CLASS.wan || lane.class === CLASS.upkeep);
}

/** Writes the five-tuple, the lower end first as `Batch` has them; whether `from` is the lower one. */
function setEnds(flow: Connection, { family, protocol }: EntryFlow, from: End, to: End): boolean {
  const ported = from.port !== null && to.port !== null;
  const low = isLower(from, to);
  flow.words[low ? 0 : 1].set(from.words);
  flow.words[low ? 1 : 0].set(to.words);
  const fromPort = from.port ?? 0;
  const toPort = to.port ?? 0;
  flow.ports = ported ? (low ? (fromPort << 16) | toPort : (toPort << 16) | fromPort) : 0;
  flow.meta = protocol | (family === 6 ? META.ipv6 : 0) | (ported ? META.hasPorts : 0);
  return low;
}

function isLower(a: End, b: End): boolean {
  for (let i = 0; i < 4; i++) {
    const x = a.words[i] >>> 0;
    const y = b.words[i] >>> 0;
    if (x !== y) return x < y;
  }
  return (a.port ?? 0) <= (b.port ?? 0);
}

function sameAddress(a: Int32Array, b: Int32Array): boolean {
  return a[0] === b[0] && a[1] === b[1] && a[2] === b[2] && a[3] === b[3];
}

/** With a private source to an address of the Internet, which could not answer. */
function isLost({ family, client, natSource, server, replySource, answered }: EntryFlow): boolean {
  if (answered !== false || !sameAddress(client, natSource) || !sameAddress(server, replySource)) return false;
  return isPrivate(family, client) && !isPrivate(family, server) && !isLoopback(family, server);
}

/** The router pings a neighbour, in the /24 or /64 of an address that nobody named: a gateway, which says nothing of the line. */
function isKeepalive({ family, protocol, client, natSource, server }: EntryFlow): boolean {
  if (!ICMP.includes(protocol) || !sameAddress(client, natSource)) return false;
  if (family === 4) return client[3] >>> 8 === server[3] >>> 8;
  return client[0] === server[0] && client[1] === server[1];
}

function isLoopback(family: 4 | 6, words: Int32Array): boolean {
  return family === 4 ? words[3] >>> 24 === 127 : words[0] === 0 && words[1] === 0 && words[2] === 0 && words[3] === 1;
}

/** Removed before its time while the connection was alive. */
function isFlushed({ protocol, removed, timeoutLeftSec, state, answered }: EntryFlow): boolean {
  if (!removed || timeoutLeftSec === null || timeoutLeftSec === 0) return false;
  return protocol === PROTOCOL.tcp ? LIVING.includes(state ?? '') : answered === true;
}

function toldOf(entry: EntryFlow, startUs: number | null, endUs: number | null): Told {
  const end = !entry.removed ? 'tracked' : entry.timeoutLeftSec === null ? 'expired' : 'removed';
  return { answered: entry.answered, state: stateOf(entry), end, startUs, endUs };
}

function stateOf({ protocol, answered, state, midstream, assured }: EntryFlow): FlowState | null {
  if (answered === null) return null;
  if (!answered) return 'unanswered';
  if (protocol !== PROTOCOL.tcp) return 'replied';
  // A RST: before the connection was established it is the answer to the SYN.
  if (state === 'CLOSE') return assured || midstream ? 'reset' : 'refused';
  if (state !== null && CLOSED.includes(state)) return 'closed';
  if (state !== null && CLOSING.includes(state)) return 'closing';
  return midstream ? 'midstream' : 'established';
}

/** What of the course the ledger asks for: that the opening is known, and that both ends closed. */
function stateBits({ protocol, midstream, reversed, startUs, state }: EntryFlow, initiator: 0 | 1): number {
  if (protocol !== PROTOCOL.tcp) return 0;
  const closed = state !== null && CLOSED.includes(state) ? STATE.bothFin : 0;
  return closed | (midstream || reversed || startUs === null ? 0 : STATE.synLow << initiator);
}
