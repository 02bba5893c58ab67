// Rules of the audit about netfilter: every uplink is translated, connections keep their uplink by mark, nothing leaves
// untranslated.

import { familyOf } from '../routes.js';
import { matchesDev } from '../values.js';
import { planCure } from './plan-cure.js';
import type { AuditFinding } from './rule.js';
import {
  type AuditState,
  type AuditUplink,
  at,
  FAMILIES,
  type Family,
  isBalanced,
  ownTables,
  translations,
} from './state.js';

type Found = Omit<AuditFinding, 'evidence'>;

export function auditTranslation(state: AuditState): Found[] {
  const { knows } = state;
  if (!knows.firewall) return [];
  const isMarked = hasMarks(state);
  return [
    ...FAMILIES.flatMap((family) => auditNat(state, family)),
    ...auditMarks(state),
    ...auditMasquerade(state, isMarked),
    ...auditShared(state, isMarked),
    ...auditForeign(state),
  ];
}

function auditNat(state: AuditState, family: Family): Found[] {
  if (state.balanced[family] === null) return [];
  const found: Found[] = [];
  const has = (uplink: AuditUplink) => translations(state, uplink, family).length > 0;
  const members = state.uplinks.filter((uplink) => isBalanced(state, uplink, family));
  const without = members.filter((uplink) => !has(uplink));
  // IPv6 without any NAT is a set-up of its own: prefixes of each provider on the LAN.
  if (without.length > 0 && (family === 4 || without.length < members.length)) {
    found.push({
      code: 'uplink-without-nat',
      severity: 'error',
      what: `${without.map(({ name, device }) => `${name} (${device})`).join(', ')}: in the balanced IPv${family} route, and nothing translates what leaves by it`,
      breaks: "its share of the clients' flows leaves with private sources, and no answer can come back",
      cure: without.flatMap(({ device }) => natCure(state, family, device, null)),
      uplinks: without.map(({ name }) => name),
      place: null,
    });
  }
  for (const { device, name, place } of idleDevices(state, family)) {
    found.push({
      code: 'nat-without-route',
      severity: 'warning',
      what: `${name === device ? device : `${name} (${device})`} is translated and has a default route of its own, and no nexthop in the balanced IPv${family} route`,
      breaks: 'no new flow of a client ever takes it: the line is paid for and idle, or its nexthop was lost',
      cure: planCure(state),
      uplinks: [name],
      place,
    });
  }
  return found;
}

/** Devices that a translation names, that lead somewhere, and that the balanced route leaves out. */
function idleDevices(state: AuditState, family: Family): { device: string; name: string; place: string | null }[] {
  const balanced = new Set(state.balanced[family]?.hops.map(({ dev }) => dev));
  const routed = new Set(
    state.rest.filter((route) => familyOf(route) === family).flatMap(({ hops }) => hops.map(({ dev }) => dev)),
  );
  const found = new Map<string, string | null>();
  for (const { action, out, hook, family: of, place } of state.effects) {
    if (hook !== 'postrouting' || (of !== null && of !== family)) continue;
    const named =
      action.kind === 'snatByDev'
        ? action.to.map(([dev]) => dev)
        : action.kind === 'snat' || action.kind === 'masquerade'
          ? out.flatMap(({ not, names }) => (not ? [] : names))
          : [];
    for (const dev of named) if (routed.has(dev) && !balanced.has(dev) && !found.has(dev)) found.set(dev, at(place));
  }
  return [...found].map(([device, place]) => ({
    device,
    name: state.uplinks.find((uplink) => uplink.device === device)?.name ?? device,
    place,
  }));
}

function hasMarks({ effects, rules, extras }: AuditState): boolean {
  const sets = effects.some(({ action }) => action.kind === 'connmark');
  const routed = FAMILIES.some((family) => rules[family].some(({ fwmark }) => (fwmark?.value ?? 0) !== 0));
  return sets && routed && restores({ effects, extras });
}

/** `--restore-mark`, `meta mark set ct mark`, or a rule that gives a packet the mark that it asks of its connection. */
function restores({ effects, extras }: Pick<AuditState, 'effects' | 'extras'>): boolean {
  return (
    extras.restoresMark ||
    effects.some(
      ({ action, mark, hook }) => hook === 'prerouting' && action.kind === 'mark' && mark?.value === action.mark.value,
    )
  );
}

