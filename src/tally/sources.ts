// The addresses that an uplink with several possible ones really used, and when: a provider's change of address is seen here.

import type { Connection } from '../flows/connection.js';
import { NEVER } from '../flows/layout.js';
import type { Topology } from '../uplinks/topology.js';
import { formatAddress } from '../util/address.js';

export interface OwnAddress {
  uplink: number;
  family: 4 | 6;
  address: string;
  /** Flows that began on it, not from outside. */
  flows: number;
  /** Start of the first and of the last of them, and the remote ends' last word, microseconds. */
  firstUs: number;
  lastUs: number;
  heardUs: number;
}

/** More than these are a pool that NAT draws from, not an address that changes. */
const MOST_ADDRESSES = 256;

export class Sources {
  private readonly byAddress = new Map<string, OwnAddress>();
  /** By uplink and family. */
  private readonly several: readonly Record<4 | 6, boolean>[];

  constructor({ uplinks }: Topology) {
    this.several = uplinks.map(({ snat }) => {
      const has = (family: 4 | 6) => {
        const own = snat.filter((prefix) => prefix.family === family);
        return own.length > 1 || own.some(({ length }) => length < (family === 4 ? 32 : 128));
      };
      return { 4: has(4), 6: has(6) };
    });
  }

  /** Whether it matters which source a flow of the uplink has. */
  isNoted(uplink: number, family: 4 | 6): boolean {
    return this.several[uplink][family];
  }

  /** A finished flow with an uplink's SNAT source, or, told by connection tracking, with its mark and any source. */
  add(flow: Connection): void {
    const { uplink, local, family, egress, told } = flow;
    const isNoted = this.isNoted(uplink, family) || (told !== null && this.isNoted(uplink, family === 4 ? 6 : 4));
    if (!isNoted || local < 0 || !flow.opened) return;
    if (flow.origin === 'inbound' || (egress >= 0 && egress !== uplink)) return;
    const heardUs = flow.lastUs[1 - local];
    this.note({
      uplink,
      family,
      address: formatAddress(family, flow.words[local as 0 | 1]),
      flows: 1,
      firstUs: flow.startUs,
      lastUs: flow.startUs,
      heardUs: heardUs === NEVER ? flow.startUs : heardUs,
    });
  }

  /** By uplink, family, first use; none where there are too many. */
  finish(): OwnAddress[] {
    if (this.byAddress.size > MOST_ADDRESSES) return [];
    return this.data().sort(
      (a, b) => a.uplink - b.uplink || a.family - b.family || a.firstUs - b.firstUs || (a.address < b.address ? -1 : 1),
    );
  }

  /** All that was noted, for `merge`: one too many says that there were more. */
  data(): OwnAddress[] {
    return [...this.byAddress.values()];
  }

  merge(addresses: readonly OwnAddress[]): void {
    for (const one of addresses) this.note(one);
  }

  private note(one: OwnAddress): void {
    const key = `${one.uplink} ${one.address}`;
    const known = this.byAddress.get(key);
    if (known === undefined) {
      if (this.byAddress.size <= MOST_ADDRESSES) this.byAddress.set(key, { ...one });
      return;
    }
    known.flows += one.flows;
    known.firstUs = Math.min(known.firstUs, one.firstUs);
    known.lastUs = Math.max(known.lastUs, one.lastUs);
    known.heardUs = Math.max(known.heardUs, one.heardUs);
  }
}
