// Dumps of connection tracking beside the captures, or alone: read first, told as connections, held until the captures'
// flows have met them, and what no capture shows given to the same tally.

import { Connection } from '../flows/connection.js';
import type { EntryFlow } from '../flows/conntrack-flow.js';
import { type MarkRule, Teller } from '../flows/told.js';
import { ToldJoin } from '../flows/told-join.js';
import type { InputSpec } from '../input/list.js';
import type { ReportInput } from '../report/report.js';
import { MWAN3_MASK } from '../uplinks/sources.js';
import type { Topology } from '../uplinks/topology.js';
import { prefixContains } from '../util/address.js';
import type { PacketFilter } from '../workers/filter.js';
import type { DumpTotals } from './dumps.js';
import type { Engine } from './engine.js';
import type { DumpSource, Source } from './sources.js';
import type { Survey } from './survey.js';

/** Bits of a mark in which mwan3 counts its interfaces, from 1 in the order of its file. */
const MWAN3_SHIFT = 8;

export class Tracked {
  /** Bytes of dumps read. */
  bytes = 0;
  private totals: DumpTotals[] = [];
  private readonly join = new ToldJoin();
  private readonly flow = new Connection();
  private readonly teller: Teller;
  private readonly joined: boolean;
  private readonly span = { firstUs: Number.POSITIVE_INFINITY, lastUs: Number.NEGATIVE_INFINITY };

  constructor(
    private readonly dumps: readonly DumpSource[],
    sources: readonly Source[],
    placed: Survey,
    private readonly filter: PacketFilter | null,
    /** Of times that a dump prints without a zone. */
    private readonly timezone: string | undefined,
  ) {
    // As seen, nothing is joined: every flow stands for itself.
    this.joined = sources.length > 0 && !placed.topology.asSeen;
    const firstUs = Math.min(...sources.map((source) => source.firstUs));
    this.teller = new Teller(placed.topology, marksOf(placed), placed.clients, Number.isFinite(firstUs) ? firstUs : 0);
  }

  get isEmpty(): boolean {
    return this.dumps.length === 0;
  }

  /** Reads all dumps; call once, before the engine runs. */
  async read(
    engine: Engine,
    signal: AbortSignal | undefined,
    onProgress: (bytes: number, entries: number) => void,
  ): Promise<void> {
    if (this.isEmpty) return;
    engine.tally.hasDumps = true;
    const take = (entry: EntryFlow) => {
      const { flow, teller } = this;
      teller.tell(entry, flow);
      if (!this.isChosen(entry)) {
        // A capture may show the part of it that was asked for.
        if (this.joined) this.join.hold(flow, entry, false);
        return;
      }
      engine.tally.told.note(flow, teller.traits);
      if (this.joined) this.join.hold(flow, entry, true);
      else {
        engine.addTold(flow);
        engine.tally.addKeepalive(flow);
      }
    };
    const { readDumps } = await import('./dumps.js');
    this.totals = await readDumps(this.dumps, take, {
      signal,
      timezone: this.timezone,
      onProgress: (bytes, entries) => {
        this.bytes = bytes;
        onProgress(bytes, entries);
      },
    });
    for (const { isLog, firstUs, lastUs } of this.totals) {
      if (!isLog) continue;
      this.span.firstUs = Math.min(this.span.firstUs, firstUs);
      this.span.lastUs = Math.max(this.span.lastUs, lastUs);
    }
  }

  /** For the engine: see `EngineOptions.meet`. */
  readonly meet = (flow: Connection, duplicates: number, named: boolean) =>
    this.joined ? this.join.meet(flow, duplicates, named, this.span) : 'done';

  /** Gives the engine what no capture showed; call once, after it has run. */
  finish(engine: Engine): void {
    if (!this.joined || this.isEmpty) return;
    const cover = {
      firstUs: Math.min(...engine.totals.map(({ firstUs }) => firstUs)),
      lastUs: Math.max(...engine.totals.map(({ lastUs }) => lastUs)),
    };
    this.join.settle((flow, duplicates) => engine.addTold(flow, duplicates));
    this.join.rest(this.flow, cover, (flow) => engine.addTold(flow));
    engine.tally.told.joined = this.join.counts;
  }

  /** What is reported of a dump; null where the input is none. */
  inputOf(spec: InputSpec): ReportInput | null {
    const at = this.dumps.findIndex((dump) => dump.spec === spec);
    const dump = this.dumps[at];
    const totals = this.totals[at];
    if (dump === undefined || totals === undefined) return null;
    const { entries, firstUs, lastUs, damage, error } = totals;
    const timed = firstUs <= lastUs;
    return {
      path: spec.path,
      format: dump.format,
      compression: dump.open.compression,
      linkTypes: [],
      packets: null,
      entries,
      wireBytes: null,
      dropped: null,
      first: timed ? firstUs / 1e6 : null,
      last: timed ? lastUs / 1e6 : null,
      damage: damage.list(),
      error,
    };
  }

  /** Flows are chosen by their start; where it is not known, by the last that was told of them. */
  private isChosen(entry: EntryFlow): boolean {
    const { filter } = this;
    if (filter === null) return true;
    const timeUs = entry.startUs ?? entry.endUs;
    if (timeUs !== null && (timeUs < filter.sinceUs || timeUs >= filter.untilUs)) return false;
    const ends = [entry.client, entry.server, entry.natSource, entry.replySource];
    const hits = (list: PacketFilter['clients']) =>
      list.length === 0 || ends.some((words) => list.some((one) => prefixContains(one, entry.family, words)));
    return hits(filter.clients) && hits(filter.servers);
  }
}

/** As configured; else as mwan3 sets them, told by the flows themselves, or (without any address) by the order of uplinks. */
function marksOf({ config, topology, mwan3Marks }: Survey): MarkRule[] {
  const configured = config.uplinks.flatMap(({ mark }, uplink) => (mark === null ? [] : [{ ...mark, uplink }]));
  if (configured.length > 0) return configured;
  return topology.uplinks.flatMap(({ snat }: Topology['uplinks'][number], uplink) => {
    const value = mwan3Marks[uplink] ?? (snat.length === 0 ? (uplink + 1) << MWAN3_SHIFT : null);
    return value === null ? [] : [{ value, mask: MWAN3_MASK, uplink }];
  });
}
