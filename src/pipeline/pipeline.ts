// From inputs and options to the report: sources, survey, engine, measure. The commands and the library call this.

import { availableParallelism } from 'node:os';
import type { Config, Prefix } from '../config/config.js';
import { writeConfig } from '../config/write.js';
import { linkName, linkTypeName } from '../decode/linktypes.js';
import type { Scanner } from '../detect/scan.js';
import type { DetectSettings } from '../detect/settings.js';
import type { FlowRow } from '../flows/row.js';
import { DEFAULT_FLOW_RULES, type FlowRules } from '../flows/rules.js';
import type { InputSpec } from '../input/list.js';
import type { Decisions } from '../measure/decisions.js';
import { type MeasureInput, measureTally } from '../measure/measure.js';
import { FINDING_LEVELS, type Finding, type Report, type ReportInput } from '../report/report.js';
import type { Stranger } from '../tally/strangers.js';
import type { Topology } from '../uplinks/topology.js';
import { UserError } from '../util/error.js';
import { version } from '../util/version.js';
import type { PacketFilter } from '../workers/filter.js';
import type { Spare } from '../workers/scan-away.js';
import { addReadings, configOf, readSaved } from './add.js';
import { Engine } from './engine.js';
import { FlowRows } from './rows.js';
import { openSources, type Refused, type Source } from './sources.js';
import { type Survey, survey } from './survey.js';
import type { SourceTotals } from './totals.js';
import { Tracked } from './tracked.js';

export type { FlowRules } from '../flows/rules.js';

/** The ledger keeps an uplink in a byte. */
const MOST_UPLINKS = 254;

export interface Progress {
  /** Bytes read so far; of all inputs, null where that can't be known (a pipe). */
  bytes: number;
  totalBytes: number | null;
  packets: number;
  /** Of conntrack dumps. */
  entries?: number;
}

export interface PipelineOptions {
  inputs: readonly InputSpec[];
  /** Null: the uplinks are inferred. */
  config: Config | null;
  /** Microseconds since the epoch: packets from `sinceUs` on and before `untilUs`. */
  sinceUs?: number;
  untilUs?: number;
  /** Zone of the times that dumps of conntrack print without one: an IANA name, UTC unless given. */
  timezone?: string;
  /** Only packets with an end in these. */
  clients?: readonly Prefix[];
  servers?: readonly Prefix[];
  /** Seconds a bin; 1 unless the inputs are very long. */
  binSec?: number;
  timeouts?: Partial<FlowRules>;
  /** Destinations that are pinned to an uplink, so no part of the balance. */
  pins?: readonly Prefix[];
  /** How outages are looked for. */
  detect?: DetectSettings;
  /** Worker threads; as many as there are processors unless given. */
  jobs?: number;
  reader?: 'fast' | 'reference';
  /** Reads every classic capture with the reference reader too and reports how the two compare. */
  crossCheck?: boolean;
  onProgress?: (progress: Progress) => void;
  /** Ends the reading; the report is then marked partial. */
  signal?: AbortSignal;
  /** Bytes of the smallest part, and those that the survey reads to infer; for tests. */
  partBytes?: number;
  surveyBytes?: number;
}

/** Reads all inputs and measures them. Rejects with `UserError` for faults of the request; inputs' faults are reported. */
export async function analyseInputs(options: PipelineOptions): Promise<Report> {
  return run(options, false, null);
}

/** As `analyseInputs`, and hands over every flow in the order of its end, then start, then key. */
export async function writeFlows(
  options: PipelineOptions & { noUplinks: boolean },
  emit: (rows: FlowRow[]) => void | Promise<void>,
): Promise<Report> {
  const rows = new FlowRows();
  try {
    const report = await run(options, options.noUplinks, rows);
    await rows.hand(emit);
    return report;
  } finally {
    rows.close();
  }
}

