// A seeded router with several uplinks becomes a tally, flow by flow: what the detector is measured on where the truth is
// known. Nothing of the detector is used here.

import { META } from '#src/decode/batch.js';
import { Connection } from '#src/flows/connection.js';
import { NEVER, STATE } from '#src/flows/layout.js';
import { seededRandom } from '#src/measure/random.js';
import { SIGNAL } from '#src/tally/signals.js';
import { Tally } from '#src/tally/tally.js';
import { CLASS } from '#src/uplinks/lanes.js';

export const T0 = 1_700_000_000;

export interface SimulatedFault {
  kind: 'link-down' | 'gateway-dead' | 'blackhole' | 'brownout';
  uplink: number;
  /** Seconds after T0. */
  start: number;
  end: number;
  /** For how long new flows still go in; a blackhole's router never notices. */
  reaction?: number;
  /** Of a brownout: packets lost, each way. */
  loss?: number;
  /** The router never uses the uplink again. */
  stays?: boolean;
}

export interface Simulation {
  seed: number;
  seconds: number;
  /** New flows a second, all uplinks together. */
  rate: number;
  weights: number[];
  faults?: SimulatedFault[];
  /** Fewer at night: the rate swings between a tenth and the whole, with this period in seconds. */
  day?: number;
  /** Clients ask for pages: several flows at once. */
  pages?: boolean;
  /** Each client and server have one uplink (hash policy 0), else each connection. */
  pairs?: boolean;
  clients?: number;
  servers?: number;
  /** Whether the LAN side is captured as well. */
  clientsVisible?: boolean;
  /** Seconds between pings at the gateways; 0 for none. */
  keepalive?: number;
  /** Part of the servers that never answer. */
  dead?: number;
  /** Shortest time of an answer, seconds. */
  rtt?: number;
  /** So many flows of one moment, to servers of their own. */
  burst?: { at: number; flows: number };
  /** One client looks for servers where there are none, so many a second. */
  scan?: { from: number; to: number; rate: number };
  /** Nothing at all is recorded from … to …, seconds. */
  recorderStops?: [number, number];
}

/** Servers from this number on are none. */
const NOBODY = 100_000;
const RETRIES = [0, 1, 3, 7] as const;
/** A client gives up a connection that makes no progress. */
const PATIENCE_SEC = 10;

export function simulate(spec: Simulation): Tally {
  return new Router(spec).run();
}

class Router {
  private readonly random: () => number;
  private readonly tally: Tally;
  private readonly flow = new Connection();
  private readonly faults: readonly SimulatedFault[];
  private readonly dead: Uint8Array;
  private port = 0;

  constructor(private readonly spec: Simulation) {
    this.random = seededRandom(spec.seed);
    this.faults = spec.faults ?? [];
    this.tally = new Tally({
      asSeen: false,
      uplinks: spec.weights.map((_, n) => ({
        name: `line${n + 1}`,
        snat: [],
        gateways: [],
        interface: null,
        vlan: null,
      })),
      lan: [],
      roles: spec.weights.map((_, n) => ({ input: 0, iface: n, ifindex: 0, vlan: 0, role: n })),
      macs: [],
      lanVisible: false,
    });
    spec.weights.forEach((_, n) => {
      const lane = { point: n, uplink: n, egress: n, localHigh: false, lanSide: false };
      this.tally.lanes.push({ ...lane, class: CLASS.wan }, { ...lane, class: CLASS.upkeep });
    });
    const servers = spec.servers ?? 500;
    this.dead = Uint8Array.from({ length: servers }, () => (this.random() < (spec.dead ?? 0.01) ? 1 : 0));
  }

