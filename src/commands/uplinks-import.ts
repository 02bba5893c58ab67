// `mlstat uplinks import`: the router's own files become a configuration to keep. What was understood, what was not and
// what does not fit together is told on standard error, a line each with its place.

import type { Config } from '../config/config.js';
import type { Note } from '../router/facts.js';
import { EXIT, type ExitCode, UserError } from '../util/error.js';
import { quote } from '../util/quote.js';
import { formatNumberOf } from '../util/units.js';
import type { Io } from './io.js';
import { say } from './messages.js';
import { openOutput } from './output.js';

export interface ImportOptions {
  output?: string;
  quiet?: boolean;
  verbose?: boolean;
}

/** More lines than a person reads; those of one kind are then counted. */
const MOST_LINES = 200;
const LABELS: Partial<Record<Note['kind'], string>> = {
  contradiction: 'contradictory: ',
  unclear: 'not understood: ',
};

/** So many files that say nothing of uplinks are named one by one. */
const MOST_SKIPPED = 3;

export async function importUplinks(args: readonly string[], options: ImportOptions, io: Io): Promise<ExitCode> {
  const { readRouter } = await import('../router/read.js');
  const { config, notes, errors, files } = await readRouter(args, io.cwd);
  const output = await openOutput(options.output, files, io);
  try {
    for (const error of errors) say(error, io);
    if (!options.quiet) await tellNotes(notes, options.verbose === true, io);
    if (config === null) {
      throw new UserError(
        'no uplink can be told from these files: give what ip route show table all prints, or the script that sets it',
        EXIT.unreadable,
      );
    }
    const { writeConfig } = await import('../config/write.js');
    await output.write(writeConfig(config));
    await output.commit();
    return errors.length > 0 ? EXIT.unreadable : EXIT.ok;
  } finally {
    await output.discard();
  }
}

/** For `--router`: the configuration, and what is contradictory about it. Throws `UserError` where there is none. */
export async function loadRouter(path: string, io: Io): Promise<{ config: Config; notes: string[] }> {
  const { readRouter } = await import('../router/read.js');
  const { config, notes, errors } = await readRouter([path], io.cwd);
  if (errors.length > 0 && config === null) throw new UserError(`--router ${errors[0]}`);
  if (config === null) {
    throw new UserError(
      `no uplink can be told from --router ${quote(path)}: mlstat uplinks import tells what is in it`,
    );
  }
  const { checkUplinks } = await import('../config/check.js');
  const fault = checkUplinks(config.uplinks);
  if (fault !== null) {
    const name = config.uplinks[Number(fault.path[1])]?.name ?? '';
    throw new UserError(`--router ${quote(path)}: uplink ${quote(name)} ${fault.message}`);
  }
  const { placeText } = await import('../router/facts.js');
  const told = notes.filter(({ kind }) => kind === 'contradiction');
  return {
    config: { ...config, source: path },
    notes: [...errors, ...told.map(({ place, text }) => (place === null ? text : `${placeText(place)}: ${text}`))],
  };
}

async function tellNotes(notes: readonly Note[], isVerbose: boolean, io: Io): Promise<void> {
  const { placeText } = await import('../router/facts.js');
  const skipped = notes.filter(({ kind }) => kind === 'skipped');
  const rest = notes.filter(({ kind }) => kind !== 'skipped');
  const most = isVerbose ? Number.POSITIVE_INFINITY : MOST_LINES;
  const line = ({ kind, place, text }: Note) => {
    const where =
      place === null ? '' : `${kind === 'skipped' || isWhole(kind, place.line) ? place.file : placeText(place)}: `;
    return `${where}${LABELS[kind] ?? ''}${text}`;
  };
  const named = isVerbose || skipped.length <= MOST_SKIPPED ? skipped : [];
  for (const note of named) say(line(note), io);
  if (named.length < skipped.length) {
    const [first] = skipped;
    const count = formatNumberOf(skipped.length, 'file');
    say(
      `${count} that say nothing of uplinks are left out, ${first?.place?.file ?? ''} and others (-v names them)`,
      io,
    );
  }
  for (const note of rest.slice(0, most)) say(line(note), io);
  if (rest.length > most) say(`${formatNumberOf(rest.length - most, 'more line')} like these (-v shows them)`, io);
}

/** What a file gave as a whole stands at its first line. */
function isWhole(kind: Note['kind'], line: number): boolean {
  return kind === 'understood' && line === 1;
}
