// What the wire tells of gateways and lines beside the flows: ARP for the gateway, ICMP errors. Rare packets, so no hurry.

import { ARP } from '../decode/arp.js';
import { type Batch, FLAG, META } from '../decode/batch.js';
import type { Topology } from '../uplinks/topology.js';
import { isPrivate, prefixContains } from '../util/address.js';
import { Bins } from './bins.js';

/**
 * Cells of the bins of signals are `SIGNAL.kinds · (uplink + 1) + kind`; uplink -1 where it can't be told. Of a bin's
 * numbers only packets and the times of the first and last count.
 */
export const SIGNAL = {
  /** The router asks who has the gateway's address (RFC 826). */
  arpAsked: 0,
  /** The gateway answers that. */
  arpAnswered: 1,
  /** The gateway itself asks: it is alive. */
  arpHeard: 2,
  /** The router tells a LAN host that a network or host can't be reached (RFC 792; RFC 4443). Uplink -1. */
  unreachable: 3,
  /** The router tells a LAN host that it is prohibited: the `prohibit` route of an uplink's own table. Uplink -1. */
  prohibited: 4,
  /** An error for the uplink's address comes in by it. */
  errorIn: 5,
  /** A flow of the LAN side begins that no uplink shows and nobody answers: the router had nowhere to send it. Uplink -1. */
  lanUnanswered: 6,
  kinds: 8,
} as const;

/** ICMP type 3 codes 9, 10, 13 (RFC 1812, 5.2.7.1) and ICMPv6 type 1 code 1 (RFC 4443), as `Batch.ident` holds them. */
const PROHIBITED: readonly number[] = [0x0309, 0x030a, 0x030d];
const PROHIBITED6 = 0x0101;

export class Signals {
  readonly bins = new Bins();
  private readonly words: [number, number, number, number] = [0, 0, 0, 0];

  /** `linkOf` gives the uplink whose link a point is, -1 for none. */
  constructor(
    private readonly topology: Topology,
    private readonly linkOf: (point: number) => number,
  ) {}

  addArp(batch: Batch, row: number): void {
    const operation = batch.ident(row);
    if (this.topology.asSeen || (operation !== ARP.request && operation !== ARP.reply)) return;
    const link = this.linkOf(batch.meta(row) >>> META.pointShift);
    const asker = this.gatewayOf(batch.k0(row), link);
    const asked = this.gatewayOf(batch.k1(row), link);
    if (operation === ARP.reply) {
      if (asker >= 0) this.add(SIGNAL.arpAnswered, asker, batch.time(row));
    } else if (asked >= 0 && asked !== asker) this.add(SIGNAL.arpAsked, asked, batch.time(row));
    else if (asker >= 0) this.add(SIGNAL.arpHeard, asker, batch.time(row));
  }

  addError(batch: Batch, row: number): void {
    if (this.topology.asSeen) return;
    const high = (batch.flags(row) & FLAG.fromHigh) !== 0;
    const six = (batch.meta(row) & META.ipv6) !== 0;
    const family = six ? 6 : 4;
    const to = this.endpoint(batch, row, six, !high);
    const uplink = this.topology.uplinks.findIndex(({ snat }) => snat.some((own) => prefixContains(own, family, to)));
    if (uplink >= 0) {
      this.add(SIGNAL.errorIn, uplink, batch.time(row));
      return;
    }
    if (!this.isOwn(family, this.endpoint(batch, row, six, high))) return;
    const what = batch.ident(row);
    const prohibited = six ? what === PROHIBITED6 : PROHIBITED.includes(what);
    if (prohibited) this.add(SIGNAL.prohibited, -1, batch.time(row));
    else if (what >>> 8 === (six ? 1 : 3)) this.add(SIGNAL.unreachable, -1, batch.time(row));
  }

  /** The uplink whose gateway an address is, of several that on the packet's link. */
  private gatewayOf(address: number, link: number): number {
    this.words[3] = address >>> 0;
    let found = -1;
    for (const [n, { gateways }] of this.topology.uplinks.entries()) {
      if (!gateways.some((gateway) => prefixContains(gateway, 4, this.words))) continue;
      if (n === link) return n;
      if (found < 0) found = n;
    }
    if (found >= 0 || link < 0) return found;
    // A link whose gateway nobody told: who is not the router itself is taken for it.
    const { gateways, snat } = this.topology.uplinks[link];
    if (address === 0 || gateways.some(({ family }) => family === 4)) return -1;
    return snat.length > 0 && !snat.some((own) => prefixContains(own, 4, this.words)) ? link : -1;
  }

  /** The router's own end: an uplink's address, or one of the LAN. */
  private isOwn(family: 4 | 6, words: readonly number[]): boolean {
    const { lan, uplinks } = this.topology;
    if (uplinks.some(({ snat }) => snat.some((own) => prefixContains(own, family, words)))) return true;
    return lan.length > 0 ? lan.some((own) => prefixContains(own, family, words)) : isPrivate(family, words);
  }

  private endpoint(batch: Batch, row: number, six: boolean, high: boolean): readonly number[] {
    const { words } = this;
    if (six) {
      const at = row * 8 + (high ? 4 : 0);
      for (let i = 0; i < 4; i++) words[i] = batch.wide[at + i] >>> 0;
    } else {
      words[0] = words[1] = words[2] = 0;
      words[3] = (high ? batch.k1(row) : batch.k0(row)) >>> 0;
    }
    return words;
  }

  private add(kind: number, uplink: number, timeUs: number): void {
    this.bins.add(SIGNAL.kinds * (uplink + 1) + kind, timeUs, 0, 0);
  }
}
