// Which part each point plays: an uplink's own link, a second sight of one, or neither.

import type { Config } from '../config/config.js';
import type { SurveyPoint } from './sighting.js';
import { interfaceName, type PointRole, ROLE, type Role } from './topology.js';

/** What the survey saw of the uplinks at one point. */
export interface PointSurvey {
  point: SurveyPoint;
  /** Packets by number of the uplink whose SNAT source they carry. */
  packets: Map<number, number>;
  /** Five-tuples by uplink, the point left out. */
  keys: Map<number, Set<string>>;
  lanPackets: number;
  /** First and last packet that the survey saw there, microseconds. */
  firstUs: number;
  lastUs: number;
}

/** Records of consecutive files may stand in each other's time by so much. */
const OVERLAP_US = 1e6;
/** Of a point's flows so many must also be at another for it to be a second sight. */
const SECOND_SIGHT = 0.5;
/** Private sources up to this part of a link's packets are strays (RSTs that were not translated), not a LAN side. */
const STRAY_SHARE = 0.1;
/** Packets for each entry of connection tracking: an uplink with so much less of them than another only leaks here. */
const LEAK_SHARE = 0.1;
const LEAST_TOLD = 20;

/**
 * Roles of all points that have one; the names of the configuration go before what the traffic shows. `told` are entries
 * of connection tracking by uplink, where there are dumps: they tell what a point would show of an uplink, were it there.
 */
export function settleRoles(
  surveys: readonly PointSurvey[],
  config: Config | null,
  told: readonly number[] = [],
): PointRole[] {
  const { points, members } = joinRotated(surveys);
  const named = new Map<PointSurvey, Role>();
  for (const survey of points) {
    const uplink = namedUplink(survey.point, config);
    if (uplink >= 0) named.set(survey, uplink);
  }
  const primary = primaryPoints(points, named);
  return points.flatMap((survey) => {
    const role = named.get(survey) ?? roleByTraffic(survey, primary, told);
    if (role === ROLE.shared) return [];
    return (members.get(survey) as SurveyPoint[]).map(({ input, iface, ifindex, vlan }) => ({
      input,
      iface,
      ifindex,
      vlan,
      role,
    }));
  });
}

/** Rotated files show one point after another: alike in all that is known of it, at different times, with the same uplink. */
function joinRotated(surveys: readonly PointSurvey[]): {
  points: PointSurvey[];
  members: Map<PointSurvey, SurveyPoint[]>;
} {
  const points: PointSurvey[] = [];
  const members = new Map<PointSurvey, SurveyPoint[]>();
  // One input may show tens of thousands of points, none of which is another one again.
  const several = surveys.some(({ point }) => point.input !== surveys[0].point.input);
  const alike = new Map<string, PointSurvey[]>();
  for (const survey of [...surveys].sort((a, b) => a.firstUs - b.firstUs || a.point.key - b.point.key)) {
    const kind = several ? kindOf(survey.point) : '';
    const before = several ? alike.get(kind)?.find((known) => isSamePoint(known, survey)) : undefined;
    if (before === undefined) {
      const copy = several ? { ...survey, packets: new Map(survey.packets), keys: new Map(survey.keys) } : survey;
      points.push(copy);
      if (several) push(alike, kind, copy);
      members.set(copy, [survey.point]);
      continue;
    }
    (members.get(before) as SurveyPoint[]).push(survey.point);
    before.lanPackets += survey.lanPackets;
    before.lastUs = Math.max(before.lastUs, survey.lastUs);
    for (const [uplink, packets] of survey.packets) {
      before.packets.set(uplink, (before.packets.get(uplink) ?? 0) + packets);
    }
    for (const [uplink, keys] of survey.keys) {
      before.keys.set(uplink, new Set([...(before.keys.get(uplink) ?? []), ...keys]));
    }
  }
  return { points, members };
}

function push<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}

