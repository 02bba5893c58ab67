// Sources in, a finished tally out: plans the parts, has them read, proves the cuts and joins what they came to, in order.

import type { PointInfo } from '../decode/decoder.js';
import { Connection } from '../flows/connection.js';
import { FragmentJoiner } from '../flows/fragments.js';
import { dropHots } from '../flows/instance.js';
import { endRuns, type ListSink, type RunSink } from '../flows/join.js';
import { HOT, RUN_WORDS, STATE } from '../flows/layout.js';
import { type Names, renameRuns } from '../flows/rename.js';
import { type FlowRules, Timeouts } from '../flows/rules.js';
import { RunList, type RunTaker } from '../flows/runs.js';
import { type ConnectionSink, Stitcher } from '../flows/stitch.js';
import { mergeData } from '../tally/merge.js';
import { type Settled, Settler } from '../tally/settle.js';
import { Tally } from '../tally/tally.js';
import type { Lane } from '../uplinks/lanes.js';
import type { Topology } from '../uplinks/topology.js';
import { isInputFault, type UserError } from '../util/error.js';
import { areAddressesLimited } from '../workers/addresses.js';
import type { PacketFilter } from '../workers/filter.js';
import type { PartRest } from '../workers/held.js';
import { type PartResult, type PartSpec, readPart } from '../workers/part.js';
import { type Job, Pool } from '../workers/pool.js';
import type { Spare } from '../workers/scan-away.js';
import type { SettleSpec } from '../workers/settle.js';
import { THREAD_BYTES } from '../workers/threads.js';
import { untilAborted } from './abort.js';
import { type Chain, Chains } from './chains.js';
import { planParts } from './plan.js';
import { sortOut } from './sort-out.js';
import type { Source } from './sources.js';
import { addCounts, emptyTotals, type SourceTotals } from './totals.js';

export interface EngineOptions {
  topology: Topology;
  /** Whether a flow may be seen at several points; then all runs are held and matched at the end. */
  stitch: boolean;
  rules: FlowRules;
  filter: PacketFilter | null;
  /** Worker threads at most; 1 reads in this thread. */
  jobs: number;
  reference: boolean;
  /** Bytes a part of a plain pcap file has at least; tests make it small. */
  partBytes?: number;
  ledgerRows?: number;
  signal?: AbortSignal;
  /** Bytes (uncompressed) and packets read so far. */
  onProgress?: (bytes: number, packets: number) => void;
  /** Keeps a thread that has read; who gives it has to end it. */
  spare?: Spare;
  onFlow?: ConnectionSink;
  /** Completes a flow by what connection tracking told, or takes it over: see `ToldJoin.meet`. */
  meet?: (flow: Connection, duplicates: number, named: boolean) => 'done' | 'sight' | 'held';
}

/** A part whose runs are held. */
interface Held {
  chain: number;
  names: Names;
  result: PartResult;
}

/** What is known of a part until it is joined. */
interface Pending {
  closed: { runs: ArrayBuffer; lanes: readonly Lane[]; points: readonly PointInfo[] }[];
  result: PartResult | null;
  /** It could not be read. */
  failed: boolean;
}

/** The source whose parts are being joined, and its last part that is. */
interface Joined {
  chain: Chain | null;
  before: { result: PartResult; limit: number } | null;
  /** Parts joined so far. */
  parts: number;
}

export class Engine {
  readonly tally: Tally;
  readonly totals: SourceTotals[];
  private readonly timeouts: Timeouts;
  /** Of all hashes of keys: so that nobody can prepare collisions. */
  private readonly seed = (Math.random() * 2 ** 32) | 0;
  private readonly chains: Chains;
  private readonly fragments: FragmentJoiner;
  private readonly stitcher: Stitcher | null;
  /** Runs that ended with their input, where every run is a flow by itself that nobody wants to see; else null. */
  private ended: ArrayBuffer[] | null;
  /** Parts of a single input whose runs are held by those who have read them, in their order: see `joinHeld`. */
  private readonly held: Held[] = [];
  /** What is joined of them goes there. */
  private rest: Settler | null = null;
  private readonly flow = new Connection();
  private readonly specs: PartSpec[][] = [];
  private readonly pending: Pending[][] = [];
  private readonly read = new Map<string, { bytes: number; packets: number }>();
  private bytesRead = 0;
  private packetsRead = 0;
  private readonly emitFlow: ConnectionSink;
  /** Number of the source that is being joined. */
  private turn = 0;
  private joined: Joined = { chain: null, before: null, parts: 0 };
  private joining: Promise<void> = Promise.resolve();
  private fault: unknown = null;

