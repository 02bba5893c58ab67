// `mlstat uplinks infer`: inputs become a configuration to keep. `mlstat uplinks show`: the configuration as understood.

import type { Config } from '../config/config.js';
import { plainConfig, writeConfig, writeRate } from '../config/write.js';
import type { TerminalOptions } from '../report/terminal.js';
import { EXIT, type ExitCode, UserError } from '../util/error.js';
import { oneLine, quote } from '../util/quote.js';
import { formatShare } from '../util/units.js';
import { terminalOptions } from './display.js';
import type { Io } from './io.js';
import { exitCodeOf, tellConfig, tellInputs, warnOfInputs } from './messages.js';
import { PROGRESS_MODES } from './modes.js';
import { openOutput } from './output.js';
import type { Pipeline } from './pipeline.js';
import { startProgress } from './progress.js';
import { type ConfigOptions, type RequestOptions, readKnownConfig, readRequest } from './request.js';
import { readChoice } from './values.js';

export interface InferOptions extends Pick<RequestOptions, 'since' | 'until' | 'jobs'> {
  output?: string;
  progress: string;
  quiet?: boolean;
  verbose?: boolean;
}

export interface ShowOptions extends ConfigOptions {
  format: string;
  output?: string;
  color: boolean;
  quiet?: boolean;
  verbose?: boolean;
}

const SHOW_FORMATS = ['table', 'yaml', 'json'] as const;

/** The reasons stand as comments above the configuration. */
export async function inferUplinks(
  args: readonly string[],
  options: InferOptions,
  io: Io,
  pipeline: Pipeline,
): Promise<ExitCode> {
  const mode = readChoice('--progress', options.progress, PROGRESS_MODES);
  const request = await readRequest(args, { ...options, uplink: [], config: false }, io);
  const output = await openOutput(options.output, request.files, io);
  try {
    const startMs = io.now();
    const progress = await startProgress(mode, options.quiet === true, io);
    const { inferUplinks: infer } = await pipeline();
    const found = await infer({ ...request.pipeline, onProgress: progress.update }).finally(progress.stop);
    warnOfInputs(found.report.inputs, request.pipeline.inputs, options, io);
    tellInputs(found.report, (io.now() - startMs) / 1000, options, io);
    const exitCode = exitCodeOf(found.report, false, io);
    if (found.config === '') {
      if (exitCode !== EXIT.ok) return exitCode;
      const saved = found.report.inputs.find(({ format }) => format === 'tally');
      if (saved !== undefined) {
        const told = `${quote(saved.path)} is a saved summary, whose uplinks are settled: give the captures`;
        throw new UserError(`no uplink can be told from these inputs: ${told}`, EXIT.unreadable);
      }
      const [why = 'no host in it meets many others'] = found.evidence.map((one) => one.why);
      throw new UserError(`no uplink can be told from these inputs: ${why}`, EXIT.unreadable);
    }
    const comments = found.evidence.map(({ uplink, why }) => `# ${oneLine(uplink)}: ${oneLine(why)}\n`);
    await output.write(comments.join('') + found.config);
    await output.commit();
    return exitCode;
  } finally {
    await output.discard();
  }
}

export async function showUplinks(options: ShowOptions, io: Io): Promise<ExitCode> {
  const format = readChoice('--format', options.format, SHOW_FORMATS);
  const known = await readKnownConfig(options, io);
  if (known.config === null) {
    throw new UserError('no configuration here: name one by -c FILE, or make one by mlstat uplinks infer INPUT');
  }
  const output = await openOutput(options.output, [], io);
  try {
    tellConfig(known, options, io);
    const terminal = terminalOptions(io, { color: options.color, timezone: 'UTC', toFile: output.toFile });
    await output.write(await show(known.config, format, terminal));
    await output.commit();
    return EXIT.ok;
  } finally {
    await output.discard();
  }
}

async function show(config: Config, format: (typeof SHOW_FORMATS)[number], terminal: TerminalOptions): Promise<string> {
  if (format === 'yaml') return writeConfig(config);
  if (format === 'json') return `${JSON.stringify(plainConfig(config), null, 2)}\n`;
  return showTable(config, terminal);
}

async function showTable({ uplinks, lan, router }: Config, terminal: TerminalOptions): Promise<string> {
  const { createPen } = await import('../report/terminal/pen.js');
  const { renderTable } = await import('../report/terminal/table.js');
  const pen = createPen(terminal);
  const sum = uplinks.reduce((total, uplink) => total + (uplink.weight ?? 0), 0);
  const isWeighted = uplinks.every((uplink) => uplink.weight !== null);
  const rate = (bps: number | null | undefined) => (bps === null || bps === undefined ? '–' : writeRate(bps));
  const lines = renderTable(
    [
      { header: 'uplink', min: 16, cells: uplinks.map(({ name }) => name) },
      { header: 'interface', min: 6, drop: 3, cells: uplinks.map((uplink) => uplink.interface ?? '–') },
      { header: 'gateway', min: 15, drop: 2, cells: uplinks.map((uplink) => uplink.gateway ?? '–') },
      {
        header: 'SNAT source',
        min: 15,
        cells: uplinks.map(({ snat }) => snat.map((prefix) => prefix.text).join(' ') || 'dynamic'),
      },
      { header: 'weight', align: 'right', cells: uplinks.map(({ weight }) => `${weight ?? '–'}`) },
      {
        header: 'expected',
        align: 'right',
        cells: uplinks.map(({ weight }) => (isWeighted ? formatShare((weight ?? 0) / sum) : '–')),
      },
      { header: 'down', align: 'right', drop: 1, cells: uplinks.map(({ capacity }) => rate(capacity?.down)) },
      { header: 'up', align: 'right', drop: 0, cells: uplinks.map(({ capacity }) => rate(capacity?.up)) },
    ],
    pen,
    0,
  );
  const facts = [
    ...(lan.length === 0 ? [] : [`LAN ${lan.map((prefix) => prefix.text).join(', ')}`]),
    ...(router.hashPolicy === null ? [] : [`hash policy ${router.hashPolicy}`]),
    ...(router.hashPolicy6 === null ? [] : [`hash policy of IPv6 ${router.hashPolicy6}`]),
    ...(router.keepaliveSec === null ? [] : [`keep-alive every ${router.keepaliveSec} s`]),
    ...(router.macs.length === 0 ? [] : [`MAC ${router.macs.join(', ')}`]),
  ];
  const rest = facts.length === 0 ? [] : ['', pen.safe(facts.join('; '))];
  const page = [...lines, ...rest, ''].join('\n');
  return terminal.unicode ? page : page.replaceAll('–', '-');
}
