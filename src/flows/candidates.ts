// The LAN flows that may stand behind a connection seen on a WAN, found by what NAT leaves alone: the remote end, and
// there the local port, a sequence number of TCP, or the moment. However many go to one server, few are looked at.

import { Buckets } from './buckets.js';
import { compareEnds, localPort, protocolOf, remoteHash, type Side, sameRemote, sideOf } from './ends.js';
import { hashKey } from './hash.js';
import { PROTOCOL } from './rules.js';
import type { Sights } from './sights.js';

/** Looks at a candidate; returns how far apart in time the next one may be, microseconds. */
export type Look = (rank: number) => number;

export class Candidates {
  /** All LAN sights by start; the place in this order, their rank, names a candidate. */
  private readonly lan: Int32Array;
  private readonly byRemote: Buckets;
  private readonly byPort: Buckets;
  private readonly byNumber: Buckets;
  /** Members of `byNumber` by their ranks. */
  private readonly numbered: Int32Array;
  private readonly isNumber: (n: number, sight: number, end: number, value: number) => boolean;

  constructor(
    private readonly sights: Sights,
    lan: readonly number[],
  ) {
    const ranked = inOrder(sights, lan);
    this.lan = ranked;
    this.byRemote = new Buckets(ranked.length, {
      hash: (rank) => remoteHash(sights, ranked[rank]),
      same: (a, b) => sameRemote(sights, ranked[a], ranked[b]),
    });
    this.byPort = new Buckets(ranked.length, {
      hash: (rank) => this.portHash(ranked[rank]),
      same: (a, b) => this.samePort(ranked[a], ranked[b]),
    });
    const { ranks, values, mine } = numbersOf(sights, ranked);
    this.byNumber = new Buckets(ranks.length, {
      hash: (n) => this.numberHash(ranked[ranks[n]], mine[n], values[n]),
      same: (a, b) =>
        mine[a] === mine[b] && values[a] === values[b] && sameRemote(sights, ranked[ranks[a]], ranked[ranks[b]]),
    });
    this.numbered = this.byNumber.members.map((n) => ranks[n]);
    this.isNumber = (n, sight, end, value) =>
      mine[n] === end && values[n] === value && sameRemote(sights, ranked[ranks[n]], sight);
  }

  sightOf(rank: number): number {
    return this.lan[rank];
  }

  /** Those with the same remote end, from the nearest in time on. */
  ofRemote(sight: number, mostUs: number, look: Look): void {
    const { byRemote, sights } = this;
    const bucket = byRemote.find(remoteHash(sights, sight), (rank) => sameRemote(sights, this.lan[rank], sight));
    this.nearest(byRemote, byRemote.members, bucket, sight, mostUs, look);
  }

  /** Those with the same remote end and local port, from the nearest in time on. */
  ofPort(sight: number, mostUs: number, look: Look): void {
    const { byPort } = this;
    const bucket = byPort.find(this.portHash(sight), (rank) => this.samePort(this.lan[rank], sight));
    this.nearest(byPort, byPort.members, bucket, sight, mostUs, look);
  }

  /** Those with the same remote end and a sequence number of TCP, from the nearest in time on. */
  ofNumbers(sight: number, mostUs: number, look: Look): void {
    const { byNumber } = this;
    for (let end = 0; end < 2; end++) {
      for (const value of numbersIn(sideOf(this.sights, sight, end === 1))) {
        const bucket = byNumber.find(this.numberHash(sight, end, value), (n) => this.isNumber(n, sight, end, value));
        this.nearest(byNumber, this.numbered, bucket, sight, mostUs, look);
      }
    }
  }

  private nearest(
    { begins }: Buckets,
    ranks: Int32Array,
    bucket: number,
    sight: number,
    mostUs: number,
    look: Look,
  ): void {
    if (bucket < 0) return;
    const { lan } = this;
    const { startUs } = this.sights;
    const from = begins[bucket];
    const to = begins[bucket + 1];
    const t = startUs[sight];
    let after = from;
    for (let high = to; after < high; ) {
      const middle = (after + high) >> 1;
      if (startUs[lan[ranks[middle]]] < t) after = middle + 1;
      else high = middle;
    }
    let before = after - 1;
    for (let most = mostUs; ; ) {
      const back = before >= from ? t - startUs[lan[ranks[before]]] : Number.POSITIVE_INFINITY;
      const ahead = after < to ? startUs[lan[ranks[after]]] - t : Number.POSITIVE_INFINITY;
      const apart = Math.min(back, ahead);
      if (apart > most || apart === Number.POSITIVE_INFINITY) return;
      most = Math.min(mostUs, look(ranks[back <= ahead ? before-- : after++]));
    }
  }

  private portHash(sight: number): number {
    return hashKey(localPort(this.sights, sight), 0, 0, 0, remoteHash(this.sights, sight));
  }

  private samePort(a: number, b: number): boolean {
    return localPort(this.sights, a) === localPort(this.sights, b) && sameRemote(this.sights, a, b);
  }

  private numberHash(sight: number, end: number, value: number): number {
    return hashKey(value, end, 0, 0, remoteHash(this.sights, sight));
  }
}

/** By start; what begins at the same moment by its ends, and of one five-tuple the later sight first. */
export function inOrder(sights: Sights, some: readonly number[]): Int32Array {
  const { startUs } = sights;
  // Not sorted as typed array: there what is in order already, as nearly all is, would cost as much as any other.
  return Int32Array.from([...some].sort((a, b) => startUs[a] - startUs[b] || compareEnds(sights, a, b) || b - a));
}

/** Of a side the numbers by which a copy of it is known. */
function numbersIn({ syn, spoke, isn, seq }: Side): number[] {
  if (!syn) return spoke ? [seq] : [];
  return spoke && seq !== isn ? [isn, seq] : [isn];
}

/** Both sides' numbers of all TCP flows, by rank. */
function numbersOf(sights: Sights, ranked: Int32Array): { ranks: number[]; values: number[]; mine: number[] } {
  const [ranks, values, mine]: number[][] = [[], [], []];
  for (let rank = 0; rank < ranked.length; rank++) {
    if (protocolOf(sights, ranked[rank]) !== PROTOCOL.tcp) continue;
    for (let end = 0; end < 2; end++) {
      for (const value of numbersIn(sideOf(sights, ranked[rank], end === 1))) {
        ranks.push(rank);
        values.push(value);
        mine.push(end);
      }
    }
  }
  return { ranks, values, mine };
}
