// What the router itself says of its state, at the start, midway, within each fault and at the end: the outputs of its
// own commands as files, named LABEL.WHAT, text and JSON.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Scenario } from './scenario.js';
import { attempt, have, inside } from './tools.js';

const STATE: Readonly<Record<string, readonly string[]>> = {
  'route.txt': ['ip', '-4', '-d', 'route', 'show', 'table', 'all'],
  'route.json': ['ip', '-4', '-d', '-j', 'route', 'show', 'table', 'all'],
  'rule.txt': ['ip', '-4', 'rule', 'show'],
  'rule.json': ['ip', '-4', '-j', 'rule', 'show'],
  'addr.txt': ['ip', 'addr', 'show'],
  'addr.json': ['ip', '-j', 'addr', 'show'],
  'link.txt': ['ip', 'link', 'show'],
  'link.json': ['ip', '-j', '-s', '-d', 'link', 'show'],
  'neigh.json': ['ip', '-j', '-s', 'neigh', 'show'],
};

const STATE6: typeof STATE = {
  'route6.txt': ['ip', '-6', '-d', 'route', 'show', 'table', 'all'],
  'route6.json': ['ip', '-6', '-d', '-j', 'route', 'show', 'table', 'all'],
  'rule6.txt': ['ip', '-6', 'rule', 'show'],
};

const CONNECTIONS: typeof STATE = {
  'conntrack-L.txt': ['conntrack', '-L', '-o', 'extended,id'],
  'conntrack-L-ktimestamp.txt': ['conntrack', '-L', '-o', 'extended,id,ktimestamp'],
  'conntrack-L.xml': ['conntrack', '-L', '-o', 'xml'],
  'conntrack-S.txt': ['conntrack', '-S'],
};

const FIREWALL: typeof STATE = {
  'iptables-save.txt': ['iptables-save', '-c'],
  'nft.txt': ['nft', 'list', 'ruleset'],
  'nft.json': ['nft', '-j', 'list', 'ruleset'],
};

/** Settings that decide how a router with several uplinks behaves. */
const SETTINGS =
  /^net\.(ipv[46]\.fib_multipath|netfilter\.nf_conntrack|ipv4\.ip_forward|ipv6\.conf\.all\.forwarding|ipv[46]\.conf\..*(rp_filter|ignore_routes_with_linkdown)|ipv[46]\.neigh\..*(reachable|solicit|probe|retrans))/;

/** Writes one snapshot below `folder`/router. The firewall and the settings only where `whole`. */
export async function snapshot(
  folder: string,
  router: string,
  label: string,
  scenario: Scenario,
  whole: boolean,
): Promise<void> {
  const write = (what: string, text: string) => writeFileSync(join(folder, 'router', `${label}.${what}`), text);
  write('date.txt', `${(Date.now() / 1000).toFixed(6)}\n`);
  const six = scenario.ipv6 === 'mixed';
  const wanted = {
    ...STATE,
    ...(six && STATE6),
    ...(scenario.capture.conntrack && have('conntrack') && CONNECTIONS),
    'proc_nf_conntrack.txt': ['cat', '/proc/net/nf_conntrack'],
    ...(whole && FIREWALL),
    ...(whole && six && { 'ip6tables-save.txt': ['ip6tables-save', '-c'] }),
    ...(whole && { 'sysctl.txt': ['sysctl', '-a'] }),
  };
  // One after the other: the run goes on meanwhile, and its timing matters more.
  for (const [what, command] of Object.entries(wanted)) {
    if (!have(command[0])) continue;
    const { code, stdout } = await attempt(inside(router, command));
    if (code !== 0) continue;
    write(
      what,
      what === 'sysctl.txt'
        ? `${stdout
            .split('\n')
            .filter((line) => SETTINGS.test(line))
            .join('\n')}\n`
        : stdout,
    );
  }
}
