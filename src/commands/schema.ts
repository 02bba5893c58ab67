// `mlstat schema report|config`: the JSON Schema of what is printed, and of what is read.

import { EXIT, type ExitCode } from '../util/error.js';
import type { Io } from './io.js';
import { openOutput } from './output.js';
import { readChoice } from './values.js';

export async function schema(what: string, options: { output?: string }, io: Io): Promise<ExitCode> {
  const choice = readChoice('schema', what, ['report', 'config'] as const);
  const output = await openOutput(options.output, [], io);
  try {
    await output.write(`${JSON.stringify(await load(choice), null, 2)}\n`);
    await output.commit();
    return EXIT.ok;
  } finally {
    await output.discard();
  }
}

async function load(choice: 'report' | 'config'): Promise<object> {
  if (choice === 'report') return (await import('../report/schema.js')).reportJsonSchema();
  return (await import('../config/read.js')).configJsonSchema();
}