function auditMarks(state: AuditState): Found[] {
  const { effects, rules, knows } = state;
  const members = state.uplinks.filter((uplink) => FAMILIES.some((family) => isBalanced(state, uplink, family)));
  if (members.length < 2 || !knows.rules) return [];
  const sets = effects.filter(({ action }) => action.kind === 'connmark');
  const routed = FAMILIES.flatMap((family) => rules[family]).filter(({ fwmark }) => (fwmark?.value ?? 0) !== 0);
  if (sets.length === 0 && routed.length === 0) {
    return [
      {
        code: 'no-marks',
        severity: 'warning',
        what: 'no mark of a connection leads its packets back to their uplink: the hash alone holds a flow in its place',
        breaks:
          'any change of the usable uplinks or of the weights moves established flows with their old source: 27 flows and 357 packets leaked in one link failure and recovery. Connections from outside are answered by either uplink (28 of 54). Both break where providers filter foreign sources (BCP 38)',
        cure: planCure(state),
        uplinks: [],
        place: null,
      },
    ];
  }
  if (sets.length === 0) {
    return [
      {
        code: 'mark-never-set',
        severity: 'error',
        what: `${routed.length} rules look up tables by mark, and no connection ever gets one`,
        breaks: 'the rules never match: established flows move as they would without them',
        cure: planCure(state),
        uplinks: [],
        place: at(routed[0].place),
      },
    ];
  }
  if (!restores(state)) {
    return [
      {
        code: 'mark-not-restored',
        severity: 'error',
        what: 'connections are marked, and their packets never get the mark before routing',
        breaks: 'routing looks at the mark of the packet: the rules never match, established flows move',
        cure: restoreCure(state),
        uplinks: [],
        place: at(sets[0].place),
      },
    ];
  }
  return members.flatMap((uplink) => auditMarkRule(state, uplink));
}

function auditMarkRule(state: AuditState, uplink: AuditUplink): Found[] {
  const set = state.effects.find(
    ({ action, out, hook }) =>
      action.kind === 'connmark' &&
      hook === 'postrouting' &&
      out.some(({ not }) => !not) &&
      out.every((match) => matchesDev(match, uplink.device)),
  );
  const mark = uplink.config.mark ?? (set?.action.kind === 'connmark' ? set.action.mark : null);
  if (mark === null) return [];
  return FAMILIES.filter((family) => isBalanced(state, uplink, family)).flatMap((family): Found[] => {
    if (state.rules[family].some(({ fwmark }) => fwmark?.value === mark.value)) return [];
    const [table = String(201 + state.uplinks.indexOf(uplink))] = ownTables(state, uplink, family);
    const text = `0x${mark.value.toString(16)}/0x${mark.mask.toString(16)}`;
    return [
      {
        code: 'mark-without-rule',
        severity: 'error',
        what: `connections of ${uplink.name} are marked ${text}, and no IPv${family} rule leads that mark to its table`,
        breaks: 'its established flows are routed anew with every packet, as if they had no mark',
        cure: [
          `${family === 4 ? 'ip' : 'ip -6'} rule add priority ${101 + state.uplinks.indexOf(uplink)} fwmark ${text} lookup ${table}`,
        ],
        uplinks: [uplink.name],
        place: at(set?.place),
      },
    ];
  });
}

function auditMasquerade(state: AuditState, isMarked: boolean): Found[] {
  if (isMarked) return [];
  const hit = state.uplinks.flatMap((uplink) => {
    const family = FAMILIES.find(
      (one) => isBalanced(state, uplink, one) && translations(state, uplink, one)[0]?.action.kind === 'masquerade',
    );
    return family === undefined ? [] : [{ uplink, family }];
  });
  if (hit.length === 0) return [];
  const fixed = hit.flatMap(({ uplink: { device }, family }) => {
    const own = state.facts.addresses.find(
      (one) => one.dev === device && one.family === family && !one.isDynamic && one.address !== null,
    );
    return own === undefined || own.address?.startsWith('fe80:')
      ? []
      : natCure(state, family, device, own.address ?? null);
  });
  return [
    {
      code: 'masquerade-flush',
      severity: 'warning',
      what: `MASQUERADE on ${hit.map(({ uplink }) => uplink.device).join(', ')}, without marks that hold connections`,
      breaks:
        'a connection that is routed to another device is dropped: when one uplink recovers, flows of the healthy ones are reset (15 of 182)',
      cure:
        fixed.length > 0
          ? ['# where the address is fixed:', ...fixed, '# else hold flows by marks:', ...planCure(state)]
          : planCure(state),
      uplinks: hit.map(({ uplink }) => uplink.name),
      place: at(translations(state, hit[0].uplink, hit[0].family)[0]?.place),
    },
  ];
}

