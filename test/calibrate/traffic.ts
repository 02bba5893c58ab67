// Made traffic of a made router, straight into a ledger: what it decided is known, so the measures can be held against it.

import type { Distortion } from '#src/detect/detection.js';
import { ORIGIN } from '#src/flows/connection.js';
import { NONE } from '#src/flows/layout.js';
import { Ledger } from '#src/tally/ledger.js';

export interface Cell {
  /** By which the router chooses: `l3` client and server, `l4` the connection. */
  policy: 'l3' | 'l4';
  family: 4 | 6;
  clientsVisible: boolean;
  /** By which the router chooses; what is judged by, unless `judged` says otherwise. */
  weights: readonly number[];
  judged?: readonly number[];
  flows: number;
  /** Outages of the first uplink. */
  flaps: number;
}

export const T0_US = 1_700_000_000e6;
export const SPAN_US = 1000e6;

const CLIENTS = 20;
const SERVERS = 2000;
/** Zipf's law for servers, a page's flows in a row, Pareto's law for bytes. */
const ZIPF = 1.1;
const ANOTHER_FLOW = 0.6;
const PARETO = 1.2;
const MOST_BYTES = 1e9;
/** Part of an outage in which the router still sends into the dead uplink. */
const REACTION = 0.3;

export function newPairs(): Float64Array {
  return new Float64Array(CLIENTS * SERVERS).fill(-1);
}

/** Makes one run after the other into one ledger. */
export class Traffic {
  readonly ledger: Ledger = new Ledger();
  private readonly clients: Int32Array;
  private readonly servers: Int32Array;
  private readonly popularity = new Float64Array(SERVERS);

  /** `pairs` is the hash of each client and server, −1 where not met yet; shared by two spans of one router. */
  constructor(
    private readonly cell: Cell,
    private readonly random: () => number,
    private readonly pairs: Float64Array = newPairs(),
  ) {
    const { addresses } = this.ledger;
    const { family } = cell;
    const net = family === 6 ? 0x20010db8 : 0;
    this.clients = Int32Array.from({ length: CLIENTS }, (_, n) => addresses.idOf(family, [net, 1, 0, 10 + n]));
    this.servers = Int32Array.from({ length: SERVERS }, (_, n) => addresses.idOf(family, [net, 2, 0, 1e6 + n]));
    let sum = 0;
    for (let n = 0; n < SERVERS; n++) this.popularity[n] = sum += (n + 1) ** -ZIPF;
    for (let n = 0; n < SERVERS; n++) this.popularity[n] /= sum;
  }

  /** A new run, of a new router or the same once more; what the outages leave out. */
  make(sameRouter = false): Distortion[] {
    const { cell, ledger, random } = this;
    const outages = Array.from({ length: cell.flaps }, (_, n): Distortion => {
      const slot = SPAN_US / cell.flaps;
      const startUs = T0_US + n * slot + random() * slot * 0.4;
      return { uplink: 0, startUs, endUs: startUs + slot * (0.1 + 0.4 * random()) };
    });
    if (!sameRouter) this.pairs.fill(-1);
    ledger.count = 0;
    ledger.reserve(cell.flows);
    let client = 0;
    let server = 0;
    while (ledger.count < cell.flows) {
      if (ledger.count === 0 || random() > ANOTHER_FLOW) {
        client = Math.floor(random() * CLIENTS);
        server = this.popularServer();
      }
      this.add(client, server, outages);
    }
    return outages;
  }

  private add(client: number, server: number, outages: readonly Distortion[]): void {
    const { cell, ledger, random } = this;
    const startUs = T0_US + Math.floor(random() * SPAN_US);
    const pair = client * SERVERS + server;
    if (this.pairs[pair] < 0) this.pairs[pair] = random();
    const outage = outages.find((one) => one.startUs <= startUs && startUs < one.endUs);
    const noticed = outage !== undefined && startUs >= outage.startUs + REACTION * (outage.endUs - outage.startUs);
    // A slice of the hash for each live uplink, in proportion to its weight.
    const live = cell.weights.map((weight, uplink) => (noticed && uplink === 0 ? 0 : weight));
    let left = (cell.policy === 'l3' ? this.pairs[pair] : random()) * live.reduce((sum, weight) => sum + weight, 0);
    let uplink = 0;
    while (uplink < live.length - 1 && left >= live[uplink]) left -= live[uplink++];
    const bytes = Math.min(MOST_BYTES, Math.floor(500 * (1 - random()) ** (-1 / PARETO)));
    const row = ledger.count++;
    ledger.startUs[row] = startUs;
    ledger.endUs[row] = startUs + 1e6;
    ledger.ipUp[row] = Math.floor(bytes / 10);
    ledger.ipDown[row] = bytes;
    ledger.packetsUp[row] = 3 + Math.floor(bytes / 1600);
    ledger.packetsDown[row] = 2 + Math.floor(bytes / 1400);
    ledger.client[row] = cell.clientsVisible ? this.clients[client] : NONE;
    ledger.server[row] = this.servers[server];
    ledger.ports[row] = (Math.floor(random() * 28_000 + 32_768) << 16) | 443;
    ledger.uplink[row] = uplink;
    ledger.origin[row] = cell.clientsVisible ? ORIGIN.lan : ORIGIN.unknown;
    ledger.protocol[row] = 6;
  }

  private popularServer(): number {
    const wanted = this.random();
    let low = 0;
    let high = SERVERS - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.popularity[middle] < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
