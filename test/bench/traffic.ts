// A description of an evening's traffic into packets in order of time, and the truth about them: clients behind a router
// with several uplinks open connections as a Poisson process, to servers of uneven popularity; all of it from a seed.

import { beginConnection, Connections, nextPacket, SORT } from './connections.js';
import { type FrameWriter, LINK, type Packet, PROTO, type Sight } from './frames.js';
import { EventQueue } from './queue.js';
import { Random } from './random.js';
import { clientOf, drawServer, FIRST_UPLINK_IFINDEX, gatewayOf, LAN_IFINDEX, pickUplink, snatOf } from './router.js';

export interface TrafficOptions {
  seed: number;
  /** Frames written, LAN copies among them; the recorder stops there. */
  packets: number;
  /** Connections begun. */
  flows: number;
  /** Time over which they begin. */
  seconds: number;
  /** Start, seconds since the epoch. */
  startSec: number;
  /** One uplink each. */
  weights: readonly number[];
  /** Clients on the LAN, at most 240. */
  clients: number;
  servers: number;
  /** Part of the connections that run over IPv6, 0 to 1. */
  ipv6: number;
  /** `wan`: Ethernet, the WAN side. `any`: Linux cooked v2, every packet on both sides of the router. */
  view: 'wan' | 'any';
}

/** What an analysis should find, by uplink; the WAN side alone. */
export interface UplinkTruth {
  name: string;
  weight: number;
  flows: number;
  unansweredFlows: number;
  packets: { up: number; down: number };
  ipBytes: { up: number; down: number };
}

/** Of the truth's own rules: one that was kept from before they changed is of no use. */
export const TRUTH_VERSION = 3;

export interface Truth {
  version: number;
  /** All frames, and their original lengths. */
  packets: number;
  wireBytes: number;
  fileBytes: number;
  firstUs: number;
  lastUs: number;
  flows: number;
  /** ARP. */
  routerPackets: number;
  /** LAN sights; only in the view `any`. */
  lanPackets: number;
  mostFlowsAtOnce: number;
  uplinks: UplinkTruth[];
}

const ARP_EVERY_US = 30e6;
/**
 * A router forgets a UDP flow after 30 s of silence, unless it was answered and lasted for two seconds
 * (nf_conntrack_proto_udp.c); what the connection says next is another flow. No pause here outlasts the 120 s of a stream.
 */
const UDP_US = 30e6;
const STREAM_US = 2e6;
const CROSSING_US = 4;
/** SNAT ports go round, for each server: a five-tuple comes back late enough to be a new flow. The LAN's other ports lie below. */
const FIRST_PORT = 8192;
const LAST_PORT = 65535;
const FIRST_MOVED_PORT = 1024;
/** More than was asked for is planned by this much, so that the recorder stops while the last connections are alive. */
const PLAN_OVER = 1.0005;

/** Writes the traffic; memory goes with the connections alive at once, never with the length. */
export function writeTraffic(options: TrafficOptions, writer: FrameWriter): Truth {
  return new Traffic(options, writer).run();
}

class Traffic {
  private readonly random: Random;
  private readonly live = new Connections();
  private readonly queue = new EventQueue();
  private readonly cumulative: number[];
  private readonly servers: number[] = [];
  private readonly nextPort: Uint16Array;
  private readonly copies: number;
  private readonly lan: Record<'up' | 'down', Sight>;
  private readonly wan: Record<'up' | 'down', Sight>[];
  private readonly truth: Truth;
  private readonly packet: Packet = {
    protocol: 0,
    v6: false,
    up: true,
    serverPort: 0,
    flags: 0,
    options: 0,
    seq: 0,
    ack: 0,
    payload: 0,
  };
  private planned = 0;
  private nowUs: number;
  private readonly tracked = new UdpFlows();

