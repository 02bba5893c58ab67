// A configuration becomes what a set-up needs, checked: for each uplink its device, its gateways, tables, marks and
// weights. What is missing is one line with the place and the cure.

import { parseAddress } from '../../config/address.js';
import type { Config, Prefix, UplinkConfig } from '../../config/config.js';
import { UserError } from '../../util/error.js';
import { oneLine, quote } from '../../util/quote.js';
import { LARGEST_NEXTHOP_WEIGHT, nearestWeights, reduceWeights } from './weights.js';

export type Family = 4 | 6;
export const FAMILIES: readonly Family[] = [4, 6];

/** An uplink in one family. */
export interface Line {
  /** Null on a link with two ends, where the device says it all. */
  gateway: string | null;
  /** SNAT sources; empty for the address that the device has. */
  snat: readonly Prefix[];
  weight: number;
}

export interface PlannedUplink {
  name: string;
  device: string;
  /** The device carries another uplink as well: it doesn't tell them apart. */
  isShared: boolean;
  table: number;
  markPriority: number;
  sourcePriority: number;
  mark: number;
  lines: Readonly<Record<Family, Line | null>>;
}

export interface Plan {
  uplinks: readonly PlannedUplink[];
  /** Those that at least one uplink has. */
  families: readonly Family[];
  lan: Readonly<Record<Family, readonly Prefix[]>>;
  mask: number;
  balanceTable: number;
  hashPolicy: number;
  hashPolicy6: number;
  keepaliveSec: number;
  /** What was concluded or left out, a line each. */
  notes: string[];
}

/** A mark of eight bits, zero for none. */
const MOST_UPLINKS = 255;
/** `ip route` writes a route into a message of 4096 bytes: 16 a nexthop of IPv4, 28 of IPv6, and lists no longer ones. */
const MOST_HOPS: Record<Family, number> = { 4: 240, 6: 120 };
/** Tables 201 … 220 are the howto's; 222 is its balanced one, and 253 to 255 the kernel's. */
const MOST_IN_HOWTO_TABLES = 20;
const DEFAULT_MASK = 0xff00;
const DEFAULT_KEEPALIVE_SEC = 3;

/** A kernel takes more names than these; shell, nftables and iptables don't agree on the others. */
const DEVICE = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$/;
/** Devices with one end over there: no gateway needed. */
const POINT_TO_POINT = /^(?:ppp|pppoe|tun|wg|wwan|sl|gre|sit|ipip|l2tp)/;

/** Throws `UserError` for what a set-up needs and the configuration lacks. */
export function makePlan(config: Config, weights: ReadonlyMap<string, number> = new Map()): Plan {
  const source = oneLine(config.source ?? 'the configuration');
  const notes: string[] = [];
  const { uplinks } = config;
  if (uplinks.length > MOST_UPLINKS) {
    throw new UserError(`plan sets up at most ${MOST_UPLINKS} uplinks, and ${quote(source)} lists ${uplinks.length}`);
  }
  const place = (i: number) => `uplinks[${i}] (${quote(uplinks[i].name)})`;
  const devices = uplinks.map((uplink, i) => deviceOf(uplink, place(i), source));
  const lan = {
    4: config.lan.filter(({ family }) => family === 4),
    6: config.lan.filter(({ family }) => family === 6),
  };
  if (config.lan.length === 0) {
    throw new UserError(`plan needs the prefixes of the clients: add lan: [192.168.77.0/24] to ${quote(source)}`);
  }
  const marks = marksOf(config, source);
  const base = basesOf(uplinks.length);
  const drafts = uplinks.map((uplink, i) => ({
    name: uplink.name,
    device: devices[i],
    isShared: devices.filter((device) => device === devices[i]).length > 1,
    table: base.table + i + 1,
    markPriority: base.mark + i + 1,
    sourcePriority: base.source + i + 1,
    mark: marks.values[i],
    lines: {
      4: lineOf(4, uplink, devices[i], lan, place(i), source),
      6: lineOf(6, uplink, devices[i], lan, place(i), source),
    },
  }));
  refuseTwins(drafts, place, source);
  const wanted = uplinks.map((uplink) => weights.get(uplink.name) ?? uplink.weight);
  const weighted = weigh(drafts, wanted, source, notes);
  const families = FAMILIES.filter((family) => {
    const count = weighted.filter(({ lines }) => lines[family] !== null).length;
    const isCarried = count > 0;
    if (count > MOST_HOPS[family]) {
      throw new UserError(
        `a route of IPv${family} takes ${MOST_HOPS[family]} nexthops by ip(8), and ${source} lists ${count} uplinks: take fewer`,
      );
    }
    if (isCarried && lan[family].length === 0) {
      const example = family === 4 ? '192.168.77.0/24' : '2001:db8:77::/64';
      throw new UserError(
        `uplinks carry IPv${family}, and no prefix of lan is IPv${family}: add one, such as ${example} (${source})`,
      );
    }
    if (!isCarried && lan[family].length > 0) {
      notes.push(`the clients' ${lan[family][0].text} has no uplink: no uplink has an IPv${family} gateway or source`);
    }
    return isCarried;
  });
  for (const { name, lines } of weighted) {
    for (const { snat } of FAMILIES.flatMap((family) => lines[family] ?? [])) {
      if (snat.length > 1)
        notes.push(`${quote(name)} has several sources: SNAT takes ${prefixText(snat[0])}, the first`);
    }
  }
  return {
    uplinks: weighted,
    families,
    lan,
    mask: marks.mask,
    balanceTable: base.balance,
    hashPolicy: config.router.hashPolicy ?? 1,
    hashPolicy6: config.router.hashPolicy6 ?? config.router.hashPolicy ?? 1,
    keepaliveSec: config.router.keepaliveSec ?? DEFAULT_KEEPALIVE_SEC,
    notes,
  };
}

