// One part of one input, read from its bytes to its runs: a segment of a plain pcap file, or an input as a whole.
// Runs in a worker or in the main thread alike.

import { closeSync, openSync, readSync } from 'node:fs';
import type { BatchSink } from '../decode/batch.js';
import type { DecodeCounts, Framer, PointInfo } from '../decode/decoder.js';
import { type CaptureFormat, createFramer } from '../decode/frame.js';
import { PacketDecoder } from '../decode/packet.js';
import { PcapFramer, type PcapHeader } from '../decode/pcap.js';
import { findRecord } from '../decode/resync.js';
import type { Clock } from '../flows/clock.js';
import { type Hot, lendHot, returnHot } from '../flows/instance.js';
import { type FlowRules, Timeouts } from '../flows/rules.js';
import { copyOf, RunChunks, type RunList } from '../flows/runs.js';
import { FlowTable } from '../flows/table.js';
import { type AheadOptions, pumpAhead } from '../input/ahead.js';
import { openInput } from '../input/open.js';
import { plainReason, quotePath } from '../input/reason.js';
import type { RingSpec } from '../input/ring.js';
import { pumpFile, pumpStream } from '../input/window.js';
import type { PartData } from '../tally/part.js';
import { PartTally } from '../tally/part.js';
import { type Settled, Settler } from '../tally/settle.js';
import type { Topology } from '../uplinks/topology.js';
import { type Damage, EXIT, UserError } from '../util/error.js';
import { FilterSink, type PacketFilter } from './filter.js';
import { HeldPart, NO_REST, type PartKeys, type PartRest } from './held.js';
import { MacSink } from './macs.js';
import { areLarge } from './sample.js';

/** A part to be read. Travels to a worker. */
export interface PartSpec {
  /** Number of the input and of the part within it. */
  input: number;
  part: number;
  path: string;
  format: CaptureFormat;
  /** Plain regular pcap: which records, by the absolute offset where they start. Null: all, through `openInput`. */
  segment: Segment | null;
  /** Whether a plain file is read ahead of what is looked at, by another thread if there is one. */
  ahead: boolean;
  /** Whether something may come before: then first runs are left open. */
  leftOpen: boolean;
  topology: Topology;
  rules: FlowRules;
  filter: PacketFilter | null;
  seed: number;
  /** Where the clock stands at the beginning, where something is known to come before; else null. */
  startClock: number | null;
  /** The independent reader (pcap-parser) instead of the own one. */
  reference: boolean;
  /**
   * Whether runs that are over are settled here, where each is a flow by itself; else they are handed over. `ended`:
   * nothing comes after this part, so that those still live at its end are over as well. `shares`: rows are handed over in a
   * memory of their own.
   */
  settle: { ledgerRows: number | undefined; ended: boolean; shares: boolean } | null;
  /**
   * Where what is to be settled is held until it is known which runs other parts know of: so many bits of a key's hash are
   * held against theirs. 0: nothing is held.
   */
  keyBits: number;
}

export interface Segment {
  header: PcapHeader;
  /** Records that start in [start, limit) belong to it. */
  start: number;
  limit: number;
  fileEnd: number;
  /** Where the part before ended and where its clock stood, once that is known; null: to be found by resynchronising. */
  known: { offset: number; clock: number } | null;
}

/** What a part came to. Times in microseconds. */
export interface PartResult extends PartRest {
  input: number;
  part: number;
  /** Absolute offset of the first record read, and of the first one not read (plain pcap; else 0 and null). */
  startOffset: number;
  endOffset: number | null;
  /** Why nothing can be read, else null. */
  fatal: string | null;
  clockStart: number;
  clockEnd: number;
  clockSteps: number;
  /** Where the clock stood before the first step back. */
  stepClock: number;
  data: PartData;
  /** What the runs that are over came to, where they were to be settled. */
  settled: Settled | null;
  /** Where runs are held; there are none in here then, and nothing is settled yet. */
  keys: PartKeys | null;
  counts: PlainCounts;
}

/** `DecodeCounts` without classes. */
export interface PlainCounts {
  packets: number;
  wireBytes: number;
  firstUs: number;
  lastUs: number;
  unknownLink: [number, number][];
  dropped: number | null;
  damage: Damage[];
}