function auditShared(state: AuditState, isMarked: boolean): Found[] {
  const devices = new Set(
    state.uplinks
      .filter((one, i) => state.uplinks.findIndex(({ device }) => device === one.device) < i)
      .map(({ device }) => device),
  );
  return [...devices].map((device) => {
    const names = state.uplinks.filter((one) => one.device === device).map(({ name }) => name);
    return {
      code: 'shared-device',
      severity: isMarked ? 'advice' : 'warning',
      what: `${names.join(' and ')} share the device ${device}`,
      breaks:
        'SNAT by device gives all their flows one source, and captures can tell them apart by the MAC address of the gateway alone',
      cure: [
        '# give each line a VLAN, and so an interface of its own',
        `ip link add link ${device} name ${device}.101 type vlan id 101`,
      ],
      uplinks: names,
      place: null,
    };
  });
}

function auditForeign(state: AuditState): Found[] {
  if (state.extras.dropsInvalid) return [];
  const members = state.uplinks.filter((uplink) => FAMILIES.some((family) => isBalanced(state, uplink, family)));
  if (members.length < 2) return [];
  return [
    {
      code: 'foreign-source',
      severity: 'advice',
      what: 'packets that belong to no connection (a late FIN or RST) are forwarded, and not translated',
      breaks:
        "they leave with a client's private source: 2 to 24 in captures of a minute. Providers that filter sources (BCP 38) drop them; others pass them on",
      cure: guardCure(
        state,
        members.map(({ device }) => device),
      ),
      uplinks: [],
      place: null,
    },
  ];
}

/** Before all other rules, so that an older MASQUERADE is not met first; null for the device's own address. */
function natCure({ extras }: AuditState, family: Family, device: string, source: string | null): string[] {
  if (extras.hasIptables) {
    const target = source === null ? 'MASQUERADE' : `SNAT --to-source ${source}`;
    return [`${family === 4 ? 'iptables' : 'ip6tables'} -t nat -I POSTROUTING -o ${device} -j ${target}`];
  }
  const action = source === null ? 'masquerade' : `snat to ${source}`;
  return nftCure(family === 4 ? 'ip' : 'ip6', 'nat', 'type nat hook postrouting priority srcnat - 1', [
    `oifname "${device}" ${action}`,
  ]);
}

function restoreCure({ extras, balanced }: AuditState): string[] {
  const families = FAMILIES.filter((family) => balanced[family] !== null);
  if (extras.hasIptables) {
    return families.flatMap((family) =>
      ['PREROUTING', 'OUTPUT'].map(
        (chain) => `${family === 4 ? 'iptables' : 'ip6tables'} -t mangle -I ${chain} -j CONNMARK --restore-mark`,
      ),
    );
  }
  const rules = ['meta mark set ct mark'];
  return [
    ...nftCure('inet', 'restore', 'type filter hook prerouting priority mangle - 1', rules),
    ...nftCure('inet', 'restore_local', 'type route hook output priority mangle - 1', rules),
  ];
}

function guardCure({ extras, balanced }: AuditState, devices: readonly string[]): string[] {
  const own = [...new Set(devices)];
  if (!extras.hasIptables) {
    const set = own.map((device) => `"${device}"`).join(', ');
    return nftCure('inet', 'guard', 'type filter hook forward priority filter - 1', [
      `oifname { ${set} } ct state invalid drop`,
    ]);
  }
  return FAMILIES.filter((family) => balanced[family] !== null).flatMap((family) =>
    own
      .slice(0, 8)
      .map(
        (device) =>
          `${family === 4 ? 'iptables' : 'ip6tables'} -I FORWARD -o ${device} -m conntrack --ctstate INVALID -j DROP`,
      ),
  );
}

/** A table and chain of its own: what the router's are called does not matter then. */
function nftCure(family: string, chain: string, base: string, rules: readonly string[]): string[] {
  const place = `${family} mlstat_cure`;
  const parts = [
    `add table ${place}`,
    `add chain ${place} ${chain} { ${base}; }`,
    ...rules.map((rule) => `add rule ${place} ${chain} ${rule}`),
  ];
  return [`nft '${parts.join('; ')}'`];
}
