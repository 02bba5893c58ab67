// What was measured, for the audit: a saved report, or captures that are analysed here and now with the configuration
// that the router's own files give.

import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import type { Config } from '../config/config.js';
import { listInputs } from '../input/list.js';
import type { Report } from '../report/report.js';
import { UserError } from '../util/error.js';
import { quote } from '../util/quote.js';
import { readTimezone } from './display.js';
import { readInstant } from './instant.js';
import type { Io } from './io.js';
import { warnOfInputs } from './messages.js';
import { PROGRESS_MODES } from './modes.js';
import type { Pipeline } from './pipeline.js';
import { startProgress } from './progress.js';
import { readChoice, readJobs } from './values.js';

export interface CaptureOptions {
  capture?: string[];
  since?: string;
  until?: string;
  timezone?: string;
  jobs?: string;
  progress: string;
  quiet?: boolean;
  verbose?: boolean;
}

/** A report with its series takes some MB. */
const LARGEST_REPORT = 64 * 1024 * 1024;

/** Reads the options at once, so that a slip costs no time. What comes back analyses; absolute paths beside it. */
export async function readCaptures(options: CaptureOptions, names: readonly string[], io: Io) {
  const timezone = readTimezone(options.timezone, io);
  const instant = (option: string, text: string | undefined) =>
    text === undefined ? undefined : readInstant(option, text, timezone);
  const sinceUs = instant('--since', options.since);
  const untilUs = instant('--until', options.until);
  const jobs = readJobs(options.jobs);
  const mode = readChoice('--progress', options.progress, PROGRESS_MODES);
  const inputs = await listInputs(options.capture ?? [], { cwd: io.cwd, uplinkNames: [...names] });
  const analyse = async (config: Config, pipeline: Pipeline): Promise<Report> => {
    const { analyseInputs } = await pipeline();
    const progress = await startProgress(mode, options.quiet === true, io);
    const report = await analyseInputs({
      inputs,
      config,
      signal: io.interrupted,
      onProgress: progress.update,
      ...(sinceUs === undefined ? {} : { sinceUs }),
      ...(untilUs === undefined ? {} : { untilUs }),
      ...(jobs === undefined ? {} : { jobs }),
    }).finally(progress.stop);
    warnOfInputs(report.inputs, inputs, options, io);
    return report;
  };
  return { analyse, files: inputs.filter(({ file }) => file !== '-').map(({ file }) => file) };
}

/** Throws `UserError` for what is no JSON, or is not there. */
export async function readReport(path: string, io: Io): Promise<unknown> {
  const fault = (why: string) => new UserError(`--report ${quote(path)}: ${why}`);
  let text: string;
  try {
    // A device or a pipe may have no end.
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of createReadStream(resolve(io.cwd, path)) as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > LARGEST_REPORT) {
        throw fault(`larger than ${LARGEST_REPORT / 1024 / 1024} MiB: save it without --series`);
      }
    }
    text = Buffer.concat(chunks).toString('utf8');
  } catch (error) {
    if (error instanceof UserError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw fault(code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'is a folder' : (code ?? String(error)));
  }
  try {
    return JSON.parse(text);
  } catch {
    throw fault('is no JSON; save one by mlstat analyse … --format json -o report.json, or give --capture');
  }
}
