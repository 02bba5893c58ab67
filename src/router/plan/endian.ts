// The plan as the howto's second part has it for the Endian firewall: settings of each uplink without a default
// gateway, and a hook that sets the balanced route. `equalize` is left out, for today's kernels ignore it:
// they choose for each hash of a packet, see fib_multipath_hash_policy.

import { UserError } from '../../util/error.js';
import { quote } from '../../util/quote.js';
import { viaOf } from './connmark.js';
import { FILES_FRAME, FILES_MAIN } from './files-frame.js';
import { linesOf, type Plan, prefixText } from './model.js';
import { comment, indent, trimMargin } from './shell.js';

const FOLDER = '/var/efw/uplinks';
const HOOKS = [
  'start.local',
  'updatered.active.local',
  'updatered.inactive.local',
  'updatered.local',
  'updatewizard.local',
].map((name) => `/var/efw/inithooks/${name}`);

export function endianScript(plan: Plan): string {
  const lines = linesOf(plan, 4);
  if (lines.length === 0)
    throw new UserError('--style endian sets up IPv4, and no uplink has it: take --style connmark');
  if (plan.families.includes(6)) plan.notes.push('style endian sets up IPv4 alone: IPv6 is left out');
  const folders = lines.map(({ uplink }, i) => (i === 0 ? 'main' : uplink.name.replace(/\W/g, '_')));
  const twin = folders.findIndex((folder, i) => folders.indexOf(folder) < i);
  if (twin >= 0) {
    throw new UserError(
      `two uplinks would both be ${quote(`${FOLDER}/${folders[twin]}`)}: rename ${quote(lines[twin].uplink.name)}`,
    );
  }
  const dynamic = lines.find(({ line }) => line.snat.length === 0);
  if (dynamic !== undefined) {
    throw new UserError(
      `the howto's Endian set-up needs static addresses, and ${quote(dynamic.uplink.name)} has none: add snat: [203.0.113.2], or take --style connmark`,
    );
  }
  const hops = lines.map(({ uplink, line }) => `nexthop ${viaOf(line, uplink.device)} weight ${line.weight}`);
  return [
    '#!/bin/sh',
    ...[
      `Endian firewall with ${lines.length} uplinks: written by mlstat plan, style endian (the howto's second part).`,
      '',
      'sh THIS apply      settings of the uplinks and hooks; what was there before is kept as *.before-mlstat',
      'sh THIS check      tells what is in place; exit 1 if not all is. Changes nothing.',
      'sh THIS remove     puts back what was there',
      '',
      'The first uplink is Endian\'s "main". Restart the firewall afterwards, as the howto says.',
      'Fields that depend on the mask (RED_IPS, RED_CIDR, RED_NETMASK, RED_NETADDRESS …) are those of main: correct them.',
      ...lines.map(({ uplink }, i) => `  ${FOLDER}/${folders[i]}: ${comment(uplink.name)}, ${uplink.device}`),
    ].map((line) => `# ${line}`.trimEnd()),
    'set -u',
    '',
    FILES_FRAME,
    '',
    ENDIAN_FUNCTIONS,
    '',
    'files() {',
    ...lines.flatMap(({ uplink, line }, i) => [
      `  settings_of ${FOLDER}/${folders[i]}/settings ${uplink.device} ${prefixText(line.snat[0])}`,
    ]),
    ...indent(HOOKS.map((hook) => `hook ${hook}`)),
    '}',
    'files_back() {',
    ...folders.flatMap((folder) => [`  give_back ${FOLDER}/${folder}/settings`, `  forget_folder ${FOLDER}/${folder}`]),
    ...HOOKS.map((hook) => `  give_back ${hook}`),
    '}',
    '',
    '# What each hook does: no default route but the balanced one.',
    'balance() {',
    "  cat <<'END'",
    '# mlstat plan: begin',
    'while ip route del default 2>/dev/null; do :; done',
    'ip route add default scope global \\',
    ...hops.map((hop, i) => `  ${hop}${i === hops.length - 1 ? '' : ' \\'}`),
    `echo ${plan.hashPolicy} >/proc/sys/net/ipv4/fib_multipath_hash_policy`,
    '# mlstat plan: end',
    'END',
    '}',
    '',
    FILES_MAIN,
    '',
  ].join('\n');
}

const ENDIAN_FUNCTIONS = trimMargin(`
  # settings_of FILE DEVICE ADDRESS: the howto's fields; all others stay as they are. A folder that is not there yet
  # is a copy of main's, as the howto makes it.
  settings_of() {
    if [ "$MODE" = apply ] && [ ! -d "$ROOT\${1%/settings}" ]; then
      cp -p -r "$ROOT/var/efw/uplinks/main" "$ROOT\${1%/settings}"
      rm -f "$ROOT$1" "$ROOT$1.before-mlstat"
      cp -p "$ROOT/var/efw/uplinks/main/settings" "$ROOT$1"
      : >"$ROOT\${1%/settings}/.made-by-mlstat"
    fi
    text=$(
      # Unlike sed, grep ends a last line that has no end.
      grep -v -E '^(DEFAULT_GATEWAY|RED_DEV|RED_ADDRESS|RED_TYPE)=' "$ROOT$1" 2>/dev/null
      printf '%s\\n' 'DEFAULT_GATEWAY=' "RED_DEV=$2" "RED_ADDRESS=$3" 'RED_TYPE=STATIC'
      echo .
    )
    put_text "$1" "\${text%.}"
  }

  forget_folder() { [ ! -e "$ROOT$1/.made-by-mlstat" ] || rm -rf "$ROOT$1"; }

  # hook FILE: the block below at its end, once.
  hook() {
    text=$(
      sed -e '/^# mlstat plan: begin/,/^# mlstat plan: end/d' "$ROOT$1" 2>/dev/null | grep ''
      balance
      echo .
    )
    put_text "$1" "\${text%.}"
  }

  needed() {
    [ -d "$ROOT/var/efw/uplinks/main" ] && [ -d "$ROOT/var/efw/inithooks" ] && return 0
    say "no $ROOT/var/efw/uplinks/main: this is no Endian firewall, or main is not configured yet"
    BAD=1
    return 1
  }
  restart() { say 'now restart the firewall: shutdown -r now, or its web interface'; }
`);
