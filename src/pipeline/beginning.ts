// The beginning of an input, read for the survey: its points, and the runs that they show.

import { basename } from 'node:path';
import type { Batch } from '../decode/batch.js';
import { createFramer } from '../decode/frame.js';
import { PacketDecoder } from '../decode/packet.js';
import { lendHot, returnHot } from '../flows/instance.js';
import { RUN_WORDS } from '../flows/layout.js';
import { startOf } from '../flows/merge.js';
import { type FlowRules, Timeouts } from '../flows/rules.js';
import { copyOf, RunChunks, RunList } from '../flows/runs.js';
import { FlowTable, type LaneBook } from '../flows/table.js';
import { pumpFile, pumpStream } from '../input/window.js';
import { type Lane, LaneTable } from '../uplinks/lanes.js';
import type { SurveyPoint } from '../uplinks/sighting.js';
import type { MacRule, Topology } from '../uplinks/topology.js';
import { isInputFault } from '../util/error.js';
import { MacSink } from '../workers/macs.js';
import { untilAborted } from './abort.js';
import { firstBytes, keep, replay } from './replay.js';
import type { Source } from './sources.js';

export interface Beginning {
  source: Source;
  points: SurveyPoint[];
  runs: RunList;
  /** What the lane numbers of the runs mean; null where none was asked for. */
  lanes: readonly Lane[] | null;
}

/** Nothing but runs is asked for, and their lanes where the uplinks are known. */
function bookOf(lanes: LaneTable | null): LaneBook {
  const bins = { open: new Float64Array(0), startUs: 0, endUs: 0, add: () => {} };
  const rest = { bins, data: new Float64Array(0), addOther: () => {} };
  if (lanes === null) return { laneOf: () => 0, usual: null, ...rest };
  return { laneOf: (...key) => lanes.laneOf(...key), usual: lanes.usual, ...rest };
}

/** How the beginnings of all sources are read. */
export interface BeginningOptions {
  /** Uncompressed bytes. */
  limit: number;
  rules: FlowRules;
  macs: readonly MacRule[];
  /** Runs that are looked at, the earliest. */
  mostRuns: number;
  /** Null where it has yet to be found out. */
  topology: Topology | null;
}

/** Reads the beginning of a source; one that can be read only once is given a stream that begins with what was read. */
export async function readBeginning(
  source: Source,
  { limit, rules, macs, mostRuns, topology }: BeginningOptions,
  signal: AbortSignal | undefined,
): Promise<Beginning & { read: number }> {
  const runs = new RunList(1024);
  const hot = lendHot();
  const sink = { flush: (batch: Batch) => (byMac ?? onwards).flush(batch) };
  const decoder = new PacketDecoder(hot.batch, sink, { macs: macs.length > 0, usual: macs.length > 0 ? null : hot });
  const { window } = hot;
  const options = { timeouts: new Timeouts(rules), leftOpen: false, asSeen: false, seed: 1 };
  const closed = new RunChunks();
  const onwards = { flush: (batch: Batch) => table.flush(batch) };
  const byMac = macs.length > 0 ? new MacSink(macs, decoder.points, onwards) : null;
  const seenAt = byMac?.views ?? decoder.points;
  const lanes = topology === null ? null : new LaneTable(topology, source.number, seenAt);
  const table = new FlowTable(hot, bookOf(lanes), closed, options);
  const framer = createFramer(source.format, decoder);
  const { open } = source;
  let read = 0;
  const onProgress = (bytes: number) => bytes < limit;
  try {
    if (open.fd !== null && open.size !== null) {
      read = pumpFile(open.fd, 0, Math.min(open.size, limit), framer, { fileEnd: open.size, onProgress, window });
    } else if (open.size !== null) {
      read = await pumpStream(firstBytes(open.stream(), limit), framer, { onProgress, window });
    } else {
      const rest = untilAborted(open.stream(), signal);
      const kept: Uint8Array[] = [];
      read = await pumpStream(keep(rest, kept, limit), framer, { onProgress, window });
      source.stream = replay(kept, rest);
    }
  } catch (error) {
    // What can't be read will be told when the input is read in earnest.
    if (!isInputFault(error) && (error as NodeJS.ErrnoException).syscall === undefined) throw error;
  }
  decoder.finish();
  const live = table.finish(false);
  const lists = [...closed.take(), ...live.map(copyOf)].map((buffer) => RunList.of(buffer));
  returnHot(hot);
  const horizonUs = horizonOf(lists, mostRuns);
  for (const list of lists) {
    if (horizonUs === Number.POSITIVE_INFINITY) runs.appendSome(list, 0, list.count);
    else
      for (let n = 0; n < list.count; n++) {
        if (startOf(list, n * RUN_WORDS) <= horizonUs) runs.appendSome(list, n, n + 1);
      }
  }
  const stem =
    source.spec.path === '-'
      ? ''
      : basename(source.spec.path).replace(/\.(pcap|pcapng|cap|gz|zst|xz|lz4|bz2|erf|snoop)+/gi, '');
  const points = seenAt.map((point, key) => ({
    ...point,
    input: source.number,
    key: source.number * 0x10000 + key,
    label: source.spec.label,
    stem,
  }));
  return { source, points, runs, lanes: lanes?.lanes ?? null, read };
}

/** The time up to which runs are looked at: the earliest `mostRuns`, so that both sights of a flow are in or out. */
function horizonOf(lists: readonly RunList[], mostRuns: number): number {
  const count = lists.reduce((sum, list) => sum + list.count, 0);
  if (count <= mostRuns) return Number.POSITIVE_INFINITY;
  const starts = new Float64Array(count);
  let n = 0;
  for (const list of lists) {
    for (let at = 0; at < list.count * RUN_WORDS; at += RUN_WORDS) starts[n++] = startOf(list, at);
  }
  return starts.sort()[mostRuns];
}
