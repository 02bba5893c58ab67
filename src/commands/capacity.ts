// `mlstat capacity`: what the lines carry, what is left of them, N-1, and how they grow.

import type { ExitCode } from '../util/error.js';
import { type AdviceOptions, advise } from './advice.js';
import type { Io } from './io.js';
import type { Pipeline } from './pipeline.js';

export async function capacity(
  args: readonly string[],
  options: AdviceOptions,
  io: Io,
  pipeline: Pipeline,
): Promise<ExitCode> {
  return advise(args, options, io, pipeline, {
    async add(report, { measureInput }, timezone) {
      const { capacityOf } = await import('../advise/capacity.js');
      report.capacity = capacityOf(measureInput, timezone);
    },
    table: async (report, display) => (await import('../report/terminal-advice.js')).renderCapacity(report, display),
    markdown: async (report, timezone) =>
      (await import('../report/markdown-advice.js')).renderCapacityMarkdown(report, { timezone }),
    csv: async (report) => (await import('../report/csv-advice.js')).renderCapacityCsv(report),
  });
}