/** The uplinks that the beginning of the inputs shows, as a configuration to keep. */
export async function inferUplinks(
  options: PipelineOptions,
): Promise<{ config: string; evidence: { uplink: string; why: string }[]; report: Report }> {
  const report = await run({ ...options, config: null }, false, null);
  const inference = report.inference;
  const found = report.uplinks.length > 0;
  return { config: found ? (inference?.config ?? '') : '', evidence: inference?.evidence ?? [], report };
}

/** What was read of some inputs, before anything is measured. */
export interface Reading {
  /** All that the report is built of; its `inputs` are cut to `--since` and `--until`. */
  measureInput: MeasureInput;
  /** As they are reported: the whole of each, in the order in which they were named. */
  inputs: ReportInput[];
  /** What the reading itself found, before and after the findings of the measures. */
  findings: { before: Finding[]; after: Finding[] };
}

/** Reads all inputs and measures nothing yet. Rejects as `analyseInputs` does. */
export async function tallyInputs(options: PipelineOptions): Promise<Reading> {
  return read(options, false, null);
}

/** The report of what was read. */
export function reportOf(reading: Reading): Report {
  return measured(reading).report;
}

/** The report, and the decisions that its balance was taken from. Outages may be looked for `aside`. */
export function measured(
  { measureInput, inputs, findings }: Reading,
  aside: Scanner | null = null,
): { report: Report; decisions: Decisions } {
  const { report, decisions } = measureTally(measureInput, aside);
  report.inputs = inputs;
  report.findings = [...findings.before, ...report.findings, ...findings.after].sort(
    (a, b) => FINDING_LEVELS.indexOf(a.level) - FINDING_LEVELS.indexOf(b.level),
  );
  return { report, decisions };
}

async function run(options: PipelineOptions, asSeen: boolean, rows: FlowRows | null): Promise<Report> {
  const spare: Spare = { thread: null };
  try {
    return measured(await read(options, asSeen, rows, spare), spare.thread?.scan).report;
  } finally {
    spare.thread?.end();
  }
}

