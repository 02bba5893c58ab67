// Several readings become one: saved summaries of other days, and captures read now.

import type { Config } from '../config/config.js';
import type { InputSpec } from '../input/list.js';
import type { OpenInput } from '../input/open.js';
import type { Finding, ReportInput } from '../report/report.js';
import { dataOf, mergeData, mergeTopologies } from '../tally/merge.js';
import { Tally } from '../tally/tally.js';
import { UserError } from '../util/error.js';
import { quote } from '../util/quote.js';
import type { PipelineOptions, Reading } from './pipeline.js';
import type { SavedSource } from './sources.js';

/** What a saved summary holds; one that can't be read has an error for the report. */
export interface Saved {
  spec: InputSpec;
  open: OpenInput;
  reading: Reading | null;
  error: string | null;
}

/** Packed. */
const MOST_BYTES = 2 ** 28;

/** Throws `UserError` for options that a summary can't obey any more; faults of a file are its own. */
export async function readSaved(
  sources: readonly SavedSource[],
  options: PipelineOptions,
  rowsWanted: boolean,
): Promise<Saved[]> {
  const [first] = sources;
  if (first === undefined) return [];
  const path = quote(first.spec.path);
  if (rowsWanted) throw new UserError(`${path} is a saved summary, which holds no single flows: give the captures`);
  const asked = Object.entries({
    '--since': options.sinceUs,
    '--until': options.untilUs,
    '--client': options.clients?.length ? true : undefined,
    '--server': options.servers?.length ? true : undefined,
    '--timeout': options.timeouts,
    '--cross-check': options.crossCheck || undefined,
  }).find(([, value]) => value !== undefined);
  if (asked !== undefined) {
    throw new UserError(`${asked[0]} can't be applied to ${path}, a saved summary: give the captures`);
  }
  const { decodeReading } = await import('./saved.js');
  const saved: Saved[] = [];
  for (const { spec, open } of sources) {
    try {
      saved.push({ spec, open, reading: decodeReading(await bytesOf(open), spec.path), error: null });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      saved.push({ spec, open, reading: null, error: error.message });
    }
  }
  checkAlike(saved, options.config);
  return saved;
}

/** The configuration that captures beside saved summaries are read with. */
export function configOf(saved: readonly Saved[], config: Config | null): Config | null {
  return config ?? saved.find(({ reading }) => reading !== null)?.reading?.measureInput.config ?? null;
}

/**
 * All readings as one, in the order of time. `now` is what was read of everything else, and may be nothing. Their uplinks
 * are the same: `readSaved` has seen to that, and captures were read with the configuration of `configOf`.
 */
export function addReadings(now: Reading, saved: readonly Saved[], options: PipelineOptions): Reading {
  const kept = saved.flatMap(({ reading }) => (reading === null ? [] : [reading]));
  const isIdle = kept.length > 0 && now.inputs.every(({ error }) => error !== null);
  const all = [...(isIdle ? [] : [now]), ...kept].sort((a, b) => startOf(a) - startOf(b));
  const rest = [...now.inputs];
  const inputs = options.inputs.map((spec) => {
    const one = saved.find((some) => some.spec === spec);
    return one === undefined ? (rest.shift() as ReportInput) : inputOf(one);
  });
  const first = all[0] as Reading;
  const { topology: base } = first.measureInput.tally;
  const topology = all
    .slice(1)
    .reduce((sum, { measureInput }) => mergeTopologies(sum, measureInput.tally.topology), base);
  const tally = new Tally(topology);
  for (const { measureInput } of all) mergeData(tally, dataOf(measureInput.tally));
  const config = options.config === null ? first.measureInput.config : now.measureInput.config;
  return {
    measureInput: {
      ...first.measureInput,
      tally,
      config,
      inference: all.every(({ measureInput }) => measureInput.inference !== null) ? first.measureInput.inference : null,
      inputs: all.flatMap(({ measureInput }) => measureInput.inputs),
      partial: all.some(({ measureInput }) => measureInput.partial),
      binSec: options.binSec ?? null,
      pins: [...(options.pins ?? [])],
      ...(options.detect === undefined ? {} : { detect: options.detect }),
      interfaces: topology.uplinks.map((_, n) => {
        return all.map(({ measureInput }) => measureInput.interfaces[n] ?? null).find((name) => name !== null) ?? null;
      }),
    },
    inputs,
    findings: {
      before: distinct(all.flatMap(({ findings }) => findings.before)),
      after: distinct(all.flatMap(({ findings }) => findings.after)),
    },
  };
}

