// scenario.json becomes a `Scenario`: what is asked of the lab, with every figure bounded, so that a run ends by itself.

import { UserError } from '#src/util/error.js';

/** What goes wrong, from `start` to `end` (seconds after the first flow; null: until the run is over). */
export interface Fault {
  kind: FaultKind;
  /** Counted from 1, as in the names wan1, wan2, … */
  uplink: number;
  start: number;
  end: number | null;
  /** Of `weights`: the new ones, in the order of the uplinks. */
  weights?: number[];
  /** Of `loss`: how many packets of a hundred are lost, each way. */
  percent?: number;
}

export const FAULT_KINDS = [
  'link_down',
  'gateway_dead',
  'blackhole',
  'loss',
  'address_change',
  'weights',
  'admin_down',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** Kinds of flow, with how many of a hundred are of each. */
export const DEFAULT_MIX = { web: 52, dns: 22, chat: 10, ping: 4, upload: 6, voip: 4, bulk: 2 } as const;
export type FlowKind = keyof typeof DEFAULT_MIX;

export interface Scenario {
  name: string;
  desc: string;
  /** Seconds in which flows begin. */
  duration: number;
  /** Seconds after that in which they may end. */
  grace: number;
  /** Seconds for which the recorders go on when all flows have ended. */
  linger: number;
  seed: number;
  clients: number;
  servers: number;
  /** 1: every server is asked as often; 2 and more: a few often, most of them seldom. */
  skew: number;
  uplinks: { weight: number; name: string }[];
  style: 'connmark' | 'classic';
  firewall: 'nft' | 'iptables';
  nat: 'snat' | 'masquerade';
  ipv6: 'none' | 'mixed';
  /** Part of the flows that are IPv6, where it is mixed. */
  ipv6_share: number;
  hash_policy: number;
  /** Seconds between two pings at a gateway; 0: none. */
  keepalive: number;
  /** New flows a second, as a Poisson process. */
  arrival: { rate: number };
  /** Connections from outside a second (TCP, IPv4): to an uplink's address, passed on to a LAN host by DNAT. */
  inbound: { rate: number };
  /** Flows a second that the router itself starts, bound to the address of each uplink in turn (IPv4). */
  router_local: { rate: number };
  mix: Partial<Record<FlowKind, number>>;
  /** Factor on the bytes of web, upload and bulk flows. */
  size_scale: number;
  /** How often a client tries a flow again that failed. */
  retries: number;
  /** Seconds without progress after which a client gives up. */
  patience: number;
  capture: { snaplen: number; any: 'sll2' | 'none'; lan: boolean; conntrack: boolean };
  /** `on` leaves segmentation and checksums to the (virtual) cards, so captures hold packets that no wire ever had. */
  offload: 'on' | 'off';
  /** Settings of the router after its set-up has run: what the script would have set otherwise. */
  sysctl: Record<string, number>;
  faults: Fault[];
}

const BOUNDS = {
  duration: 900,
  rate: 200,
  clients: 200,
  servers: 5000,
  uplinks: 8,
  faults: 20,
  flows: 20_000,
} as const;

/** Reads a scenario; what it doesn't say is filled in. Throws UserError that names the place and what may stand there. */
export function readScenario(text: string, place: string): Scenario {
  const given = parse(text, place);
  const at = new Reader(given, place);
  const uplinks = at.list('uplinks', [{ weight: 1 }, { weight: 1 }]).map((one, index) => {
    const reader = new Reader(one, `${place}: uplinks[${index}]`);
    reader.only(['weight', 'name']);
    return { weight: reader.integer('weight', 1, 256, 1), name: reader.text('name', `line${index + 1}`) };
  });
  if (uplinks.length < 1 || uplinks.length > BOUNDS.uplinks) {
    throw new UserError(`${place}: uplinks must be 1 to ${BOUNDS.uplinks}: ${uplinks.length} are given`);
  }
  const capture = new Reader(at.object('capture'), `${place}: capture`);
  capture.only(['snaplen', 'any', 'lan', 'conntrack']);
  const arrival = new Reader(at.object('arrival'), `${place}: arrival`);
  arrival.only(['rate']);
  const extra = (name: string) => {
    const reader = new Reader(at.object(name), `${place}: ${name}`);
    reader.only(['rate']);
    return { rate: reader.number('rate', 0, BOUNDS.rate, 0) };
  };
  const duration = at.number('duration', 1, BOUNDS.duration, 15);
  const scenario: Scenario = {
    name: at.text('name', 'lab'),
    desc: at.text('desc', ''),
    duration,
    grace: at.number('grace', 1, 120, 8),
    linger: at.number('linger', 0, 300, 0),
    seed: at.integer('seed', 0, 2 ** 32 - 1, 1),
    clients: at.integer('clients', 1, BOUNDS.clients, 17),
    servers: at.integer('servers', 1, BOUNDS.servers, 500),
    skew: at.number('skew', 1, 10, 2),
    uplinks,
    style: at.choice('style', ['connmark', 'classic'], 'connmark'),
    firewall: at.choice('firewall', ['nft', 'iptables'], 'nft'),
    nat: at.choice('nat', ['snat', 'masquerade'], 'snat'),
    ipv6: at.choice('ipv6', ['none', 'mixed'], 'none'),
    ipv6_share: at.number('ipv6_share', 0, 1, 0.4),
    hash_policy: at.integer('hash_policy', 0, 3, 1),
    keepalive: at.number('keepalive', 0, 3600, 5),
    arrival: { rate: arrival.number('rate', 0.01, BOUNDS.rate, 10) },
    inbound: extra('inbound'),
    router_local: extra('router_local'),
    mix: readMix(at, place),
    size_scale: at.number('size_scale', 0.01, 100, 1),
    retries: at.integer('retries', 0, 5, 0),
    patience: at.number('patience', 0.5, 60, 5),
    capture: {
      snaplen: capture.integer('snaplen', 64, 262_144, 96),
      any: capture.choice('any', ['sll2', 'none'], 'none'),
      lan: capture.flag('lan', true),
      conntrack: capture.flag('conntrack', true),
    },
    offload: at.choice('offload', ['on', 'off'], 'off'),
    sysctl: readSysctl(at, place),
    faults: at.list('faults', []).map((one, index) => readFault(one, `${place}: faults[${index}]`, uplinks.length)),
  };
  at.only(Object.keys(scenario));
  if (scenario.faults.length > BOUNDS.faults) throw new UserError(`${place}: at most ${BOUNDS.faults} faults`);
  const rate = scenario.arrival.rate + scenario.inbound.rate + scenario.router_local.rate;
  if (duration * rate > BOUNDS.flows) {
    throw new UserError(`${place}: at most ${BOUNDS.flows} flows: lower arrival.rate or duration`);
  }
  return scenario;
}

function readMix(at: Reader, place: string): Partial<Record<FlowKind, number>> {
  const mix = new Reader(at.object('mix', DEFAULT_MIX), `${place}: mix`);
  const kinds = Object.keys(DEFAULT_MIX) as FlowKind[];
  mix.only(kinds);
  const weights = Object.fromEntries(kinds.map((kind) => [kind, mix.number(kind, 0, 1e6, 0)]));
  if (!Object.values(weights).some((weight) => weight > 0))
    throw new UserError(`${place}: mix must name a kind of flow`);
  return weights;
}

function readSysctl(at: Reader, place: string): Record<string, number> {
  const entries = Object.entries(at.object('sysctl'));
  for (const [key, value] of entries) {
    if (/^net\.[a-z0-9_.]+$/.test(key) && Number.isInteger(value)) continue;
    throw new UserError(
      `${place}: sysctl must be whole numbers by names such as net.ipv4.fib_multipath_use_neigh: ${key}`,
    );
  }
  return Object.fromEntries(entries) as Record<string, number>;
}

function readFault(given: unknown, place: string, uplinks: number): Fault {
  const at = new Reader(given, place);
  at.only(['kind', 'uplink', 'start', 'end', 'weights', 'percent']);
  const kind = at.choice('kind', FAULT_KINDS, undefined);
  const start = at.number('start', 0, BOUNDS.duration, undefined);
  const fault: Fault = {
    kind,
    uplink: at.integer('uplink', 1, uplinks, 1),
    start,
    end: at.optional('end', () => at.number('end', start, 2 * BOUNDS.duration, undefined)),
  };
  if (kind === 'loss') fault.percent = at.number('percent', 0.1, 100, undefined);
  if (kind !== 'weights') return fault;
  fault.weights = at.list('weights', []).map(Number);
  if (fault.weights.length === uplinks && fault.weights.every((w) => Number.isInteger(w) && w >= 1 && w <= 256))
    return fault;
  throw new UserError(
    `${place}.weights must be ${uplinks} whole numbers from 1 to 256: ${JSON.stringify(fault.weights)}`,
  );
}

function parse(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError(`${place} is not JSON: ${(error as Error).message}`);
  }
}

