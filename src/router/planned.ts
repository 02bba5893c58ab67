// A script of `mlstat plan` says what it wants in functions of its own (rule, route, hop, balance, setting): here each
// of these lines becomes the command that it runs, in its place, so that the script is read as any other.

const WRITTEN = /^# Set-up of a router .*: written by mlstat plan, /m;
const PLAN = /^# -+ the plan -+$/;

/** Null where it is no such script. */
export function plainCommands(text: string): string | null {
  if (!text.startsWith('#!/bin/sh\n') || !WRITTEN.test(text.slice(0, 400))) return null;
  const lines = text.split('\n');
  const start = lines.findIndex((line) => PLAN.test(line));
  const hops: string[] = [];
  let rules: string | null = null;
  let isRules = false;
  return lines
    .map((line, i) => {
      if (i === 0) return line;
      if (i < start) return '';
      if (isRules) {
        isRules = line !== 'END';
        return line;
      }
      const [, name] = /^(ruleset|rules4|rules6)\(\) \{$/.exec(line) ?? [];
      rules = name ?? rules;
      if (rules !== null && line === "  cat <<'END'") {
        isRules = true;
        return `${READERS[rules]} <<'END'`;
      }
      return command(line.trim(), hops);
    })
    .join('\n');
}

const READERS: Readonly<Record<string, string>> = {
  ruleset: 'nft -f -',
  rules4: 'iptables-restore',
  rules6: 'ip6tables-restore',
};

function command(line: string, hops: string[]): string {
  const [, family, table, words, hop] =
    /^(?:route|from_source) (-[46]) (\d+) (?:"[^"]*" )?(.*?)(?: && hop6? (.*))?$/.exec(line) ?? [];
  if (family !== undefined) {
    // Of IPv6 the gateway and the device stand before, for the neighbour's sake.
    if (hop !== undefined) hops.push(`nexthop ${hop.replace(/^(?!via |dev )\S+ \S+ /, '')}`);
    return `ip ${family} route append ${words} table ${table}`;
  }
  const [, of, balanced] = /^balance (-[46]) (\d+)$/.exec(line) ?? [];
  if (of !== undefined) return `ip ${of} route add default proto static table ${balanced} ${hops.splice(0).join(' ')}`;
  const [, ruled, priority, rest] = /^rule (-[46]) (\d+) ([^"]*)$/.exec(line) ?? [];
  if (ruled !== undefined) return `ip ${ruled} rule add priority ${priority} ${rest}`;
  const [, key, value] = /^setting (net\/\S+) (\d+)$/.exec(line) ?? [];
  if (key !== undefined) return `sysctl -w ${key}=${value}`;
  const [, tool, place, from, chain] = /^jump (ip6?tables) (\w+) (\w+) (\w+)$/.exec(line) ?? [];
  if (tool !== undefined) return `${tool} -t ${place} -I ${from} -j ${chain}`;
  const [, device, gateway] = /^beat -[46] (\S+) (\S+) &$/.exec(line) ?? [];
  return device === undefined ? '' : `ping -c 1 -I ${device} ${gateway}`;
}
