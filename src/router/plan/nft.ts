// The firewall's part for nftables: one table of the script's own, put in place and taken away as a whole.

import { hex } from './connmark.js';
import { type Family, type Line, linesOf, type Plan, type PlannedUplink, prefixText } from './model.js';
import { rangeText } from './range.js';
import { identifier, indent, trimMargin } from './shell.js';

export interface Firewall {
  tools: readonly string[];
  /** Shell functions `firewall_install`, `firewall_show`, `firewall_remove`. */
  functions: string;
}

export function nftFirewall(plan: Plan, style: 'classic' | 'connmark'): Firewall {
  const rules = style === 'connmark' ? [...markChains(plan), ...guardChain(plan)] : [];
  return {
    tools: ['nft'],
    functions: [
      trimMargin(`
        # One transaction: the table is made if it is missing, dropped, and made anew.
        firewall_install() {
          { echo 'table inet mlstat'; echo 'delete table inet mlstat'; ruleset; } | nft -f -
        }
        firewall_show() { nft -s list table inet mlstat 2>/dev/null; }
        firewall_remove() { nft delete table inet mlstat 2>/dev/null; }
        ruleset() {
          cat <<'END'
      `),
      'table inet mlstat {',
      ...indent([...rules, ...natChain(plan, style)]),
      '}',
      'END',
      '}',
    ].join('\n'),
  };
}

function markChains(plan: Plan): string[] {
  const clear = hex(~plan.mask >>> 0);
  const mask = hex(plan.mask);
  const unmarked = `ct mark and ${mask} == 0`;
  const set = ({ mark }: PlannedUplink) => `ct mark set ct mark and ${clear} or ${hex(mark)}`;
  const restore = plan.uplinks.map(
    ({ mark }) => `ct mark and ${mask} == ${hex(mark)} meta mark set meta mark and ${clear} or ${hex(mark)}`,
  );
  return [
    '# A connection from outside is answered by the uplink that it came in by.',
    'chain prerouting {',
    ...indent([
      'type filter hook prerouting priority mangle; policy accept;',
      ...plan.uplinks.flatMap((uplink) =>
        incoming(uplink).map((match) => `${match} ct state new ${unmarked} ${set(uplink)}`),
      ),
      `${unmarked} return`,
      ...restore,
    ]),
    '}',
    "# The router's own packets: a route hook, so that the mark counts for their way.",
    'chain output {',
    ...indent(['type route hook output priority mangle; policy accept;', `${unmarked} return`, ...restore]),
    '}',
    '# The first packet has found its way: the connection keeps it.',
    'chain postrouting {',
    ...indent([
      'type filter hook postrouting priority mangle; policy accept;',
      ...plan.uplinks.flatMap((uplink) =>
        outgoing(uplink).map((match) => `${match} ct state new ${unmarked} ${set(uplink)}`),
      ),
    ]),
    '}',
  ];
}

/** What tells that a packet came by this uplink: its device, or on a shared one the address that it asked for. */
function incoming(uplink: PlannedUplink): string[] {
  const device = `iifname "${uplink.device}"`;
  if (!uplink.isShared) return [device];
  return both(uplink, (family, line) => `${device} ${ip(family)} daddr ${set(line)}`);
}

/** … that it leaves by it: its device, or on a shared one the gateway. */
function outgoing(uplink: PlannedUplink): string[] {
  const device = `oifname "${uplink.device}"`;
  if (!uplink.isShared) return [device];
  return both(uplink, (family, { gateway }) => `${device} rt ${ip(family)} nexthop ${gateway}`);
}

function both({ lines }: PlannedUplink, write: (family: Family, line: Line) => string): string[] {
  return ([4, 6] as const).flatMap((family) => {
    const line = lines[family];
    return line === null ? [] : [write(family, line)];
  });
}

/** Packets that netfilter knows no connection of are not translated: they would leave with a client's own address. */
function guardChain(plan: Plan): string[] {
  const devices = deviceSet(plan);
  return [
    '# What has no connection is not translated, and would leave with a private source; and nothing passes from one',
    '# uplink to another.',
    'chain forward {',
    ...indent([
      'type filter hook forward priority filter; policy accept;',
      ...plan.families.map(
        (family) => `oifname ${devices} ${ip(family)} saddr ${lan(plan, family)} ct state invalid drop`,
      ),
      `iifname ${devices} oifname ${devices} drop`,
    ]),
    '}',
  ];
}

function natChain(plan: Plan, style: 'classic' | 'connmark'): string[] {
  return [
    '# Clients get the address of the uplink that they leave by.',
    'chain srcnat {',
    ...indent([
      'type nat hook postrouting priority srcnat; policy accept;',
      ...plan.families.flatMap((family) =>
        linesOf(plan, family).flatMap(({ uplink, line }) => natRules(plan, style, family, uplink, line)),
      ),
    ]),
    '}',
  ];
}

function natRules(
  plan: Plan,
  style: 'classic' | 'connmark',
  family: Family,
  uplink: PlannedUplink,
  line: Line,
): string[] {
  const { device, name, isShared, mark } = uplink;
  const byMark = isShared && style === 'connmark' ? ` ct mark and ${hex(plan.mask)} == ${hex(mark)}` : '';
  const match = `oifname "${device}"${byMark} ${ip(family)} saddr`;
  const note = `comment "${identifier(name)}"`;
  const [source] = line.snat;
  if (source === undefined || (isShared && style === 'classic')) {
    return [`${match} ${lan(plan, family)} counter masquerade ${note}`];
  }
  const twins = plan.lan[family].filter(({ length }) => family === 6 && length === source.length && length < 128);
  if (twins.length > 0) {
    return twins.map(
      ({ text }) => `${match} ${text} counter snat ip6 prefix to ip6 saddr map { ${text} : ${source.text} } ${note}`,
    );
  }
  return [`${match} ${lan(plan, family)} counter snat ${ip(family)} to ${rangeText(source)} ${note}`];
}

function ip(family: Family): 'ip' | 'ip6' {
  return family === 4 ? 'ip' : 'ip6';
}

function lan(plan: Plan, family: Family): string {
  return `{ ${plan.lan[family].map((prefix) => prefixText(prefix)).join(', ')} }`;
}

function set({ snat }: Line): string {
  return `{ ${snat.map((prefix) => prefixText(prefix)).join(', ')} }`;
}

function deviceSet({ uplinks }: Plan): string {
  return `{ ${[...new Set(uplinks.map(({ device }) => `"${device}"`))].join(', ')} }`;
}
