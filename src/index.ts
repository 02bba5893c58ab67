// The library: the same pipeline as the command's, without a terminal.

import { resolve } from 'node:path';
import type { Config } from './config/config.js';
import type { FlowRow } from './flows/row.js';
import { listInputs } from './input/list.js';
import { analyseInputs, type PipelineOptions, writeFlows } from './pipeline/pipeline.js';
import type { Report } from './report/report.js';

export type { Capacity, Config, Prefix, RouterConfig, UplinkConfig } from './config/config.js';
export type { FlowRow } from './flows/row.js';
export type { FlowRules, Progress } from './pipeline/pipeline.js';
export type * from './report/report.js';
export { UserError } from './util/error.js';

/** Uncompressed or compressed bytes of a capture, as they come. */
export type ByteStream = AsyncIterable<Uint8Array>;

export interface AnalyseOptions extends Omit<PipelineOptions, 'inputs' | 'config'> {
  /** Files, directories, globs, `-`, `name=path` as on the command line; or streams, which the report lists after them. */
  inputs: readonly (string | ByteStream)[];
  /** A configuration, the path of one (YAML or JSON), or null: then the uplinks are inferred. */
  config?: Config | string | null;
  /** Where relative paths start; the working directory unless given. */
  cwd?: string;
}

/**
 * Analyses captures and returns the report that `mlstat analyse --format json --series` prints.
 *
 * Rejects with `UserError` where the request is wrong. An input that can't be read is told in its `error`, damage in
 * its `damage`; the others are analysed all the same.
 */
export async function analyse(options: AnalyseOptions): Promise<Report> {
  return analyseInputs(await pipelineOptions(options));
}

/**
 * Hands every flow to `emit`, some thousand rows at a time, in the order of end, then start, then key; resolves to the
 * report. With `noUplinks` every five-tuple as seen.
 */
export async function flows(
  options: AnalyseOptions & { noUplinks?: boolean },
  emit: (rows: FlowRow[]) => void | Promise<void>,
): Promise<Report> {
  const { noUplinks = false } = options;
  return writeFlows({ ...(await pipelineOptions(options)), noUplinks }, emit);
}

async function pipelineOptions({
  inputs,
  config = null,
  cwd = process.cwd(),
  ...rest
}: AnalyseOptions): Promise<PipelineOptions> {
  const known = typeof config === 'string' ? await load(resolve(cwd, config), config) : config;
  const uplinkNames = known?.uplinks.map((uplink) => uplink.name) ?? [];
  const paths = inputs.filter((input) => typeof input === 'string');
  const listed = await listInputs(paths, { cwd, uplinkNames });
  const streams = inputs
    .filter((input) => typeof input !== 'string')
    .map((stream, n) => ({ path: `stream ${n + 1}`, file: '-', label: null, named: true, error: null, stream }));
  return { ...rest, inputs: [...listed, ...streams], config: known };
}

async function load(path: string, source: string): Promise<Config> {
  const { loadConfig } = await import('./config/read.js');
  return loadConfig(path, source);
}
