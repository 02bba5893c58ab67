// The router's set-up: a configuration as its owner would write it, the script that `mlstat plan` makes of it, applied
// in the router's namespace. The same again where the configuration changes during a run.

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '#src/util/error.js';
import { cliPath, projectDir } from '../shared.js';
import { LAN, type LabUplink } from './addresses.js';
import { sysctl } from './network.js';
import type { Scenario } from './scenario.js';
import { attempt, inside, run } from './tools.js';

export interface SetUp {
  /** The folder of the run; the script and its configuration lie there. */
  folder: string;
  router: string;
  scenario: Scenario;
}

/** Plans and applies; `addressed` are the uplinks with the addresses that they have now. */
export async function applySetUp(setUp: SetUp, addressed: readonly LabUplink[]): Promise<void> {
  const { folder, router, scenario } = setUp;
  const script = join(folder, 'router_setup.sh');
  const config = join(folder, 'mlstat.yaml');
  writeFileSync(config, configOf(addressed, scenario));
  const choices = ['--style', scenario.style, '--firewall', scenario.firewall];
  const planned = await attempt([process.execPath, cli(), 'plan', '-c', config, ...choices, '-o', script]);
  if (planned.code !== 0) throw new UserError(`mlstat plan: ${planned.stderr.trim().split('\n')[0]}`);
  await run(scriptCommand(setUp, 'apply'), '', environment(setUp));
  await sysctl(router, scenario.sysctl);
}

/** What the script itself finds wrong with the present state, a line each. */
export async function faultsOfSetUp(setUp: SetUp): Promise<string[]> {
  const { code, stdout, stderr } = await attempt(scriptCommand(setUp, 'check'), '', environment(setUp));
  const lines = `${stdout}${stderr}`.split('\n').filter((line) => line !== '' && !line.startsWith('ok '));
  return code === 0 ? [] : lines;
}

/** With MASQUERADE the address is the provider's to choose: `snat: []`. */
export function configOf(uplinks: readonly LabUplink[], { ipv6, nat, hash_policy, keepalive }: Scenario): string {
  const six = ipv6 === 'mixed';
  return [
    'uplinks:',
    ...uplinks.flatMap(({ name, dev, gw, gw6, ip, ip6, weight }) => [
      `  - name: ${name}`,
      `    interface: ${dev}`,
      `    gateway: ${gw}`,
      ...(six ? [`    gateway6: "${gw6}"`] : []),
      `    snat: [${nat === 'masquerade' ? '' : [ip, ...(six ? [ip6] : [])].map((one) => `"${one}"`).join(', ')}]`,
      `    weight: ${weight}`,
    ]),
    `lan: [${[LAN.net, ...(six ? [LAN.net6] : [])].map((net) => `"${net}"`).join(', ')}]`,
    `router: { hashPolicy: ${hash_policy}${six ? `, hashPolicy6: ${hash_policy}` : ''}${keepalive > 0 ? `, keepalive: ${keepalive}s` : ''} }`,
    '',
  ].join('\n');
}

function scriptCommand({ folder, router }: SetUp, verb: string): string[] {
  return inside(router, ['sh', join(folder, 'router_setup.sh'), verb]);
}

/** What the script writes down of its changes stays in the folder of the run. It starts its keep-alive itself. */
function environment({ folder, scenario }: SetUp): NodeJS.ProcessEnv {
  const MLSTAT_KEEPALIVE = scenario.keepalive > 0 ? 'yes' : 'no';
  return { ...process.env, MLSTAT_STATE: join(folder, 'setup-state'), MLSTAT_KEEPALIVE };
}

/** The bundle as users run it, else what the compiler made. */
function cli(): string {
  return existsSync(cliPath) ? cliPath : join(projectDir, 'dist', 'cli.js');
}
