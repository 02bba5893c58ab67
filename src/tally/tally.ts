// The mergeable summary of everything read: points and lanes with everybody's numbers, bins, exact counters, the ledger.

import { META } from '../decode/batch.js';
import type { PointInfo } from '../decode/decoder.js';
import { type Connection, FLOW } from '../flows/connection.js';
import { NEVER } from '../flows/layout.js';
import { PROTOCOL } from '../flows/rules.js';
import { SPRAYED_PACKETS } from '../flows/stitch.js';
import { CLASS, type Lane } from '../uplinks/lanes.js';
import type { Topology } from '../uplinks/topology.js';
import { Bins, cellsOf } from './bins.js';
import { Ledger } from './ledger.js';
import type { PartData } from './part.js';
import { SIGNAL } from './signals.js';
import { Sources } from './sources.js';
import { Strangers } from './strangers.js';
import { ToldTally } from './told.js';

/** Every packet is in exactly one of these. */
export interface PacketCounts {
  attributed: number;
  duplicates: number;
  lan: number;
  router: number;
  other: number;
  damaged: number;
}

/** Exact counts of one uplink's flows. */
export interface FlowCounts {
  /** Started by clients, as far as can be told. */
  flows: number;
  router: number;
  inbound: number;
  /** Of `flows`. */
  answered: number;
  /** Flows with this uplink's SNAT source seen leaving by another, and the packets of those sights. */
  leaked: number;
  leakedPackets: number;
  /** Of these, connections from outside, and flows whose packets went by several links at once. */
  leakedInbound: number;
  sprayed: number;
  /** Flows long enough to be told to be sprayed. */
  long: number;
  /** Data segments of TCP in all packets with this uplink's SNAT source, and those of them that were sent again. */
  segments: number;
  segmentsAgain: number;
}

/** A point of a chain of inputs. */
export interface TallyPoint extends PointInfo {
  chain: number;
}

const MAX_NUMBER = 0xffff;

export class Tally {
  readonly points: TallyPoint[] = [];
  readonly lanes: Lane[] = [];
  /** By cell: 2 · lane + sender is the higher endpoint. */
  readonly bins = new Bins();
  /** Flows by start: cell is 2 · uplink + (never answered); only the packet field counts. */
  readonly starts = new Bins();
  /** What tells of gateways and lines beside the flows; cells as in `SIGNAL`. */
  readonly signals = new Bins();
  readonly ledger: Ledger;
  readonly packets: PacketCounts = { attributed: 0, duplicates: 0, lan: 0, router: 0, other: 0, damaged: 0 };
  readonly flows: FlowCounts[];
  /** Flows that only the LAN side showed. */
  lanFlows = 0;
  /** Packets on an uplink's link with a private source that is none of its own. */
  strayPackets = 0;
  readonly strangers = new Strangers();
  readonly sources: Sources;
  /** What connection tracking told; all 0 where no dump is among the inputs. */
  readonly told: ToldTally;
  /** Flows whose port NAT has changed, of those whose client is known. */
  rewrittenPorts = 0;
  /** Whether dumps of the router are among the inputs: then every uplink would show, if it had flows. */
  hasDumps = false;
  private readonly pointNumbers = new Map<string, number>();
  private readonly laneNumbers = new Map<string, number>();

  constructor(
    readonly topology: Topology,
    ledgerRows?: number,
  ) {
    this.ledger = new Ledger(ledgerRows);
    this.sources = new Sources(topology);
    this.told = new ToldTally(topology.uplinks.length);
    this.flows = topology.uplinks.map(() => ({
      flows: 0,
      router: 0,
      inbound: 0,
      answered: 0,
      leaked: 0,
      leakedPackets: 0,
      leakedInbound: 0,
      sprayed: 0,
      long: 0,
      segments: 0,
      segmentsAgain: 0,
    }));
  }

  /** Everybody's numbers for a part's points and lanes. */
  rename(
    chain: number,
    points: readonly PointInfo[],
    lanes: readonly Lane[],
  ): { points: Int32Array; lanes: Int32Array } {
    const pointMap = Int32Array.from(points, (point) => this.pointNumber(chain, point));
    const laneMap = Int32Array.from(lanes, (lane) => this.laneNumber({ ...lane, point: pointMap[lane.point] }));
    return { points: pointMap, lanes: laneMap };
  }

  /** Adds what a part counted outside flows, and its bins. */
  addPart(chain: number, data: PartData): void {
    const { lanes } = this.rename(chain, data.points, data.lanes);
    this.bins.merge(data.bins, cellsOf(lanes));
    this.signals.merge(data.signals);
    data.segments.forEach((segments, cell) => {
      const lane = this.lanes[lanes[cell >> 1]];
      if (segments > 0 && lane.class === CLASS.wan) this.flows[lane.uplink].segments += segments;
    });
    this.packets.router += data.loose.arp;
    this.packets.other += data.loose.other;
    this.packets.damaged += data.loose.damaged;
    data.loose.icmpErrors.forEach((count, lane) => {
      if (count > 0) this.countPackets(this.lanes[lanes[lane]].class, count);
    });
  }

