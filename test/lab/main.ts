// `npm run lab -- SCENARIO.json [-o FOLDER]`: one run of the lab, and what came of it in a few lines.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { UserError } from '#src/util/error.js';
import { projectDir } from '../shared.js';
import { whyNot } from './available.js';
import { runLab } from './run.js';
import { readScenario } from './scenario.js';
import type { Summary } from './summary.js';

const SCENARIOS = 'test/lab/scenarios';
const USAGE = `usage: npm run lab -- SCENARIO.json [-o FOLDER]; there are ${SCENARIOS}/*.json`;

// npm changes into the project's folder; paths are meant from where the user stands.
const here = process.env.INIT_CWD ?? process.cwd();

// The namespaces' guard clears up as soon as this process is gone.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));

try {
  await main();
} catch (error) {
  const known = error instanceof UserError;
  process.stderr.write(`lab: ${known ? error.message : ((error as Error).stack ?? error)}\n`);
  process.exitCode = known ? error.exitCode : 1;
}

async function main(): Promise<void> {
  const { path, folder } = request(process.argv.slice(2));
  const scenario = readScenario(textOf(path), basename(path));
  // What an unfinished run has left may be written over.
  const unfinished = existsSync(join(folder, 'scenario.json')) && !existsSync(join(folder, 'truth.json'));
  if (existsSync(folder) && readdirSync(folder).length > 0 && !unfinished) {
    throw new UserError(`${folder} is there already: remove it, or choose another one with -o`);
  }
  const reason = await whyNot();
  if (reason !== null) throw new UserError(reason);
  const { truth, remarks } = await runLab(scenario, folder, (line) => process.stderr.write(`lab: ${line}\n`));
  for (const remark of remarks) process.stderr.write(`lab: ${remark}\n`);
  const summary = truth.summary as unknown as Summary;
  for (const [index, { name, dev }] of truth.uplinks.entries()) {
    const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
    const { lan_flows_per_uplink: flows, share, share_expected: planned } = summary;
    process.stdout.write(
      `${name} (${dev}): ${flows[index]} flows, ${percent(share[index])}, by weight ${percent(planned[index])}\n`,
    );
  }
  process.stdout.write(
    `outcomes: ${JSON.stringify(summary.outcomes)}; flows that leaked: ${summary.leaked_flows}\n${folder}\n`,
  );
}

function request(args: readonly string[]): { path: string; folder: string } {
  const { values, positionals } = parse(args);
  const [scenario, ...more] = positionals;
  if (scenario === undefined || more.length > 0) throw new UserError(USAGE);
  const bundled = resolve(projectDir, SCENARIOS, `${scenario}.json`);
  const path = !existsSync(resolve(here, scenario)) && existsSync(bundled) ? bundled : resolve(here, scenario);
  return { path, folder: resolve(here, values.output ?? `lab-${basename(path, '.json')}`) };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: { output: { type: 'string', short: 'o' } }, allowPositionals: true });
  } catch (error) {
    throw new UserError(`${(error as Error).message.split('. ')[0]}; ${USAGE}`);
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UserError(
      `${path}: ${(error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : (error as Error).message}; ${USAGE}`,
    );
  }
}
