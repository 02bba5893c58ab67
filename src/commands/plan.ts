// `mlstat plan`: the configuration becomes the router's set-up script. Nothing of it is run.

import { resolve } from 'node:path';
import { EXIT, type ExitCode, UserError } from '../util/error.js';
import type { Io } from './io.js';
import { say } from './messages.js';
import { openOutput } from './output.js';
import { type ConfigOptions, readKnownConfig } from './request.js';
import { readChoice } from './values.js';

export interface PlanCommandOptions extends ConfigOptions {
  style: string;
  firewall: string;
  weights?: string;
  output?: string;
  quiet?: boolean;
}

export async function plan(options: PlanCommandOptions, io: Io): Promise<ExitCode> {
  const { FIREWALLS, planSetUp, STYLES } = await import('../router/plan/plan.js');
  const { parseWeights } = await import('../router/plan/weights.js');
  const style = readChoice('--style', options.style, STYLES);
  const firewall = readChoice('--firewall', options.firewall, FIREWALLS);
  const known = await readKnownConfig(options, io);
  const { config } = known;
  if (config === null) {
    throw new UserError('plan needs a configuration: give -c FILE, --router DIR, or lay mlstat.yaml here');
  }
  const names = config.uplinks.map(({ name }) => name);
  const weights = options.weights === undefined ? undefined : parseWeights(options.weights, names);
  const { script, notes } = planSetUp(config, { style, firewall, ...(weights === undefined ? {} : { weights }) });
  const inputs = known.config?.source && options.router === undefined ? [resolve(io.cwd, known.config.source)] : [];
  const output = await openOutput(options.output, inputs, io);
  try {
    if (!options.quiet) for (const note of [...known.notes, ...notes]) say(note, io);
    await output.write(script);
    await output.commit();
    return EXIT.ok;
  } finally {
    await output.discard();
  }
}