  constructor(
    private readonly sources: readonly Source[],
    private readonly options: EngineOptions,
  ) {
    this.tally = new Tally(options.topology, options.ledgerRows);
    this.timeouts = new Timeouts(options.rules);
    this.totals = sources.map(() => emptyTotals());
    this.emitFlow = (flow, duplicates, named) => {
      const met = options.meet?.(flow, duplicates, named) ?? 'done';
      if (met === 'sight') this.tally.addSight(flow, duplicates);
      if (met !== 'done') return;
      this.tally.addFlow(flow, duplicates, named);
      options.onFlow?.(flow, duplicates, named);
    };
    this.stitcher = options.stitch ? new Stitcher(this.tally.lanes, this.timeouts, this.seed, this.emitFlow) : null;
    const direct: RunSink = (runs, at) => {
      this.flow.take(runs, at, this.tally.lanes[runs.words[at + HOT.state] >>> STATE.laneShift]);
      this.emitFlow(this.flow, 0, false);
    };
    this.fragments = new FragmentJoiner(this.stitcher?.take ?? direct);
    const settles = !options.stitch && options.onFlow === undefined && options.meet === undefined;
    const ended: ArrayBuffer[] = [];
    this.ended = settles ? ended : null;
    const keep: ListSink = (list) => ended.push(list.take());
    const handOver: ListSink = (list, clock) => {
      const hand = () => endRuns(list, clock, this.timeouts, this.fragments.take);
      if (this.stitcher !== null) return this.stitcher.adopt(list, hand);
      hand();
      // Flows and rows take room: the list goes before the next one.
      list.take();
    };
    const whole: RunTaker = { takeAll: (runs) => this.takeWhole(runs) };
    this.chains = new Chains(this.timeouts, whole, settles ? keep : handOver);
  }

  /** Adds a flow that connection tracking told of, or that `meet` has held, before or after `run`. */
  addTold(flow: Connection, duplicates = 0): void {
    this.tally.addFlow(flow, duplicates, false);
    this.options.onFlow?.(flow, duplicates, false);
  }

  async run(): Promise<void> {
    const { options } = this;
    this.plan();
    const jobs: Job[] = this.specs.flat().map((spec) => {
      const source = this.sources[spec.input];
      // A pipe stays in the thread that opened it.
      const pipe = source.open.size === null;
      const stream = source.stream ?? (pipe ? untilAborted(source.open.stream(), this.options.signal) : null);
      return stream === null ? { spec } : { spec, stream };
    });
    const bytes = this.sources.reduce((sum, source) => sum + (source.open.size ?? 0), 0);
    const small = bytes < THREAD_BYTES && options.partBytes === undefined;
    // One job still is a thread of its own for what takes long, so that an interruption is heard here.
    const here = small || (options.jobs <= 1 && options.partBytes !== undefined);
    const pool = new Pool(here ? 0 : Math.max(1, options.jobs));
    try {
      await pool.read(jobs, this, options.signal);
      await this.joining;
      if (this.fault !== null) throw this.fault;
      // After an interruption some parts never came.
      while (this.turn < this.sources.length) {
        await this.joinSource();
        this.nextSource();
      }
      await this.joinHeld(pool);
      this.chains.finish();
      // Threads have their own.
      if (!here) dropHots();
      await this.settleEnded(pool);
      // Not while flows at several points are still to be matched: what it has read takes room as long as it lives.
      const keeps = this.stitcher === null && !areAddressesLimited();
      if (options.spare !== undefined && keeps) options.spare.thread = await pool.spare();
    } finally {
      pool.close();
      dropHots();
    }
    this.fragments.finish();
    this.stitcher?.finish();
  }

  private async settleEnded(pool: Pool): Promise<void> {
    if (this.ended === null) return;
    for (const settled of await pool.settle(this.endedSpec())) this.addSettled(settled);
    // What comes now comes one by one.
    this.ended = null;
  }

