// One flow for one connection: flows of captures meet what connection tracking told of the same five-tuple at the same
// time, and take the client and the NAT from it.

import { CLASS } from '../uplinks/lanes.js';
import type { Connection } from './connection.js';
import type { EntryFlow } from './conntrack-flow.js';
import { PROTOCOL } from './rules.js';
import { ToldStore } from './told-store.js';

/** A clock of one machine on both sides; times of XML and of `[start=]` are whole seconds. */
const SLACK_US = 2e6;
/** An entry is born with the first packet: a flow that starts this near is that one. */
const NEAR_US = 1e6;
/** Headers of a SYN with its options, or of a fragment, IPv6 included. */
const HEADERS_BYTES = 80;
/** Flows that are held for the captures at most. */
const MOST_HELD = 1 << 21;

export interface JoinCounts {
  /** Flows that both show; of the captures, flows that connection tracking should have told of. */
  matched: number;
  untold: number;
  /** Flows told that only connection tracking shows; of these, begun while the captures ran. */
  unmatched: number;
  within: number;
  /** Flows that both show whole, and those of them that differ in packets or bytes. */
  compared: number;
  otherCounts: number;
  otherDirection: number;
  otherClient: number;
  /** Told beyond what can be held, and left out. */
  left: number;
}

/** Span of what the logs tell: a flow within it should be in them. Infinity and -Infinity without logs. */
export interface Span {
  firstUs: number;
  lastUs: number;
}

export class ToldJoin {
  readonly counts: JoinCounts = {
    matched: 0,
    untold: 0,
    unmatched: 0,
    within: 0,
    compared: 0,
    otherCounts: 0,
    otherDirection: 0,
    otherClient: 0,
    left: 0,
  };
  private readonly store = new ToldStore();
  /** By row: flows that may be what was told. */
  private readonly waiting = new Map<number, { flow: Connection; duplicates: number }[]>();

  constructor(private readonly limit = MOST_HELD) {}

  /** Holds a told flow until the captures have been read. `asked`: it is wanted even where they don't show it. */
  hold(flow: Connection, entry: EntryFlow, asked: boolean): void {
    if (this.store.count >= this.limit) this.counts.left++;
    else this.store.add(flow, entry.removedUs ?? Number.POSITIVE_INFINITY, asked);
  }

  /**
   * Looks for what was told of a flow of the captures and completes it. `sight`: the flow is a LAN sight of a connection
   * whose way out only connection tracking shows; that one stands for it, with the packets of this one. `held`: it must
   * wait until all flows are known, for what was told has no time and may be of another; `settle` gives it out.
   */
  meet(flow: Connection, duplicates: number, named: boolean, span: Span): 'done' | 'sight' | 'held' {
    if (named || flow.class === CLASS.stray) return 'done';
    const onLan = flow.class === CLASS.lan;
    let row = this.nearest(onLan ? this.store.behind(flow) : this.store.alike(flow), flow, onLan);
    if (row < 0 && onLan) row = this.nearest(this.store.alike(flow), flow, false);
    if (row < 0) {
      const within = flow.startUs > span.firstUs + SLACK_US && flow.endUs < span.lastUs - SLACK_US;
      if (within && flow.class === CLASS.wan) this.counts.untold++;
      return 'done';
    }
    if (onLan && this.store.classOf(row) === CLASS.wan) {
      this.store.see(row, flow, true);
      return 'sight';
    }
    if (!this.store.isSeen(row) && flow.class !== CLASS.upkeep) this.counts.matched++;
    this.store.see(row, flow, false);
    if (flow.class !== CLASS.wan && flow.class !== CLASS.second) return 'done';
    if (this.store.isTimed(row)) {
      this.complete(flow, row);
      return 'done';
    }
    const waiting = this.waiting.get(row) ?? [];
    waiting.push({ flow: flow.copy(), duplicates });
    this.waiting.set(row, waiting);
    return 'held';
  }

  /** Gives out the flows that were held, each completed where what was told can only be of it. */
  settle(emit: (flow: Connection, duplicates: number) => void): void {
    for (const [row, waiting] of this.waiting) {
      const meant = this.meantBy(
        row,
        waiting.map(({ flow }) => flow),
      );
      for (const { flow, duplicates } of waiting) {
        if (flow === meant) this.complete(flow, row);
        emit(flow, duplicates);
      }
    }
    this.waiting.clear();
  }

