// The plan as mwan3 of OpenWrt has it: an interface and a member an uplink, one policy over all, one rule. mwan3 marks
// connections itself, so that flows stay put. https://openwrt.org/docs/guide-user/network/wan/multiwan/mwan3

import { UserError } from '../../util/error.js';
import { quote } from '../../util/quote.js';
import { FILES_FRAME, FILES_MAIN } from './files-frame.js';
import { type Family, linesOf, type Plan } from './model.js';
import { comment, indent, trimMargin } from './shell.js';

/** `mmx_mask` 0x3F00 numbers six bits of interfaces, less what mwan3 keeps for itself. */
const MOST_INTERFACES = 60;
/** mwan3 leaves out interfaces with longer names. */
const LONGEST_NAME = 15;
const FILE = '/etc/config/mwan3';

export function mwan3Script(plan: Plan): string {
  const entries = plan.families.flatMap((family) =>
    linesOf(plan, family).map(({ uplink, line }) => ({ family, uplink, line, name: networkName(uplink.name, family) })),
  );
  if (entries.length > MOST_INTERFACES) {
    throw new UserError(
      `mwan3 numbers at most ${MOST_INTERFACES} interfaces, and these are ${entries.length}: take --style connmark`,
    );
  }
  const twin = entries.find(({ name }, i) => entries.findIndex((other) => other.name === name) < i);
  if (twin !== undefined) {
    throw new UserError(
      `two uplinks would both be the interface ${quote(twin.name)} of OpenWrt: rename ${quote(twin.uplink.name)}`,
    );
  }
  const config = [
    '# Written by mlstat plan --style mwan3.',
    "config globals 'globals'",
    "\toption mmx_mask '0x3F00'",
    ...entries.flatMap(({ family, uplink, line, name }) => [
      '',
      `# ${comment(uplink.name)}: ${uplink.device}`,
      `config interface '${name}'`,
      "\toption enabled '1'",
      `\toption family 'ipv${family}'`,
      ...tracking(line.gateway, plan.keepaliveSec),
      '',
      `config member '${name}_member'`,
      `\toption interface '${name}'`,
      "\toption metric '1'",
      `\toption weight '${line.weight}'`,
    ]),
    '',
    '# New connections are shared by weight; with no uplink left clients get an ICMP error.',
    "config policy 'balanced'",
    ...entries.map(({ name }) => `\tlist use_member '${name}_member'`),
    "\toption last_resort 'unreachable'",
    ...plan.families.flatMap((family) => [
      '',
      `config rule 'all_v${family}'`,
      `\toption family 'ipv${family}'`,
      `\toption dest_ip '${family === 4 ? '0.0.0.0/0' : '::/0'}'`,
      "\toption use_policy 'balanced'",
    ]),
  ];
  return script(
    entries.map(({ name, uplink, family }) => [name, uplink.device, family]),
    config,
  );
}

/** One that answers is enough for mwan3; the gateway alone never shows a blackhole behind it. */
function tracking(gateway: string | null, keepaliveSec: number): string[] {
  if (gateway === null || gateway.startsWith('fe80:'))
    return ['\t# no track_ip: the link alone tells whether it is up'];
  return [
    '\t# the gateway answers although the line behind it is dead: name hosts on the Internet that answer pings instead',
    `\tlist track_ip '${gateway}'`,
    "\toption reliability '1'",
    "\toption count '1'",
    "\toption timeout '2'",
    `\toption interval '${Math.max(1, Math.round(keepaliveSec))}'`,
    "\toption down '3'",
    "\toption up '3'",
  ];
}

/** As OpenWrt has it: `wan`, and `wan6` for its IPv6. */
function networkName(name: string, family: Family): string {
  const plain = name.replace(/\W/g, '_').slice(0, family === 6 ? LONGEST_NAME - 1 : LONGEST_NAME);
  return family === 6 ? `${plain}6` : plain;
}

function script(
  names: readonly (readonly [name: string, device: string, family: Family])[],
  config: readonly string[],
): string {
  return [
    '#!/bin/sh',
    ...[
      'mwan3 of OpenWrt, set up as a whole: written by mlstat plan, style mwan3.',
      '',
      `sh THIS apply      writes ${FILE} (the one before is kept as ${FILE}.before-mlstat) and restarts mwan3`,
      'sh THIS check      tells whether it is in place; exit 1 if not. Changes nothing.',
      'sh THIS remove     puts the one before back',
      '',
      'Its interfaces are those of /etc/config/network, by name: there they have their devices, gateways, and each a',
      'metric of its own; masquerading is the zone wan of /etc/config/firewall:',
      ...names.map(([name, device, family]) => `  ${name}: ${device}, IPv${family}`),
    ].map((line) => `# ${line}`.trimEnd()),
    'set -u',
    '',
    FILES_FRAME,
    '',
    'needed() {',
    ...indent([
      'found=0',
      `for name in ${names.map(([name]) => name).join(' ')}; do`,
      `  grep -q -E "^[[:space:]]*config[[:space:]]+interface[[:space:]]+['\\"]?\${name}['\\"]?[[:space:]]*\\$" "$ROOT/etc/config/network" && continue`,
      '  say "no interface $name in $ROOT/etc/config/network: add it there, or rename the uplink"',
      '  found=1 BAD=1',
      'done',
      'return "$found"',
    ]),
    '}',
    '',
    'files() {',
    `  put_file ${FILE} <<'END'`,
    ...config,
    'END',
    '}',
    `files_back() { give_back ${FILE}; }`,
    '',
    trimMargin(`
      restart() {
        command -v mwan3 >/dev/null || { say 'mwan3 is not installed: opkg install mwan3'; return 1; }
        mwan3 restart
      }
    `),
    '',
    FILES_MAIN,
    '',
  ].join('\n');
}
