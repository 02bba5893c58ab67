// The first words of the command line become a verb: where none is named, analyse is meant.

import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isGlob } from '../input/glob.js';
import { explainMissing } from '../input/missing.js';
import { UserError } from '../util/error.js';
import { quote } from '../util/quote.js';
import { didYouMean } from '../util/suggest.js';

/** Switches that may stand before the verb as well. */
const SWITCHES = ['-q', '--quiet', '-v', '--verbose', '--debug', '--no-color'];

/** Of the program itself, without a verb. */
const OWN = ['-h', '--help', '-V', '--version', 'help'];

/**
 * The same words with a verb at the front. Throws `UserError` where the first one is neither a verb nor an input: it
 * must exist, be `-`, a glob or `name=path`.
 */
export async function completeVerb(argv: readonly string[], verbs: readonly string[], cwd: string): Promise<string[]> {
  const start = argv.findIndex((word) => !SWITCHES.includes(word));
  const switches = argv.slice(0, Math.max(0, start));
  const words = argv.slice(switches.length);
  const [first] = words;
  if (first === undefined || OWN.includes(first)) return [...words];
  if (verbs.includes(first)) {
    // Behind the innermost verb (`uplinks show -q`): at the end, but before a `--`.
    const end = words.includes('--') ? words.indexOf('--') : words.length;
    return [...words.slice(0, end), ...switches, ...words.slice(end)];
  }
  if (!first.startsWith('-') && !isGlob(first) && first.indexOf('=') <= 0 && !(await exists(resolve(cwd, first)))) {
    const cure = /[./\\]/.test(first) ? await missing(first, cwd) : didYouMean(first, verbs);
    throw new UserError(`unknown command ${quote(first)}${cure || '; mlstat --help lists them'}`);
  }
  return ['analyse', ...switches, ...words];
}

/** What looks like a path was one. */
async function missing(path: string, cwd: string): Promise<string> {
  const [meant = ''] = /\(did you mean .*\)$/.exec(await explainMissing(path, cwd)) ?? [];
  return `, and no such file ${meant}`.trimEnd();
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
