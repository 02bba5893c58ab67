// `mlstat tune`: the captured decisions under other weights, and which weights to set instead.

import type { ExitCode } from '../util/error.js';
import { type AdviceOptions, advise } from './advice.js';
import type { Io } from './io.js';
import type { Pipeline } from './pipeline.js';
import { readMaxSum, readTarget } from './targets.js';

export interface TuneOptions extends AdviceOptions {
  target?: string;
  maxSum?: string;
}

export async function tune(
  args: readonly string[],
  options: TuneOptions,
  io: Io,
  pipeline: Pipeline,
): Promise<ExitCode> {
  const target = readTarget(options.target);
  const maxSum = readMaxSum(options.maxSum);
  return advise(args, options, io, pipeline, {
    async add(report, { measureInput }) {
      const { tuningOf } = await import('../advise/tune.js');
      report.tuning = tuningOf(measureInput, { target, maxSum });
    },
    table: async (report, display) => (await import('../report/terminal-advice.js')).renderTuning(report, display),
    markdown: async (report, timezone) =>
      (await import('../report/markdown-advice.js')).renderTuningMarkdown(report, { timezone }),
    csv: async (report) => (await import('../report/csv-advice.js')).renderTuningCsv(report),
  });
}