/** The same uplinks everywhere; without a configuration of this run the same weights and timeouts too. */
export function checkAlike(saved: readonly Saved[], config: Config | null): void {
  const known = saved.flatMap(({ spec, reading }) => (reading === null ? [] : [{ path: spec.path, reading }]));
  const [first] = known;
  if (first === undefined) return;
  const base = config ?? first.reading.measureInput.config;
  for (const { path, reading } of known) {
    const own = reading.measureInput.config;
    if (base === null || own === null || !sameUplinks(base, own)) {
      const than = config === null ? quote(first.path) : 'the configuration';
      throw new UserError(
        `${quote(path)} was saved with other uplinks (${namesOf(own)}) than ${than} has (${namesOf(base)}): names, their order and SNAT sources must be the same`,
      );
    }
    const weights = (some: Config) => some.uplinks.map(({ weight }) => weight ?? '–').join(':');
    if (config === null && weights(own) !== weights(base)) {
      throw new UserError(
        `${quote(path)} was saved with the weights ${weights(own)}, ${quote(first.path)} with ${weights(base)}: say by -c which count`,
      );
    }
    const { rules } = first.reading.measureInput;
    if (JSON.stringify(rules) !== JSON.stringify(reading.measureInput.rules)) {
      throw new UserError(
        `${quote(path)} and ${quote(first.path)} were saved with different --timeout: save one of them again`,
      );
    }
  }
}

function namesOf(config: Config | null): string {
  return config === null ? 'none' : config.uplinks.map(({ name }) => name).join(', ');
}

function startOf({ measureInput }: Reading): number {
  return measureInput.inputs.reduce((least, { first }) => Math.min(least, first ?? least), Number.POSITIVE_INFINITY);
}

/** The file itself as an input; what went into it is summed. */
function inputOf({ spec, open, reading, error }: Saved): ReportInput {
  const inner = reading?.inputs ?? [];
  const total = (of: (one: ReportInput) => number | null) =>
    inner.reduce<number | null>((sum, one) => (of(one) === null ? sum : (sum ?? 0) + (of(one) as number)), null);
  const firsts = inner.flatMap(({ first }) => first ?? []);
  const lasts = inner.flatMap(({ last }) => last ?? []);
  const damage = new Map<string, number>();
  for (const one of inner)
    for (const { reason, count } of one.damage) damage.set(reason, (damage.get(reason) ?? 0) + count);
  return {
    path: spec.path,
    format: 'tally',
    compression: open.compression,
    linkTypes: [...new Set(inner.flatMap(({ linkTypes }) => linkTypes))].sort(),
    packets: total(({ packets }) => packets),
    entries: total(({ entries }) => entries),
    wireBytes: total(({ wireBytes }) => wireBytes),
    dropped: total(({ dropped }) => dropped),
    first: firsts.length === 0 ? null : Math.min(...firsts),
    last: lasts.length === 0 ? null : Math.max(...lasts),
    damage: [...damage].map(([reason, count]) => ({ reason, count, offset: null })),
    error,
  };
}

function distinct(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()];
}

async function bytesOf(open: OpenInput): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of open.stream()) {
    length += chunk.length;
    if (length > MOST_BYTES)
      throw new UserError(`can't read ${quote(open.path)}: it is longer than any saved summary`, 3);
    chunks.push(new Uint8Array(chunk));
  }
  return Buffer.concat(chunks);
}

/** Of two configurations: the uplinks are the same, so that their tallies can be added. */
function sameUplinks(a: Config, b: Config): boolean {
  if (a.uplinks.length !== b.uplinks.length) return false;
  return a.uplinks.every(({ name, snat }, n) => {
    const other = b.uplinks[n];
    const texts = (prefixes: Config['uplinks'][number]['snat']) =>
      prefixes
        .map((one) => one.text)
        .sort()
        .join(' ');
    return name === other.name && texts(snat) === texts(other.snat);
  });
}
