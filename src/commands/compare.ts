// `mlstat compare`: a capture before a change and one after it, or one capture cut in two, held against each other.

import type { Config } from '../config/config.js';
import type { Report } from '../report/report.js';
import { EXIT, type ExitCode, UserError } from '../util/error.js';
import { quote } from '../util/quote.js';
import { type AnonymiseOptions, readAnonymiser } from './anonymise.js';
import { terminalOptions } from './display.js';
import { readInstant } from './instant.js';
import type { Io } from './io.js';
import { exitCodeOf, nothingRead, tellConfig, tellInputs, warnOfInputs } from './messages.js';
import { PROGRESS_MODES } from './modes.js';
import { type Output, openOutput } from './output.js';
import { startProgress } from './progress.js';
import { type Request, type RequestOptions, readKnownConfig, readRequest } from './request.js';
import { readChoice } from './values.js';

export interface CompareOptions extends RequestOptions, AnonymiseOptions {
  /** Inputs of the time before; all others are then of the time after. */
  before: string[];
  split?: string;
  configBefore?: string;
  format?: string;
  output?: string;
  strict?: boolean;
  color: boolean;
  progress: string;
  quiet?: boolean;
  verbose?: boolean;
}

const FORMATS = ['table', 'json', 'markdown', 'csv'] as const;
type Format = (typeof FORMATS)[number];

const BY_ENDING: Readonly<Record<string, Format>> = { json: 'json', md: 'markdown', markdown: 'markdown', csv: 'csv' };

/** Loaded when the options have been read, or handed in by a test. */
export type Comparer = () => Promise<Pick<typeof import('../pipeline/compare.js'), 'compareInputs' | 'splitInputs'>>;

export const loadComparer: Comparer = () => import('../pipeline/compare.js');

export async function compare(
  args: readonly string[],
  options: CompareOptions,
  io: Io,
  comparer: Comparer = loadComparer,
): Promise<ExitCode> {
  const format = readFormat(options);
  const mode = readChoice('--progress', options.progress, PROGRESS_MODES);
  const { first, second, splitUs } = await readSides(args, options, io);
  const { timezone } = second;
  const anonymiser = await readAnonymiser(options, io);
  const output = await openOutput(options.output, [...first.files, ...second.files], io);
  try {
    tellConfig(second.known, options, io);
    const startMs = io.now();
    const progress = await startProgress(mode, options.quiet === true, io);
    const { compareInputs, splitInputs } = await comparer();
    const after = { ...second.pipeline, onProgress: progress.update };
    const before = { ...first.pipeline, onProgress: progress.update };
    const run = splitUs === null ? compareInputs(before, after) : splitInputs(before, after, splitUs);
    const { report, before: earlier } = await run.finally(progress.stop);
    // The halves of one input have its faults twice.
    if (splitUs === null) warnOfInputs(earlier.inputs, first.pipeline.inputs, options, io);
    warnOfInputs(report.inputs, second.pipeline.inputs, options, io);
    tellInputs(report, (io.now() - startMs) / 1000, options, io);
    const isWhole = !nothingRead(earlier) && !nothingRead(report);
    if (format === 'json' || isWhole) {
      await output.write(await render(anonymiser?.report(report) ?? report, format, timezone, options, output, io));
      await output.commit();
    }
    const codes = [earlier, report].map((one) => exitCodeOf(one, options.strict === true, io));
    const order: readonly ExitCode[] = [EXIT.interrupted, EXIT.unreadable, EXIT.damaged];
    return order.find((code) => codes.includes(code)) ?? EXIT.ok;
  } finally {
    await output.discard();
  }
}

async function readSides(
  args: readonly string[],
  options: CompareOptions,
  io: Io,
): Promise<{ first: Request; second: Request; splitUs: number | null }> {
  const cut = options.split !== undefined;
  if (cut && options.before.length > 0) throw new UserError('--split and --before exclude each other: leave one out');
  const [before, after] = cut ? [args, args] : sidesOf(args, options.before);
  if (cut ? args.includes('-') : before.includes('-') && after.includes('-')) {
    throw new UserError("standard input can't be read twice: name a file instead of -");
  }
  const second = await readRequest(after, options, io);
  const first = await readRequest(before, options, io);
  const splitUs = options.split === undefined ? null : readInstant('--split', options.split, second.timezone);
  const { sinceUs, untilUs } = second.pipeline;
  if (splitUs !== null && (splitUs <= (sinceUs ?? -Infinity) || splitUs >= (untilUs ?? Infinity))) {
    throw new UserError(`--split must lie between --since and --until: ${quote(options.split ?? '')}`);
  }
  first.pipeline.config = await configBefore(first.pipeline.config, options, io);
  return { first, second, splitUs };
}

function sidesOf(args: readonly string[], before: readonly string[]): [readonly string[], readonly string[]] {
  if (before.length > 0) {
    if (args.length > 0) return [before, args];
    throw new UserError('--before names the time before: name the inputs of the time after as well');
  }
  const [one, two, ...more] = args;
  if (one !== undefined && two !== undefined && more.length === 0) return [[one], [two]];
  const cure = 'several files of one side: a folder, a glob in quotes, or --before FILE for each of the first';
  if (args.length === 1)
    throw new UserError(`compare needs BEFORE and AFTER, or one input and --split TIME: ${quote(args[0] ?? '')}`);
  throw new UserError(`compare takes two inputs, BEFORE and AFTER, not ${args.length}; ${cure}`);
}

/** The uplinks are the same, but which weights they had is not known unless it is told. */
async function configBefore(config: Config | null, options: CompareOptions, io: Io): Promise<Config | null> {
  if (options.configBefore !== undefined) {
    const { config: told } = await readKnownConfig({ config: options.configBefore, uplink: [], capacity: [] }, io);
    return told;
  }
  return config === null ? null : { ...config, uplinks: config.uplinks.map((uplink) => ({ ...uplink, weight: null })) };
}

function readFormat({ format, output }: CompareOptions): Format {
  if (format !== undefined) return readChoice('--format', format, FORMATS);
  return BY_ENDING[/\.([a-z]+)$/i.exec(output ?? '')?.[1]?.toLowerCase() ?? ''] ?? 'table';
}

/** Each renderer is loaded only where it is asked for. */
async function render(
  report: Report,
  format: Format,
  timezone: string,
  options: CompareOptions,
  { toFile }: Output,
  io: Io,
): Promise<string> {
  switch (format) {
    case 'json':
      return (await import('../report/json.js')).renderJson(report, { series: false });
    case 'markdown':
      return (await import('../report/markdown-comparison.js')).renderComparisonMarkdown(report, { timezone });
    case 'csv':
      return (await import('../report/csv-comparison.js')).renderComparisonCsv(report);
    default: {
      const { renderComparison } = await import('../report/terminal-comparison.js');
      return renderComparison(report, terminalOptions(io, { color: options.color, timezone, toFile }));
    }
  }
}
