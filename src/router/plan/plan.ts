// A configuration becomes the complete set-up of the router: a shell script with apply, check and remove. Nothing of it
// is ever run by mlstat.

import type { Config } from '../../config/config.js';
import { CLASSIC_FUNCTIONS, classicStatements } from './classic.js';
import { connmarkStatements } from './connmark.js';
import { endianScript } from './endian.js';
import { FRAME, MAIN } from './frame.js';
import { iptablesFirewall } from './iptables.js';
import { KEEPALIVE } from './keepalive.js';
import { linesOf, makePlan, type Plan, prefixText } from './model.js';
import { mwan3Script } from './mwan3.js';
import { type Firewall, nftFirewall } from './nft.js';
import { comment, indent, word } from './shell.js';

export const STYLES = ['connmark', 'classic', 'mwan3', 'endian'] as const;
export const FIREWALLS = ['nft', 'iptables'] as const;
export type Style = (typeof STYLES)[number];
export type FirewallName = (typeof FIREWALLS)[number];

export interface PlanOptions {
  style: Style;
  firewall: FirewallName;
  /** Weights in place of the configuration's. */
  weights?: ReadonlyMap<string, number>;
}

/** The script, and what was concluded or left out. Throws `UserError` for what the configuration lacks. */
export function planSetUp(
  config: Config,
  { style, firewall, weights }: PlanOptions,
): { script: string; notes: string[] } {
  const plan = makePlan(config, weights);
  if (style === 'mwan3') return { script: mwan3Script(plan), notes: plan.notes };
  if (style === 'endian') return { script: endianScript(plan), notes: plan.notes };
  const wall = firewall === 'nft' ? nftFirewall(plan, style) : iptablesFirewall(plan, style);
  return { script: shellScript(plan, style, firewall, wall), notes: plan.notes };
}

function shellScript(plan: Plan, style: Style, firewall: FirewallName, wall: Firewall): string {
  return [
    '#!/bin/sh',
    ...header(plan, style, firewall).map((line) => `# ${line}`.trimEnd()),
    'set -u',
    'set -f',
    'LC_ALL=C',
    'export LC_ALL',
    'PATH=$PATH:/usr/sbin:/sbin:/usr/bin:/bin',
    `TOOLS=${word(['ip', ...wall.tools].join(' '))}`,
    `INTERVAL=${Math.max(1, Math.round(plan.keepaliveSec))}`,
    '',
    FRAME,
    '',
    KEEPALIVE,
    '',
    '# ---- the plan '.padEnd(111, '-'),
    '',
    'statements() {',
    ...indent(style === 'classic' ? classicStatements(plan) : connmarkStatements(plan)),
    '}',
    '',
    wall.functions,
    '',
    style === 'classic' ? CLASSIC_FUNCTIONS : 'remove_after() { :; }',
    '',
    'beats() {',
    ...indent(beats(plan)),
    '}',
    '',
    '# ---- what to do '.padEnd(111, '-'),
    '',
    MAIN,
    '',
  ].join('\n');
}

function header(plan: Plan, style: Style, firewall: FirewallName): string[] {
  const families = plan.families.map((family) => `IPv${family}`).join(' and ');
  const list = plan.families.flatMap((family) =>
    linesOf(plan, family).map(({ uplink, line }) => {
      const source =
        line.snat.length === 0 ? 'its own address' : line.snat.map((prefix) => prefixText(prefix)).join(', ');
      return `  IPv${family} ${comment(uplink.name)}: ${uplink.device}, gateway ${line.gateway ?? 'none'}, source ${source}, weight ${line.weight}`;
    }),
  );
  return [
    `Set-up of a router with ${plan.uplinks.length} uplinks, ${families}: written by mlstat plan, style ${style}, ${firewall}.`,
    '',
    ...list,
    '',
    'sh THIS apply      sets everything up; a second time it changes nothing. Starts the keep-alive as well, unless',
    '                   MLSTAT_KEEPALIVE=no (then a supervisor runs: sh THIS keepalive).',
    'sh THIS check      tells what is as it should be and what is not; exit 1 if anything is not. Changes nothing.',
    'sh THIS remove     takes back what apply changed, and nothing else.',
    'sh THIS unit       prints a systemd unit that applies at boot and keeps alive.',
    '',
    "Not in it: addresses of the interfaces, the LAN's DHCP, a firewall that protects (this one only translates).",
    'Needs iproute2 (not the ip of busybox: that knows no multipath), a POSIX shell, grep, sed, tr, cut, ping.',
  ];
}

function beats(plan: Plan): string[] {
  const lines = plan.families.flatMap((family) =>
    linesOf(plan, family).flatMap(({ uplink, line }) =>
      line.gateway === null ? [] : [`beat -${family} ${uplink.device} ${line.gateway} &`],
    ),
  );
  return lines.length === 0 ? [':'] : lines;
}
