// Finds the LAN copy of a connection seen on a WAN. SNAT changes the client's address and may change its port, but not
// the remote end, the TCP sequence numbers, nor the moment (forwarding takes microseconds).

import { Candidates, inOrder } from './candidates.js';
import { localPort, protocolOf, sideOf } from './ends.js';
import { PROTOCOL } from './rules.js';
import type { Sights } from './sights.js';

/** Copies start within this of each other, unless the recording or a new NAT entry begins in the middle. */
export const START_US = 1e6;
/** What a changed port and a differing count of packets weigh against nearness in time, microseconds. */
const PORT_US = 2000;
const COUNT_US = 1000;
/** Forwarding seldom takes longer. */
const FORWARD_US = 2000;
/** A flow whose port was rewritten is told by its moment alone. */
const REWRITTEN_US = 20_000;
/** Interfaces of one machine are recorded out of step by up to this. */
const DISORDER_US = 200;
/** Against a LAN flow that began after its copy, and against one that another copy has already. */
const BACKWARDS_US = 5000;
const CLAIMED_US = 4000;

/**
 * For each sight on a WAN the number of its LAN copy, -1 where there is none. A LAN flow may stand behind several (NAT
 * entries made anew).
 */
export function matchLan(sights: Sights): { lanOf: Int32Array; hasLan: boolean } {
  const lanOf = new Int32Array(sights.count).fill(-1);
  const lan: number[] = [];
  const wan: number[] = [];
  for (let sight = 0; sight < sights.count; sight++) (sights.isLan(sight) ? lan : wan).push(sight);
  const hasLan = lan.length > 0;
  if (!hasLan || wan.length === 0) return { lanOf, hasLan };
  const match = new Match(sights, new Candidates(sights, lan));
  for (const sight of inOrder(sights, wan)) lanOf[sight] = match.find(sight);
  return { lanOf, hasLan };
}

/** Takes WAN sights in the order of their start. */
class Match {
  /** By number of the LAN sight. */
  private readonly claimed: Uint8Array;
  /** Rank of the best candidate so far, -1 for none, and what speaks against it; of equals the first. */
  private best = -1;
  private least = Number.POSITIVE_INFINITY;

  constructor(
    private readonly sights: Sights,
    private readonly candidates: Candidates,
  ) {
    this.claimed = new Uint8Array(sights.count);
  }

  /** Number of the LAN copy, -1 for none. */
  find(sight: number): number {
    const { candidates } = this;
    this.best = -1;
    this.least = Number.POSITIVE_INFINITY;
    if (protocolOf(this.sights, sight) === PROTOCOL.tcp) this.findTcp(sight);
    else this.findOther(sight);
    if (this.best < 0) return -1;
    const lan = candidates.sightOf(this.best);
    this.claimed[lan] = 1;
    return lan;
  }

  private findTcp(sight: number): void {
    const { candidates } = this;
    // None costs less than it is apart: nothing further than the best is better.
    const look = (rank: number) => {
      this.offer(rank, sight);
      return this.least;
    };
    candidates.ofNumbers(sight, START_US, look);
    candidates.ofPort(sight, START_US, look);
    if (this.best < 0) candidates.ofPort(sight, Number.POSITIVE_INFINITY, look);
  }

  private findOther(sight: number): void {
    const { candidates } = this;
    // Of what is as near as forwarding the nearest isn't the best; beyond, none costs less than it is apart.
    const look = (rank: number) => {
      this.offer(rank, sight);
      return Math.max(FORWARD_US, this.least);
    };
    candidates.ofPort(sight, START_US, look);
    candidates.ofRemote(sight, REWRITTEN_US, look);
    if (this.best >= 0) return;
    candidates.ofPort(sight, Number.POSITIVE_INFINITY, (rank) => {
      this.offer(rank, sight);
      return Number.POSITIVE_INFINITY;
    });
  }

  private offer(rank: number, sight: number): void {
    const lan = this.candidates.sightOf(rank);
    const cost = costOf(this.sights, sight, lan, this.claimed[lan] === 1);
    if (cost > this.least || cost === Number.POSITIVE_INFINITY) return;
    if (cost === this.least && rank >= this.best) return;
    this.best = rank;
    this.least = cost;
  }
}

/**
 * What speaks against LAN sight `b` as the copy of WAN sight `a`, whose remote end is the same; infinite where they are not
 * of one connection. `claimed`: another WAN sight has it already.
 */
export function costOf(sights: Sights, a: number, b: number, claimed: boolean): number {
  const isTcp = protocolOf(sights, a) === PROTOCOL.tcp;
  return isTcp ? tcpCost(sights, a, b) : otherCost(sights, a, b, claimed);
}

/** Microseconds apart where sequence numbers prove the match; infinite where they refute it or nothing speaks for it. */
function tcpCost(sights: Sights, a: number, b: number): number {
  const { startUs, endUs } = sights;
  const apart = Math.abs(startUs[a] - startUs[b]);
  const within = startUs[a] >= startUs[b] - START_US && startUs[a] <= endUs[b] + START_US;
  const remote = [sideOf(sights, a, false), sideOf(sights, b, false)] as const;
  const mine = [sideOf(sights, a, true), sideOf(sights, b, true)] as const;
  for (const [x, y] of [remote, mine]) {
    // Some tools begin with the same number every time.
    if (x.syn && y.syn) return x.isn === y.isn && within ? apart : Number.POSITIVE_INFINITY;
  }
  if (apart <= START_US) {
    for (const [x, y] of [remote, mine]) if (x.spoke && y.spoke && x.seq === y.seq) return apart;
  }
  if (!within || localPort(sights, a) !== localPort(sights, b)) return Number.POSITIVE_INFINITY;
  // One of the two was met in the middle: the numbers must at least be of one stream.
  for (const [x, y] of [remote, mine]) {
    if (x.spoke && y.spoke && Math.abs((x.seq - y.seq) | 0) > 1 << 28) return Number.POSITIVE_INFINITY;
  }
  return apart + START_US;
}

function otherCost(sights: Sights, a: number, b: number, claimed: boolean): number {
  const { startUs, endUs, packets } = sights;
  const apart = Math.abs(startUs[a] - startUs[b]);
  const samePort = localPort(sights, a) === localPort(sights, b);
  // A NAT entry made anew begins while the LAN flow goes on under its old port.
  const within = samePort && startUs[a] >= startUs[b] && startUs[a] <= endUs[b];
  if (apart > START_US && !within) return Number.POSITIVE_INFINITY;
  // With another port nothing speaks for it but the moment: then it must be that of forwarding, and nobody else's.
  if (!samePort && (claimed || apart > REWRITTEN_US)) return Number.POSITIVE_INFINITY;
  const sameCount = packets[a] === packets[b];
  const cost = nearness(sights, a, b, apart) + (samePort ? 0 : PORT_US) + (sameCount ? 0 : COUNT_US);
  return cost + (claimed ? CLAIMED_US : 0);
}

/** What is forwarded is seen first where it came in; of a burst the first in is the first out. */
function nearness({ startUs, outgoing }: Sights, wan: number, lan: number, apart: number): number {
  const delay = outgoing[wan] === 1 ? startUs[wan] - startUs[lan] : startUs[lan] - startUs[wan];
  if (delay >= 0 && delay <= FORWARD_US) return (FORWARD_US - delay) / 100;
  return Math.min(apart, 2 * START_US) + (delay < -DISORDER_US ? BACKWARDS_US : 0);
}