  /** Of several flows with one five-tuple that of an entry without a start. */
  private meantBy(row: number, flows: readonly Connection[]): Connection | null {
    if (flows.length === 1) return flows[0];
    const { store } = this;
    // A list may tell the start, in whole seconds.
    if (store.knowsStart(row)) {
      const near = flows.filter((flow) => Math.abs(flow.startUs - store.startUs(row)) <= SLACK_US);
      return near.length === 1 ? near[0] : null;
    }
    if (!store.knowsEnd(row)) return null;
    // An event of it was seen: it is the last flow that had begun by then.
    const begun = flows.filter((flow) => flow.startUs <= store.endUs(row) + SLACK_US);
    return begun.sort((a, b) => b.startUs - a.startUs)[0] ?? null;
  }

  /** Gives out what no capture shows on the WAN; `flow` is filled anew for each. `cover` is the captures' own span. */
  rest(flow: Connection, cover: Span, emit: (flow: Connection) => void): void {
    const { store, counts } = this;
    for (let row = 0; row < store.count; row++) {
      if (store.isSeen(row)) {
        this.compare(row, cover);
        continue;
      }
      if (!store.isAsked(row)) continue;
      store.fill(row, flow);
      if (flow.class === CLASS.wan && !store.isSeenOnLan(row)) {
        counts.unmatched++;
        const within = flow.startUs >= cover.firstUs - SLACK_US && flow.startUs <= cover.lastUs + SLACK_US;
        if (within && store.isTimed(row)) counts.within++;
      }
      emit(flow);
    }
  }

  /** Of several (a five-tuple used again) the one that began nearest; those that began later, within the flow, go with it. */
  private nearest(rows: Iterable<number>, flow: Connection, onLan: boolean): number {
    const { store } = this;
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    const later: number[] = [];
    const vague: number[] = [];
    for (const row of rows) {
      if (store.isVague(row)) vague.push(row);
      const timed = store.isTimed(row);
      const start = store.startUs(row);
      if (timed && flow.endUs < start - SLACK_US) continue;
      if (flow.startUs > store.goneUs(row) + SLACK_US) continue;
      const apart = timed ? Math.abs(flow.startUs - start) : SLACK_US;
      if (apart < least || (apart === least && row < best)) {
        best = row;
        least = apart;
      }
      if (timed && start > flow.startUs + NEAR_US && start <= flow.endUs + NEAR_US) later.push(row);
    }
    if (onLan) return best;
    // The router had forgotten the connection meanwhile; on the wire it is one.
    for (const row of later) if (row !== best && !store.isSeen(row)) store.share(best, row);
    // Pings without identifiers: which is which can't be told, and each is one that the capture shows.
    if (best >= 0) for (const row of vague) if (row !== best && !store.isSeen(row)) store.share(best, row);
    return best;
  }

  /** What the capture can't know: the client behind the NAT, and who began where it came too late to see it. */
  private complete(flow: Connection, row: number): void {
    const { store, counts } = this;
    const origin = store.originOf(row);
    const client = store.clientOf(row);
    if (origin === 'unknown' || flow.local < 0) return;
    const opened = flow.protocol === PROTOCOL.tcp && flow.opened;
    const outgoing = flow.initiator === flow.local;
    if (outgoing !== (origin !== 'inbound')) {
      if (opened) {
        counts.otherDirection++;
        return;
      }
      flow.initiator = outgoing ? ((1 - flow.local) as 0 | 1) : (flow.local as 0 | 1);
      flow.origin = origin;
    } else if (flow.origin === 'unknown' || (flow.origin === 'router' && origin === 'lan')) flow.origin = origin;
    if (client === null) return;
    if (flow.client === null) {
      flow.client = client;
      flow.clientPort = flow.hasPorts ? store.clientPort(row) : -1;
    } else if (flow.client.some((word, i) => word !== client[i])) counts.otherClient++;
  }

  /** Holds the counters of both against each other where both saw all of the flow. */
  private compare(row: number, { firstUs, lastUs }: Span): void {
    const { store, counts } = this;
    if (store.isShared(row) || !store.isTimed(row) || !store.isCounted(row) || !store.knowsEnd(row)) return;
    if (store.classOf(row) !== CLASS.wan || !store.isOver(row)) return;
    if (store.startUs(row) < firstUs + SLACK_US || store.endUs(row) > lastUs - SLACK_US) return;
    const { told, seen } = store.counters(row);
    counts.compared++;
    if (!agrees(told, seen, 0) || !agrees(told, seen, 1)) counts.otherCounts++;
  }
}

/**
 * Whether packets and bytes of one end agree. A capture may have more: repeated SYNs to a dead host, which connection
 * tracking counts once, and the headers of fragments, which it counts after they are put together.
 */
function agrees(told: Float64Array, seen: Float64Array, end: 0 | 1): boolean {
  const packets = seen[end] - told[end];
  const bytes = seen[2 + end] - told[2 + end];
  return packets >= 0 && bytes >= 0 && bytes <= packets * HEADERS_BYTES;
}