async function read(options: PipelineOptions, asSeen: boolean, rows: FlowRows | null, spare?: Spare): Promise<Reading> {
  if ((options.config?.uplinks.length ?? 0) > MOST_UPLINKS) {
    throw new UserError(`more than ${MOST_UPLINKS} uplinks are configured: ${options.config?.uplinks.length}`);
  }
  const rules = { ...DEFAULT_FLOW_RULES, ...options.timeouts };
  const { sources, dumps, saved: savedSources, refused } = await openSources(options.inputs);
  try {
    const saved = await readSaved(savedSources, options, asSeen || rows !== null);
    const config = configOf(saved, options.config);
    const placed = asSeen
      ? unplaced()
      : await survey(sources, dumps, config, rules, options.signal, options.surveyBytes);
    const opens = [...sources, ...dumps].map(({ open }) => open);
    const total = opens.some((open) => open.size === null || open.compression !== null)
      ? null
      : opens.reduce((sum, open) => sum + (open.size ?? 0), 0);
    const engineOptions = {
      stitch: placed.stitch,
      rules,
      filter: filterOf(options),
      jobs: options.jobs ?? availableParallelism(),
      reference: options.reader === 'reference',
      ...(options.partBytes === undefined ? {} : { partBytes: options.partBytes }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    };
    const told = (bytes: number, packets: number, entries = 0) =>
      options.onProgress?.({ bytes, totalBytes: total, packets, entries });
    const readWith = async (topology: Topology) => {
      const dumped = new Tracked(dumps, sources, { ...placed, topology }, filterOf(options), options.timezone);
      const reading = new Engine(sources, {
        topology,
        ...engineOptions,
        ...(spare === undefined ? {} : { spare }),
        ...(rows === null ? {} : { onFlow: rows.taker(topology) }),
        ...(dumps.length === 0 ? {} : { meet: dumped.meet }),
        onProgress: (bytes, packets) => told(dumped.bytes + bytes, packets),
      });
      await dumped.read(reading, options.signal, (bytes, entries) => told(bytes, 0, entries));
      await reading.run();
      dumped.finish(reading);
      return { engine: reading, tracked: dumped };
    };
    let { engine, tracked } = await readWith(placed.topology);
    const renewed = withNewAddresses(placed, engine.tally.strangers.finish());
    const canReadAgain = [...sources, ...dumps].every(({ open, stream }) => open.size !== null && stream === null);
    if (renewed !== null && canReadAgain && options.signal?.aborted !== true) {
      rows?.close();
      spare?.thread?.end();
      if (spare !== undefined) spare.thread = null;
      ({ engine, tracked } = await readWith(renewed));
    }
    const specs = options.inputs.filter((spec) => !saved.some((one) => one.spec === spec));
    const inputs = reportInputs(specs, sources, refused, engine.totals, tracked);
    const before: Finding[] = [];
    if (options.crossCheck === true) {
      const { crossCheckSources } = await import('./cross-check.js');
      before.push(...(await crossCheckSources(sources, options.jobs ?? availableParallelism())));
    }
    const reading: Reading = {
      measureInput: {
        tally: engine.tally,
        config: asSeen ? null : placed.config,
        inference: placed.inference === null ? null : { ...placed.inference, config: writeConfig(placed.config) },
        inputs: inputs.map((input) => within(input, options)),
        rules,
        partial: options.signal?.aborted === true,
        binSec: options.binSec ?? null,
        pins: [...(options.pins ?? [])],
        ...(options.detect === undefined ? {} : { detect: options.detect }),
        interfaces: placed.config.uplinks.map((uplink) => uplink.interface),
        version: version(),
      },
      inputs,
      findings: {
        before,
        after: [
          ...engine.tally.strangers.finish().map((stranger) => lateUplink(stranger, placed.config)),
          // Connection tracking leaves no doubt: what it translates to is the router's own address.
          ...(dumps.length === 0 ? doubts(placed) : []),
        ],
      },
    };
    return saved.length === 0 ? reading : addReadings(reading, saved, options);
  } finally {
    for (const source of [...sources, ...dumps, ...savedSources]) source.open.close();
  }
}

/**
 * The topology with the addresses that uplinks of a dynamic address took on after the survey, null where there are none.
 * All is then read again: which end of a packet is ours has to be known from the first on.
 */
function withNewAddresses({ topology, config }: Survey, strangers: readonly Stranger[]): Topology | null {
  const isDynamic = ({ egress }: Stranger) => config.uplinks[egress].snat.length === 0;
  const added = strangers.filter(isDynamic);
  if (added.length === 0) return null;
  const uplinks = topology.uplinks.map((uplink, n) => ({
    ...uplink,
    snat: [...uplink.snat, ...added.filter(({ egress }) => egress === n).map(({ prefix }) => prefix)],
  }));
  return { ...topology, uplinks };
}

/** A SNAT source that the configuration doesn't know or that came after the survey. */
function lateUplink({ egress, address, flows, firstUs, lastUs }: Stranger, config: Config): Finding {
  const { name, snat, weight } = config.uplinks[egress];
  const sources = [...snat.map(({ text }) => text.replace(/\/(32|128)$/, '')), address].join(',');
  return {
    code: 'late-uplink',
    level: 'warning',
    message: `${address} is an end of ${flows} flows on the link of ${name} and is none of its SNAT sources: these flows are not counted for it.`,
    uplinks: [name],
    flows,
    packets: null,
    first: firstUs / 1e6,
    last: lastUs / 1e6,
    cure: `add it if it is this router's address: --uplink ${name}=${sources}${weight === null ? '' : `@${weight}`}`,
  };
}

/** One address that meets many others is a router's only line, or no router's at all. */
function doubts({ inference, config }: Survey): Finding[] {
  if (inference === null || config.uplinks.length !== 1) return [];
  const [{ name, snat }] = config.uplinks;
  const addresses = snat.map(({ text }) => text.replace(/\/(32|128)$/, '')).join(', ');
  return [
    {
      code: 'one-uplink',
      level: 'info',
      message: `Only one end that meets many others was found (${addresses}), so it was taken for the one uplink. It may as well be a computer's own capture, or one of several lines.`,
      uplinks: [name],
      flows: null,
      packets: null,
      first: null,
      last: null,
      cure: 'record the other lines as well (tcpdump -i any -w all.pcap), or name the uplinks: --uplink NAME=ADDRESS@WEIGHT',
    },
  ];
}

function unplaced(): Survey {
  const topology: Topology = { asSeen: true, uplinks: [], lan: [], roles: [], macs: [], lanVisible: false };
  const router = { hashPolicy: null, hashPolicy6: null, keepaliveSec: null, macs: [] };
  const config = { source: null, uplinks: [], lan: [], router };
  return { topology, stitch: false, config, mwan3Marks: [], clients: [], inference: null };
}

function filterOf({ sinceUs, untilUs, clients = [], servers = [] }: PipelineOptions): PacketFilter | null {
  if (sinceUs === undefined && untilUs === undefined && clients.length === 0 && servers.length === 0) return null;
  return {
    sinceUs: sinceUs ?? Number.NEGATIVE_INFINITY,
    untilUs: untilUs ?? Number.POSITIVE_INFINITY,
    clients,
    servers,
  };
}

/** The part of an input's time that `--since` and `--until` leave. */
function within(input: ReportInput, { sinceUs, untilUs }: PipelineOptions): ReportInput {
  if (input.first === null || input.last === null) return input;
  const first = Math.max(input.first, (sinceUs ?? Number.NEGATIVE_INFINITY) / 1e6);
  const last = Math.min(input.last, (untilUs ?? Number.POSITIVE_INFINITY) / 1e6);
  return first <= last ? { ...input, first, last } : { ...input, first: null, last: null };
}

/** In the order in which they were named. */
function reportInputs(
  specs: readonly InputSpec[],
  sources: readonly Source[],
  refused: readonly Refused[],
  totals: readonly SourceTotals[],
  tracked: Tracked,
): ReportInput[] {
  const nothing = sources.length === 0 && tracked.isEmpty;
  return specs.map((spec) => {
    const dump = tracked.inputOf(spec);
    if (dump !== null) return dump;
    const source = sources.find((one) => one.spec === spec);
    if (source === undefined) return refusedInput(refused.find((one) => one.spec === spec) as Refused, nothing);
    const sums = totals[source.number];
    const names = [...new Set([...sums.linkTypes].sort((a, b) => a - b).map(linkName))];
    const unknown = [...sums.unknownLink];
    const unread = sums.packets > 0 && unknown.reduce((sum, [, count]) => sum + count, 0) === sums.packets;
    const why = unread
      ? `no packet can be decoded: unknown link type ${unknown.map(([link]) => linkTypeName(link)).join(', ')}`
      : null;
    const fatal = sums.packets === 0 ? sums.fatal : null;
    const damage = sums.damage.list();
    if (sums.packets > 0 && sums.fatal !== null) damage.push({ reason: sums.fatal, count: 1, offset: null });
    return {
      path: spec.path,
      format: source.format,
      compression: source.open.compression,
      linkTypes: names,
      packets: sums.packets,
      entries: null,
      wireBytes: sums.wireBytes,
      dropped: sums.dropped,
      first: sums.packets > 0 ? sums.firstUs / 1e6 : null,
      last: sums.packets > 0 ? sums.lastUs / 1e6 : null,
      damage,
      error: fatal ?? why,
    };
  });
}

/** `alone`: nothing else could be read either. */
function refusedInput({ spec, open, error }: Refused, alone: boolean): ReportInput {
  const format = open === null || open.format === 'unknown' ? null : open.format;
  const stray = !spec.named && open?.format === 'unknown' && !alone;
  return {
    path: spec.path,
    format,
    compression: open?.compression ?? null,
    linkTypes: [],
    packets: null,
    entries: null,
    wireBytes: null,
    dropped: null,
    first: null,
    last: null,
    // What a folder or a glob brought in was not asked for by name: it is passed over, not failed.
    damage: stray ? [{ reason: 'not a capture, passed over', count: 1, offset: null }] : [],
    error: stray ? null : error,
  };
}
