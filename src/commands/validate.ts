// `mlstat validate`: the report as a check for scripts and continuous integration: a line a rule, exit 1 where one fails.

import type { Rule } from '../config/rules.js';
import type { Report } from '../report/report.js';
import { EXIT, type ExitCode, UserError } from '../util/error.js';
import { quote } from '../util/quote.js';
import { didYouMean } from '../util/suggest.js';
import { type AnonymiseOptions, readAnonymiser } from './anonymise.js';
import { terminalOptions } from './display.js';
import type { Io } from './io.js';
import { exitCodeOf, nothingRead, say, tellConfig, tellInputs, warnOfInputs } from './messages.js';
import { PROGRESS_MODES } from './modes.js';
import { openOutput } from './output.js';
import type { Pipeline } from './pipeline.js';
import { startProgress } from './progress.js';
import { type RequestOptions, readRequest } from './request.js';
import { readChoice } from './values.js';

export interface ValidateOptions extends RequestOptions, AnonymiseOptions {
  rule: string[];
  failOnUnknown?: boolean;
  format?: string;
  output?: string;
  strict?: boolean;
  color: boolean;
  progress: string;
  quiet?: boolean;
  verbose?: boolean;
}

const FORMATS = ['table', 'json', 'junit'] as const;
type Format = (typeof FORMATS)[number];

const BY_ENDING: Readonly<Record<string, Format>> = { json: 'json', xml: 'junit' };

/** What is checked where nobody says what. */
const USUAL = ['balance consistent', 'every uplink used', 'no leak', 'no outage'];

export async function validate(
  args: readonly string[],
  options: ValidateOptions,
  io: Io,
  pipeline: Pipeline,
): Promise<ExitCode> {
  const format = readFormat(options);
  const mode = readChoice('--progress', options.progress, PROGRESS_MODES);
  const given = await parseRules(options.rule, (n) => `--rule ${quote(options.rule[n] ?? '')}`);
  const request = await readRequest(args, options, io);
  const { config } = request.pipeline;
  const anonymiser = await readAnonymiser(options, io);
  const configured = given.length > 0 ? [] : (config?.rules ?? []);
  const source = config?.source ?? 'the configuration';
  const rules = [
    ...given,
    ...(await parseRules(configured, (n) => `rules[${n}] ${quote(configured[n] ?? '')} (${source})`)),
  ];
  const isUsual = rules.length === 0;
  if (isUsual) rules.push(...(await parseRules(USUAL, () => 'usual rules')));
  refuseStrangers(
    rules,
    config?.uplinks.map(({ name }) => name),
  );
  await refuseUnknownFindings(rules);
  const output = await openOutput(options.output, request.files, io);
  try {
    tellConfig(request.known, options, io);
    if (isUsual && options.quiet !== true) {
      say(`no rules are given: the usual ones are checked (--rule, or rules: in ${source}, name others)`, io);
    }
    const startMs = io.now();
    const progress = await startProgress(mode, options.quiet === true, io);
    const { analyseInputs } = await pipeline();
    const report = await analyseInputs({ ...request.pipeline, onProgress: progress.update }).finally(progress.stop);
    warnOfInputs(report.inputs, request.pipeline.inputs, options, io);
    tellInputs(report, (io.now() - startMs) / 1000, options, io);
    const { validateReport } = await import('../advise/validate.js');
    report.validation = validateReport(report, rules);
    if (format === 'json' || !nothingRead(report)) {
      const display = terminalOptions(io, { ...options, timezone: request.timezone, toFile: output.toFile });
      await output.write(
        await render(anonymiser?.report(report) ?? report, format, options.failOnUnknown === true, display),
      );
      await output.commit();
    }
    const code = exitCodeOf(report, options.strict === true, io);
    if (code !== EXIT.ok) return code;
    const { fails, unknown } = report.validation;
    return fails > 0 || (options.failOnUnknown === true && unknown > 0) ? EXIT.ruleFailed : EXIT.ok;
  } finally {
    await output.discard();
  }
}

async function parseRules(texts: readonly string[], nameOf: (n: number) => string): Promise<Rule[]> {
  if (texts.length === 0) return [];
  const { parseRule } = await import('../config/rules.js');
  return texts.map((text, n) => {
    const rule = parseRule(text);
    if ('error' in rule) throw new UserError(`${nameOf(n)} ${rule.error}`);
    return rule;
  });
}

/** A rule for an uplink that is not there would never fail. */
function refuseStrangers(rules: readonly Rule[], names: readonly string[] | undefined): void {
  if (names === undefined) return;
  for (const { text, uplink } of rules) {
    if (uplink === null || names.includes(uplink)) continue;
    const cure = didYouMean(uplink, names) || `; there is ${names.join(', ')}`;
    throw new UserError(`rule ${quote(text)} is for an uplink that is not there: ${quote(uplink)}${cure}`);
  }
}

/** Neither would a rule against a finding that is never made. */
async function refuseUnknownFindings(rules: readonly Rule[]): Promise<void> {
  if (!rules.some(({ check }) => check.kind === 'finding')) return;
  const { FINDING_CODES } = await import('../measure/finding.js');
  const codes = Object.keys(FINDING_CODES);
  for (const { text, check } of rules) {
    if (check.kind !== 'finding' || codes.includes(check.code)) continue;
    const cure = didYouMean(check.code, codes) || `; there is ${codes.join(', ')}`;
    throw new UserError(`rule ${quote(text)} is about a finding that there is not: ${quote(check.code)}${cure}`);
  }
}

function readFormat({ format, output }: ValidateOptions): Format {
  if (format !== undefined) return readChoice('--format', format, FORMATS);
  return BY_ENDING[/\.([a-z]+)$/i.exec(output ?? '')?.[1]?.toLowerCase() ?? ''] ?? 'table';
}

/** Each renderer is loaded only where it is asked for. */
async function render(
  report: Report,
  format: Format,
  unknownFails: boolean,
  display: ReturnType<typeof terminalOptions>,
): Promise<string> {
  if (format === 'json') return (await import('../report/json.js')).renderJson(report, { series: false });
  if (format === 'junit') return (await import('../report/junit.js')).renderJunit(report, { unknownFails });
  const { renderValidation } = await import('../report/terminal/validation.js');
  return report.validation === undefined ? '' : renderValidation(report.validation, display);
}