  run(): Tally {
    const { spec, random } = this;
    const { clients = 20, servers = 500 } = spec;
    const most = spec.pages === true ? spec.rate / 3 : spec.rate;
    for (let at = this.wait(most); at < spec.seconds; at += this.wait(most)) {
      const swing = spec.day === undefined ? 1 : 0.55 - 0.45 * Math.cos((2 * Math.PI * at) / spec.day);
      if (random() > swing) continue;
      const client = Math.floor(random() * clients);
      const flows = spec.pages === true ? 1 + Math.floor(random() * 5) : 1;
      for (let n = 0; n < flows; n++) {
        const server = Math.floor(random() ** 2 * servers);
        this.start(at + (n > 0 ? random() * 0.5 : 0), client, server);
      }
    }
    for (let n = 0; n < (spec.burst?.flows ?? 0); n++) this.start(spec.burst?.at ?? 0, 0, servers + n);
    if (spec.scan !== undefined) {
      const { from, to, rate } = spec.scan;
      for (let at = from, n = NOBODY; at < to; at += this.wait(rate)) this.start(at, 0, n++);
    }
    if ((spec.keepalive ?? 5) > 0) this.ping(spec.keepalive ?? 5);
    return this.tally;
  }

  private wait(rate: number): number {
    return -Math.log(1 - this.random()) / rate;
  }

  private start(at: number, client: number, server: number): void {
    const { random, flow } = this;
    const uplink = this.choose(at, client, server);
    if (at >= this.spec.seconds || this.isStopped(at)) return;
    const fault = this.faultAt(uplink, at);
    // Nothing of it is on the wire.
    if (fault?.kind === 'link-down') return;
    const udp = random() < 0.3;
    const rtt = (this.spec.rtt ?? 0.012) + 0.006 * uplink - 0.01 * Math.log(1 - random());
    const lost = this.dead[server] === 1 || server >= NOBODY || random() < 0.003;
    const local = { first: at, last: at, packets: 0 };
    const remote = { first: Number.NaN, last: Number.NaN, packets: 0 };
    let answered = false;
    for (const later of udp ? [0] : RETRIES) {
      if (!this.send(uplink, at + later, local)) continue;
      if (lost || !this.passes(uplink, at + later)) continue;
      this.receive(uplink, at + later + rtt, remote);
      answered = true;
      break;
    }
    let closed = false;
    if (answered) closed = this.talk(uplink, remote.first, rtt, local, remote);
    flow.meta = (udp ? 17 : 6) | META.hasPorts;
    this.port = (this.port + 1) % 0x7fff;
    flow.ports = ((20_000 + this.port) << 16) | 443;
    flow.words[0].set([0, 0, 0, 0xcb007100 + uplink]);
    flow.words[1].set([0, 0, 0, 0x0b000000 + server]);
    flow.local = 0;
    flow.initiator = 0;
    flow.class = CLASS.wan;
    flow.uplink = uplink;
    flow.egress = uplink;
    flow.leakedPackets = 0;
    flow.origin = this.spec.clientsVisible === false ? 'unknown' : 'lan';
    flow.client = this.spec.clientsVisible === false ? null : Int32Array.of(0, 0, 0, 0x0a000000 + client);
    flow.clientPort = flow.client === null ? -1 : 20_000 + this.port;
    flow.state = udp ? 0 : STATE.synLow | (answered ? STATE.synAckLow << 1 : 0) | (closed ? STATE.bothFin : 0);
    flow.startUs = usOf(at);
    flow.endUs = usOf(Math.max(local.last, remote.last || 0));
    flow.firstUs[0] = flow.startUs;
    flow.lastUs[0] = usOf(local.last);
    flow.firstUs[1] = answered ? usOf(remote.first) : NEVER;
    flow.lastUs[1] = answered ? usOf(remote.last) : NEVER;
    flow.packets[0] = local.packets;
    flow.packets[1] = remote.packets;
    flow.ipBytes[0] = local.packets * 200;
    flow.ipBytes[1] = remote.packets * 900;
    this.tally.addFlow(flow, 0, false);
  }

  /** What follows the first answer; returns whether it came to a good end. */
  private talk(uplink: number, from: number, rtt: number, local: End, remote: End): boolean {
    const { random } = this;
    const lasts = -Math.log(1 - random()) * (random() < 0.1 ? 20 : 0.6);
    let at = from + 0.001;
    let tries = 0;
    while (at < from + lasts || tries > 0) {
      if (at >= this.spec.seconds) return false;
      this.send(uplink, at, local);
      if (this.passes(uplink, at)) {
        this.receive(uplink, at + rtt, remote);
        tries = 0;
        at += rtt + 0.05 + 0.6 * random();
      } else {
        if (at - remote.last > PATIENCE_SEC) return false;
        at += 0.3 * 2 ** Math.min(tries++, 5);
      }
    }
    this.send(uplink, at, local);
    if (!this.passes(uplink, at)) return false;
    this.receive(uplink, at + rtt, remote);
    this.send(uplink, at + rtt + 0.0001, local);
    return true;
  }

