// Rows of flows by host: the heaviest clients and servers, and how many there are.

import type { ReportTop, TopHost } from '../report/report.js';
import type { Ledger } from '../tally/ledger.js';
import { roomOf } from '../tally/rows.js';
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
  const clients = clientsVisible ? sumHosts(ledger, 'client', names.length) : null;
  const servers = sumHosts(ledger, 'server', names.length);
  const number = (count: number) => {
    if (kept === 1) return count;
    return clientsVisible ? null : Math.round(count / kept);
  };
  return {
    top: {
      clients: clients === null ? [] : listHosts(input, clients, 'client', scale),
      servers: listHosts(input, servers, 'server', scale),
      clientCount: clients === null ? null : number(clients.count),
      serverCount: number(servers.count),
    },
    clients: names.map((_, n) => (clients === null ? null : number(clients.byUplink[n]))),
    servers: names.map((_, n) => number(servers.byUplink[n])),
  };
}

/** Columns that hosts stand in. */
type Host = 'client' | 'server';

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

function sumHosts(ledger: Ledger, name: Host, uplinks: number): HostSums {
  const room = roomOf(ledger);
  const hosts = ledger.addresses.count;
  const flows = room.words(hosts).fill(0);
  const up = room.floats(hosts).fill(0);
  const down = room.floats(hosts).fill(0);
  const counted = room.bytes(hosts).fill(0);
  const byUplink = room.floats(uplinks).fill(0);
  const count = room.calls.sumHosts(
    ledger.count,
    room.column(name),
    hosts,
    uplinks,
    room.column('origin'),
    room.column('course'),
    room.column('uplink'),
    room.column('ipUp'),
    room.column('ipDown'),
    flows.byteOffset,
    up.byteOffset,
    down.byteOffset,
    counted.byteOffset,
    byUplink.byteOffset,
  );
  return { flows, up, down, counted, count, byUplink };
}

function listHosts({ ledger, names, totalBytes }: HostInput, sums: HostSums, name: Host, scale: number): TopHost[] {
  const { flows, up, down } = sums;
  const listed = heaviest(sums, ledger);
  const room = roomOf(ledger);
  const placeOf = room.integers(flows.length).fill(-1);
  listed.forEach((host, place) => {
    placeOf[host] = place;
  });
  const byUplink = room.floats(listed.length * names.length).fill(0);
  room.calls.sumListed(
    ledger.count,
    room.column(name),
    placeOf.byteOffset,
    names.length,
    room.column('origin'),
    room.column('uplink'),
    room.column('ipUp'),
    room.column('ipDown'),
    byUplink.byteOffset,
  );
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
      names.flatMap((uplink, n): [string, number][] => {
        const bytes = Math.round(byUplink[place * names.length + n] * scale);
        return bytes > 0 ? [[uplink, bytes]] : [];
      }),
    ),
  }));
}

/** Hosts by bytes, then (without accounting) by flows, ties by address, so that the order in which addresses were numbered does not show. */
function heaviest({ flows, up, down }: HostSums, ledger: Ledger): number[] {
  const { addresses } = ledger;
  const { calls } = roomOf(ledger);
  const listed: number[] = [];
  const compare = (a: number, b: number): number => {
    const apart = up[b] + down[b] - (up[a] + down[a]) || flows[b] - flows[a];
    if (apart !== 0) return apart;
    const [x, y] = [addresses.wordsOf(a), addresses.wordsOf(b)];
    const word = x.findIndex((value, i) => value !== y[i]);
    return addresses.family(a) - addresses.family(b) || (word < 0 ? 0 : x[word] - y[word]);
  };
  let least = -1;
  const next = (from: number) =>
    calls.nextHeavy(from, flows.length, flows.byteOffset, up.byteOffset, down.byteOffset, least);
  for (let host = next(0); host < flows.length; host = next(host + 1)) {
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
