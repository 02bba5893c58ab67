// `--save FILE`: what was read is kept, to be given as an input later in place of the captures.

import type { PipelineOptions } from '../pipeline/pipeline.js';
import type { Report } from '../report/report.js';
import { UserError } from '../util/error.js';
import type { Io } from './io.js';
import { nothingRead, say, type TalkOptions } from './messages.js';
import { openOutput } from './output.js';
import type { Pipeline } from './pipeline.js';

export interface SaveOptions extends TalkOptions {
  save?: string;
  anonymise?: boolean;
  anonymiseKey?: string;
}

/** Before anything is read: an anonymised result is to be passed on, and a saved one holds every address. */
export function checkSave({ save, anonymise, anonymiseKey }: SaveOptions): void {
  if (save === undefined) return;
  if (save === '' || save === '-') throw new UserError('--save needs the name of a file, such as day1.tally');
  if (anonymise === true || anonymiseKey !== undefined) {
    throw new UserError('--save keeps every address as it is: leave --anonymise to what is made of the saved file');
  }
}

/** The report of what was read, which is kept in the file that `--save` names. `files` must not be written over. */
export async function analyseAndSave(
  request: PipelineOptions,
  options: SaveOptions,
  files: readonly string[],
  io: Io,
  pipeline: Pipeline,
): Promise<Report> {
  const { analyseInputs, tallyInputs, reportOf } = await pipeline();
  if (options.save === undefined) return analyseInputs(request);
  const output = await openOutput(options.save, files, io);
  try {
    const reading = await tallyInputs(request);
    const report = reportOf(reading);
    if (!nothingRead(report)) {
      const { encodeReading } = await import('../pipeline/saved.js');
      await output.write(encodeReading(reading));
      await output.commit();
      if (options.verbose === true && options.quiet !== true) say(`saved to ${options.save}`, io);
    }
    return report;
  } finally {
    await output.discard();
  }
}
