// The kernel settings that a set-up needs, each with its reason, as statements of the script.

import type { Plan } from './model.js';

/** Path below /proc/sys, value, and what it is for (null: the line before says it). */
type Setting = readonly [path: string, value: number, why: string | null];

/** New flows leave a dead gateway after 7.1 to 7.7 s with these, after 33 to 53 s with the kernel's own. */
const REACHABLE_MS = 3000;
const DELAY_SEC = 1;

export function settingStatements(plan: Plan, style: 'classic' | 'connmark'): string[] {
  const devices = [...new Set(plan.uplinks.map(({ device }) => device))];
  const has4 = plan.families.includes(4);
  const has6 = plan.families.includes(6);
  const lines = [
    ...(has4
      ? ['# the kernel changes accept_redirects along with ip_forward', 'keep net/ipv4/conf/all/accept_redirects']
      : []),
    ...written(has4 ? ipv4(plan, style) : []),
    ...(has6 ? acceptRa(plan) : []),
    ...written(has6 ? ipv6(plan) : []),
  ];
  for (const device of devices) {
    lines.push(...written([...(has4 ? device4(device) : []), ...(has6 ? device6(device) : [])]));
  }
  lines.push(
    ...written([
      ['net/netfilter/nf_conntrack_acct', 1, 'bytes of each connection, and its times: mlstat reads them'],
      ['net/netfilter/nf_conntrack_timestamp', 1, null],
    ]),
  );
  return lines;
}

function ipv4({ hashPolicy }: Plan, style: 'classic' | 'connmark'): Setting[] {
  const why =
    style === 'connmark'
      ? `the choice is made by ${POLICIES[hashPolicy]}; a connection's mark holds it to its uplink afterwards`
      : `the choice is made by ${POLICIES[hashPolicy]}`;
  return [
    ['net/ipv4/ip_forward', 1, null],
    ['net/ipv4/fib_multipath_hash_policy', hashPolicy, why],
    ['net/ipv4/fib_multipath_use_neigh', 1, 'no new flow to a gateway that does not answer ARP (needs the keep-alive)'],
  ];
}

const POLICIES: readonly string[] = [
  'source and destination address',
  'addresses and ports',
  'the inner addresses of tunnels',
  'the fields of fib_multipath_hash_fields',
];

/** Forwarding turns router advertisements off unless told otherwise, and a dynamic uplink lives by them. */
function acceptRa(plan: Plan): string[] {
  const dynamic = plan.uplinks.filter(({ lines }) => lines[6] !== null && lines[6].snat.length === 0);
  const settings = dynamic.map(({ device }): Setting => [`net/ipv6/conf/${device}/accept_ra`, 2, null]);
  return settings.length === 0
    ? []
    : ['# its address comes by router advertisement, on a router as well', ...written(settings)];
}

function ipv6({ hashPolicy6 }: Plan): Setting[] {
  return [
    ['net/ipv6/conf/all/forwarding', 1, null],
    ['net/ipv6/fib_multipath_hash_policy', hashPolicy6, null],
  ];
}

function device4(device: string): Setting[] {
  return [
    [`net/ipv4/conf/${device}/ignore_routes_with_linkdown`, 1, `${device}: a link without carrier is not used`],
    [`net/ipv4/conf/${device}/rp_filter`, 2, 'loose: answers may come by a line that is not the first choice'],
    [`net/ipv4/neigh/${device}/base_reachable_time_ms`, REACHABLE_MS, 'a dead gateway is noticed in seconds'],
    [`net/ipv4/neigh/${device}/delay_first_probe_time`, DELAY_SEC, null],
  ];
}

function device6(device: string): Setting[] {
  return [
    [`net/ipv6/conf/${device}/ignore_routes_with_linkdown`, 1, null],
    [`net/ipv6/conf/${device}/keep_addr_on_down`, 1, 'its addresses outlive a link that is set down'],
    [`net/ipv6/neigh/${device}/base_reachable_time_ms`, REACHABLE_MS, null],
    [`net/ipv6/neigh/${device}/delay_first_probe_time`, DELAY_SEC, null],
  ];
}

function written(settings: readonly Setting[]): string[] {
  return settings.flatMap(([path, value, why]) => [...(why === null ? [] : [`# ${why}`]), `setting ${path} ${value}`]);
}
