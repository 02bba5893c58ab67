// Seeded traffic of a made-up router: decision keys with heavy-tailed flows, and what the uplinks carry of it under some
// weights. Written apart from the code that it tests: one draw a key, packets second by second.

import type { AdviceInput } from '#src/advise/traffic.js';
import type { Config } from '#src/config/config.js';
import { META } from '#src/decode/batch.js';
import { Connection } from '#src/flows/connection.js';
import { STATE } from '#src/flows/layout.js';
import { seededRandom } from '#src/measure/random.js';
import { Tally } from '#src/tally/tally.js';
import { CLASS } from '#src/uplinks/lanes.js';
import { configOf, inputOf, prefixOf, T0 } from '../measure/tallies.js';

export interface SimFlow {
  client: number;
  server: number;
  port: number;
  /** Seconds after T0. */
  start: number;
  end: number;
  up: number;
  down: number;
  /** What of it travels in each second of its life; parts of one. Null: evenly. */
  course: Float64Array | null;
}

export interface SimTraffic {
  seconds: number;
  flows: SimFlow[];
}

export interface SimShape {
  seed: number;
  seconds: number;
  clients: number;
  servers: number;
  flows: number;
  /** Mean seconds of a flow's life. */
  life: number;
  /** Pareto exponent of the bytes; smaller is heavier. */
  tail: number;
  /** Bytes of the smallest flow. */
  least: number;
  /** Bytes come in some bursts, instead of evenly. */
  bursty?: boolean;
}

export function makeTraffic(shape: SimShape): SimTraffic {
  const random = seededRandom(shape.seed);
  const flows: SimFlow[] = [];
  for (let n = 0; n < shape.flows; n++) {
    const start = random() * (shape.seconds - 1);
    const end = Math.min(shape.seconds - 0.001, start - Math.log(1 - random()) * shape.life);
    const down = Math.round(Math.min(1e9, shape.least * (1 - random()) ** (-1 / shape.tail)));
    // Few servers take most of the flows.
    const server = Math.floor(shape.servers * random() ** 2);
    flows.push({
      client: 0xc0a80000 + Math.floor(random() * shape.clients),
      server: 0x08000000 + server,
      port: 1024 + Math.floor(random() * 60_000),
      start,
      end,
      up: Math.round(down / 10),
      down,
      course: shape.bursty === true ? burstsOf(start, end, random) : null,
    });
  }
  return { seconds: shape.seconds, flows };
}

/** What each uplink carries a second, and who chose what, with one fresh draw a key (client and server). */
export interface SimRun {
  tally: Tally;
  /** By uplink: bytes a second. */
  up: Float64Array[];
  down: Float64Array[];
}

export function runTraffic(traffic: SimTraffic, weights: readonly number[], seed: number): SimRun {
  const random = seededRandom(seed);
  const uplinkOf = new Map<number, number>();
  const sum = weights.reduce((all, weight) => all + weight, 0);
  const choose = () => {
    let left = random() * sum;
    let uplink = 0;
    while (uplink < weights.length - 1 && left >= weights[uplink]) left -= weights[uplink++];
    return uplink;
  };
  const tally = emptyTally(weights.length);
  const up = weights.map(() => new Float64Array(traffic.seconds));
  const down = weights.map(() => new Float64Array(traffic.seconds));
  const flow = new Connection();
  for (const one of traffic.flows) {
    const key = one.client * 2 ** 21 + one.server;
    const uplink = uplinkOf.get(key) ?? choose();
    uplinkOf.set(key, uplink);
    fill(flow, one, uplink);
    tally.addFlow(flow, 0, false);
    carry(one, up[uplink], down[uplink]);
  }
  for (let n = 0; n < weights.length; n++) {
    for (let second = 0; second < traffic.seconds; second++) {
      if (up[n][second] > 0) tally.bins.add(2 * n + 1, (T0 + second) * 1e6, Math.round(up[n][second]), 0);
      if (down[n][second] > 0) tally.bins.add(2 * n, (T0 + second) * 1e6, Math.round(down[n][second]), 0);
    }
  }
  return { tally, up, down };
}

/** What advice is drawn from; capacities in bits per second, the same each way unless given apart. */
export function adviceOf(
  { tally }: SimRun,
  seconds: number,
  weights: readonly (number | null)[],
  capacities: readonly ({ up: number | null; down: number | null } | null)[],
): AdviceInput {
  const base = configOf(tally, weights);
  const config: Config = {
    ...base,
    uplinks: base.uplinks.map((uplink, n) => ({ ...uplink, capacity: capacities[n] })),
  };
  return {
    tally,
    config,
    inputs: [inputOf(T0, T0 + seconds - 0.001)],
    pins: [],
    binSec: null,
    interfaces: weights.map((_, n) => `eth${n + 1}`),
  };
}

export function emptyTally(uplinks: number): Tally {
  const tally = new Tally({
    asSeen: false,
    uplinks: Array.from({ length: uplinks }, (_, n) => ({
      name: `dsl${n + 1}`,
      snat: [prefixOf(0xcb007100 + n)],
      gateways: [],
      interface: null,
      vlan: null,
    })),
    lan: [],
    roles: [],
    macs: [],
    lanVisible: true,
  });
  for (let n = 0; n < uplinks; n++) {
    tally.lanes.push({ point: n, class: CLASS.wan, uplink: n, egress: n, localHigh: true, lanSide: false });
  }
  return tally;
}

function fill(flow: Connection, one: SimFlow, uplink: number): void {
  flow.meta = 6 | META.hasPorts;
  flow.ports = (one.port << 16) | 443;
  flow.words[0].set([0, 0, 0, 0xcb007100 + uplink]);
  flow.words[1].set([0, 0, 0, one.server]);
  flow.local = 0;
  flow.initiator = 0;
  flow.class = CLASS.wan;
  flow.uplink = uplink;
  flow.egress = uplink;
  flow.leakedPackets = 0;
  flow.origin = 'lan';
  flow.client = Int32Array.of(0, 0, 0, one.client);
  flow.clientPort = one.port;
  flow.state = STATE.synLow;
  flow.startUs = Math.floor((T0 + one.start) * 1e6);
  flow.endUs = Math.floor((T0 + one.end) * 1e6);
  flow.packets[0] = 3;
  flow.packets[1] = 3;
  flow.ipBytes[0] = one.up;
  flow.ipBytes[1] = one.down;
  flow.firstUs[0] = flow.startUs;
  flow.firstUs[1] = flow.startUs + 20_000;
  flow.lastUs[0] = flow.endUs;
  flow.lastUs[1] = flow.endUs;
}

/** Adds a flow to the seconds of its uplink. */
function carry({ start, end, up, down, course }: SimFlow, upTo: Float64Array, downTo: Float64Array): void {
  const first = Math.floor(start);
  const last = Math.floor(end);
  for (let second = first; second <= last; second++) {
    const even =
      first === last ? 1 : (Math.min(end, second + 1) - Math.max(start, second)) / Math.max(end - start, 1e-9);
    const part = course === null ? even : course[second - first];
    upTo[second] += up * part;
    downTo[second] += down * part;
  }
}

/** One burst in about every ten seconds, each of random height. */
function burstsOf(start: number, end: number, random: () => number): Float64Array {
  const parts = new Float64Array(Math.floor(end) - Math.floor(start) + 1);
  const bursts = 1 + Math.floor(parts.length / 10);
  for (let n = 0; n < bursts; n++) parts[Math.floor(random() * parts.length)] += random();
  const sum = parts.reduce((all, part) => all + part, 0);
  return parts.map((part) => part / sum);
}
