// Addresses on an uplink's link that are neither its SNAT source nor a LAN host's: an uplink that nobody named, or an
// address that changed after the survey.

import type { Prefix } from '../config/config.js';
import type { Connection } from '../flows/connection.js';
import { formatAddress } from '../util/address.js';

/** Beyond so many different addresses it is no address of ours, but a network passing through. */
const MOST_ADDRESSES = 2 ** 14;
/** A new address of the router's takes part in most of what is strange on the link, and in more than a few flows. */
const LEAST_FLOWS = 10;
const LEAST_SHARE = 0.9;

export interface Stranger {
  /** Number of the uplink whose link it was seen on. */
  egress: number;
  address: string;
  /** The address as a block of its own. */
  prefix: Prefix;
  flows: number;
  /** Microseconds. */
  firstUs: number;
  lastUs: number;
}

export interface StrangerData {
  addresses: readonly Stranger[];
  /** Flows by the uplink whose link it is. */
  flowsByLink: readonly (readonly [number, number])[];
  tooMany: boolean;
}

export class Strangers {
  private readonly byAddress = new Map<string, Stranger>();
  private readonly flowsByLink = new Map<number, number>();
  private tooMany = false;

  /** Counts both ends of a flow on a link that carries none of the known addresses. */
  add(flow: Connection): void {
    this.flowsByLink.set(flow.egress, (this.flowsByLink.get(flow.egress) ?? 0) + 1);
    if (this.tooMany) return;
    for (const words of flow.words) {
      const key = `${flow.egress} ${flow.family} ${words.join(' ')}`;
      const known = this.byAddress.get(key);
      if (known !== undefined) {
        known.flows++;
        known.firstUs = Math.min(known.firstUs, flow.startUs);
        known.lastUs = Math.max(known.lastUs, flow.endUs);
        continue;
      }
      if (this.byAddress.size >= MOST_ADDRESSES) {
        this.tooMany = true;
        return;
      }
      const address = formatAddress(flow.family, words);
      const length = flow.family === 4 ? 32 : 128;
      const [a, b, c, d] = words;
      const prefix: Prefix = {
        family: flow.family,
        words: [a >>> 0, b >>> 0, c >>> 0, d >>> 0],
        length,
        text: `${address}/${length}`,
      };
      const { egress, startUs, endUs } = flow;
      this.byAddress.set(key, { egress, address, prefix, flows: 1, firstUs: startUs, lastUs: endUs });
    }
  }

  /** All that was counted, as plain data. */
  data(): StrangerData {
    return {
      addresses: [...this.byAddress.values()],
      flowsByLink: [...this.flowsByLink],
      tooMany: this.tooMany,
    };
  }

  merge({ addresses, flowsByLink, tooMany }: StrangerData): void {
    for (const [link, flows] of flowsByLink) this.flowsByLink.set(link, (this.flowsByLink.get(link) ?? 0) + flows);
    this.tooMany ||= tooMany;
    for (const one of addresses) {
      const key = `${one.egress} ${one.prefix.family} ${one.prefix.words.map((word) => word | 0).join(' ')}`;
      const known = this.byAddress.get(key);
      if (known === undefined) this.byAddress.set(key, { ...one });
      else {
        known.flows += one.flows;
        known.firstUs = Math.min(known.firstUs, one.firstUs);
        known.lastUs = Math.max(known.lastUs, one.lastUs);
      }
    }
    if (this.byAddress.size > MOST_ADDRESSES) this.tooMany = true;
  }

  /** The addresses that look like an uplink's, by link, then address. */
  finish(): Stranger[] {
    if (this.tooMany) return [];
    return [...this.byAddress.values()]
      .filter(({ egress, flows }) => flows >= LEAST_FLOWS && flows >= (this.flowsByLink.get(egress) ?? 0) * LEAST_SHARE)
      .sort((a, b) => a.egress - b.egress || (a.address < b.address ? -1 : 1));
  }
}