export function linesOf(plan: Plan, family: Family): { uplink: PlannedUplink; line: Line }[] {
  return plan.uplinks.flatMap((uplink) => {
    const line = uplink.lines[family];
    return line === null ? [] : [{ uplink, line }];
  });
}

/** `203.0.113.2`, and with its length where it is more than one address. */
export function prefixText({ family, length, text }: Prefix): string {
  return length === (family === 4 ? 32 : 128) ? text.slice(0, text.indexOf('/')) : text;
}

function deviceOf({ interface: device }: UplinkConfig, place: string, source: string): string {
  if (device === null) {
    throw new UserError(`${place} has no interface, and plan needs it: add interface: eth1 (${source})`);
  }
  if (DEVICE.test(device)) return device;
  throw new UserError(
    `interface of ${place} must be 1 to 15 letters, digits, or . _ - to stand in a script: ${quote(device)} (${source})`,
  );
}

function lineOf(
  family: Family,
  uplink: UplinkConfig,
  device: string,
  lan: Plan['lan'],
  place: string,
  source: string,
): Omit<Line, 'weight'> | null {
  const gateways = [uplink.gateway, uplink.gateway6 ?? null].filter(
    (gateway) => gateway !== null && parseAddress(gateway)?.family === family,
  );
  const gateway = gateways[0] ?? null;
  const snat = uplink.snat.filter((prefix) => prefix.family === family);
  const hasOther = uplink.gateway !== null || uplink.snat.length > 0;
  if (gateway !== null || (snat.length > 0 && POINT_TO_POINT.test(device))) return { gateway, snat };
  if (snat.length > 0) {
    const [key, example] = family === 4 ? ['gateway', '203.0.113.1'] : ['gateway6', 'fe80::1'];
    throw new UserError(
      `${place} has the source ${prefixText(snat[0])} and no IPv${family} gateway: add ${key}: ${example} (${source})`,
    );
  }
  if (hasOther) return null;
  if (POINT_TO_POINT.test(device)) return lan[family].length > 0 ? { gateway: null, snat } : null;
  if (family === 4 && (uplink.gateway6 ?? null) === null) {
    throw new UserError(
      `${place} has no gateway, and ${device} is no point-to-point link: add gateway: 203.0.113.1 (${source})`,
    );
  }
  return null;
}

type Draft = Omit<PlannedUplink, 'lines'> & { lines: Record<Family, Omit<Line, 'weight'> | null> };

/** The same device and gateway twice: nothing in the kernel tells one from the other. */
function refuseTwins(drafts: readonly Draft[], place: (i: number) => string, source: string): void {
  for (const family of FAMILIES) {
    const seen = new Map<string, number>();
    for (const [i, { device, isShared, lines }] of drafts.entries()) {
      const line = lines[family];
      if (line === null) continue;
      const key = `${device} ${line.gateway}`;
      const earlier = seen.get(key);
      if (earlier !== undefined) {
        throw new UserError(
          `${place(i)} has device and gateway of ${place(earlier)}: give it its own gateway, or the interface of its VLAN (${source})`,
        );
      }
      seen.set(key, i);
      if (isShared && line.snat.length === 0) {
        throw new UserError(
          `${place(i)} shares ${device}, so plan needs its address: add snat: [203.0.113.2] (${source})`,
        );
      }
    }
  }
}

