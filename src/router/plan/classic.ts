// The howto's own sequence: table main at priority 50 without a default, a table an uplink with its prohibit route,
// rules by source, the multipath default last. On today's kernels established flows move with it; see nano-howto.md.

import { defaultRoute, hopStatement, PROHIBIT, sourceRules } from './connmark.js';
import { FAMILIES, type Family, linesOf, type Plan, prefixText } from './model.js';
import { settingStatements } from './settings.js';
import { comment, trimMargin } from './shell.js';

/** The body of `statements`. */
export function classicStatements(plan: Plan): string[] {
  const families = FAMILIES.filter((family) => plan.families.includes(family));
  return [
    '# Tables of this script, one an uplink and the balanced one.',
    ...families.flatMap((family) => [
      ...linesOf(plan, family).map(({ uplink }) => `table -${family} ${uplink.table}`),
      `table -${family} ${plan.balanceTable}`,
    ]),
    '',
    ...settingStatements(plan, 'classic'),
    ...families.flatMap((family) => ['', ...familyStatements(plan, family)]),
  ];
}

function familyStatements(plan: Plan, family: Family): string[] {
  const blocks = linesOf(plan, family).flatMap(({ uplink, line }) => {
    const { device, table, name } = uplink;
    const [source] = line.snat.filter(({ length }) => length === (family === 4 ? 32 : 128)).map(prefixText);
    const from = source === undefined ? `$(address -${family} ${device})` : source;
    const hop = hopStatement(family, line, device);
    return [
      '',
      `# ${comment(name)}: what comes from its address goes out by it, or not at all.`,
      `from_source -${family} ${table} "${from}" ${defaultRoute(family, line, device)} && ${hop}`,
      `route -${family} ${table} ${PROHIBIT[family]}`,
      ...sourceRules(family, uplink, line),
    ];
  });
  return [
    `# IPv${family}: table main first, and no default route in it.`,
    `rule -${family} 50 from all lookup main`,
    ...blocks,
    '',
    '# Last the balanced default.',
    `balance -${family} ${plan.balanceTable}`,
    `rule -${family} ${plan.balanceTable} from all lookup ${plan.balanceTable}`,
    `no_default -${family}`,
  ];
}

/** Functions beside the frame's, and `remove_after`. */
export const CLASSIC_FUNCTIONS = trimMargin(`
  # The default routes of table main, a line each, as "ip route add" takes them.
  main_defaults() {
    ip "$1" route show table main default | {
      all=''
      while read -r line; do
        case $line in
          nexthop*) all="$all $line" ;;
          *)
            [ -z "$all" ] || echo "$all"
            all=$line
            ;;
        esac
      done
      [ -z "$all" ] || echo "$all"
    } | sed -e 's/ linkdown//g' -e 's/ dead//g' -e 's/ expires [0-9]*sec//'
  }

  # no_default FAMILY: they come before all others, so they are taken out; remove puts back what was there.
  no_default() {
    shown=$(main_defaults "$1")
    if [ -z "$shown" ]; then
      fine "table main $1: no default route"
      return 0
    fi
    fault "table main $1 has a default route, which comes before all others: $shown"
    [ "$MODE" != check ] || return 0
    [ -e "$STATE/main$1" ] || echo "$shown" >"$STATE/main$1"
    while ip "$1" route delete default table main 2>/dev/null; do :; done
  }

  # from_source FAMILY TABLE ADDRESS WORDS...: the route with its source, which must be an address of this machine.
  from_source() {
    family=$1 table=$2 source=$3
    shift 3
    case $family in -4) listed=$ADDRESSES4 ;; *) listed=$ADDRESSES6 ;; esac
    if [ -n "$source" ] && echo "$listed" | grep -qF " $source/"; then
      # "ip -6 route" prints src before the metric, as "ip route" does.
      route "$family" "$table" "$@" src "$source"
    else
      route "$family" "$table" "$@"
    fi
  }

  remove_after() {
    for family in -4 -6; do
      [ -e "$STATE/main$family" ] || continue
      while read -r words; do
        # shellcheck disable=SC2086 # a route is several words
        ip "$family" route add table main $words 2>/dev/null
      done <"$STATE/main$family"
    done
  }
`);
