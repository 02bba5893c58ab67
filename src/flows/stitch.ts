// Several sights of one flow become one connection: the link it leaked to beside its own, the device under a PPPoE
// interface, and its LAN side before NAT, which names the client.

import { META } from '../decode/batch.js';
import { CLASS, type Lane } from '../uplinks/lanes.js';
import { Connection } from './connection.js';
import { HeldRuns } from './held.js';
import type { RunSink } from './join.js';
import { HOT, RUN_WORDS, STATE } from './layout.js';
import { matchLan } from './match.js';
import type { Timeouts } from './rules.js';
import type { RunList } from './runs.js';
import { Sights } from './sights.js';

export { SPRAYED_PACKETS } from './spray.js';

/** Takes a connection; `duplicates` are packets of further sights, `named` a LAN flow whose WAN copy stands for it. */
export type ConnectionSink = (flow: Connection, duplicates: number, named: boolean) => void;

export class Stitcher {
  private readonly held = new HeldRuns();
  /** The list that is being taken over, and its runs that are kept so far. */
  private adopted: RunList | null = null;
  private kept = 0;
  private readonly flow = new Connection();
  private readonly lanSight = new Connection();

  /** `lanes` is everybody's list, indexed by the numbers in the runs; `seed` that of the keys' hashes. */
  constructor(
    private readonly lanes: readonly Lane[],
    private readonly timeouts: Timeouts,
    private readonly seed: number,
    private readonly emit: ConnectionSink,
  ) {}

  /** Holds what is on a WAN or the LAN; all else is a flow by itself. */
  readonly take: RunSink = (runs, at) => {
    const { words } = runs;
    const lane = this.lanes[words[at + HOT.state] >>> STATE.laneShift];
    const joins = lane.class === CLASS.wan || lane.class === CLASS.second || lane.class === CLASS.lan;
    if (joins && (words[at + HOT.meta] & META.datagram) === 0) {
      if (runs === this.adopted) words.copyWithin(this.kept++ * RUN_WORDS, at, at + RUN_WORDS);
      else this.held.insert(runs, at);
      return;
    }
    this.flow.take(runs, at, lane);
    this.emit(this.flow, 0, false);
  };

  /** Takes a list over while `hand` hands out its runs in their order: those that are held stay in it, not copied. */
  adopt(list: RunList, hand: () => void): void {
    this.adopted = list;
    this.kept = 0;
    hand();
    this.adopted = null;
    list.count = this.kept;
    this.held.adopt(list);
  }

  /** Every run is in. */
  finish(): void {
    const sights = new Sights(this.held, this.lanes, this.timeouts, this.seed);
    const { lanOf, hasLan } = matchLan(sights);
    const named = new Uint8Array(sights.count);
    for (const lan of lanOf) if (lan >= 0) named[lan] = 1;
    const { flow, lanSight } = this;
    for (let sight = 0; sight < sights.count; sight++) {
      if (sights.isLan(sight)) continue;
      sights.fill(sight, flow);
      if (lanOf[sight] >= 0) {
        sights.fill(lanOf[sight], lanSight);
        nameClient(flow, lanSight);
        if (flow.origin !== 'inbound') flow.origin = 'lan';
      } else if (sights.isLanSide(sight)) {
        nameClient(flow, flow);
        if (flow.origin !== 'inbound') flow.origin = 'lan';
      } else if (hasLan && flow.origin === 'unknown') {
        flow.origin = 'router';
      }
      this.emit(flow, sights.duplicates(sight), false);
    }
    for (let sight = 0; sight < sights.count; sight++) {
      if (!sights.isLan(sight)) continue;
      sights.fill(sight, flow);
      nameClient(flow, flow);
      this.emit(flow, sights.duplicates(sight), named[sight] === 1);
    }
  }
}

/** The client is the local end of `before`, the sight before NAT. */
function nameClient(flow: Connection, before: Connection): void {
  const local = before.local as 0 | 1;
  flow.client = before.words[local];
  if (flow.hasPorts) flow.clientPort = before.port(local);
}
