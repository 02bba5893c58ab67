// Examples at the end of a verb's help: they work as they stand on the bundled samples.

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import type { Io } from './io.js';

/** The folder that holds `samples`. */
const PACKAGE = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

/** Where the samples don't lie in the working directory, the first line goes to where they do. */
export function addExamples(command: Command, io: Io, examples: readonly string[]): void {
  command.addHelpText('after', () => {
    const usesSamples = examples.some((example) => example.includes('samples/'));
    const isHere = existsSync(resolve(io.cwd, 'samples/4to1/mlstat.yaml'));
    const way = usesSamples && !isHere ? [`cd ${shellWord(PACKAGE)}`] : [];
    return ['', 'Examples:', ...[...way, ...examples].map((line) => `  ${line}`)].join('\n');
  });
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
