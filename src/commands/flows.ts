// `mlstat flows`: inputs become flow records, CSV or NDJSON, written as the flows retire.

import type { FlowRow } from '../flows/row.js';
import type { ExitCode } from '../util/error.js';
import { type AnonymiseOptions, readAnonymiser } from './anonymise.js';
import type { Io } from './io.js';
import { exitCodeOf, nothingRead, tellConfig, tellInputs, warnOfInputs } from './messages.js';
import { PROGRESS_MODES } from './modes.js';
import { openOutput } from './output.js';
import type { Pipeline } from './pipeline.js';
import { startProgress } from './progress.js';
import { type RequestOptions, readRequest } from './request.js';
import { readChoice } from './values.js';

export interface FlowsOptions extends RequestOptions, AnonymiseOptions {
  /** False for `--no-uplinks`. */
  uplinks: boolean;
  format?: string;
  output?: string;
  strict?: boolean;
  progress: string;
  quiet?: boolean;
  verbose?: boolean;
}

const FORMATS = ['csv', 'ndjson'] as const;

/** Characters that are gathered before they are written. */
const CHUNK = 1 << 16;

export async function flows(
  args: readonly string[],
  options: FlowsOptions,
  io: Io,
  pipeline: Pipeline,
): Promise<ExitCode> {
  const byEnding = /\.(ndjson|jsonl)$/i.test(options.output ?? '') ? 'ndjson' : 'csv';
  const format = options.format === undefined ? byEnding : readChoice('--format', options.format, FORMATS);
  const mode = readChoice('--progress', options.progress, PROGRESS_MODES);
  const anonymiser = await readAnonymiser(options, io);
  const request = await readRequest(args, options, io);
  const output = await openOutput(options.output, request.files, io);
  try {
    tellConfig(request.known, options, io);
    const startMs = io.now();
    const { header, line } = await loadFormat(format);
    let text = header;
    const emit = async (rows: readonly FlowRow[]) => {
      for (const row of rows) {
        text += line(anonymiser?.flow(row) ?? row);
        if (text.length < CHUNK) continue;
        const chunk = text;
        text = '';
        await output.write(chunk);
      }
    };
    const progress = await startProgress(mode, options.quiet === true, io);
    const { writeFlows } = await pipeline();
    const report = await writeFlows(
      { ...request.pipeline, noUplinks: !options.uplinks, onProgress: progress.update },
      emit,
    ).finally(progress.stop);
    warnOfInputs(report.inputs, request.pipeline.inputs, options, io);
    tellInputs(report, (io.now() - startMs) / 1000, options, io);
    if (!nothingRead(report)) {
      await output.write(text);
      await output.commit();
    }
    return exitCodeOf(report, options.strict === true, io);
  } finally {
    await output.discard();
  }
}

async function loadFormat(format: (typeof FORMATS)[number]) {
  if (format === 'ndjson') {
    const { formatFlowNdjson } = await import('../report/flows-ndjson.js');
    return { header: '', line: formatFlowNdjson };
  }
  const { FLOW_CSV_HEADER, formatFlowCsv } = await import('../report/flows-csv.js');
  return { header: FLOW_CSV_HEADER, line: formatFlowCsv };
}
