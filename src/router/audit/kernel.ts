// Rules of the audit about settings of the kernel.
// https://www.kernel.org/doc/html/latest/networking/ip-sysctl.html

import type { AuditFinding } from './rule.js';
import { type AuditState, FAMILIES, isBalanced, setting, settingPlace } from './state.js';

type Found = Omit<AuditFinding, 'evidence'>;

/** The kernel's own; 33 to 53 s until a dead gateway is avoided. */
const REACHABLE_MS = 30_000;
/** Neighbours that are kept for good, unless told otherwise (gc_thresh1). */
const KEPT_NEIGHBOURS = 128;

export function auditKernel(state: AuditState): Found[] {
  if (state.extras.equalize !== null || state.knows.settings) return [...auditSettings(state), ...auditEqualize(state)];
  return [];
}

function auditSettings(state: AuditState): Found[] {
  if (!state.knows.settings) return [];
  const has4 = state.balanced[4] !== null;
  return [
    ...auditForwarding(state),
    ...(has4 ? auditNeighbours(state) : []),
    ...auditLinkdown(state),
    ...(has4 ? auditReversePath(state) : []),
    ...auditHash(state),
    ...auditAccounting(state),
  ];
}

function simple(
  state: AuditState,
  code: Found['code'],
  severity: Found['severity'],
  key: string,
  value: number,
  breaks: string,
): Found {
  const now = setting(state, key);
  return {
    code,
    severity,
    what: `${key} is ${now}`,
    breaks,
    cure: [`sysctl -w ${key}=${value}`],
    uplinks: [],
    place: settingPlace(state, key),
  };
}

function auditForwarding(state: AuditState): Found[] {
  const found: Found[] = [];
  const breaks = 'no packet of a client is passed on';
  if (state.balanced[4] !== null && setting(state, 'net.ipv4.ip_forward') === 0) {
    found.push(simple(state, 'forwarding-off', 'error', 'net.ipv4.ip_forward', 1, breaks));
  }
  if (state.balanced[6] !== null && setting(state, 'net.ipv6.conf.all.forwarding') === 0) {
    found.push(simple(state, 'forwarding-off', 'error', 'net.ipv6.conf.all.forwarding', 1, breaks));
  }
  return found;
}

function auditNeighbours(state: AuditState): Found[] {
  const key = 'net.ipv4.fib_multipath_use_neigh';
  const usesNeigh = setting(state, key);
  if (usesNeigh === null) return [];
  if (usesNeigh === 0) {
    const breaks =
      'a gateway that is dead keeps its full share of the new flows for as long as it is dead (88 of 182), and their clients wait for a timeout';
    const finding = simple(state, 'no-use-neigh', 'warning', key, 1, breaks);
    return [
      {
        ...finding,
        cure: [...finding.cure, '# and a keep-alive, without which a gateway never comes back: mlstat plan'],
      },
    ];
  }
  return [...auditKeepalive(state), ...auditTimers(state), ...auditThreshold(state)];
}

function auditKeepalive(state: AuditState): Found[] {
  const { extras, keepaliveSec, uplinks } = state;
  if (extras.hasKeepalive || keepaliveSec !== null || uplinks.every(({ gateway }) => gateway === null)) return [];
  const pings = uplinks
    .slice(0, 8)
    .flatMap(({ gateway, device }) => (gateway === null ? [] : [`ping -c 1 -W 1 -I ${device} ${gateway}`]));
  return [
    {
      code: 'no-keepalive',
      severity: extras.hasScript ? 'warning' : 'advice',
      what: `fib_multipath_use_neigh is 1, and ${extras.hasScript ? 'nothing here pings the gateways' : 'these files do not tell whether anything pings the gateways'}`,
      breaks: 'a gateway that was dead once is never tried again: its uplink stays out of use after it has recovered',
      cure: [
        '# for as long as this shell lives; the script of mlstat plan has one for good',
        `while sleep 3; do ${pings.join('; ')}; done >/dev/null 2>&1 &`,
      ],
      uplinks: [],
      place: settingPlace(state, 'net.ipv4.fib_multipath_use_neigh'),
    },
  ];
}

function auditTimers(state: AuditState): Found[] {
  const slow = state.uplinks.filter(({ device }) => {
    const value = setting(state, `net/ipv4/neigh/${device}/base_reachable_time_ms`);
    return value !== null && value >= REACHABLE_MS;
  });
  if (slow.length === 0) return [];
  return [
    {
      code: 'neigh-timers',
      severity: 'advice',
      what: `base_reachable_time_ms of ${slow.map(({ device }) => device).join(', ')} is ${setting(state, `net/ipv4/neigh/${slow[0].device}/base_reachable_time_ms`)}`,
      breaks: 'new flows go to a dead gateway for 33 to 53 s; with 3000 and delay_first_probe_time 1 for 7.1 to 7.7 s',
      cure: slow
        .slice(0, 8)
        .flatMap(({ device }) => [
          `sysctl -w net/ipv4/neigh/${device}/base_reachable_time_ms=3000`,
          `sysctl -w net/ipv4/neigh/${device}/delay_first_probe_time=1`,
        ]),
      uplinks: slow.map(({ name }) => name),
      place: settingPlace(state, `net/ipv4/neigh/${slow[0].device}/base_reachable_time_ms`),
    },
  ];
}

