// What `mlstat tune` and `mlstat capacity` have in common: inputs are read as for `analyse`, one object is added to the
// report, and a page, JSON, Markdown or CSV is made of it.

import type { Reading } from '../pipeline/pipeline.js';
import type { Report } from '../report/report.js';
import type { TerminalOptions } from '../report/terminal.js';
import type { ExitCode } from '../util/error.js';
import { type AnonymiseOptions, readAnonymiser } from './anonymise.js';
import { terminalOptions } from './display.js';
import type { Io } from './io.js';
import { exitCodeOf, nothingRead, tellConfig, tellInputs, warnOfInputs } from './messages.js';
import { PROGRESS_MODES } from './modes.js';
import { openOutput } from './output.js';
import type { Pipeline } from './pipeline.js';
import { startProgress } from './progress.js';
import { type RequestOptions, readRequest } from './request.js';
import { readChoice } from './values.js';

export interface AdviceOptions extends RequestOptions, AnonymiseOptions {
  format?: string;
  output?: string;
  strict?: boolean;
  color: boolean;
  progress: string;
  quiet?: boolean;
  verbose?: boolean;
}

export interface Advice {
  /** Adds to the report what the verb is for. */
  add(report: Report, reading: Reading, timezone: string): Promise<void>;
  table(report: Report, options: TerminalOptions): Promise<string>;
  markdown(report: Report, timezone: string): Promise<string>;
  csv(report: Report): Promise<string>;
}

const FORMATS = ['table', 'json', 'markdown', 'csv'] as const;
type Format = (typeof FORMATS)[number];

const BY_ENDING: Readonly<Record<string, Format>> = { json: 'json', md: 'markdown', markdown: 'markdown', csv: 'csv' };

export async function advise(
  args: readonly string[],
  options: AdviceOptions,
  io: Io,
  pipeline: Pipeline,
  advice: Advice,
): Promise<ExitCode> {
  const format = readFormat(options);
  const mode = readChoice('--progress', options.progress, PROGRESS_MODES);
  const anonymiser = await readAnonymiser(options, io);
  const request = await readRequest(args, options, io);
  const { timezone } = request;
  const output = await openOutput(options.output, request.files, io);
  try {
    tellConfig(request.known, options, io);
    const startMs = io.now();
    const progress = await startProgress(mode, options.quiet === true, io);
    const { tallyInputs, reportOf } = await pipeline();
    const reading = await tallyInputs({ ...request.pipeline, onProgress: progress.update }).finally(progress.stop);
    const report = reportOf(reading);
    warnOfInputs(report.inputs, request.pipeline.inputs, options, io);
    tellInputs(report, (io.now() - startMs) / 1000, options, io);
    if (!nothingRead(report)) await advice.add(report, reading, timezone);
    if (format === 'json' || !nothingRead(report)) {
      const display = terminalOptions(io, { color: options.color, timezone, toFile: output.toFile });
      await output.write(await render(anonymiser?.report(report) ?? report, format, timezone, display, advice));
      await output.commit();
    }
    return exitCodeOf(report, options.strict === true, io);
  } finally {
    await output.discard();
  }
}

function readFormat({ format, output }: AdviceOptions): Format {
  if (format !== undefined) return readChoice('--format', format, FORMATS);
  return BY_ENDING[/\.([a-z]+)$/i.exec(output ?? '')?.[1]?.toLowerCase() ?? ''] ?? 'table';
}

async function render(
  report: Report,
  format: Format,
  timezone: string,
  display: TerminalOptions,
  advice: Advice,
): Promise<string> {
  switch (format) {
    case 'json': {
      const { renderJson } = await import('../report/json.js');
      return renderJson(report, { series: false });
    }
    case 'markdown':
      return advice.markdown(report, timezone);
    case 'csv':
      return advice.csv(report);
    default:
      return advice.table(report, display);
  }
}