  /** Adds a finished flow. `duplicates`: packets of further sights; `named`: a LAN flow that a WAN copy stands for. */
  addFlow(flow: Connection, duplicates: number, named: boolean): void {
    if (flow.told !== null) this.told.add(flow);
    else if (!this.addPackets(flow, duplicates, named)) return;
    if ((flow.class !== CLASS.wan && flow.class !== CLASS.second) || (flow.meta & META.datagram) !== 0) return;
    const counts = this.flows[flow.uplink];
    if (flow.class === CLASS.wan) counts.segmentsAgain += flow.segmentsAgain;
    if (flow.leakedPackets > 0) {
      counts.leaked++;
      counts.leakedPackets += flow.leakedPackets;
      if (flow.origin === 'inbound') counts.leakedInbound++;
      if (flow.sprayed) counts.sprayed++;
    }
    if (flow.packets[flow.local as 0 | 1] >= 2 * SPRAYED_PACKETS) counts.long++;
    if (flow.client !== null && flow.clientPort >= 0 && flow.hasPorts && flow.origin !== 'inbound') {
      if (flow.clientPort !== flow.port(flow.local as 0 | 1)) this.rewrittenPorts++;
    }
    if (flow.origin === 'inbound') counts.inbound++;
    else if (flow.origin === 'router') counts.router++;
    else {
      counts.flows++;
      if (flow.answered) counts.answered++;
      if ((flow.knowledge & FLOW.untimed) === 0) {
        this.starts.note(2 * flow.uplink + (flow.answered ? 0 : 1), flow.startUs);
      }
    }
    this.ledger.add(flow);
    this.sources.add(flow);
  }

  /** Of dumps alone: a ping of a gateway, and its answer, stand for the ARP that a capture would show. */
  addKeepalive({ class: laneClass, uplink, startUs, firstUs, initiator, knowledge, protocol }: Connection): void {
    if (laneClass !== CLASS.upkeep || uplink < 0 || (knowledge & FLOW.untimed) !== 0) return;
    if (protocol !== PROTOCOL.icmp && protocol !== PROTOCOL.icmp6) return;
    const cell = SIGNAL.kinds * (uplink + 1);
    this.signals.add(cell + SIGNAL.arpAsked, startUs, 0, 0);
    const answerUs = firstUs[1 - initiator];
    if (answerUs !== NEVER) this.signals.add(cell + SIGNAL.arpAnswered, answerUs, 0, 0);
  }

  /** Counts captured packets that stand for no flow of their own: LAN sights of what connection tracking places. */
  addSight(flow: Connection, duplicates: number): void {
    this.packets.duplicates += duplicates;
    this.countPackets(flow.class, flow.packets[0] + flow.packets[1]);
  }

  /** Puts the flow's packets in their class; false for a LAN flow that a WAN copy stands for. */
  private addPackets(flow: Connection, duplicates: number, named: boolean): boolean {
    const packets = flow.packets[0] + flow.packets[1];
    this.packets.duplicates += duplicates;
    if (flow.class === CLASS.lan && named) {
      this.packets.duplicates += packets;
      return false;
    }
    this.countPackets(flow.class, packets);
    if (flow.class === CLASS.stray) this.strayPackets += packets;
    if (flow.class === CLASS.lan) {
      this.lanFlows++;
      if (!flow.answered) this.signals.note(SIGNAL.lanUnanswered, flow.startUs);
    }
    if (flow.class === CLASS.other && flow.egress >= 0) this.strangers.add(flow);
    return true;
  }

  private countPackets(laneClass: Lane['class'], packets: number): void {
    const { packets: counts } = this;
    if (laneClass === CLASS.wan) counts.attributed += packets;
    else if (laneClass === CLASS.second) counts.duplicates += packets;
    else if (laneClass === CLASS.lan) counts.lan += packets;
    else if (laneClass === CLASS.upkeep) counts.router += packets;
    else counts.other += packets;
  }

  private pointNumber(chain: number, point: PointInfo): number {
    const key = `${chain} ${point.iface} ${point.ifindex} ${point.vlan} ${point.linkType} ${point.link ?? -1}`;
    return numberOf(this.pointNumbers, this.points, key, { ...point, chain });
  }

  private laneNumber(lane: Lane): number {
    const key = `${lane.point} ${lane.class} ${lane.uplink} ${lane.egress} ${lane.localHigh} ${lane.lanSide}`;
    return numberOf(this.laneNumbers, this.lanes, key, lane);
  }
}

function numberOf<T>(numbers: Map<string, number>, list: T[], key: string, value: T): number {
  const known = numbers.get(key);
  if (known !== undefined) return known;
  if (list.length > MAX_NUMBER) return MAX_NUMBER;
  list.push(value);
  numbers.set(key, list.length - 1);
  return list.length - 1;
}