/** Reduced to the smallest equivalent. A family's own set may be smaller still. */
function weigh(
  drafts: readonly Draft[],
  wanted: readonly (number | null)[],
  source: string,
  notes: string[],
): PlannedUplink[] {
  const missing = drafts.filter((_, i) => wanted[i] === null).map(({ name }) => quote(name));
  if (missing.length > 0 && missing.length < drafts.length) {
    throw new UserError(
      `${listAll(missing)} of the uplinks has no weight while others have: add weight: 1, or --weights (${source})`,
    );
  }
  if (missing.length > 0 && drafts.length > 1) notes.push('no uplink has a weight: all get 1');
  const byFamily = Object.fromEntries(
    FAMILIES.map((family) => {
      const members = drafts.flatMap(({ lines }, i) => (lines[family] === null ? [] : [i]));
      const reduced = reduceWeights(members.map((i) => wanted[i] ?? 1));
      const largest = Math.max(0, ...reduced);
      if (largest > LARGEST_NEXTHOP_WEIGHT) {
        const nearest = nearestWeights(reduced);
        const given = members.slice(0, 8).map((k, i) => `${drafts[k].name}=${nearest[i]}`);
        throw new UserError(
          `weight ${largest} (reduced) is above ${LARGEST_NEXTHOP_WEIGHT}, the most that a multipath route takes: nearest is --weights ${quote(given.join(','))} (${source})`,
        );
      }
      return [family, new Map(members.map((member, i) => [member, reduced[i]]))];
    }),
  ) as Record<Family, Map<number, number>>;
  const line = (draft: Draft, i: number, family: Family): Line | null => {
    const found = draft.lines[family];
    return found === null ? null : { ...found, weight: byFamily[family].get(i) ?? 1 };
  };
  return drafts.map((draft, i) => ({ ...draft, lines: { 4: line(draft, i, 4), 6: line(draft, i, 6) } }));
}

/** Those of the configuration, the others beside them under the same mask. */
function marksOf({ uplinks }: Config, source: string): { values: number[]; mask: number } {
  const given = uplinks.flatMap(({ mark }) => (mark === null ? [] : [mark]));
  const full = given.length > 0 && given.every(({ mask }) => mask === 0xffffffff);
  const small = given.every(({ value }) => value > 0 && value <= MOST_UPLINKS);
  // Marks without a mask (`0x1`) leave room for other programs' bits if they are small.
  const mask = given.length === 0 ? DEFAULT_MASK : full && small ? 0xff : given[0].mask;
  for (const [i, { mark, name }] of uplinks.entries()) {
    if (mark === null) continue;
    const place = `mark of uplinks[${i}] (${quote(name)})`;
    if (mark.value === 0)
      throw new UserError(`${place} must not be 0, which is no mark: take 0x100/0xff00 (${source})`);
    if (mark.mask !== given[0].mask) {
      throw new UserError(
        `${place} must have the mask of the other marks, 0x${given[0].mask.toString(16)}: 0x${mark.mask.toString(16)} (${source})`,
      );
    }
    const twin = uplinks.findIndex((other, k) => k < i && other.mark?.value === mark.value);
    if (twin >= 0) throw new UserError(`${place} is that of uplinks[${twin}] too: give each its own (${source})`);
  }
  const taken = new Set(given.map(({ value }) => value));
  const step = (mask & -mask) >>> 0;
  let next = 0;
  const values = uplinks.map(({ mark }) => {
    if (mark !== null) return mark.value;
    do next += step;
    while (taken.has(next));
    if ((next & ~mask) >>> 0 !== 0 || next > mask) {
      throw new UserError(
        `the mask 0x${mask.toString(16)} has no room for ${uplinks.length} uplinks: widen it (${source})`,
      );
    }
    return next;
  });
  return { values, mask };
}

function basesOf(count: number): { mark: number; source: number; table: number; balance: number } {
  if (count <= MOST_IN_HOWTO_TABLES) return { mark: 100, source: 200, table: 200, balance: 222 };
  return { mark: 1000, source: 2000, table: 2000, balance: 2999 };
}

function listAll(names: readonly string[]): string {
  return names.slice(0, 4).join(', ') + (names.length > 4 ? ' …' : '');
}