/** All that is known of a point but where and when it was seen. */
function kindOf({ label, name, ifindex, vlan, linkType, link = -1 }: SurveyPoint): string {
  return JSON.stringify([label, name, ifindex, vlan, linkType, link]);
}

/** Of two of a kind. */
function isSamePoint(before: PointSurvey, survey: PointSurvey): boolean {
  if (before.point.input === survey.point.input || survey.firstUs < before.lastUs - OVERLAP_US) return false;
  const [x, y] = [mainUplink(before), mainUplink(survey)];
  return x === y || x < 0 || y < 0;
}

function mainUplink({ packets }: PointSurvey): number {
  let main = -1;
  for (const [uplink, count] of packets) if (main < 0 || count > (packets.get(main) as number)) main = uplink;
  return main;
}

function namedUplink(point: SurveyPoint, config: Config | null): number {
  if (point.link !== undefined && point.link >= 0) return point.link;
  const uplinks = config?.uplinks ?? [];
  const byVlan = uplinks.findIndex((uplink) => uplink.vlan !== null && uplink.vlan === point.vlan);
  if (byVlan >= 0) return byVlan;
  for (const name of [point.label, interfaceName(point)]) {
    if (name === null) continue;
    const found = uplinks.findIndex((uplink) => uplink.name === name || uplink.interface === name);
    if (found >= 0 && (uplinks[found].vlan === null || point.vlan === 0)) return found;
  }
  return -1;
}

/** For each uplink the point that shows most of it. */
function primaryPoints(points: readonly PointSurvey[], named: Map<PointSurvey, Role>): Map<number, PointSurvey> {
  const primary = new Map<number, PointSurvey>();
  for (const [survey, role] of named) {
    const known = primary.get(role);
    if (known === undefined || (survey.packets.get(role) ?? 0) > (known.packets.get(role) ?? 0))
      primary.set(role, survey);
  }
  const settled = new Set(primary.keys());
  for (const survey of points) {
    for (const [uplink, packets] of survey.packets) {
      if (settled.has(uplink)) continue;
      const known = primary.get(uplink);
      if (known === undefined || packets > (known.packets.get(uplink) as number)) primary.set(uplink, survey);
    }
  }
  return primary;
}

function roleByTraffic(survey: PointSurvey, primary: Map<number, PointSurvey>, told: readonly number[]): Role {
  const uplinks = [...survey.packets].sort((a, b) => b[1] - a[1]);
  if (uplinks.length === 0) return survey.lanPackets > 0 ? ROLE.lan : ROLE.shared;
  const [most] = uplinks[0];
  if (uplinks.every(([uplink]) => primary.get(uplink) !== survey)) {
    const seenElsewhere = uplinks.every(([uplink]) =>
      isSecondSight(survey, primary.get(uplink) as PointSurvey, uplink),
    );
    if (!seenElsewhere) return ROLE.shared;
    return survey.lanPackets > 0 ? ROLE.lan : ROLE.second;
  }
  // Its own link: no other uplink has its main place here. A LAN side beside it makes it a capture of everything.
  const others = uplinks.slice(1);
  const own = uplinks.reduce((sum, [, packets]) => sum + packets, 0);
  if (survey.lanPackets > own * STRAY_SHARE || primary.get(most) !== survey) return ROLE.shared;
  const isElsewhere = ([uplink, packets]: readonly [number, number]) =>
    primary.get(uplink) !== survey ||
    (told[most] >= LEAST_TOLD &&
      told[uplink] >= LEAST_TOLD &&
      packets * told[most] < LEAK_SHARE * uplinks[0][1] * told[uplink]);
  return others.every(isElsewhere) ? most : ROLE.shared;
}

function isSecondSight(survey: PointSurvey, main: PointSurvey, uplink: number): boolean {
  const here = survey.keys.get(uplink) as Set<string>;
  const there = main.keys.get(uplink) ?? new Set();
  let both = 0;
  for (const key of here) if (there.has(key)) both++;
  return both >= here.size * SECOND_SIGHT;
}
