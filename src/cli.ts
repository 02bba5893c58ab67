// The program: hands the process's own streams, environment and signals to the verb that was asked for, catches what
// it throws, and ends with its exit code.

import type { Io } from './commands/io.js';
import { run } from './commands/program.js';
import { EXIT, UserError } from './util/error.js';
import { oneLine } from './util/quote.js';
import { version } from './util/version.js';

/** A fault of the program itself: EX_SOFTWARE of sysexits.h, apart from every code that says something of an input. */
const EXIT_BUG = 70;

const argv = process.argv.slice(2);
const debug = argv.includes('--debug');
const interruption = new AbortController();

const io: Io = {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  now: () => process.uptime() * 1000,
  interrupted: interruption.signal,
  cleanups: new Set(),
};

process.on('exit', () => {
  for (const cleanup of io.cleanups) cleanup();
});
process.on('SIGINT', () => {
  if (interruption.signal.aborted) process.exit(EXIT.interrupted);
  interruption.abort();
});
// Ends at once as it would have without a listener, but leaves no half-written file.
for (const [signal, number] of [
  ['SIGTERM', 15],
  ['SIGHUP', 1],
] as const) {
  process.on(signal, () => process.exit(128 + number));
}
// The reader of a pipe has seen enough: not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? EXIT.ok : tell(new UserError(`can't write the result: ${error.code}`)));
});
process.stderr.on('error', () => {});
process.on('uncaughtException', (error) => process.exit(tell(error)));

void run(argv, version(), io)
  .catch(tell)
  .then((exitCode) => {
    process.exitCode = exitCode;
    // Whatever still holds the process (standard input, a decompressor) has nothing more to say.
    process.stdout.write('', () => process.exit());
  });

/** One line on standard error; the exit code. */
function tell(error: unknown): number {
  const isUsers = error instanceof UserError;
  const message = error instanceof Error ? error.message : String(error);
  const line = isUsers ? message : `internal error: ${message} (run again with --debug for the stack)`;
  process.stderr.write(`mlstat: ${oneLine(line)}\n`);
  if (debug && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return isUsers ? error.exitCode : EXIT_BUG;
}
