// Dumps of conntrack in, flows as they were tracked out: lists, then logs in the order of their times, folded into one flow
// a connection over all of them.

import { ConntrackReader } from '../decode/conntrack.js';
import type { ConntrackCounts } from '../decode/conntrack-counts.js';
import type { Entry } from '../decode/conntrack-entry.js';
import { ConntrackXmlReader } from '../decode/conntrack-xml.js';
import type { EntryFlow } from '../flows/conntrack-flow.js';
import { EntryFolder } from '../flows/entries.js';
import { SourceSurvey } from '../uplinks/sources.js';
import { type Damage, DamageLog, UserError } from '../util/error.js';
import { untilAborted } from './abort.js';
import { keep, replay } from './replay.js';
import type { DumpSource } from './sources.js';

/** What was read of one dump. */
export interface DumpTotals {
  /** Entries and events that told something; what was printed twice is damage. */
  entries: number;
  /** Of the events that have a time; Infinity and -Infinity without. */
  firstUs: number;
  lastUs: number;
  isLog: boolean;
  damage: DamageLog;
  error: string | null;
}

export interface DumpOptions {
  signal?: AbortSignal | undefined;
  /** Bytes (uncompressed) and entries read so far. */
  onProgress?: (bytes: number, entries: number) => void;
  /** Of times that are printed without a zone. */
  timezone?: string | undefined;
  /** Entries alive at once; for tests. */
  limit?: number;
}

const REPEATED = 'entry printed twice, counted once';
const MIXED = 'events and lists in one dump';
const SET_BACK = 'time goes back: the clock was set, or logs were put together out of order';
/** Processors print their events a little out of order. */
const SAME_TIME_US = 1e6;
/** Uncompressed bytes of each dump that are read ahead to find the uplinks. */
const SURVEY_BYTES = 64 * 2 ** 20;

interface Reader {
  readonly counts: ConntrackCounts;
  feed(bytes: Uint8Array): void;
  end(): void;
}

function readerOf({ format }: DumpSource, sink: (entry: Entry) => void, timezone = 'UTC'): Reader {
  const options = { timezone };
  return format === 'conntrack-xml' ? new ConntrackXmlReader(sink, options) : new ConntrackReader(sink, options);
}

/**
 * Reads all dumps and gives each flow once; the object is lent. What can't be read of a dump is in its totals, which stand
 * in the order of `dumps`. Memory goes with the entries alive at once.
 */
export async function readDumps(
  dumps: readonly DumpSource[],
  take: (flow: EntryFlow) => void,
  options: DumpOptions = {},
): Promise<DumpTotals[]> {
  const folder = new EntryFolder(take, options.limit === undefined ? {} : { limit: options.limit });
  const totals = new Map<DumpSource, DumpTotals>();
  let bytesBefore = 0;
  let entriesBefore = 0;
  for (const dump of inOrder(dumps, options.timezone)) {
    folder.turn();
    const onProgress = (bytes: number, entries: number) =>
      options.onProgress?.(bytesBefore + bytes, entriesBefore + entries);
    const { bytes, ...read } = await readDump(dump, folder, { ...options, onProgress });
    bytesBefore += bytes;
    entriesBefore += read.entries;
    totals.set(dump, read);
  }
  folder.finish();
  return dumps.map((dump) => totals.get(dump) as DumpTotals);
}

/** What the beginning of each dump tells of SNAT sources. A dump that can be read only once keeps what was read. */
export async function surveyDumps(
  dumps: readonly DumpSource[],
  signal: AbortSignal | undefined,
): Promise<{ survey: SourceSurvey; bytesRead: number }> {
  const survey = new SourceSurvey();
  let bytesRead = 0;
  for (const dump of dumps) {
    const reader = readerOf(dump, (entry) => survey.add(entry));
    const rest = untilAborted(dump.open.stream(), signal);
    const kept: Uint8Array[] = [];
    const once = dump.open.size === null;
    try {
      for await (const chunk of keep(rest, kept, SURVEY_BYTES)) {
        reader.feed(chunk);
        bytesRead += chunk.length;
        if (!once) kept.length = 0;
      }
      reader.end();
    } catch (error) {
      // What can't be read will be told when the dump is read in earnest.
      if (!(error instanceof UserError)) throw error;
    }
    if (once) dump.stream = replay(kept, rest);
    else await rest.return();
  }
  return { survey, bytesRead };
}

