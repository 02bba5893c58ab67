// The set-up that today's kernels need: the mark of a connection, saved at its first packet, leads all its later ones
// into the table of its uplink, so that no change of weights and no fault moves what is established.

import { FAMILIES, type Family, type Line, linesOf, type Plan, type PlannedUplink, prefixText } from './model.js';
import { settingStatements } from './settings.js';
import { comment } from './shell.js';

/** Its metric is above that of a default route by itself: IPv4's is 0, IPv6's 1024. As `ip route` prints it. */
export const PROHIBIT: Record<Family, string> = {
  4: 'prohibit default proto static metric 1',
  6: 'prohibit default dev lo proto static metric 2000',
};

/** The body of `statements`. */
export function connmarkStatements(plan: Plan): string[] {
  const families = FAMILIES.filter((family) => plan.families.includes(family));
  return [
    '# Tables of this script, one an uplink and the balanced one.',
    ...families.flatMap((family) => [
      ...linesOf(plan, family).map(({ uplink }) => `table -${family} ${uplink.table}`),
      `table -${family} ${plan.balanceTable}`,
    ]),
    '',
    ...settingStatements(plan, 'connmark'),
    ...families.flatMap((family) => ['', ...familyStatements(plan, family)]),
  ];
}

function familyStatements(plan: Plan, family: Family): string[] {
  const lines = linesOf(plan, family);
  return [
    `# IPv${family}: table main first, without its default routes (suppress_prefixlength 0): whoever sets one there,`,
    '# a DHCP client or a router advertisement, does no harm.',
    `rule -${family} 50 from all lookup main suppress_prefixlength 0`,
    ...lines.flatMap(({ uplink, line }) => ['', ...lineStatements(plan, family, uplink, line)]),
    '',
    '# New connections: the balanced default, over the uplinks that could be set up above.',
    `balance -${family} ${plan.balanceTable}`,
    `rule -${family} ${plan.balanceTable} from all lookup ${plan.balanceTable}`,
  ];
}

function lineStatements(plan: Plan, family: Family, uplink: PlannedUplink, line: Line): string[] {
  const { device, table } = uplink;
  const hop = hopStatement(family, line, device);
  return [
    `# ${comment(uplink.name)}: its default, and behind it a prohibit, so that what is marked for it and can't go out`,
    '# ends with an ICMP error and not by the wrong line.',
    `route -${family} ${table} ${defaultRoute(family, line, device)} && ${hop}`,
    `route -${family} ${table} ${PROHIBIT[family]}`,
    `rule -${family} ${uplink.markPriority} from all fwmark ${hex(uplink.mark)}/${hex(plan.mask)} lookup ${table}`,
    ...sourceRules(family, uplink, line),
  ];
}

/** As `ip route` prints it. */
export function defaultRoute(family: Family, line: Line, device: string): string {
  const scope = family === 4 && line.gateway === null ? ' scope link' : '';
  return `default ${viaOf(line, device)} proto static${scope}`;
}

/** Takes the uplink into the balance. */
export function hopStatement(family: Family, line: Line, device: string): string {
  const words = `${viaOf(line, device)} weight ${line.weight}`;
  return family === 6 && line.gateway !== null ? `hop6 ${line.gateway} ${device} ${words}` : `hop ${words}`;
}

export function viaOf({ gateway }: Line, device: string): string {
  return gateway === null ? `dev ${device}` : `via ${gateway} dev ${device}`;
}

/** What the router itself sends from an uplink's address goes out by it. */
export function sourceRules(family: Family, { device, table, sourcePriority, isShared }: PlannedUplink, line: Line) {
  const rule = (from: string) => `rule -${family} ${sourcePriority} from ${from} lookup ${table}`;
  const known = line.snat.map((prefix) => rule(prefixText(prefix)));
  if (isShared) return known;
  // The address of the device, where SNAT uses others or it is known only now.
  const listed = line.snat.map((prefix) => prefixText(prefix)).join(' | ');
  const own = `own=$(address -${family} ${device})`;
  const add = `[ -z "$own" ] || ${rule('"$own"')}`;
  return [...known, own, listed === '' ? add : `case $own in ${listed}) ;; *) ${add} ;; esac`];
}

export function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
