// What was asked for on the command line becomes what the pipeline is to do. Nothing of an input is opened yet.

import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { configNotes } from '../config/check.js';
import type { Config, Prefix } from '../config/config.js';
import { findConfig } from '../config/find.js';
import { type InputSpec, listInputs } from '../input/list.js';
import type { PipelineOptions } from '../pipeline/pipeline.js';
import { UserError } from '../util/error.js';
import { quote } from '../util/quote.js';
import { startThreads } from '../workers/threads.js';
import { readTimezone } from './display.js';
import { readInstant } from './instant.js';
import type { Io } from './io.js';
import { readBin, readChoice, readDetection, readJobs, readTimeouts } from './values.js';

export interface ConfigOptions {
  /** False for `--no-config`. */
  config?: string | false;
  /** A folder of the router's own files, in place of a configuration. */
  router?: string;
  uplink: string[];
  capacity?: string[];
  mark?: string[];
}

/** Options that say what is read and how, as typed; a verb has some of them. */
export interface RequestOptions extends ConfigOptions {
  since?: string;
  until?: string;
  client?: string[];
  server?: string[];
  pin?: string[];
  bin?: string;
  minOutage?: string;
  sensitivity?: string;
  timeout?: string[];
  timezone?: string;
  jobs?: string;
  reader?: string;
  crossCheck?: boolean;
}

export interface KnownConfig {
  config: Config | null;
  /** The file, where it was found and not named. */
  found: string | null;
  /** What may surprise, a line each. */
  notes: string[];
}

export interface Request {
  pipeline: PipelineOptions & { inputs: readonly InputSpec[]; config: Config | null };
  timezone: string;
  known: KnownConfig;
  /** Files that a result must not be written over: absolute paths. */
  files: string[];
}

export const READERS = ['fast', 'reference'] as const;

/** Reads every option before any input is looked at, so that a slip of the keyboard costs no time. */
export async function readRequest(args: readonly string[], options: RequestOptions, io: Io): Promise<Request> {
  const timezone = readTimezone(options.timezone, io);
  const sinceUs = options.since === undefined ? undefined : readInstant('--since', options.since, timezone);
  const untilUs = options.until === undefined ? undefined : readInstant('--until', options.until, timezone);
  if (sinceUs !== undefined && untilUs !== undefined && untilUs <= sinceUs) {
    throw new UserError(`--until must be later than --since: ${quote(options.until ?? '')}`);
  }
  const clients = await readPrefixes('--client', options.client);
  const servers = await readPrefixes('--server', options.server);
  const pins = await readPrefixes('--pin', options.pin);
  const binSec = readBin(options.bin);
  const detect = readDetection(options.minOutage, options.sensitivity);
  const timeouts = options.timeout?.length ? readTimeouts(options.timeout) : undefined;
  const jobs = readJobs(options.jobs);
  const reader = options.reader === undefined ? undefined : readChoice('--reader', options.reader, READERS);
  if (reader === 'reference' && options.crossCheck === true) {
    throw new UserError('--cross-check holds the fast reader against the reference: leave --reader reference out');
  }
  // They come up while the configuration is read.
  await startThreads(
    args.map((arg) => resolve(io.cwd, arg)),
    jobs ?? availableParallelism(),
  );
  const known = await readKnownConfig(options, io);
  const inputs = await listInputs(args, {
    cwd: io.cwd,
    uplinkNames: known.config?.uplinks.map((uplink) => uplink.name) ?? [],
  });
  const configFile = known.config?.source ?? null;
  return {
    pipeline: {
      inputs,
      config: known.config,
      signal: io.interrupted,
      timezone,
      ...given({ sinceUs, untilUs, clients, servers, pins, binSec, detect, timeouts, jobs, reader }),
      ...(options.crossCheck === true ? { crossCheck: true } : {}),
    },
    timezone,
    known,
    files: [
      ...inputs.filter((input) => input.file !== '-').map((input) => input.file),
      ...(configFile === null ? [] : [resolve(io.cwd, configFile)]),
    ],
  };
}

/** `-c FILE`, `--router DIR`, else one that is found, with `--uplink` and `--capacity` laid over it. */
export async function readKnownConfig(
  { config: named, router, uplink, capacity = [], mark = [] }: ConfigOptions,
  io: Io,
): Promise<KnownConfig> {
  const lay = uplink.length + capacity.length + mark.length > 0 ? await readFlags(uplink, capacity, mark) : null;
  if (router !== undefined) {
    if (typeof named === 'string')
      throw new UserError('-c and --router both name a configuration: leave one of them out');
    const { loadRouter } = await import('./uplinks-import.js');
    const { config: read, notes } = await loadRouter(router, io);
    const config = lay === null ? read : lay(read);
    return { config, found: null, notes: [...notes, ...(config === null ? [] : configNotes(config))] };
  }
  const found = named === undefined ? await findConfig(io.cwd, io.env) : null;
  const path = named === false ? null : (named ?? found);
  const file = path === null ? null : await loadFile(path, io);
  const config = lay === null ? file : lay(file);
  return { config, found, notes: config === null ? [] : configNotes(config) };
}

/** The flags, read; what they make of a configuration. */
async function readFlags(uplink: readonly string[], capacity: readonly string[], mark: readonly string[]) {
  const { applyFlags, parseCapacityFlag, parseMarkFlag, parseUplinkFlag } = await import('../config/flags.js');
  const uplinks = uplink.map(parseUplinkFlag);
  const capacities = capacity.map(parseCapacityFlag);
  const marks = mark.map(parseMarkFlag);
  return (file: Config | null) => applyFlags(file, uplinks, capacities, marks);
}

/** YAML and Zod are loaded for this alone. */
async function loadFile(path: string, io: Io): Promise<Config> {
  const { loadConfig } = await import('../config/read.js');
  return loadConfig(resolve(io.cwd, path), path);
}

/** What reads addresses is loaded for them alone. */
async function readPrefixes(option: string, texts: readonly string[] = []): Promise<Prefix[] | undefined> {
  if (texts.length === 0) return undefined;
  const { parsePrefixFlag } = await import('../config/flags.js');
  return texts.flatMap((text) => parsePrefixFlag(option, text));
}

function given<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