  /** A packet goes out, where it is seen. */
  private send(uplink: number, at: number, end: End): boolean {
    if (at >= this.spec.seconds || this.faultAt(uplink, at)?.kind === 'link-down') return false;
    if (this.avoids(uplink, at)) return false;
    if (this.isStopped(at)) return true;
    end.packets++;
    end.last = at;
    this.tally.bins.add(4 * uplink, usOf(at), 200, 214);
    return true;
  }

  private receive(uplink: number, at: number, end: End): void {
    if (at >= this.spec.seconds || this.isStopped(at)) return;
    if (end.packets++ === 0) end.first = at;
    end.last = at;
    this.tally.bins.add(4 * uplink + 1, usOf(at), 900, 914);
  }

  /** Question and answer get through. */
  private passes(uplink: number, at: number): boolean {
    const fault = this.faultAt(uplink, at);
    if (fault === null) return true;
    if (fault.kind !== 'brownout') return false;
    const { loss = 0.35 } = fault;
    return this.random() > loss && this.random() > loss;
  }

  private faultAt(uplink: number, at: number): SimulatedFault | null {
    for (const fault of this.faults) if (fault.uplink === uplink && at >= fault.start && at < fault.end) return fault;
    return null;
  }

  /** The router sends nothing there. */
  private avoids(uplink: number, at: number): boolean {
    return this.faults.some((fault) => {
      if (fault.uplink !== uplink || at < fault.start) return false;
      const usual = { 'link-down': 0, 'gateway-dead': 33, blackhole: Infinity, brownout: Infinity }[fault.kind];
      return at >= fault.start + (fault.reaction ?? usual) && (at < fault.end || fault.stays === true);
    });
  }

  private choose(at: number, client: number, server: number): number {
    const { weights, pairs } = this.spec;
    const draw = pairs === true ? hashOf(client, server) : this.random();
    const usable = weights.map((weight, n) => (this.avoids(n, at) ? 0 : weight));
    let left = draw * usable.reduce((sum, weight) => sum + weight, 0);
    for (let n = 0; n < usable.length; n++) {
      left -= usable[n];
      if (left < 0) return n;
    }
    return usable.findLastIndex((weight) => weight > 0) || 0;
  }

  private isStopped(at: number): boolean {
    const stops = this.spec.recorderStops;
    return stops !== undefined && at >= stops[0] && at < stops[1];
  }

  private ping(every: number): void {
    for (let uplink = 0; uplink < this.spec.weights.length; uplink++) {
      for (let at = every * (0.5 + 0.1 * uplink); at < this.spec.seconds; at += every) {
        const fault = this.faultAt(uplink, at);
        if (fault?.kind === 'link-down' || this.isStopped(at)) continue;
        const dead = fault?.kind === 'gateway-dead';
        if (dead && at > fault.start + 33) {
          for (let n = 0; n < 3; n++) this.signal(SIGNAL.arpAsked, uplink, at + n);
          continue;
        }
        this.tally.bins.add(4 * uplink + 2, usOf(at), 84, 98);
        if (!dead) this.tally.bins.add(4 * uplink + 3, usOf(at + 0.001), 84, 98);
      }
    }
  }

  private signal(kind: number, uplink: number, at: number): void {
    this.tally.signals.add(SIGNAL.kinds * (uplink + 1) + kind, usOf(at), 0, 0);
  }
}

interface End {
  first: number;
  last: number;
  packets: number;
}

function usOf(at: number): number {
  return Math.round((T0 + at) * 1e6);
}

function hashOf(client: number, server: number): number {
  let hash = Math.imul(client + 1, 0x9e3779b1) ^ Math.imul(server + 1, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
  return ((hash ^ (hash >>> 15)) >>> 0) / 2 ** 32;
}