  constructor(
    private readonly options: TrafficOptions,
    private readonly writer: FrameWriter,
  ) {
    const { weights, seed, startSec } = options;
    this.random = new Random(seed);
    this.nowUs = startSec * 1e6;
    this.copies = options.view === 'any' ? 2 : 1;
    let sum = 0;
    this.cumulative = weights.map((weight) => (sum += weight));
    this.nextPort = new Uint16Array(weights.length * options.servers).fill(FIRST_PORT);
    for (let i = 0; i < options.servers; i++) this.servers.push(drawServer(this.random));
    const linkType = options.view === 'any' ? LINK.sll2 : LINK.ethernet;
    // What goes up comes in on the LAN and leaves by the uplink.
    this.lan = {
      up: { linkType, ifindex: LAN_IFINDEX, outgoing: false },
      down: { linkType, ifindex: LAN_IFINDEX, outgoing: true },
    };
    this.wan = weights.map((_, i) => ({
      up: { linkType, ifindex: FIRST_UPLINK_IFINDEX + i, outgoing: true },
      down: { linkType, ifindex: FIRST_UPLINK_IFINDEX + i, outgoing: false },
    }));
    this.truth = {
      version: TRUTH_VERSION,
      packets: 0,
      wireBytes: 0,
      fileBytes: 0,
      firstUs: this.nowUs,
      lastUs: this.nowUs,
      flows: 0,
      routerPackets: 0,
      lanPackets: 0,
      mostFlowsAtOnce: 0,
      uplinks: weights.map((weight, i) => ({
        name: `dsl${i + 1}`,
        weight,
        flows: 0,
        unansweredFlows: 0,
        packets: { up: 0, down: 0 },
        ipBytes: { up: 0, down: 0 },
      })),
    };
  }

  run(): Truth {
    const { truth, queue, live, random } = this;
    const { packets, flows, seconds } = this.options;
    const meanGapUs = (seconds * 1e6) / flows;
    let arrivalUs = this.nowUs + random.exponential(meanGapUs);
    let arpUs = this.nowUs;
    while (truth.packets < packets) {
      const more = truth.flows < flows;
      if (!more && queue.size === 0) break;
      const dueUs = queue.size > 0 ? queue.firstTime() : Number.POSITIVE_INFINITY;
      if (arpUs <= dueUs && (!more || arpUs <= arrivalUs)) {
        this.clock(arpUs);
        this.arp();
        arpUs += ARP_EVERY_US;
      } else if (more && arrivalUs <= dueUs) {
        queue.insert(arrivalUs, this.begin());
        arrivalUs += random.exponential(meanGapUs);
      } else {
        this.clock(dueUs);
        const slot = queue.firstSlot();
        const waitUs = nextPacket(live, slot, random, this.packet);
        this.send(slot);
        if (waitUs >= 0) {
          queue.replaceFirst(dueUs + waitUs, slot);
        } else {
          queue.removeFirst();
          live.release(slot);
        }
      }
    }
    this.writer.end();
    truth.fileBytes = this.writer.written;
    return truth;
  }

  /** Whole microseconds, and never back: the copies of a packet may have moved the clock on already. */
  private clock(timeUs: number): void {
    if (timeUs > this.nowUs) this.nowUs = Math.floor(timeUs);
    if (this.truth.packets === 0) this.truth.firstUs = this.nowUs;
  }

  private begin(): number {
    const { live, random, truth, options } = this;
    const slot = live.take();
    const left = (options.packets * PLAN_OVER - this.planned) / this.copies;
    const mean = left / (options.flows - truth.flows);
    // One giant near the end must not take what the connections after it need.
    const mostExtra = Math.max(0, Math.floor(left / 4));
    this.planned += this.copies * beginConnection(live, slot, random, mean, mostExtra);
    // Products of uniform draws: few clients and servers take most, as in life.
    const client = Math.floor(random.unit() * random.unit() * options.clients);
    const server = Math.floor(random.unit() * random.unit() * random.unit() * options.servers);
    const uplink = pickUplink(client, server, this.cumulative);
    const pair = uplink * options.servers + server;
    const port = this.nextPort[pair];
    this.nextPort[pair] = port === LAST_PORT ? FIRST_PORT : port + 1;
    live.client[slot] = client;
    live.server[slot] = server;
    live.uplink[slot] = uplink;
    live.snatPort[slot] = port;
    // Source NAT keeps the client's port where it is free, mostly.
    live.clientPort[slot] = port % 16 === 0 ? FIRST_MOVED_PORT + (port >> 4) : port;
    live.v6[slot] = random.chance(options.ipv6) ? 1 : 0;
    if (live.alive > truth.mostFlowsAtOnce) truth.mostFlowsAtOnce = live.alive;

    const known = truth.uplinks[uplink] as UplinkTruth;
    const sort = live.sort[slot];
    truth.flows++;
    known.flows++;
    if (sort === SORT.unanswered || sort === SORT.deadDns) known.unansweredFlows++;
    this.tracked.begin(slot);
    return slot;
  }