/** Lists first, since only with identifiers a later list would be known for one of flows that are over; then logs by time. */
function inOrder(dumps: readonly DumpSource[], timezone: string | undefined): DumpSource[] {
  const firsts = new Map(dumps.map((dump) => [dump, firstUsOf(dump, timezone)]));
  const first = (dump: DumpSource) => firsts.get(dump) as number;
  return [...dumps].sort((a, b) => {
    const [x, y] = [first(a), first(b)];
    return x === y ? (a.spec.path < b.spec.path ? -1 : 1) : x - y;
  });
}

/** Time of the first event: -Infinity of lists, Infinity of logs without times. */
function firstUsOf(dump: DumpSource, timezone: string | undefined): number {
  let first: number | null = null;
  const note = ({ event, timeUs }: Entry) => {
    first ??= event === null ? Number.NEGATIVE_INFINITY : (timeUs ?? Number.POSITIVE_INFINITY);
  };
  const reader = readerOf(dump, note, timezone);
  reader.feed(dump.open.prefix);
  return first ?? Number.NEGATIVE_INFINITY;
}

async function readDump(
  dump: DumpSource,
  folder: EntryFolder,
  { signal, onProgress, timezone }: DumpOptions,
): Promise<DumpTotals & { bytes: number }> {
  const { open } = dump;
  const damage = new DamageLog();
  let firstUs = Number.POSITIVE_INFINITY;
  let lastUs = Number.NEGATIVE_INFINITY;
  let repeated = 0;
  let beforeUs = Number.NEGATIVE_INFINITY;
  let setBack = 0;
  const take = (entry: Entry) => {
    const { timeUs } = entry;
    if (timeUs !== null) {
      if (timeUs < firstUs) firstUs = timeUs;
      if (timeUs > lastUs) lastUs = timeUs;
      if (timeUs < beforeUs - SAME_TIME_US) setBack++;
      beforeUs = timeUs;
    }
    if (!folder.take(entry)) repeated++;
  };
  const reader = readerOf(dump, take, timezone);
  const { counts } = reader;
  let bytes = 0;
  let fatal: string | null = null;
  try {
    // An interruption ends the stream; what was read ahead of it is read all the same.
    for await (const chunk of dump.stream ?? untilAborted(open.stream(), signal)) {
      reader.feed(chunk);
      bytes += chunk.length;
      onProgress?.(bytes, counts.entries);
    }
    reader.end();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    fatal = error.message;
  }
  if (counts.entries === 0) {
    const error = fatal ?? nothingIn(counts.skipped.list());
    const soft = error === null ? open.damage.list() : [];
    damage.merge(soft);
    return { bytes, entries: 0, firstUs, lastUs, isLog: false, damage, error };
  }
  damage.merge(counts.skipped.list());
  damage.merge(open.damage.list());
  if (repeated > 0) damage.add(REPEATED, null, repeated);
  if (counts.events > 0 && counts.events < counts.entries) damage.add(MIXED, null);
  if (setBack > 0) damage.add(SET_BACK, null, setBack);
  if (fatal !== null) damage.add(fatal, null);
  return {
    bytes,
    entries: counts.entries - repeated,
    firstUs,
    lastUs,
    isLog: counts.events > 0,
    damage,
    error: null,
  };
}

/** Why a dump has no entries at all; null where it has nothing that looks like one, which is an empty table. */
function nothingIn(skipped: readonly Damage[]): string | null {
  if (skipped.length === 0) return null;
  const reasons = skipped.map(({ reason, count }) => `${reason}, ${count === 1 ? 'once' : `${count} times`}`);
  return `no entry can be read: ${reasons.join('; ')}`;
}