export interface PartHooks {
  /** Takes runs that are over, in lists of some thousand. Points and lanes are the part's own numbers. */
  closed(runs: ArrayBuffer, lanes: PartData['lanes'], points: readonly PointInfo[]): void;
  /** Bytes and packets of the input read so far in this part. */
  progress(bytes: number, packets: number): void;
  /** Takes what is held. */
  hold?(part: HeldPart): void;
  /** Asks another thread to read along. */
  share?(ring: RingSpec): void;
  readonly aborted: boolean;
  /** Uncompressed bytes of an input that can be read only once. */
  stream?: AsyncIterable<Uint8Array>;
}

/** Bytes before a segment that are read to set the clock. */
const LOOK_BACK = 256 * 1024;

export async function readPart(spec: PartSpec, hooks: PartHooks): Promise<PartResult> {
  const hot = lendHot();
  const relay: BatchSink = { flush: (full) => sink.flush(full) };
  const { macs } = spec.topology;
  const decoder = new PacketDecoder(hot.batch, relay, { macs: macs.length > 0, usual: macs.length > 0 ? null : hot });
  const byMac = macs.length > 0 ? new MacSink(macs, decoder.points, { flush: (full) => onwards.flush(full) }) : null;
  const points = byMac === null ? decoder.points : byMac.views;
  const tally = new PartTally(spec.topology, spec.input, points);
  const { settle } = spec;
  const settler = settle === null ? null : new Settler(hot, spec.topology, settle.ledgerRows, settle.shares);
  const closed =
    settler === null
      ? new RunChunks(() => handOver(true))
      : { takeAll: (runs: RunList) => settler.takeAll(runs, tally.lanes) };
  const handOver = (fullOnly: boolean) => {
    if (closed instanceof RunChunks) for (const runs of closed.take(fullOnly)) hooks.closed(runs, tally.lanes, points);
  };
  const table = new FlowTable(hot, tally, closed, {
    timeouts: new Timeouts(spec.rules),
    leftOpen: spec.leftOpen,
    asSeen: spec.topology.asSeen,
    seed: spec.seed,
    keyBits: spec.keyBits,
  });
  const onwards: BatchSink = { flush: (full) => table.flush(full) };
  const attributed = byMac ?? onwards;
  const sink = spec.filter === null ? attributed : new FilterSink(spec.filter, attributed);
  if (sink === onwards) decoder.goThrough(table.clock);
  const onProgress = (bytes: number) => {
    hooks.progress(bytes, decoder.counts.packets);
    return !hooks.aborted;
  };
  let startOffset = 0;
  let endOffset: number | null = null;
  let framer: Framer;
  if (spec.startClock !== null) table.clock.now = spec.startClock;
  let clockStart = table.clock.now;
  if (spec.segment !== null) {
    // Standard input that is a file is read by position like any other, and is not ours to close.
    const fd = spec.path === '-' ? 0 : await asInputFault(spec.path, () => openSync(spec.path, 'r'));
    try {
      const { segment } = spec;
      const found = await asInputFault(spec.path, () => findStart(fd, segment, table.clock, spec.filter, hot));
      startOffset = found;
      clockStart = table.clock.now;
      const { header, limit, fileEnd } = segment;
      const pcap = new PcapFramer(decoder, { header, startOffset: found, limit });
      await pump(spec, decoder, pcap, fd, found, limit, {
        fileEnd,
        onProgress,
        window: hot.window,
        share: hooks.share,
      });
      endOffset = pcap.position;
      framer = pcap;
    } finally {
      if (fd !== 0) closeSync(fd);
    }
  } else {
    framer = await readWhole(spec, decoder, hooks, hot.window, onProgress);
  }
  decoder.finish();
  const live = table.finish(settle?.ended === true);
  const held = spec.keyBits > 0 && settler !== null ? new HeldPart(hot, table, live, settler, tally.lanes) : null;
  if (held !== null) hooks.hold?.(held);
  handOver(false);
  const data = tally.finish();
  const rest =
    held === null ? { heads: table.heads.take(), live: live.map(copyOf), doubts: table.doubts.finish() } : NO_REST;
  const settled = held === null ? (settler?.finish() ?? null) : null;
  if (held === null) returnHot(hot);
  return {
    input: spec.input,
    part: spec.part,
    startOffset,
    endOffset,
    fatal: framer.fatal,
    clockStart,
    clockEnd: table.clock.now,
    clockSteps: table.clock.steps,
    stepClock: table.stepClock,
    ...rest,
    data,
    settled,
    keys: held?.keys() ?? null,
    counts: plainCounts(decoder.counts),
  };
}