/** Members of one object, each with what it may be. */
class Reader {
  private readonly given: Readonly<Record<string, unknown>>;

  constructor(
    given: unknown,
    private readonly place: string,
  ) {
    if (typeof given !== 'object' || given === null || Array.isArray(given)) {
      throw new UserError(`${place} must be an object: ${JSON.stringify(given)}`);
    }
    this.given = given as Record<string, unknown>;
  }

  only(names: readonly string[]): void {
    const unknown = Object.keys(this.given).find((name) => !names.includes(name));
    if (unknown !== undefined)
      throw new UserError(`${this.place}: ${unknown} is not known; there are ${names.join(', ')}`);
  }

  optional<T>(name: string, read: () => T): T | null {
    return (this.given[name] ?? null) === null ? null : read();
  }

  number(name: string, from: number, to: number, otherwise: number | undefined): number {
    const value = this.given[name] ?? otherwise;
    if (typeof value === 'number' && value >= from && value <= to) return value;
    return this.refuse(name, `a number from ${from} to ${to}`, value);
  }

  integer(name: string, from: number, to: number, otherwise: number | undefined): number {
    const value = this.given[name] ?? otherwise;
    if (Number.isInteger(value) && Number(value) >= from && Number(value) <= to) return Number(value);
    return this.refuse(name, `a whole number from ${from} to ${to}`, value);
  }

  text(name: string, otherwise: string): string {
    const value = this.given[name] ?? otherwise;
    return typeof value === 'string' ? value : this.refuse(name, 'text', value);
  }

  flag(name: string, otherwise: boolean): boolean {
    const value = this.given[name] ?? otherwise;
    return typeof value === 'boolean' ? value : this.refuse(name, 'true or false', value);
  }

  choice<T extends string>(name: string, choices: readonly T[], otherwise: T | undefined): T {
    const value = (this.given[name] ?? otherwise) as T;
    return choices.includes(value) ? value : this.refuse(name, choices.join(', '), value);
  }

  list(name: string, otherwise: unknown[]): unknown[] {
    const value = this.given[name] ?? otherwise;
    return Array.isArray(value) ? value : this.refuse(name, 'a list', value);
  }

  object(name: string, otherwise: object = {}): object {
    const value = this.given[name] ?? otherwise;
    return typeof value === 'object' && !Array.isArray(value)
      ? (value as object)
      : this.refuse(name, 'an object', value);
  }

  private refuse(name: string, what: string, value: unknown): never {
    throw new UserError(`${this.place}: ${name} must be ${what}: ${JSON.stringify(value)}`);
  }
}