  private endedSpec(): SettleSpec {
    const { topology, ledgerRows } = this.options;
    return { lists: this.ended?.splice(0) ?? [], lanes: this.tally.lanes, topology, ledgerRows };
  }

  private addSettled({ data, loose }: Settled): void {
    mergeData(this.tally, data);
    this.takeLoose(RunList.of(loose));
  }

  /** Joins what other parts may know of, and adds what was settled apart from it. */
  private async joinHeld(pool: Pool): Promise<void> {
    const parts = this.held.splice(0);
    if (parts.length === 0) return;
    const { rests, settled, isAll } = await sortOut(
      pool,
      parts.map(({ result }) => result),
    );
    const rest = new Settler(this.chains.room(), this.options.topology, this.options.ledgerRows);
    this.rest = rest;
    parts.forEach(({ chain, names, result }, n) => {
      const stepClock = result.clockSteps > 0 ? result.stepClock : null;
      const runs = { ...rests[n], leftOpen: n > 0 };
      this.joinRuns(chain, names, runs, stepClock, result.clockEnd, n === parts.length - 1);
    });
    this.rest = null;
    // Few, and the threads are busy with the others.
    if (!isAll) for (const list of this.ended?.splice(0) ?? []) rest.takeAll(RunList.of(list), this.tally.lanes);
    // The largest ones first: they need not be copied.
    for (const [n, done] of settled.entries()) {
      if (done === null) continue;
      const { data, loose } = await done;
      mergeData(this.tally, data);
      const { lanes, points } = parts[n].result.data;
      this.takeClosed(parts[n].chain, { runs: loose, lanes, points });
    }
    this.addSettled(rest.finish());
  }

  private joinRuns(
    chain: number,
    names: Names,
    { heads, live, doubts, leftOpen }: PartRest & { leftOpen: boolean },
    stepClock: number | null,
    clock: number,
    last: boolean,
  ): void {
    const take = (buffers: ArrayBuffer[]) => {
      // So that a list is the only one that holds its bytes.
      const lists = buffers.splice(0).map((buffer) => RunList.of(buffer));
      for (const list of lists) renameRuns(list, names, this.seed);
      return lists;
    };
    this.chains.join(chain, { heads: take(heads), live: take(live), doubts, leftOpen }, stepClock, clock, last);
  }

  private plan(): void {
    const several = this.sources.length > 1;
    for (const source of this.sources) {
      const parts = planParts(source, this.options, this.seed, several, this.ended !== null);
      this.specs.push(parts);
      this.pending.push(parts.map(() => ({ closed: [], result: null, failed: false })));
    }
  }

  closed(input: number, part: number, runs: ArrayBuffer, lanes: readonly Lane[], points: readonly PointInfo[]): void {
    // Alone and from the beginning: nothing can make these runs invalid, so they need not wait.
    if (this.sources.length === 1 && part === 0) {
      this.chains.start(0, this.sources[0], this.sources[0].firstUs, false);
      this.takeClosed(0, { runs, lanes, points });
      return;
    }
    if (input >= this.turn) this.pending[input][part].closed.push({ runs, lanes, points });
  }

  progress(input: number, part: number, bytes: number, packets: number): void {
    const key = `${input} ${part}`;
    const before = this.read.get(key) ?? { bytes: 0, packets: 0 };
    this.bytesRead += bytes - before.bytes;
    this.packetsRead += packets - before.packets;
    this.read.set(key, { bytes, packets });
    this.options.onProgress?.(this.bytesRead, this.packetsRead);
  }

  result(result: PartResult): void {
    if (result.input >= this.turn) this.pending[result.input][result.part].result = result;
    this.advance();
  }

  failed(input: number, part: number, error: UserError): void {
    this.totals[input].fatal = error.message;
    if (input >= this.turn) this.pending[input][part].failed = true;
    this.advance();
  }

  /** Joins what has come so far while the rest is being read, so that little has to be kept. */
  private advance(): void {
    this.joining = this.joining
      .then(async () => {
        while (this.turn < this.sources.length && (await this.joinSource())) this.nextSource();
      })
      .catch((fault: unknown) => {
        this.fault ??= fault;
      });
  }

