// The same for iptables: chains of the script's own, filled as a whole, and one jump to each.

import { UserError } from '../../util/error.js';
import { hex } from './connmark.js';
import { FAMILIES, type Family, type Line, linesOf, type Plan, type PlannedUplink, prefixText } from './model.js';
import type { Firewall } from './nft.js';
import { rangeText } from './range.js';
import { identifier, trimMargin } from './shell.js';

const TOOL: Record<Family, string> = { 4: 'iptables', 6: 'ip6tables' };

/** Table, its chain, the jump's place. */
const MARK_CHAINS = [
  ['mangle', 'PREROUTING', 'MLSTAT_IN'],
  ['mangle', 'OUTPUT', 'MLSTAT_LOCAL'],
  ['mangle', 'POSTROUTING', 'MLSTAT_OUT'],
  ['filter', 'FORWARD', 'MLSTAT_GUARD'],
] as const;
const NAT_CHAIN = ['nat', 'POSTROUTING', 'MLSTAT_SNAT'] as const;

export function iptablesFirewall(plan: Plan, style: 'classic' | 'connmark'): Firewall {
  const shared = plan.uplinks.find(({ isShared }) => isShared);
  if (shared !== undefined && style === 'connmark') {
    throw new UserError(
      `uplinks that share a device (${shared.device}) are told apart by nftables alone: plan with --firewall nft`,
    );
  }
  const chains = style === 'connmark' ? [...MARK_CHAINS, NAT_CHAIN] : [NAT_CHAIN];
  const families = FAMILIES.filter((family) => plan.families.includes(family));
  const each = (write: (tool: string, table: string, from: string, chain: string) => string) =>
    families.flatMap((family) => chains.map(([table, from, chain]) => `  ${write(TOOL[family], table, from, chain)}`));
  return {
    tools: families.flatMap((family) => [TOOL[family], `${TOOL[family]}-restore`, `${TOOL[family]}-save`]),
    functions: [
      '# Each chain is declared, which empties it, and filled in one transaction a table; then come the jumps.',
      'firewall_install() {',
      '  tables_before',
      ...families.map((family) => `  rules${family} | ${TOOL[family]}-restore --noflush || return 1`),
      ...each((tool, table, from, chain) => `jump ${tool} ${table} ${from} ${chain}`),
      '}',
      'firewall_show() {',
      ...families.map((family) => `  ${TOOL[family]}-save 2>/dev/null | grep -e '^-A.*MLSTAT_'`),
      '}',
      'firewall_remove() {',
      ...each((tool, table, from, chain) => `unjump ${tool} ${table} ${from} ${chain}`),
      ...(style === 'connmark' ? families.map((family) => `  unjump ${TOOL[family]} filter FORWARD MLSTAT_PASS`) : []),
      '  tables_after',
      '}',
      HELPERS,
      ...families.flatMap((family) => [
        `rules${family}() {`,
        "  cat <<'END'",
        ...rules(plan, style, family),
        'END',
        '}',
      ]),
    ].join('\n'),
  };
}

const HELPERS = trimMargin(`
  # First of all rules, so that no older MASQUERADE is met before.
  jump() {
    "$1" -w -t "$2" -C "$3" -j "$4" 2>/dev/null || "$1" -w -t "$2" -I "$3" -j "$4"
  }
  unjump() {
    while "$1" -w -t "$2" -D "$3" -j "$4" 2>/dev/null; do :; done
    "$1" -w -t "$2" -F "$4" 2>/dev/null
    "$1" -w -t "$2" -X "$4" 2>/dev/null
  }
  # iptables over nftables makes tables and leaves them behind, empty: those that were not there before go as well.
  tables_before() {
    [ -e "$STATE/nft" ] || nft list tables >"$STATE/nft" 2>/dev/null
  }
  tables_after() {
    [ -e "$STATE/nft" ] && command -v nft >/dev/null || return 0
    for family in ip ip6; do
      for table in mangle nat filter; do
        grep -qx "table $family $table" "$STATE/nft" && continue
        # A rule has no word of a chain's own lines in front.
        nft list table "$family" "$table" 2>/dev/null |
          grep -qv -e '^table ' -e '^.chain ' -e '^..type ' -e '^.}' -e '^}' -e '^#' -e '^$' ||
          nft delete table "$family" "$table" 2>/dev/null
      done
    done
  }
`);

function rules(plan: Plan, style: 'classic' | 'connmark', family: Family): string[] {
  const lines = linesOf(plan, family);
  const nat = [
    '*nat',
    ':MLSTAT_SNAT - [0:0]',
    ...lines.flatMap((one) => natRules(plan, family, one.uplink, one.line)),
    'COMMIT',
  ];
  if (style === 'classic') return nat;
  const mask = hex(plan.mask);
  const none = `-m connmark --mark 0/${mask}`;
  const set = ({ mark }: PlannedUplink) => `-j CONNMARK --set-xmark ${hex(mark)}/${mask}`;
  const restore = `-m connmark ! --mark 0/${mask} -j CONNMARK --restore-mark --nfmask ${mask} --ctmask ${mask}`;
  const fresh = '-m conntrack --ctstate NEW';
  return [
    '*mangle',
    ':MLSTAT_IN - [0:0]',
    ':MLSTAT_LOCAL - [0:0]',
    ':MLSTAT_OUT - [0:0]',
    '# A connection from outside is answered by the uplink that it came in by.',
    ...lines.map(({ uplink }) => `-A MLSTAT_IN -i ${uplink.device} ${fresh} ${none} ${set(uplink)}`),
    `-A MLSTAT_IN ${restore}`,
    `-A MLSTAT_LOCAL ${restore}`,
    '# The first packet has found its way: the connection keeps it.',
    ...lines.map(({ uplink }) => `-A MLSTAT_OUT -o ${uplink.device} ${fresh} ${none} ${set(uplink)}`),
    'COMMIT',
    ...nat,
    '*filter',
    ':MLSTAT_GUARD - [0:0]',
    ':MLSTAT_PASS - [0:0]',
    '# What has no connection is not translated, and would leave with a private source; and nothing passes from one',
    '# uplink to another.',
    ...lines.flatMap(({ uplink: { device } }) =>
      plan.lan[family].map(
        (prefix) => `-A MLSTAT_GUARD -o ${device} -s ${prefixText(prefix)} -m conntrack --ctstate INVALID -j DROP`,
      ),
    ),
    ...wanToWan(lines.map(({ uplink }) => uplink.device)),
    'COMMIT',
  ];
}

function wanToWan(devices: readonly string[]): string[] {
  const own = [...new Set(devices)];
  return [
    ...own.map((device) => `-A MLSTAT_GUARD -i ${device} -j MLSTAT_PASS`),
    ...own.map((device) => `-A MLSTAT_PASS -o ${device} -j DROP`),
  ];
}

function natRules(plan: Plan, family: Family, { device, name, isShared }: PlannedUplink, line: Line): string[] {
  const note = `-m comment --comment ${identifier(name)}`;
  const [source] = line.snat;
  return plan.lan[family].map((prefix) => {
    const match = `-A MLSTAT_SNAT -s ${prefixText(prefix)} -o ${device} ${note}`;
    if (source === undefined || isShared) return `${match} -j MASQUERADE`;
    if (family === 6 && prefix.length === source.length && source.length < 128)
      return `${match} -j NETMAP --to ${source.text}`;
    return `${match} -j SNAT --to-source ${rangeText(source)}`;
  });
}
