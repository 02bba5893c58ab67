// `mlstat audit`: the router's present set-up, from its own files or from the kernel (--live), against what is needed.

import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import type { Config } from '../config/config.js';
import type { RouterFacts } from '../router/read.js';
import { EXIT, type ExitCode, UserError } from '../util/error.js';
import { quote } from '../util/quote.js';
import { terminalOptions } from './display.js';
import type { Io } from './io.js';
import { say } from './messages.js';
import { openOutput } from './output.js';
import { readChoice } from './values.js';

export interface AuditOptions {
  config?: string | false;
  live?: boolean;
  report?: string;
  format?: string;
  output?: string;
  color: boolean;
  quiet?: boolean;
  verbose?: boolean;
}

const FORMATS = ['table', 'json', 'markdown'] as const;
/** A report with its series takes some MB. */
const LARGEST_REPORT = 64 * 1024 * 1024;

type Read = Pick<RouterFacts, 'config' | 'facts' | 'texts' | 'notes' | 'errors' | 'files'>;

export async function audit(args: readonly string[], options: AuditOptions, io: Io): Promise<ExitCode> {
  const format = formatOf(options);
  if (options.live === true && args.length > 0) {
    throw new UserError(`--live asks this machine: leave the files out, or --live (${quote(args[0])})`);
  }
  if (options.live !== true && args.length === 0) {
    throw new UserError("audit needs the router's own files, or --live on the router itself");
  }
  const given = await readGiven(options, io);
  const report = options.report === undefined ? undefined : await readReport(options.report, io);
  const read = options.live === true ? await readThis(io) : await readFiles(args, io);
  for (const error of read.errors) say(error, io);
  if (options.verbose) for (const { kind, text } of read.notes) if (kind === 'understood') say(text, io);
  const config = read.config ?? given;
  if (config === null) {
    const cure =
      options.live === true ? 'this machine has no default route' : 'give what ip route show table all prints';
    throw new UserError(`no uplink can be told: ${cure}`, EXIT.unreadable);
  }
  const { auditSetUp } = await import('../router/audit/audit.js');
  const { evidence, ...result } = auditSetUp({ facts: read.facts, texts: read.texts, config, given, report });
  if (!evidence) {
    throw new UserError(`--report must be what mlstat analyse --format json prints: ${quote(options.report ?? '')}`);
  }
  const inputs = [...read.files, ...(options.report === undefined ? [] : [resolve(io.cwd, options.report)])];
  const output = await openOutput(options.output, inputs, io);
  try {
    const { auditMarkdown, auditTable } = await import('./audit-text.js');
    const terminal = terminalOptions(io, { color: options.color, timezone: 'UTC', toFile: output.toFile });
    if (format === 'json') await output.write(`${JSON.stringify(result, null, 2)}\n`);
    else await output.write(format === 'markdown' ? auditMarkdown(result) : auditTable(result, terminal));
    await output.commit();
  } finally {
    await output.discard();
  }
  if (read.errors.length > 0) return EXIT.unreadable;
  return result.findings.some(({ severity }) => severity !== 'advice') ? EXIT.ruleFailed : EXIT.ok;
}

function formatOf({ format, output }: AuditOptions): (typeof FORMATS)[number] {
  if (format !== undefined) return readChoice('--format', format, FORMATS);
  if (output?.endsWith('.json')) return 'json';
  return output?.endsWith('.md') ? 'markdown' : 'table';
}

/** Only one that is named: a configuration that lies about may be another router's. */
async function readGiven({ config }: AuditOptions, io: Io): Promise<Config | null> {
  if (typeof config !== 'string') return null;
  const { loadConfig } = await import('../config/read.js');
  return loadConfig(resolve(io.cwd, config), config);
}

async function readFiles(args: readonly string[], io: Io): Promise<Read> {
  const { readRouterFacts } = await import('../router/read.js');
  return readRouterFacts(args, io.cwd);
}

async function readThis(io: Io): Promise<Read> {
  const { readLive } = await import('../router/audit/live.js');
  const { readRouterTexts } = await import('../router/read.js');
  const { texts, missing } = await readLive();
  for (const line of missing) say(line, io);
  return { ...readRouterTexts(texts), texts, errors: [], files: [] };
}

async function readReport(path: string, io: Io): Promise<unknown> {
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
    throw fault('is no JSON; save one by mlstat analyse … --format json -o report.json');
  }
}