  private nextSource(): void {
    // Parts behind a fault are of no use.
    for (const part of this.pending[this.turn]) {
      part.closed.length = 0;
      part.result = null;
    }
    this.turn++;
    this.joined = { chain: null, before: null, parts: 0 };
  }

  /**
   * Joins the parts of the source whose turn it is in their order, as far as they have come, reading again what was cut in
   * the wrong place. True where there is nothing more to wait for.
   */
  private async joinSource(): Promise<boolean> {
    const source = this.sources[this.turn];
    const { joined } = this;
    for (const spec of this.specs[this.turn].slice(joined.parts)) {
      const first = this.pending[this.turn][spec.part];
      let held = first;
      if (held.failed) return true;
      if (held.result === null) return false;
      if (joined.before === null) {
        const { firstUs } = held.result.counts;
        joined.chain = this.chains.start(source.number, source, firstUs, source.open.size !== null);
        if (joined.chain.clock > held.result.clockStart && joined.chain.clock > firstUs) {
          held = await this.again({ ...spec, keyBits: 0, startClock: joined.chain.clock });
        }
      } else {
        const { endOffset, clockEnd } = joined.before.result;
        // The part before stopped early, at a fault: the rest of the file is unreadable.
        if ((endOffset ?? 0) < joined.before.limit) return true;
        if (endOffset !== held.result.startOffset || clockEnd !== held.result.clockStart) {
          const segment = spec.segment as NonNullable<PartSpec['segment']>;
          held = await this.again({
            ...spec,
            keyBits: 0,
            segment: { ...segment, known: { offset: endOffset as number, clock: clockEnd } },
          });
        }
      }
      if (held !== first) first.closed.length = 0;
      if (held.result === null) return true;
      const { result } = held;
      this.joinPart(source, (joined.chain as Chain).number, held, result);
      joined.before = { result, limit: spec.segment?.limit ?? 0 };
      joined.parts++;
    }
    return true;
  }

  private async again(spec: PartSpec): Promise<Pending> {
    const closed: Pending['closed'] = [];
    const { signal } = this.options;
    try {
      const result = await readPart(spec, {
        closed: (runs, lanes, points) => closed.push({ runs, lanes: [...lanes], points: [...points] }),
        progress: () => {},
        get aborted() {
          return signal?.aborted === true;
        },
      });
      return { closed, result, failed: false };
    } catch (error) {
      if (!isInputFault(error)) throw error;
      this.totals[spec.input].fatal = error.message;
      return { closed, result: null, failed: true };
    }
  }

  private joinPart(source: Source, chain: number, held: Pending, result: PartResult): void {
    const { data } = result;
    for (const list of held.closed) this.takeClosed(chain, list);
    held.closed.length = 0;
    if (result.settled !== null) {
      mergeData(this.tally, result.settled.data);
      this.takeClosed(chain, { runs: result.settled.loose, lanes: data.lanes, points: data.points });
    }
    const names = this.tally.rename(chain, data.points, data.lanes);
    const stepClock = result.clockSteps > 0 ? result.stepClock : null;
    if (this.specs[source.number][result.part].keyBits > 0) this.held.push({ chain, names, result });
    else {
      const last = this.sources.length === 1 && result.part === this.specs[0].length - 1;
      const { leftOpen } = this.specs[source.number][result.part];
      this.joinRuns(chain, names, { ...result, leftOpen }, stepClock, result.clockEnd, last);
    }
    this.tally.addPart(chain, data);
    addCounts(this.totals[source.number], source, result);
    held.result = null;
  }

  private takeClosed(chain: number, list: Pending['closed'][number]): void {
    const runs = RunList.of(list.runs);
    renameRuns(runs, this.tally.rename(chain, list.points, list.lanes), this.seed);
    this.takeLoose(runs);
  }

  private takeWhole(runs: RunList): void {
    if (this.rest === null) this.takeLoose(runs);
    else this.rest.takeAll(runs, this.tally.lanes);
  }

  private takeLoose(runs: RunList): void {
    for (let at = 0; at < runs.count * RUN_WORDS; at += RUN_WORDS) this.fragments.take(runs, at);
  }
}