function auditThreshold(state: AuditState): Found[] {
  const kept = setting(state, 'net.ipv4.neigh.default.gc_thresh1') ?? KEPT_NEIGHBOURS;
  const count = state.facts.neighbours.filter(({ address }) => !address.includes(':')).length;
  if (count <= kept) return [];
  return [
    {
      code: 'gc-thresh',
      severity: 'advice',
      what: `${count} neighbours, and gc_thresh1 is ${kept}`,
      breaks:
        'above it the entry of a dead gateway is collected about every 15 s, counts as usable again, and new flows go in each time',
      cure: [`sysctl -w net.ipv4.neigh.default.gc_thresh1=${Math.max(1024, 2 ** Math.ceil(Math.log2(count * 2)))}`],
      uplinks: [],
      place: settingPlace(state, 'net.ipv4.neigh.default.gc_thresh1'),
    },
  ];
}

function auditLinkdown(state: AuditState): Found[] {
  const found: Found[] = [];
  for (const family of FAMILIES) {
    const key = (device: string) => `net/ipv${family}/conf/${device}/ignore_routes_with_linkdown`;
    // Either of the two is enough.
    if (setting(state, key('all')) === 1) continue;
    const used = state.uplinks.filter(
      (uplink) => isBalanced(state, uplink, family) && setting(state, key(uplink.device)) === 0,
    );
    if (used.length === 0) continue;
    const usesNeigh = family === 4 && setting(state, 'net.ipv4.fib_multipath_use_neigh') === 1;
    found.push({
      code: 'linkdown-used',
      severity: usesNeigh ? 'advice' : 'warning',
      what: `ignore_routes_with_linkdown (IPv${family}) of ${used.map(({ device }) => device).join(', ')} is 0`,
      breaks: usesNeigh
        ? "without carrier the uplink's own table still wins over its prohibit route: marked packets go nowhere, and no ICMP error tells the client"
        : 'a link without carrier keeps its full share of the new flows (88 of 182): 71 of them got "host unreachable", 12 ran into a timeout',
      cure: used.slice(0, 8).map(({ device }) => `sysctl -w ${key(device)}=1`),
      uplinks: used.map(({ name }) => name),
      place: settingPlace(state, key(used[0].device)),
    });
  }
  return found;
}

/** The larger one of `all` and the device counts: 1 is strict, 2 loose. */
function auditReversePath(state: AuditState): Found[] {
  const all = setting(state, 'net.ipv4.conf.all.rp_filter') ?? 0;
  const strict = state.uplinks.filter(({ device }) => {
    const own = setting(state, `net/ipv4/conf/${device}/rp_filter`);
    return own !== null && Math.max(all, own) === 1;
  });
  if (strict.length === 0) return [];
  return [
    {
      code: 'rp-filter',
      severity: 'warning',
      what: `rp_filter of ${strict.map(({ device }) => device).join(', ')} is 1 (strict)`,
      breaks:
        'an answer is dropped when the way back to its sender leads by another uplink: those of an uplink that is not in the balanced route, or just left it',
      cure: strict.slice(0, 8).map(({ device }) => `sysctl -w net/ipv4/conf/${device}/rp_filter=2`),
      uplinks: strict.map(({ name }) => name),
      place:
        settingPlace(state, `net/ipv4/conf/${strict[0].device}/rp_filter`) ??
        settingPlace(state, 'net.ipv4.conf.all.rp_filter'),
    },
  ];
}

function auditHash(state: AuditState): Found[] {
  const key = 'net.ipv4.fib_multipath_hash_policy';
  if (state.balanced[4] === null) return [];
  const policy = setting(state, key);
  const breaks =
    'every flow between one client and one server takes the same uplink: few clients or few servers share badly, and a client that tries again hits the same dead line (115 of 115)';
  if (policy === 0) return [simple(state, 'hash-policy', 'advice', key, 1, breaks)];
  const fields = setting(state, 'net.ipv4.fib_multipath_hash_fields');
  // Bits 4 and 5 are the ports; without them policy 3 pins as policy 0 does.
  if (policy !== 3 || fields === null || (fields & 0x30) !== 0) return [];
  return [
    {
      ...simple(state, 'hash-policy', 'advice', key, 1, breaks),
      what: `${key} is 3 with fields 0x${fields.toString(16)}, in which there are no ports`,
    },
  ];
}

function auditAccounting(state: AuditState): Found[] {
  const key = 'net.netfilter.nf_conntrack_acct';
  if (setting(state, key) !== 0) return [];
  const breaks = 'conntrack dumps have no bytes: mlstat can tell shares of flows from them, and none of bytes';
  return [simple(state, 'accounting-off', 'advice', key, 1, breaks)];
}

function auditEqualize({ extras }: AuditState): Found[] {
  if (extras.equalize === null) return [];
  return [
    {
      code: 'equalize',
      severity: 'advice',
      what: 'the route is set with equalize',
      breaks:
        'nothing: the kernel takes the word and does nothing with it; flows are shared by a hash, not packet by packet',
      cure: ['# leave the word out; fib_multipath_hash_policy says what is hashed'],
      uplinks: [],
      place: extras.equalize,
    },
  ];
}
