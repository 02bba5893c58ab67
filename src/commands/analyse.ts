// `mlstat analyse`: inputs become a report, as a page for people, as JSON, Markdown or CSV.

import type { Report } from '../report/report.js';
import type { ExitCode } from '../util/error.js';
import { readAnonymiser } from './anonymise.js';
import { terminalOptions } from './display.js';
import type { Io } from './io.js';
import { exitCodeOf, nothingRead, tellConfig, tellInputs, warnOfInputs } from './messages.js';
import { PROGRESS_MODES } from './modes.js';
import { type Output, openOutput } from './output.js';
import type { Pipeline } from './pipeline.js';
import { startProgress } from './progress.js';
import { type RequestOptions, readRequest } from './request.js';
import { analyseAndSave, checkSave, type SaveOptions } from './save.js';
import { readChoice } from './values.js';

export interface AnalyseOptions extends RequestOptions, SaveOptions {
  format?: string;
  series?: boolean;
  output?: string;
  strict?: boolean;
  color: boolean;
  progress: string;
}

const FORMATS = ['table', 'json', 'markdown', 'csv'] as const;
type Format = (typeof FORMATS)[number];

const BY_ENDING: Readonly<Record<string, Format>> = { json: 'json', md: 'markdown', markdown: 'markdown', csv: 'csv' };

export async function analyse(
  args: readonly string[],
  options: AnalyseOptions,
  io: Io,
  pipeline: Pipeline,
): Promise<ExitCode> {
  const format = readFormat(options);
  const mode = readChoice('--progress', options.progress, PROGRESS_MODES);
  checkSave(options);
  const anonymiser = await readAnonymiser(options, io);
  const request = await readRequest(args, options, io);
  const output = await openOutput(options.output, request.files, io);
  try {
    tellConfig(request.known, options, io);
    const startMs = io.now();
    const progress = await startProgress(mode, options.quiet === true, io);
    const asked = { ...request.pipeline, onProgress: progress.update };
    const report = await analyseAndSave(asked, options, request.files, io, pipeline).finally(progress.stop);
    warnOfInputs(report.inputs, request.pipeline.inputs, options, io);
    tellInputs(report, (io.now() - startMs) / 1000, options, io);
    if (format === 'json' || !nothingRead(report)) {
      await output.write(
        await render(anonymiser?.report(report) ?? report, format, request.timezone, options, output, io),
      );
      await output.commit();
    }
    return exitCodeOf(report, options.strict === true, io);
  } finally {
    await output.discard();
  }
}

/** `--format`, else by the ending of the file, else the page. */
function readFormat({ format, output }: AnalyseOptions): Format {
  if (format !== undefined) return readChoice('--format', format, FORMATS);
  return BY_ENDING[/\.([a-z]+)$/i.exec(output ?? '')?.[1]?.toLowerCase() ?? ''] ?? 'table';
}

/** Each renderer is loaded only where it is asked for. */
async function render(
  report: Report,
  format: Format,
  timezone: string,
  options: AnalyseOptions,
  { toFile }: Output,
  io: Io,
): Promise<string> {
  switch (format) {
    case 'json': {
      const { renderJson } = await import('../report/json.js');
      return renderJson(report, { series: options.series === true });
    }
    case 'markdown': {
      const { renderMarkdown } = await import('../report/markdown.js');
      return renderMarkdown(report, { timezone });
    }
    case 'csv': {
      const { renderCsv } = await import('../report/csv.js');
      return renderCsv(report);
    }
    default: {
      const { renderTerminal } = await import('../report/terminal.js');
      return renderTerminal(report, terminalOptions(io, { color: options.color, timezone, toFile }));
    }
  }
}
