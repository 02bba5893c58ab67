// Finds the LAN copy of a connection seen on a WAN. SNAT changes the client's address and may change its port, but not
// the remote end, the TCP sequence numbers, nor the moment (forwarding takes microseconds).

import type { Lane } from '../uplinks/lanes.js';
import type { Connection } from './connection.js';
import { COLD, HOT, HOT_WORDS, STATE } from './layout.js';
import { PROTOCOL } from './rules.js';
import type { RunList } from './runs.js';

/** One connection as seen on one side. */
export interface Sight {
  runs: RunList;
  /** First words of the runs that are counted, in the order of their start. */
  counted: number[];
  class: Lane['class'];
  duplicates: number;
  /** Seen on the LAN as well, without NAT: the local end is the client. */
  lanSide: boolean;
  flow: Connection;
}

/** Copies start within this of each other, unless the recording or a new NAT entry begins in the middle. */
const START_US = 1e6;
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
const C = HOT_WORDS;

/** For each WAN sight its LAN copy, where there is one. A LAN flow may stand behind several (NAT entries made anew). */
export function matchLan(wan: readonly Sight[], lan: readonly Sight[]): Map<Sight, Sight> {
  const matches = new Map<Sight, Sight>();
  if (lan.length === 0) return matches;
  const byRemote = grouped(lan, (flow) => remoteKey(flow));
  const byPort = grouped(lan, (flow) => `${remoteKey(flow)} ${localPort(flow)}`);
  const claimed = new Set<Sight>();
  for (const sight of [...wan].sort(byStart)) {
    const remote = remoteKey(sight.flow);
    const near = around(byRemote.get(remote) ?? [], sight.flow.startUs);
    const best =
      bestOf(sight, near, claimed) ?? bestOf(sight, byPort.get(`${remote} ${localPort(sight.flow)}`) ?? [], claimed);
    if (best === null) continue;
    matches.set(sight, best);
    claimed.add(best);
  }
  return matches;
}

/** By start; what begins at the same moment by its ends, so that no order of arrival shows. */
function byStart(a: Sight, b: Sight): number {
  return a.flow.startUs - b.flow.startUs || (endsOf(a.flow) < endsOf(b.flow) ? -1 : 1);
}

function endsOf({ words, ports, meta }: Connection): string {
  return `${words[0].join(' ')} ${words[1].join(' ')} ${ports} ${meta}`;
}

/** By key, each group in the order of start. */
function grouped(sights: readonly Sight[], keyOf: (flow: Connection) => string): Map<string, Sight[]> {
  const groups = new Map<string, Sight[]>();
  for (const sight of sights) {
    const key = keyOf(sight.flow);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [sight]);
    else known.push(sight);
  }
  for (const group of groups.values()) group.sort(byStart);
  return groups;
}

/** Those that start within START_US. */
function around(sorted: readonly Sight[], startUs: number): readonly Sight[] {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle].flow.startUs < startUs - START_US) low = middle + 1;
    else high = middle;
  }
  let end = low;
  while (end < sorted.length && sorted[end].flow.startUs <= startUs + START_US) end++;
  return sorted.slice(low, end);
}

function bestOf(sight: Sight, candidates: readonly Sight[], claimed: ReadonlySet<Sight>): Sight | null {
  let best: Sight | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const isTcp = sight.flow.protocol === PROTOCOL.tcp;
    const cost = isTcp ? tcpCost(sight, candidate) : otherCost(sight, candidate, claimed.has(candidate));
    if (cost < least) {
      best = candidate;
      least = cost;
    }
  }
  return best;
}

/** Microseconds apart where sequence numbers prove the match; infinite where they refute it or nothing speaks for it. */
function tcpCost(a: Sight, b: Sight): number {
  const apart = Math.abs(a.flow.startUs - b.flow.startUs);
  const within = a.flow.startUs >= b.flow.startUs - START_US && a.flow.startUs <= b.flow.endUs + START_US;
  for (const mine of [false, true]) {
    const x = sideOf(a, mine);
    const y = sideOf(b, mine);
    // Some tools begin with the same number every time.
    if (x.syn && y.syn) return x.isn === y.isn && within ? apart : Number.POSITIVE_INFINITY;
  }
  if (apart <= START_US) {
    for (const mine of [false, true]) {
      const x = sideOf(a, mine);
      const y = sideOf(b, mine);
      if (x.spoke && y.spoke && x.seq === y.seq) return apart;
    }
  }
  if (!within || localPort(a.flow) !== localPort(b.flow)) return Number.POSITIVE_INFINITY;
  // One of the two was met in the middle: the numbers must at least be of one stream.
  for (const mine of [false, true]) {
    const x = sideOf(a, mine);
    const y = sideOf(b, mine);
    if (x.spoke && y.spoke && Math.abs((x.seq - y.seq) | 0) > 1 << 28) return Number.POSITIVE_INFINITY;
  }
  return apart + START_US;
}

function otherCost(a: Sight, b: Sight, claimed: boolean): number {
  const apart = Math.abs(a.flow.startUs - b.flow.startUs);
  const samePort = localPort(a.flow) === localPort(b.flow);
  // A NAT entry made anew begins while the LAN flow goes on under its old port.
  const within = samePort && a.flow.startUs >= b.flow.startUs && a.flow.startUs <= b.flow.endUs;
  if (apart > START_US && !within) return Number.POSITIVE_INFINITY;
  // With another port nothing speaks for it but the moment: then it must be that of forwarding, and nobody else's.
  if (!samePort && (claimed || apart > REWRITTEN_US)) return Number.POSITIVE_INFINITY;
  const sameCount = a.flow.packets[0] + a.flow.packets[1] === b.flow.packets[0] + b.flow.packets[1];
  return nearness(a, b, apart) + (samePort ? 0 : PORT_US) + (sameCount ? 0 : COUNT_US) + (claimed ? CLAIMED_US : 0);
}

/** What is forwarded is seen first where it came in; of a burst the first in is the first out. */
function nearness(wan: Sight, lan: Sight, apart: number): number {
  const outgoing = wan.flow.initiator === wan.flow.local;
  const delay = outgoing ? wan.flow.startUs - lan.flow.startUs : lan.flow.startUs - wan.flow.startUs;
  if (delay >= 0 && delay <= FORWARD_US) return (FORWARD_US - delay) / 100;
  return Math.min(apart, 2 * START_US) + (delay < -DISORDER_US ? BACKWARDS_US : 0);
}

interface Side {
  syn: boolean;
  spoke: boolean;
  isn: number;
  seq: number;
}

/** What the first counted run knows of the local (`mine`) or the remote end. */
function sideOf(sight: Sight, mine: boolean): Side {
  const { words } = sight.runs;
  const at = sight.counted[0];
  const local = sight.flow.local as 0 | 1;
  const end = mine ? local : 1 - local;
  const state = words[at + HOT.state];
  return {
    syn: (state & (STATE.synLow << end)) !== 0,
    spoke: (state & (STATE.spokeLow << end)) !== 0,
    isn: words[at + C + COLD.isnLow + end],
    seq: words[at + C + COLD.seqLow + end],
  };
}

function localPort(flow: Connection): number {
  return flow.port(flow.local as 0 | 1);
}

function remoteKey(flow: Connection): string {
  const remote = (1 - (flow.local as 0 | 1)) as 0 | 1;
  // The identifier of an echo is the client's; of other protocols without ports nothing is there.
  const echo = flow.protocol === PROTOCOL.icmp || flow.protocol === PROTOCOL.icmp6;
  return `${flow.protocol} ${flow.words[remote].join('.')} ${echo ? '' : flow.port(remote)}`;
}
