// One entry of the router's connection tracking, as a line or an XML flow shows it: what all readers of its dumps fill.

/** What happened to the entry; a list shows entries as they stand and has no events. */
export type EntryEvent = 'new' | 'update' | 'destroy';

/** Who forwards the packets past conntrack: a software flowtable, or the hardware. */
export type Offload = 'software' | 'hardware';

/**
 * One of the two five-tuples, with what the router counted of it. What the text does not tell is null; a counter is
 * never 0 unless a 0 was printed.
 */
export class Tuple {
  /** Four 32-bit words, IPv4 in the last one. */
  readonly src = new Int32Array(4);
  readonly dst = new Int32Array(4);
  /** TCP, UDP, UDP-Lite, SCTP, DCCP. */
  sport: number | null = null;
  dport: number | null = null;
  /** ICMP and ICMPv6; the reply tuple has the type of the answer. */
  icmpType: number | null = null;
  icmpCode: number | null = null;
  icmpId: number | null = null;
  /** GRE: the call identifiers of PPTP, 0 for plain GRE. */
  srcKey: number | null = null;
  dstKey: number | null = null;
  packets: number | null = null;
  /** Bytes of the IP packets, after reassembly. */
  bytes: number | null = null;

  reset(): void {
    this.sport = this.dport = this.icmpType = this.icmpCode = this.icmpId = this.srcKey = this.dstKey = null;
    this.packets = this.bytes = null;
  }
}

/** One object, filled anew for each entry and lent to whoever takes it. */
export class Entry {
  family: 4 | 6 = 4;
  /** IP protocol number. */
  protocol = 0;
  /** Null in lists. */
  event: EntryEvent | null = null;
  /** When the event happened, microseconds since the epoch. */
  timeUs: number | null = null;
  /** As printed: `ESTABLISHED`; null for protocols without states and for offloaded entries. */
  state: string | null = null;
  /** Seconds until the entry runs out. */
  timeoutSec: number | null = null;
  readonly original = new Tuple();
  readonly reply = new Tuple();
  /** `[UNREPLIED]`: no packet has matched the reply tuple. */
  unreplied = false;
  /** `[ASSURED]`. Dumps print one of ASSURED and OFFLOAD only. */
  assured = false;
  offload: Offload | null = null;
  mark: number | null = null;
  /** Zone of both directions, of the original one, of the reply; 0 is the default zone. */
  zone = 0;
  zoneOriginal = 0;
  zoneReply = 0;
  /** The entry's own identifier, unique among those alive. */
  id: number | null = null;
  startUs: number | null = null;
  stopUs: number | null = null;
  /** Whole seconds since the entry's start (or, once removed, its length of life). */
  deltaSec: number | null = null;

  reset(): void {
    this.event = this.timeUs = this.state = this.timeoutSec = this.offload = this.mark = this.id = null;
    this.startUs = this.stopUs = this.deltaSec = null;
    this.unreplied = this.assured = false;
    this.zone = this.zoneOriginal = this.zoneReply = 0;
    this.original.reset();
    this.reply.reset();
  }
}

/** Why an entry was not read: the reasons that readers of text and XML share. */
export const REASON = {
  cut: 'entry cut short',
  address: 'address not readable',
  families: 'addresses of two families in one entry',
  number: 'number out of range',
  protocol: 'protocol not readable',
  contradiction: 'field given twice in one entry',
  torn: 'two entries in one line',
  long: 'line longer than 64 KiB',
  longFlow: 'flow longer than 64 KiB',
  expectation: 'expected connection, which is no flow',
  statistics: 'statistics of conntrack -S, which name no flows',
  save: 'command of conntrack -o save, which has no counters',
  dialect: 'not printed by conntrack or the kernel',
  markup: 'XML not well-formed',
} as const;

/** Protocol numbers by the names that conntrack and the kernel print. */
export const PROTOCOL_NUMBERS: ReadonlyMap<string, number> = new Map([
  ['icmp', 1],
  ['igmp', 2],
  ['tcp', 6],
  ['udp', 17],
  ['dccp', 33],
  ['gre', 47],
  ['esp', 50],
  ['ah', 51],
  ['icmpv6', 58],
  ['ipv6-icmp', 58],
  ['sctp', 132],
  ['udplite', 136],
]);

const DCCP = 33;
const WITH_PORTS: readonly number[] = [6, 17, 132, 136];

/** Why the filled entry can't be one (a reason), or null. Both tuples' addresses are known to be there. */
export function checkEntry({ protocol, original, reply }: Entry): string | null {
  // Kernels without DCCP keep no ports of it; conntrack prints zeros then, /proc nothing.
  if (protocol === DCCP && original.sport === 0 && original.dport === 0 && reply.sport === 0 && reply.dport === 0) {
    original.sport = original.dport = reply.sport = reply.dport = null;
  }
  if (original.sport === null && WITH_PORTS.includes(protocol)) return REASON.cut;
  const alike =
    hasPorts(original) === hasPorts(reply) &&
    (original.sport === null) === (original.dport === null) &&
    (reply.sport === null) === (reply.dport === null) &&
    (original.icmpId === null) === (reply.icmpId === null) &&
    (original.dstKey === null) === (reply.dstKey === null) &&
    (original.packets === null) === (original.bytes === null) &&
    (reply.packets === null) === (reply.bytes === null);
  return alike ? null : REASON.cut;
}

function hasPorts(tuple: Tuple): boolean {
  return tuple.sport !== null;
}
