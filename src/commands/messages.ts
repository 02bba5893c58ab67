// What is said on standard error beside the result, and the exit code that goes with it.

import type { InputSpec } from '../input/list.js';
import type { Report, ReportInput } from '../report/report.js';
import { visible } from '../report/text.js';
import { EXIT, type ExitCode } from '../util/error.js';
import { quote } from '../util/quote.js';
import { formatBytes, formatCount, formatNumberOf } from '../util/units.js';
import type { Io } from './io.js';
import type { KnownConfig } from './request.js';

export interface TalkOptions {
  quiet?: boolean;
  verbose?: boolean;
}

/**
 * Errors of the inputs, and their damage unless quiet, a line each. Files that only a folder or glob brought in, and
 * that nothing can be made of, share a line unless verbose.
 */
export function warnOfInputs(
  inputs: readonly ReportInput[],
  specs: readonly InputSpec[],
  options: TalkOptions,
  io: Io,
): void {
  const broughtIn = new Set(specs.filter((spec) => !spec.named).map((spec) => spec.path));
  const strays = inputs.filter(({ path, error, format }) => error !== null && format === null && broughtIn.has(path));
  const condensed = strays.length > 1 && !options.verbose;
  for (const input of inputs) {
    const { path, error, damage } = input;
    if (condensed && input === strays[0]) {
      say(`${strays.length} files can't be read (-v lists them), the first: ${errorOf(input)}`, io);
    } else if (error !== null && !(condensed && strays.includes(input))) say(errorOf(input), io);
    for (const { reason, count, offset } of options.quiet ? [] : damage) {
      const place = offset === null ? '' : `, first at byte ${offset}`;
      say(`${quote(path)} is damaged: ${reason}, ${formatNumberOf(count, 'time')}${place}`, io);
    }
  }
}

function errorOf({ path, error }: ReportInput): string {
  return error === null || error.includes(path) ? `${error}` : `${quote(path)}: ${error}`;
}

/** Which configuration is meant: told where it was not named and lies elsewhere, or where asked. */
export function tellConfig({ config, found, notes }: KnownConfig, options: TalkOptions, io: Io): void {
  if (options.quiet) return;
  for (const note of notes) say(note, io);
  const isElsewhere = found?.includes('/') === true;
  if (isElsewhere) say(`using ${quote(found)} (-c names another, --no-config none)`, io);
  else if (options.verbose) {
    const source = config === null ? 'none: uplinks are inferred' : (config.source ?? 'by --uplink alone');
    say(`configuration: ${source}`, io);
  }
}

/** What was read and how fast, where asked. */
export function tellInputs(report: Report, seconds: number, options: TalkOptions, io: Io): void {
  if (!options.verbose || options.quiet) return;
  for (const input of report.inputs) {
    const compression = input.compression === null ? '' : `, ${input.compression}`;
    const links = input.linkTypes.length === 0 ? '' : `, ${input.linkTypes.join(' ')}`;
    const amount =
      input.entries !== null
        ? formatNumberOf(input.entries, 'entry', 'entries')
        : `${formatCount(input.packets)} packets`;
    say(`${quote(input.path)}: ${input.format ?? 'not read'}${compression}${links}, ${amount}`, io);
  }
  const packets = report.inputs.reduce((sum, input) => sum + (input.packets ?? 0), 0);
  const bytes = report.inputs.reduce((sum, input) => sum + (input.wireBytes ?? 0), 0);
  const entries = report.inputs.reduce((sum, input) => sum + (input.entries ?? 0), 0);
  const read = [
    ...(entries > 0 ? [formatNumberOf(entries, 'entry', 'entries')] : []),
    ...(packets > 0 || entries === 0 ? [`${formatCount(packets)} packets, ${formatBytes(bytes)} on the wire`] : []),
  ];
  say(`${read.join(', ')}, in ${seconds.toFixed(2)} s`, io);
}

/** Of several the first in the order interrupted, unreadable, damaged. */
export function exitCodeOf(report: Report, strict: boolean, io: Io): ExitCode {
  if (report.partial || io.interrupted.aborted) return EXIT.interrupted;
  if (report.inputs.some((input) => input.error !== null)) return EXIT.unreadable;
  return strict && report.inputs.some((input) => input.damage.length > 0) ? EXIT.damaged : EXIT.ok;
}

/** True where no input could be read at all: then there is nothing to lay out on a page. */
export function nothingRead(report: Report): boolean {
  return report.inputs.every((input) => input.error !== null);
}

/** One line, whatever is in it. */
export function say(message: string, io: Io): void {
  io.stderr.write(`mlstat: ${visible(message)}\n`);
}
