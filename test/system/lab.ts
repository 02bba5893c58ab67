// The router lab: real captures of a real router, and what the servers themselves saw of every flow.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sharedDir } from '../shared.js';
import type { Row } from './tables.js';

export interface TruthUplink {
  id: number;
  dev: string;
  weight: number;
  gw: string;
  ip: string;
  gw6: string;
  ip6: string;
}

export interface TruthFlow {
  fid: number;
  proto: 'tcp' | 'udp' | 'icmp';
  origin: 'lan' | 'router' | 'inbound';
  cip: string;
  cport: number;
  sip: string;
  sport: number;
  /** Source address and port in the server's own eyes; absent or null where nothing reached it. */
  server_saw?: [string, number] | null;
  server_t?: number;
  start: number;
  uplink: number;
  /** Whether any of its packets left by another uplink; absent for inbound flows. */
  leaked?: boolean;
}

export interface Truth {
  uplinks: TruthUplink[];
  flows: TruthFlow[];
  lan: { net: string; net6: string | null };
}

export const SCENARIOS = [
  's0_tiny_full',
  's1_equal_l3',
  's2_4to1_l4',
  's3_321_linkdown',
  's4_blackhole',
  's5_gateway_dead',
  's6_leak_rehash',
  's9_dualstack_masq',
  's12_port_collisions',
  's13_weight_change',
] as const;

export const labDir: string = join(sharedDir ?? '', 'routerlab');

export function readTruth(scenario: string): Truth {
  return JSON.parse(readFileSync(join(labDir, scenario, 'truth.json'), 'utf8')) as Truth;
}

/** The captures of a scenario under these names, or null where one is not there. */
export function capturesOf(scenario: string, ...names: string[]): string[] | null {
  const paths = names.map((name) => join(labDir, scenario, 'pcap', name));
  return paths.every((path) => existsSync(path)) ? paths : null;
}

/** One file for each uplink. */
export function wanFiles(scenario: string): string[] {
  return readTruth(scenario).uplinks.map(({ dev }) => join(labDir, scenario, 'pcap', `${dev}.pcap`));
}

/** The configuration that the router's owner would write. */
export function configOf({ uplinks, lan }: Truth): string {
  const nets = [lan.net, lan.net6].filter((net) => net !== null);
  return [
    'uplinks:',
    ...uplinks.flatMap((uplink) => [
      `  - name: ${nameOf(uplink)}`,
      `    interface: ${uplink.dev}`,
      `    gateway: ${uplink.gw}`,
      `    snat: ["${uplink.ip}", "${uplink.ip6}"]`,
      `    weight: ${uplink.weight}`,
    ]),
    `lan: [${nets.map((net) => `"${net}"`).join(', ')}]`,
    '',
  ].join('\n');
}

/** Not the interface's name, so that a report which only repeats the interface is told from one that knows. */
export function nameOf({ id }: { id: number }): string {
  return `line${id}`;
}

/** The flow as a capture on the WAN shows it, as key: protocol, source, destination. ICMP has its identifier alone. */
export function truthKey(flow: TruthFlow): string {
  const [source, port] = flow.server_saw as [string, number];
  // An inbound flow's "server" is the LAN host behind a DNAT: on the WAN its source is the far host itself.
  const proto = { tcp: 6, udp: 17, icmp: flow.sip.includes(':') ? 58 : 1 }[flow.proto];
  return [proto, source, port, flow.sip, flow.proto === 'icmp' ? '' : flow.sport].join(' ');
}

/** The same key of a row of `mlstat flows`. */
export function rowKey(row: Row): string {
  const icmp = row.proto === '1' || row.proto === '58';
  return [row.proto, row.initiator, row.initiatorPort, row.responder, icmp ? '' : row.responderPort].join(' ');
}

/** Of several rows with one key (a five-tuple used again) the one whose span lies nearest to what the server saw. */
export function rowOf(flow: TruthFlow, candidates: readonly Row[]): Row | undefined {
  const seen = (flow.server_t ?? flow.start) * 1e6;
  const distance = (row: Row) => Math.max(Number(row.startUs) - seen, seen - Number(row.endUs), 0);
  return [...candidates].sort((a, b) => distance(a) - distance(b))[0];
}
