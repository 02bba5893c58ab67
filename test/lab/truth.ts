// What clients, servers and gateways noted of one run becomes the truth: for each flow whom its server saw, and which
// uplink that was. Nothing in it comes from a capture, nor from the router.

import { LAN, type LabUplink, uplinkOfAddress } from './addresses.js';
import type { TruthFault } from './faults.js';
import type { Scenario } from './scenario.js';
import type { Seen, Went } from './wire.js';
import type { RelayRow } from './witness.js';

export interface TruthFlow extends Went {
  /** Source address and port in the server's own eyes; null where nothing reached it. */
  server_saw: [string, number] | null;
  server_t: number | null;
  server_uplink: number | null;
  /** The SNAT source that the gateways saw, the uplink that it belongs to, and packets up by the way they really took. */
  relay_src: string | null;
  relay_uplink: number | null;
  relay_isps: Record<string, number>;
  /** By its SNAT source; null where no packet of it came as far as a gateway. */
  uplink: number | null;
  uplink_from: 'server' | 'relay' | 'target' | null;
  /** Of an inbound flow: packets of its answers by the way they really took. */
  reply_isps?: Record<string, number>;
  /** Whether any of its packets left by another uplink than that of their source, or with a private one. */
  leaked: boolean;
}

export interface Truth {
  scenario: string;
  desc: string;
  clock: string;
  kernel: string;
  /** Seconds since the epoch; so are all other times. */
  t0: number;
  duration: number;
  t_arrivals_end: number;
  config: Scenario;
  uplinks: (Omit<LabUplink, 'next' | 'next6'> & { share_expected: number })[];
  lan: { dev: string; net: string; net6: string | null; router_ip: string; clients: string[] };
  faults: TruthFault[];
  flows: TruthFlow[];
  summary: Record<string, unknown>;
}

export interface Notes {
  went: readonly Went[];
  seen: readonly Seen[];
  relayed: readonly RelayRow[];
  arrived: readonly RelayRow[];
}

const PROTOCOL = { tcp: 6, udp: 17 } as const;

/** Flows in the order of their start. */
export function joinFlows(notes: Notes, uplinks: readonly LabUplink[]): TruthFlow[] {
  const seenByFlow = new Map<number, Seen>();
  const seenUnnamed = new Map<string, Seen>();
  for (const one of notes.seen) {
    if (one.fid === null) seenUnnamed.set(`${one.proto} ${one.from[1]} ${one.to.join(' ')}`, one);
    else if (!seenByFlow.has(one.fid)) seenByFlow.set(one.fid, one);
  }
  const relayed = groupRows(notes.relayed);
  const arrived = groupRows(notes.arrived);
  return [...notes.went]
    .sort((a, b) => a.start - b.start || a.fid - b.fid)
    .map((went): TruthFlow => {
      if (went.origin === 'inbound') return inboundFlow(went, seenByFlow.get(went.fid), relayed, uplinks);
      const key = flowKey(went);
      // Ports are not rewritten: each flow has its own.
      const seen = seenByFlow.get(went.fid) ?? seenUnnamed.get(`${went.proto} ${went.cport} ${went.sip} ${went.sport}`);
      const source = seen?.from ?? (went.proto === 'icmp' ? pingSource(arrived.get(key)) : null);
      const rows = relayed.get(key) ?? [];
      // An uplink's source comes first: private ones are leaks, seen beside it.
      const first = rows.find(({ src }) => uplinkOfAddress(uplinks, src) !== null) ?? null;
      const server_uplink = source === null ? null : (uplinkOfAddress(uplinks, source[0])?.id ?? null);
      const relay_uplink = first === null ? null : (uplinkOfAddress(uplinks, first.src)?.id ?? null);
      return {
        ...went,
        server_saw: source,
        server_t: seen?.t ?? null,
        server_uplink,
        relay_src: first?.src ?? null,
        relay_uplink,
        relay_isps: packetsByIsp(rows),
        uplink: server_uplink ?? relay_uplink,
        uplink_from: server_uplink !== null ? 'server' : relay_uplink !== null ? 'relay' : null,
        leaked: rows.some(({ src, isp }) => uplinkOfAddress(uplinks, src)?.id !== isp),
      };
    });
}

/** Its uplink is the one whose address was asked; the gateways saw by which ones the answers went. */
function inboundFlow(
  went: Went,
  seen: Seen | undefined,
  relayed: Map<string, RelayRow[]>,
  uplinks: readonly LabUplink[],
): TruthFlow {
  const uplink = uplinkOfAddress(uplinks, went.sip)?.id ?? null;
  const rows = relayed.get(`${PROTOCOL.tcp} ${went.sport} ${went.cip} ${went.cport}`) ?? [];
  return {
    ...went,
    server_saw: seen?.from ?? null,
    server_t: seen?.t ?? null,
    server_uplink: uplink,
    relay_src: null,
    relay_uplink: null,
    relay_isps: {},
    reply_isps: packetsByIsp(rows),
    uplink,
    uplink_from: 'target',
    leaked: rows.some(({ isp }) => isp !== uplink),
  };
}

function packetsByIsp(rows: readonly RelayRow[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { isp, pkts } of rows) counts[isp] = (counts[isp] ?? 0) + pkts;
  return counts;
}

/** The client's port stays, so it tells a flow on either side of the router. */
function flowKey({ proto, cport, sip, sport }: Went): string {
  const number = proto === 'icmp' ? (sip.includes(':') ? 58 : 1) : PROTOCOL[proto];
  return `${number} ${cport} ${sip} ${sport}`;
}

/** Rows with most packets first. */
function groupRows(rows: readonly RelayRow[]): Map<string, RelayRow[]> {
  const groups = new Map<string, RelayRow[]>();
  for (const row of [...rows].sort((a, b) => b.pkts - a.pkts)) {
    const key = `${row.proto} ${row.sp} ${row.dst} ${row.dp}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return groups;
}

function pingSource(rows: readonly RelayRow[] | undefined): [string, number] | null {
  const [row] = rows ?? [];
  return row === undefined ? null : [row.src, row.sp];
}

/** The uplinks as the truth names them, with the shares that their weights mean. */
export function truthUplinks(uplinks: readonly LabUplink[]): Truth['uplinks'] {
  const sum = uplinks.reduce((total, { weight }) => total + weight, 0);
  return uplinks.map(({ next: _, next6: __, ...uplink }) => ({ ...uplink, share_expected: uplink.weight / sum }));
}

export function truthLan(scenario: Scenario, clients: readonly string[]): Truth['lan'] {
  const net6 = scenario.ipv6 === 'mixed' ? LAN.net6 : null;
  return { dev: LAN.dev, net: LAN.net, net6, router_ip: LAN.router, clients: [...clients] };
}