/** What the system refuses in the middle of a file is that input's fault, not the program's. */
async function asInputFault<T>(path: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const fault = error as NodeJS.ErrnoException;
    if (fault.syscall === undefined) throw error;
    throw new UserError(`can't read ${quotePath(path)}: ${plainReason(fault)}`, EXIT.unreadable);
  }
}

async function readWhole(
  spec: PartSpec,
  decoder: PacketDecoder,
  hooks: PartHooks,
  window: Uint8Array,
  onProgress: (bytes: number) => boolean,
): Promise<Framer> {
  const framer = createFramer(spec.format, decoder);
  const { damage } = decoder.counts;
  if (hooks.stream !== undefined) {
    if (spec.reference) {
      const { readReference } = await import('../decode/reference.js');
      await readReference(hooks.stream, decoder, damage);
    } else await pumpStream(hooks.stream, framer, { onProgress, damage, window });
    return framer;
  }
  const input = await openInput(spec.path);
  try {
    if (spec.reference) {
      const { readReference } = await import('../decode/reference.js');
      await readReference(input.stream(), decoder, damage);
    } else if (input.fd !== null && input.size !== null) {
      const { fd, size } = input;
      await pump(spec, decoder, framer, fd, 0, size, { onProgress, window, share: hooks.share });
    } else {
      await pumpStream(input.stream(), framer, { onProgress, damage, window });
    }
    damage.merge(input.damage.list());
  } finally {
    input.close();
  }
  return framer;
}

/** Feeds the bytes of a plain file from `start` on: see `pumpFile`. */
function pump(
  spec: PartSpec,
  decoder: PacketDecoder,
  framer: Framer,
  fd: number,
  start: number,
  end: number,
  rest: AheadOptions,
): Promise<number> {
  const options = { ...rest, damage: decoder.counts.damage, isWorth: (bytes: number) => areLarge(decoder.rows, bytes) };
  return asInputFault(spec.path, () =>
    spec.ahead ? pumpAhead(fd, start, end, framer, options) : pumpFile(fd, start, end, framer, options),
  );
}

/**
 * The absolute offset of the segment's first record, found by resynchronising some way ahead of it, so that the clock
 * stands where the part before will leave it. Both are a guess until that part has ended just there.
 */
function findStart(fd: number, segment: Segment, clock: Clock, filter: PacketFilter | null, hot: Hot): number {
  if (segment.known !== null) {
    clock.now = segment.known.clock;
    return segment.known.offset;
  }
  const { header, start, fileEnd } = segment;
  if (start <= 24) return 24;
  const from = Math.max(24, start - LOOK_BACK);
  const buffer = Buffer.allocUnsafeSlow(Math.min(fileEnd, start + LOOK_BACK) - from);
  const bytes = buffer.subarray(0, readSync(fd, buffer, 0, buffer.length, from));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = from === 24 ? 0 : findRecord(bytes, view, header, 0, bytes.length);
  if (found < 0) return start;
  const ticks: BatchSink = {
    flush(batch) {
      for (let row = 0; row < batch.count; row++) clock.tick(batch.time(row));
      batch.count = 0;
    },
  };
  const sink = filter === null ? ticks : new FilterSink(filter, ticks);
  const decoder = new PacketDecoder(hot.batch, sink, { macs: false, usual: hot });
  const framer = new PcapFramer(decoder, { header, startOffset: from + found, limit: start });
  pumpFile(fd, from + found, start, framer, { fileEnd, window: hot.window });
  decoder.finish();
  clock.steps = 0;
  return framer.position;
}

function plainCounts(counts: DecodeCounts): PlainCounts {
  return { ...counts, unknownLink: [...counts.unknownLink], damage: counts.damage.list() };
}
