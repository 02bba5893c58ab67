// Rows of flows by host: the heaviest clients and servers, and how many there are.

import { FLOW, ORIGIN } from '../flows/connection.js';
import { NONE } from '../flows/layout.js';
import type { ReportTop, TopHost } from '../report/report.js';
import type { Ledger } from '../tally/ledger.js';
import { formatAddress } from '../util/address.js';
import { shareOf } from './round.js';

export interface HostCounts {
  top: ReportTop;
  /** Distinct hosts by uplink; null where they can't be seen or counted. */
  clients: (number | null)[];
  servers: (number | null)[];
}

export interface HostInput {
  ledger: Ledger;
  names: readonly string[];
  clientsVisible: boolean;
  /** Part of the decision keys that the ledger holds. */
  kept: number;
  /** All bytes on uplinks, both directions. */
  totalBytes: number;
}

const LISTED = 100;

/**
 * Flows from outside are left out: who began them is no server. In a sample of pairs the bytes of a host are scaled up and
 * hosts can't be counted; where only servers are seen they are sampled whole, so it is their number that is scaled.
 */
export function countHosts(input: HostInput): HostCounts {
  const { ledger, names, clientsVisible, kept } = input;
  const scale = clientsVisible ? 1 / kept : 1;
  const clients = clientsVisible ? sumHosts(ledger, ledger.client, names.length) : null;
  const servers = sumHosts(ledger, ledger.server, names.length);
  const number = (count: number) => {
    if (kept === 1) return count;
    return clientsVisible ? null : Math.round(count / kept);
  };
  return {
    top: {
      clients: clients === null ? [] : listHosts(input, clients, ledger.client, scale),
      servers: listHosts(input, servers, ledger.server, scale),
      clientCount: clients === null ? null : number(clients.count),
      serverCount: number(servers.count),
    },
    clients: names.map((_, n) => (clients === null ? null : number(clients.byUplink[n]))),
    servers: names.map((_, n) => number(servers.byUplink[n])),
  };
}

interface HostSums {
  /** By address number. */
  flows: Uint32Array;
  up: Float64Array;
  down: Float64Array;
  /** 1 where anything counted its bytes: connection tracking may not. */
  counted: Uint8Array;
  count: number;
  /** Distinct hosts by uplink. */
  byUplink: Float64Array;
}

function sumHosts(ledger: Ledger, column: Int32Array, uplinks: number): HostSums {
  const { course, origin, ipUp, ipDown, uplink } = ledger;
  const addresses = ledger.addresses.count;
  const flows = new Uint32Array(addresses);
  const up = new Float64Array(addresses);
  const down = new Float64Array(addresses);
  const counted = new Uint8Array(addresses);
  const byUplink = new Float64Array(uplinks);
  // A bit an uplink and host.
  const met = new Uint8Array(Math.ceil((addresses * uplinks) / 8));
  let count = 0;
  for (let row = 0; row < ledger.count; row++) {
    const host = column[row];
    if (host === NONE || origin[row] === ORIGIN.inbound) continue;
    if (flows[host]++ === 0) count++;
    if ((course[row] & FLOW.uncounted) === 0) counted[host] = 1;
    up[host] += ipUp[row];
    down[host] += ipDown[row];
    const bit = host * uplinks + uplink[row];
    const mask = 1 << (bit & 7);
    if ((met[bit >>> 3] & mask) === 0) {
      met[bit >>> 3] |= mask;
      byUplink[uplink[row]]++;
    }
  }
  return { flows, up, down, counted, count, byUplink };
}

function listHosts(
  { ledger, names, totalBytes }: HostInput,
  sums: HostSums,
  column: Int32Array,
  scale: number,
): TopHost[] {
  const { flows, up, down } = sums;
  const listed = heaviest(sums, ledger);
  const placeOf = new Int32Array(flows.length).fill(-1);
  listed.forEach((host, place) => {
    placeOf[host] = place;
  });
  const byUplink = new Float64Array(listed.length * names.length);
  const { origin, ipUp, ipDown, uplink } = ledger;
  for (let row = 0; row < ledger.count; row++) {
    const host = column[row];
    if (host === NONE || placeOf[host] < 0 || origin[row] === ORIGIN.inbound) continue;
    byUplink[placeOf[host] * names.length + uplink[row]] += ipUp[row] + ipDown[row];
  }
  return listed.map((host, place) => ({
    address: formatAddress(ledger.addresses.family(host), ledger.addresses.wordsOf(host)),
    name: null,
    flows: Math.round(flows[host] * scale),
    ipBytes:
      sums.counted[host] === 1
        ? { up: Math.round(up[host] * scale), down: Math.round(down[host] * scale) }
        : { up: null, down: null },
    share: sums.counted[host] === 1 ? shareOf(Math.min((up[host] + down[host]) * scale, totalBytes), totalBytes) : null,
    uplinks: Object.fromEntries(
      names.flatMap((name, n): [string, number][] => {
        const bytes = Math.round(byUplink[place * names.length + n] * scale);
        return bytes > 0 ? [[name, bytes]] : [];
      }),
    ),
  }));
}

/** Hosts by bytes, then (without accounting) by flows, ties by address, so that the order in which addresses were numbered does not show. */
function heaviest({ flows, up, down }: HostSums, { addresses }: Ledger): number[] {
  const listed: number[] = [];
  const compare = (a: number, b: number): number => {
    const apart = up[b] + down[b] - (up[a] + down[a]) || flows[b] - flows[a];
    if (apart !== 0) return apart;
    const [x, y] = [addresses.wordsOf(a), addresses.wordsOf(b)];
    const word = x.findIndex((value, i) => value !== y[i]);
    return addresses.family(a) - addresses.family(b) || (word < 0 ? 0 : x[word] - y[word]);
  };
  let least = -1;
  for (let host = 0; host < flows.length; host++) {
    if (flows[host] === 0 || up[host] + down[host] < least) continue;
    let low = 0;
    for (let high = listed.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (compare(host, listed[middle]) < 0) high = middle;
      else low = middle + 1;
    }
    if (low >= LISTED) continue;
    listed.splice(low, 0, host);
    if (listed.length > LISTED) listed.pop();
    const last = listed[listed.length - 1];
    if (listed.length === LISTED) least = up[last] + down[last];
  }
  return listed;
}
