// A scenario becomes its flows: who asks whom, when, over which protocol, for how many bytes. Known before a packet flows.

import { CALLERS, callerAddress, clientAddress, type LabUplink, serverAddress } from './addresses.js';
import { integerFrom, randomOf, waitingTime, weighted } from './random.js';
import type { FlowKind, Scenario } from './scenario.js';

export type Origin = 'lan' | 'router' | 'inbound';

export interface PlannedFlow {
  fid: number;
  /** Who starts it: a LAN host, the router itself, a host of the internet. */
  origin: Origin;
  kind: FlowKind;
  proto: 'tcp' | 'udp' | 'icmp';
  /** Seconds after the first moment. */
  at: number;
  cip: string;
  /** Of ICMP: the identifier. */
  cport: number;
  sip: string;
  sport: number;
  /** Questions, each with its answer. */
  rounds: number;
  /** Bytes of one question, and of one answer. */
  up: number;
  down: number;
  /** Milliseconds from an answer to the next question. */
  pauseMs: number;
  /** An answer is sent in pieces of so many bytes, one each 100 ms; 0: at once. */
  piece: number;
}

/** From here on client ports count up, one a flow, so that no five-tuple comes twice. */
export const FIRST_PORT = 20_000;
const PORTS: Record<FlowKind, readonly number[]> = {
  web: [80, 443, 443, 8080],
  dns: [53],
  chat: [5001, 443],
  ping: [0],
  upload: [443],
  voip: [5004],
  bulk: [443],
};

/** LAN flows, then the others; each in the order of time. The same scenario always gives the same flows. */
export function planFlows(scenario: Scenario, uplinks: readonly LabUplink[]): PlannedFlow[] {
  const lan = planLan(scenario);
  const local = planOthers(scenario, 'router', lan.length, uplinks);
  return [...lan, ...local, ...planOthers(scenario, 'inbound', lan.length + local.length, uplinks)];
}

/** By dice of their own, so that LAN flows are the same with and without them. */
function planOthers(
  scenario: Scenario,
  origin: 'router' | 'inbound',
  known: number,
  uplinks: readonly LabUplink[],
): PlannedFlow[] {
  const isInbound = origin === 'inbound';
  const { rate } = isInbound ? scenario.inbound : scenario.router_local;
  const random = randomOf(scenario.seed + (isInbound ? 0x10000 : 0x20000));
  const flows: PlannedFlow[] = [];
  if (rate === 0) return flows;
  for (let at = 0; ; ) {
    at += waitingTime(random, rate);
    if (at >= scenario.duration) return flows;
    const { ip } = uplinks[flows.length % uplinks.length];
    const kind = isInbound ? 'web' : weighted(random, { web: 60, dns: 30, ping: 10 });
    const number = known + flows.length + 1;
    const server = serverAddress(integerFrom(random, 256, 65_280), 4);
    flows.push({
      fid: number,
      origin,
      kind,
      proto: kind === 'ping' ? 'icmp' : kind === 'dns' ? 'udp' : 'tcp',
      at,
      cip: isInbound ? callerAddress(integerFrom(random, 0, 200)) : ip,
      cport: FIRST_PORT + number,
      sip: isInbound ? ip : server,
      sport: isInbound ? CALLERS.port : PORTS[kind][0],
      ...content(kind, scenario, random),
    });
  }
}

function planLan(scenario: Scenario): PlannedFlow[] {
  const random = randomOf(scenario.seed);
  const places = Array.from({ length: scenario.servers }, () => integerFrom(random, 256, 65_280));
  const flows: PlannedFlow[] = [];
  for (let at = 0; ; ) {
    at += waitingTime(random, scenario.arrival.rate);
    if (at >= scenario.duration) return flows;
    const kind = weighted(random, scenario.mix);
    const family = scenario.ipv6 === 'mixed' && random() < scenario.ipv6_share ? 6 : 4;
    const place = places[Math.floor(random() ** scenario.skew * places.length)];
    flows.push({
      fid: flows.length + 1,
      origin: 'lan',
      kind,
      proto: kind === 'ping' ? 'icmp' : kind === 'dns' || kind === 'voip' ? 'udp' : 'tcp',
      at,
      cip: clientAddress(integerFrom(random, 0, scenario.clients), family),
      cport: FIRST_PORT + flows.length + 1,
      sip: serverAddress(place, family),
      sport: PORTS[kind][integerFrom(random, 0, PORTS[kind].length)],
      ...content(kind, scenario, random),
    });
  }
}

/** How much of what: questions and answers by kind of flow. */
function content(kind: FlowKind, { size_scale, duration }: Scenario, random: () => number) {
  const between = (low: number, high: number) => integerFrom(random, low, high);
  const scaled = (low: number, high: number) => Math.max(1, Math.round(between(low, high) * size_scale));
  switch (kind) {
    case 'dns':
      return { rounds: 1, up: between(40, 70), down: between(90, 260), pauseMs: 0, piece: 0 };
    case 'ping':
      return { rounds: between(1, 4), up: 64, down: 64, pauseMs: 500, piece: 0 };
    case 'web':
      return { rounds: between(1, 3), up: between(200, 800), down: scaled(400, 6000), pauseMs: 50, piece: 0 };
    case 'upload':
      return { rounds: 1, up: scaled(4000, 20_000), down: 200, pauseMs: 0, piece: 0 };
    case 'voip':
      return { rounds: between(30, 120), up: 172, down: 172, pauseMs: 40, piece: 0 };
    case 'bulk':
      return { rounds: 1, up: 300, down: scaled(60_000, 200_000), pauseMs: 0, piece: scaled(2500, 3500) };
    case 'chat': {
      // Long enough to be there when something goes wrong.
      const seconds = duration * (0.3 + 0.5 * random());
      const pauseMs = between(300, 700);
      return {
        rounds: Math.ceil((seconds * 1000) / pauseMs),
        up: between(30, 90),
        down: between(30, 90),
        pauseMs,
        piece: 0,
      };
    }
  }
}
