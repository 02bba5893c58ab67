// Tallies made by hand: flows and packets are told, nothing is decoded.

import type { Config, Prefix } from '#src/config/config.js';
import { META } from '#src/decode/batch.js';
import { Connection, type Origin } from '#src/flows/connection.js';
import { STATE } from '#src/flows/layout.js';
import { DEFAULT_FLOW_RULES } from '#src/flows/rules.js';
import type { MeasureInput } from '#src/measure/measure.js';
import type { ReportInput } from '#src/report/report.js';
import { Tally } from '#src/tally/tally.js';
import { CLASS, type Lane } from '#src/uplinks/lanes.js';

export const T0 = 1_700_000_000;

export interface FlowSpec {
  uplink: number;
  /** Last word of the address. */
  server: number;
  /** Last word of the LAN host's address; not seen where it is left out. */
  client?: number;
  /** `lan` where the client is named, else `unknown`. */
  origin?: Origin;
  /** Seconds after T0. */
  at?: number;
  ports?: [number, number];
  protocol?: number;
  family?: 4 | 6;
  up?: number;
  down?: number;
  packets?: [number, number];
  answered?: boolean;
  /** Microseconds to the answer. */
  answerUs?: number;
  egress?: number;
  leakedPackets?: number;
  class?: Lane['class'];
}

export interface TallySpec {
  uplinks: string[];
  flows?: FlowSpec[];
  /** IP bytes by uplink, direction and second after T0. */
  traffic?: { uplink: number; up?: boolean; at: number; bytes: number; egress?: number; class?: Lane['class'] }[];
  lanVisible?: boolean;
  asSeen?: boolean;
  /** Uplinks whose own link is captured, whatever it carries. */
  captured?: number[];
  ledgerRows?: number;
}

/** Each uplink has its own point, unless traffic says otherwise. */
export function tallyOf(spec: TallySpec): Tally {
  const tally = new Tally(
    {
      asSeen: spec.asSeen ?? false,
      uplinks: spec.uplinks.map((name, n) => ({
        name,
        snat: [prefixOf(0xcb007100 + n)],
        gateways: [],
        interface: null,
        vlan: null,
      })),
      lan: [],
      roles: (spec.captured ?? []).map((role) => ({ input: 0, iface: role, ifindex: 0, vlan: 0, role })),
      macs: [],
      lanVisible: spec.lanVisible ?? false,
    },
    spec.ledgerRows,
  );
  const flow = new Connection();
  for (const one of spec.flows ?? []) {
    fill(flow, one);
    tally.addFlow(flow, 0, false);
  }
  for (const { uplink, up = true, at, bytes, egress = uplink, class: laneClass = CLASS.wan } of spec.traffic ?? []) {
    let lane = tally.lanes.findIndex(
      (one) => one.uplink === uplink && one.egress === egress && one.class === laneClass,
    );
    if (lane < 0) {
      lane =
        tally.lanes.push({
          point: egress,
          class: laneClass,
          uplink,
          egress,
          localHigh: uplink % 2 === 1,
          lanSide: false,
        }) - 1;
    }
    // The local end is the higher one for odd uplinks.
    tally.bins.add(2 * lane + (up === (uplink % 2 === 1) ? 1 : 0), (T0 + at) * 1e6, bytes, bytes + 14);
    if (laneClass === CLASS.wan) tally.packets.attributed++;
  }
  return tally;
}

export function inputOf(first: number | null, last: number | null): ReportInput {
  return {
    path: 'a.pcap',
    format: 'pcap',
    compression: null,
    linkTypes: ['EN10MB'],
    packets: 1,
    entries: null,
    wireBytes: 60,
    dropped: null,
    first,
    last,
    damage: [],
    error: null,
  };
}

/** `weights` in the order of the uplinks; null for no configuration. */
export function measureInput(
  tally: Tally,
  weights: readonly (number | null)[] | null,
  more: Partial<MeasureInput> = {},
): MeasureInput {
  return {
    tally,
    config: weights === null ? null : configOf(tally, weights),
    inference: null,
    inputs: [inputOf(T0, T0 + 60)],
    rules: DEFAULT_FLOW_RULES,
    partial: false,
    binSec: null,
    pins: [],
    interfaces: tally.topology.uplinks.map((_, n) => `eth${n + 1}`),
    version: '0.0.0',
    ...more,
  };
}

export function configOf(tally: Tally, weights: readonly (number | null)[]): Config {
  return {
    source: null,
    uplinks: tally.topology.uplinks.map(({ name, snat }, n) => ({
      name,
      interface: null,
      gateway: '203.0.113.1',
      gatewayMac: null,
      vlan: null,
      snat,
      weight: weights[n] ?? null,
      capacity: { up: 1e6, down: null },
      mark: null,
    })),
    lan: [],
    router: { hashPolicy: null, hashPolicy6: null, keepaliveSec: null, macs: [] },
  };
}

export function prefixOf(word: number): Prefix {
  const text = [24, 16, 8, 0].map((shift) => (word >>> shift) & 255).join('.');
  return { family: 4, words: [0, 0, 0, word], length: 32, text: `${text}/32` };
}

function fill(flow: Connection, spec: FlowSpec): void {
  const { protocol = 6, family = 4, answered = true, answerUs = 20_000, ports = [40_000, 443], at = 0 } = spec;
  flow.meta = protocol | META.hasPorts | (family === 6 ? META.ipv6 : 0);
  flow.ports = (ports[0] << 16) | ports[1];
  const prefix = family === 6 ? 0x20010db8 : 0;
  flow.words[0].set([prefix, 0, 0, 0xcb007100 + spec.uplink]);
  flow.words[1].set([prefix, 0, 0, spec.server]);
  flow.local = 0;
  flow.initiator = spec.origin === 'inbound' ? 1 : 0;
  flow.class = spec.class ?? CLASS.wan;
  flow.uplink = spec.uplink;
  flow.egress = spec.egress ?? spec.uplink;
  flow.leakedPackets = spec.leakedPackets ?? 0;
  flow.origin = spec.origin ?? (spec.client === undefined ? 'unknown' : 'lan');
  flow.client = spec.client === undefined ? null : Int32Array.of(family === 6 ? 0xfd000000 : 0, 0, 0, spec.client);
  flow.clientPort = spec.client === undefined ? -1 : ports[0];
  // Opened by a SYN in the capture.
  flow.state = STATE.synLow << flow.initiator;
  flow.startUs = (T0 + at) * 1e6;
  flow.endUs = flow.startUs + 1e6;
  const [packetsUp, packetsDown] = spec.packets ?? [3, 2];
  flow.packets[0] = flow.initiator === 1 && !answered ? 0 : packetsUp;
  flow.packets[1] = flow.initiator === 0 && !answered ? 0 : packetsDown;
  flow.ipBytes[0] = spec.up ?? 300;
  flow.ipBytes[1] = answered ? (spec.down ?? 700) : 0;
  flow.firstUs[flow.initiator] = flow.startUs;
  flow.firstUs[1 - flow.initiator] = answered ? flow.startUs + answerUs : -1;
}
