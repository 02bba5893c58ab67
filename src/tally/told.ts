// What connection tracking told, summed: counters of flows that no capture shows, entries that were taken away, addresses
// that are of no uplink, and where it and the captures do not agree.

import { type Connection, FLOW } from '../flows/connection.js';
import { TRAIT } from '../flows/told.js';
import type { JoinCounts } from '../flows/told-join.js';
import { CLASS } from '../uplinks/lanes.js';
import { formatAddress } from '../util/address.js';

/** Addresses of no uplink that are kept apart. */
const MOST_ADDRESSES = 1024;

/** Flows with their first and last moment in microseconds; the moments are null where no time is known. */
export interface Spell {
  flows: number;
  firstUs: number | null;
  lastUs: number | null;
}

/** Of one uplink: flows that only connection tracking told of. Up is from the local end. */
export interface ToldCounts {
  flows: number;
  /** Of `flows`, those with counters. */
  counted: number;
  packetsUp: number;
  packetsDown: number;
  ipUp: number;
  ipDown: number;
}

export class ToldTally {
  /** By uplink. */
  readonly uplinks: ToldCounts[];
  /** Flows told in all that are on an uplink; of these listed without any event, without time, without counters. */
  flows = 0;
  listed = 0;
  untimed = 0;
  uncounted = 0;
  /** Without counters although the entry was removed, or stands in a list: accounting was off when it was made. */
  unaccounted = 0;
  /** By uplink: flows of which nothing says whether they were answered. */
  readonly unheard: number[];
  /** By uplink: entries of living connections that were taken away; TCP met in the middle, and of these reset. */
  readonly flushed: Spell[];
  readonly resumed: (Spell & { reset: number })[];
  /** Flows whose mark names another uplink than their SNAT source. */
  otherMark = 0;
  /** Flows of LAN hosts to the Internet that were not translated, and not answered. */
  readonly untranslated: Spell = { flows: 0, firstUs: null, lastUs: null };
  /** Flows that were translated to an address of no uplink, by address. */
  readonly unknownSources = new Map<string, number>();
  /** Joined with captures: how the two compare; null without. */
  joined: JoinCounts | null = null;

  constructor(uplinks: number) {
    const of = <T>(make: () => T) => Array.from({ length: uplinks }, make);
    this.uplinks = of(() => ({ flows: 0, counted: 0, packetsUp: 0, packetsDown: 0, ipUp: 0, ipDown: 0 }));
    this.unheard = of(() => 0);
    this.flushed = of(() => ({ flows: 0, firstUs: null, lastUs: null }));
    this.resumed = of(() => ({ flows: 0, firstUs: null, lastUs: null, reset: 0 }));
  }

  /** Notes a flow when it is told, whether captures show it or not. `traits` are bits of `TRAIT`. */
  note(flow: Connection, traits: number): void {
    if (flow.class !== CLASS.wan) {
      if ((traits & TRAIT.unknownSource) !== 0) this.addSource(flow);
      if ((traits & TRAIT.untranslated) !== 0) extend(this.untranslated, flow.told?.startUs ?? null);
      return;
    }
    const { uplink, knowledge, told } = flow;
    this.flows++;
    if ((traits & TRAIT.listed) !== 0) this.listed++;
    if ((knowledge & FLOW.untimed) !== 0) this.untimed++;
    if ((knowledge & FLOW.uncounted) !== 0) {
      this.uncounted++;
      if ((traits & TRAIT.listed) !== 0 || told?.end !== 'tracked') this.unaccounted++;
    }
    if ((traits & TRAIT.unheard) !== 0) this.unheard[uplink]++;
    if ((traits & TRAIT.otherMark) !== 0) this.otherMark++;
    if ((traits & TRAIT.flushed) !== 0) extend(this.flushed[uplink], told?.endUs ?? null);
    if ((traits & TRAIT.midstream) !== 0) {
      extend(this.resumed[uplink], told?.startUs ?? null);
      if ((traits & TRAIT.reset) !== 0) this.resumed[uplink].reset++;
    }
  }

  /** Adds the counters of a flow that no capture shows. */
  add(flow: Connection): void {
    if (flow.class !== CLASS.wan) return;
    const counts = this.uplinks[flow.uplink];
    counts.flows++;
    if ((flow.knowledge & FLOW.uncounted) !== 0) return;
    const local = flow.local as 0 | 1;
    counts.counted++;
    counts.packetsUp += flow.packets[local];
    counts.packetsDown += flow.packets[1 - local];
    counts.ipUp += flow.ipBytes[local];
    counts.ipDown += flow.ipBytes[1 - local];
  }

  private addSource(flow: Connection): void {
    const address = formatAddress(flow.family, flow.words[flow.initiator]);
    const known = this.unknownSources.get(address);
    if (known !== undefined || this.unknownSources.size < MOST_ADDRESSES) {
      this.unknownSources.set(address, (known ?? 0) + 1);
    }
  }
}

function extend(spell: Spell, timeUs: number | null): void {
  spell.flows++;
  if (timeUs === null) return;
  spell.firstUs = Math.min(spell.firstUs ?? timeUs, timeUs);
  spell.lastUs = Math.max(spell.lastUs ?? timeUs, timeUs);
}
