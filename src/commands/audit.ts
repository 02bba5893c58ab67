// `mlstat audit`: the router's present set-up, from its own files or from the kernel (--live), against what is needed.

import { resolve } from 'node:path';
import type { Config } from '../config/config.js';
import { word } from '../router/plan/shell.js';
import type { RouterFacts } from '../router/read.js';
import { EXIT, type ExitCode, UserError } from '../util/error.js';
import { quote } from '../util/quote.js';
import { type CaptureOptions, readCaptures, readReport } from './audit-evidence.js';
import { terminalOptions } from './display.js';
import type { Io } from './io.js';
import { exitCodeOf, say } from './messages.js';
import { openOutput } from './output.js';
import type { Pipeline } from './pipeline.js';
import { readChoice } from './values.js';

export interface AuditOptions extends CaptureOptions {
  config?: string | false;
  live?: boolean;
  report?: string;
  format?: string;
  output?: string;
  color: boolean;
}

const FORMATS = ['table', 'json', 'markdown'] as const;

type Read = Pick<RouterFacts, 'config' | 'facts' | 'texts' | 'notes' | 'errors' | 'files'>;

export async function audit(
  args: readonly string[],
  options: AuditOptions,
  io: Io,
  pipeline: Pipeline,
): Promise<ExitCode> {
  const format = formatOf(options);
  if (options.live === true && args.length > 0) {
    throw new UserError(`--live asks this machine: leave the files out, or --live (${quote(args[0])})`);
  }
  if (options.live !== true && args.length === 0) {
    throw new UserError("audit needs the router's own files, or --live on the router itself");
  }
  const given = await readGiven(options, io);
  const saved = options.report === undefined ? [] : [await readReport(options.report, io)];
  const read = options.live === true ? await readThis(io) : await readFiles(args, io);
  for (const error of read.errors) say(error, io);
  if (options.verbose) for (const { kind, text } of read.notes) if (kind === 'understood') say(text, io);
  const config = read.config ?? given;
  if (config === null) {
    const cure =
      options.live === true ? 'this machine has no default route' : 'give what ip route show table all prints';
    throw new UserError(`no uplink can be told: ${cure}`, EXIT.unreadable);
  }
  const { auditSetUp, isReport } = await import('../router/audit/audit.js');
  if (!saved.every(isReport)) {
    throw new UserError(`--report must be what mlstat analyse --format json prints: ${quote(options.report ?? '')}`);
  }
  const meant = given ?? config;
  const names = meant.uplinks.map(({ name }) => name);
  const captures = await readCaptures(options, names, io);
  const inputs = [
    ...read.files,
    ...captures.files,
    ...[options.report, typeof options.config === 'string' ? options.config : undefined].flatMap((path) =>
      path === undefined ? [] : [resolve(io.cwd, path)],
    ),
  ];
  const output = await openOutput(options.output, inputs, io);
  try {
    const measured = options.capture?.length ? await captures.analyse(meant, pipeline) : null;
    const result = auditSetUp({
      facts: read.facts,
      texts: read.texts,
      config,
      given,
      reports: measured === null ? saved : [...saved, measured],
      planCommand: planCommand(args, options),
    });
    const { auditMarkdown, auditTable } = await import('./audit-text.js');
    const terminal = terminalOptions(io, { color: options.color, timezone: 'UTC', toFile: output.toFile });
    if (format === 'json') await output.write(`${JSON.stringify(result, null, 2)}\n`);
    else await output.write(format === 'markdown' ? auditMarkdown(result) : auditTable(result, terminal));
    await output.commit();
    const code = measured === null ? EXIT.ok : exitCodeOf(measured, false, io);
    if (code !== EXIT.ok) return code;
    if (read.errors.length > 0) return EXIT.unreadable;
    return result.findings.some(({ severity }) => severity !== 'advice') ? EXIT.ruleFailed : EXIT.ok;
  } finally {
    await output.discard();
  }
}

/** The command that writes the script of what is needed, from what was given: it works as it stands. */
function planCommand(args: readonly string[], { config, live }: AuditOptions): string {
  const script = '-o setup.sh';
  if (typeof config === 'string') return `mlstat plan -c ${word(config)} ${script}`;
  if (live === true) {
    return `{ ip route show table all; ip rule; ip addr; nft list ruleset; } | mlstat uplinks import - -o mlstat.yaml && mlstat plan -c mlstat.yaml ${script}`;
  }
  const [first = '-'] = args;
  if (args.length === 1 && first !== '-') return `mlstat plan --router ${word(first)} ${script}`;
  return `mlstat uplinks import ${args.map(word).join(' ')} -o mlstat.yaml && mlstat plan -c mlstat.yaml ${script}`;
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
