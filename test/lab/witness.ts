// What gateways and internet counted of the packets that reached them (the `witness` table of network.ts), as rows.

import type { LabUplink } from './addresses.js';
import type { Namespaces } from './namespaces.js';
import { PARTS } from './network.js';
import { inside, run } from './tools.js';

/** One five-tuple on its way up at one provider, as in `truth_relay.json`. Ping: both ports are the identifier and 0. */
export interface RelayRow {
  isp: number;
  dir: 'up';
  proto: number;
  src: string;
  sp: number;
  dst: string;
  dp: number;
  pkts: number;
  bytes: number;
}

/** The physical way out of every packet. */
export async function relayRows(net: Namespaces, uplinks: readonly LabUplink[]): Promise<RelayRow[]> {
  const rows = await Promise.all(uplinks.map(({ id }) => rowsAt(net.name(PARTS.gateway(id)), id)));
  return rows.flat();
}

/** What reached the servers' side at all; `isp` is 0. */
export async function arrivedRows(net: Namespaces): Promise<RelayRow[]> {
  return rowsAt(net.name(PARTS.internet), 0);
}

/** From now on alone. */
export async function forget(net: Namespaces, uplinks: readonly LabUplink[]): Promise<void> {
  const places = [PARTS.internet, ...uplinks.map(({ id }) => PARTS.gateway(id))];
  const text = ['four', 'six', 'ping', 'ping6'].map((set) => `flush set inet witness ${set}\n`).join('');
  for (const place of places) await run(inside(net.name(place), ['nft', '-f', '-']), text);
}

interface ListedSet {
  name: string;
  table: string;
  elem?: { elem: { val: { concat: (string | number)[] }; counter: { packets: number; bytes: number } } }[];
}

async function rowsAt(namespace: string, isp: number): Promise<RelayRow[]> {
  const listed = JSON.parse(await run(inside(namespace, ['nft', '-j', '-n', 'list', 'sets']))) as {
    nftables: { set?: ListedSet }[];
  };
  return listed.nftables.flatMap(({ set }) =>
    (set?.table === 'witness' ? (set.elem ?? []) : []).map(({ elem }) => {
      const parts = elem.val.concat;
      const { packets: pkts, bytes } = elem.counter;
      if (set?.name.startsWith('ping')) {
        const [src, id, dst] = parts as [string, number, string];
        return { isp, dir: 'up', proto: src.includes(':') ? 58 : 1, src, sp: id, dst, dp: 0, pkts, bytes };
      }
      const [src, proto, sp, dst, dp] = parts as [string, string | number, number, string, number];
      return { isp, dir: 'up', proto: protocolNumber(proto), src, sp, dst, dp, pkts, bytes };
    }),
  );
}

function protocolNumber(proto: string | number): number {
  return proto === 'tcp' ? 6 : proto === 'udp' ? 17 : Number(proto);
}