  /** The packet on the WAN, and before (up) or after it (down) on the LAN where both are recorded. */
  private send(slot: number): void {
    const { live, packet, copies } = this;
    const { up } = packet;
    packet.v6 = live.v6[slot] === 1;
    if (copies === 2 && up) this.sight(slot, false);
    this.sight(slot, true);
    if (copies === 2 && !up) this.sight(slot, false);
  }

  private sight(slot: number, wan: boolean): void {
    const { live, packet, truth } = this;
    const { up } = packet;
    const uplink = live.uplink[slot] as number;
    const server = this.servers[live.server[slot] as number] as number;
    const inner = wan ? snatOf(uplink) : clientOf(live.client[slot] as number);
    const port = (wan ? live.snatPort[slot] : live.clientPort[slot]) as number;
    const serverPort = packet.protocol === PROTO.icmp ? port : packet.serverPort;
    const at = wan ? (this.wan[uplink] as Record<'up' | 'down', Sight>) : this.lan;
    const moment = this.nowUs;
    if (up) this.writer.packet(moment, at.up, packet, inner, server, port, serverPort);
    else this.writer.packet(moment, at.down, packet, server, inner, serverPort, port);
    if (wan) {
      const known = truth.uplinks[uplink] as UplinkTruth;
      if (packet.protocol === PROTO.udp) this.tracked.count(slot, up, moment, known);
      if (up) {
        known.packets.up++;
        known.ipBytes.up += this.writer.ipBytes;
      } else {
        known.packets.down++;
        known.ipBytes.down += this.writer.ipBytes;
      }
    } else {
      truth.lanPackets++;
    }
    this.count();
    // The other side sees it a little later.
    if (this.copies === 2) this.nowUs += CROSSING_US;
  }

  /** The router asks every gateway for its link address, and is told. */
  private arp(): void {
    this.wan.forEach((at, i) => {
      this.writer.arp(this.nowUs, at.up, false, snatOf(i), gatewayOf(i));
      this.count();
      this.nowUs += 300;
      this.writer.arp(this.nowUs, at.down, true, gatewayOf(i), snatOf(i));
      this.count();
      this.truth.routerPackets += 2;
    });
  }

  private count(): void {
    this.truth.lastUs = this.nowUs;
    this.truth.packets++;
    this.truth.wireBytes += this.writer.wireBytes;
  }
}

/** How a router tracks the UDP connections: where one of them becomes a further flow. */
class UdpFlows {
  private readonly firstUs: number[] = [];
  private readonly lastUs: number[] = [];
  /** Which sides spoke in the flow that is under way: 1 the client, 2 the server. */
  private readonly spoke: number[] = [];
  /** It is not the connection's first. */
  private readonly further: boolean[] = [];

  begin(slot: number): void {
    this.spoke[slot] = 0;
    this.further[slot] = false;
  }

  /** A packet on the WAN; a flow that it begins, other than the connection's first, is added to `known`. */
  count(slot: number, up: boolean, nowUs: number, known: UplinkTruth): void {
    let spoke = this.spoke[slot] as number;
    const lastUs = this.lastUs[slot] as number;
    const isStream = spoke === 3 && lastUs - (this.firstUs[slot] as number) >= STREAM_US;
    if (spoke !== 0 && !isStream && nowUs - lastUs > UDP_US) {
      spoke = 0;
      this.further[slot] = true;
      known.flows++;
      known.unansweredFlows++;
    }
    if (spoke === 0) this.firstUs[slot] = nowUs;
    // The initiator is the client, whoever spoke first: the server has the well-known port.
    if (!up && (spoke & 2) === 0 && this.further[slot]) known.unansweredFlows--;
    this.spoke[slot] = spoke | (up ? 1 : 2);
    this.lastUs[slot] = nowUs;
  }
}
