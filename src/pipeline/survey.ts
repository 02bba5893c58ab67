// The first bytes of every input, read ahead: which uplinks there are, where the LAN is, which point plays which part.
// So a file, a stream and any cut of it are tallied with the same uplinks.

import { parseAddress } from '../config/address.js';
import type { Config, Prefix, UplinkConfig } from '../config/config.js';
import { META } from '../decode/batch.js';
import { Connection } from '../flows/connection.js';
import { COLD, HOT, HOT_WORDS, RUN_WORDS, STATE } from '../flows/layout.js';
import { lastSight, startOf } from '../flows/merge.js';
import type { FlowRules } from '../flows/rules.js';
import { type Inference, inferUplinks } from '../uplinks/infer.js';
import { CLASS, type Lane, LaneTable } from '../uplinks/lanes.js';
import { type PointSurvey, settleRoles } from '../uplinks/roles.js';
import type { Sighting, SurveyPoint } from '../uplinks/sighting.js';
import { interfaceName, type MacRule, ROLE, type Topology, type UplinkPlan } from '../uplinks/topology.js';
import { formatAddress, prefixContains, type Words } from '../util/address.js';
import { macRule } from '../workers/macs.js';
import { type Beginning, readBeginning } from './beginning.js';
import type { DumpSource, Source } from './sources.js';

/** Uncompressed bytes of each input that are read ahead: to infer uplinks or addresses, and to place what is known. */
const INFER_BYTES = 64 * 2 ** 20;
/** Runs of all inputs together that are looked at; a flood of flows tells no more than these. */
const MOST_RUNS = 40_000;
const PLACE_BYTES = 2 * 2 ** 20;

export interface Survey {
  topology: Topology;
  /** Flows may be seen at several points. */
  stitch: boolean;
  /** The uplinks as configured, or as inferred: one for each of the topology's. */
  config: Config;
  /** By uplink the mark of mwan3 that its connections have, null where none is told; empty where marks are configured. */
  mwan3Marks: readonly (number | null)[];
  /** Networks of clients that connection tracking translates. */
  clients: readonly Prefix[];
  inference: { bytesRead: number; evidence: { uplink: string; why: string }[] } | null;
}

export async function survey(
  sources: readonly Source[],
  dumps: readonly DumpSource[],
  config: Config | null,
  rules: FlowRules,
  signal: AbortSignal | undefined,
  inferBytes = INFER_BYTES,
): Promise<Survey> {
  const infers = config === null || config.uplinks.length === 0;
  const learns = config?.uplinks.some((uplink) => uplink.snat.length === 0) === true;
  const limit = infers || learns ? inferBytes : PLACE_BYTES;
  const surveyed: Beginning[] = [];
  let bytesRead = 0;
  const macs = (config?.uplinks ?? []).flatMap(({ gatewayMac }, n) =>
    gatewayMac === null ? [] : [macRule(gatewayMac, n)],
  );
  const configured = infers || learns ? null : draftOf(config as Config, new Map(), macs);
  const options = { limit, rules, macs, mostRuns: Math.ceil(MOST_RUNS / sources.length), topology: configured };
  for (const source of sources) {
    const { read, ...found } = await readBeginning(source, options, signal);
    surveyed.push(found);
    bytesRead += read;
  }
  const sightings = infers || learns ? surveyed.flatMap(toSightings) : [];
  // Where all is configured, nothing has to be read ahead.
  const asks = config === null || config.lan.length === 0 || config.uplinks.every(({ mark }) => mark === null);
  const tracked = dumps.length > 0 && asks ? await (await import('./dumps.js')).surveyDumps(dumps, signal) : null;
  bytesRead += tracked?.bytesRead ?? 0;
  const inferred = infers ? both(inferUplinks(sightings), tracked?.survey.finish() ?? null) : null;
  const known = inferred === null ? (config as Config) : configOf(inferred, config);
  const dynamic = inferred === null ? learnAddresses(known, sightings) : new Map<string, Prefix[]>();
  const draft = configured ?? draftOf(known, dynamic, macs);
  const sourcesOf = draft.uplinks.map(({ snat }) => snat);
  const marks = tracked?.survey.marksOf(sourcesOf) ?? [];
  const several = surveyed.reduce((sum, one) => sum + one.points.length, 0) > 1;
  const points = surveyed.flatMap((one) => pointSurveys(one, draft, several));
  const told = tracked?.survey.entriesOf(sourcesOf);
  const roles = settleRoles(points, known, told);
  const lanVisible = points.some((point) => point.lanPackets > 0);
  const withUplinks = points.filter((point) => point.packets.size > 0).length;
  return {
    topology: { ...draft, roles, lanVisible },
    stitch: lanVisible || withUplinks > 1 || roles.some(({ role }) => role === ROLE.second),
    config: known,
    mwan3Marks: marks,
    clients: known.lan.length > 0 ? known.lan : (tracked?.survey.finish().lan ?? []),
    inference:
      inferred === null
        ? null
        : { bytesRead, evidence: inferred.uplinks.map(({ name, why }) => ({ uplink: name, why })) },
  };
}

/** The topology without roles. `dynamic`: SNAT sources by name, of uplinks that are configured without. */
function draftOf({ uplinks, lan }: Config, dynamic: ReadonlyMap<string, Prefix[]>, macs: readonly MacRule[]): Topology {
  const plans = uplinks.map(
    (uplink): UplinkPlan => ({
      name: uplink.name,
      snat: uplink.snat.length > 0 ? uplink.snat : (dynamic.get(uplink.name) ?? []),
      gateways: gatewaysOf(uplink),
      interface: uplink.interface,
      vlan: uplink.vlan,
    }),
  );
  return { asSeen: false, uplinks: plans, lan, roles: [], macs, lanVisible: false };
}

/** What captures show, and the SNAT sources of connection tracking that they don't. */
function both(seen: Inference, told: Inference | null): Inference {
  if (told === null) return seen;
  const isOf = (blocks: readonly Prefix[], { family, words }: Prefix) =>
    blocks.some((block) => prefixContains(block, family, words));
  // Who is translated is no uplink, whatever a capture of the LAN looks like.
  const real = seen.uplinks.filter(
    ({ snat }) =>
      snat.some((own) => told.uplinks.some((uplink) => isOf(uplink.snat, own))) ||
      !snat.some((own) => isOf(told.lan, own)),
  );
  const known = real.flatMap(({ snat }) => snat);
  const names = new Set(real.map(({ name }) => name));
  let n = 1;
  const nextName = () => {
    while (names.has(`uplink${n}`)) n++;
    names.add(`uplink${n}`);
    return `uplink${n}`;
  };
  const more = told.uplinks
    .filter(({ snat }) => !snat.some((own) => isOf(known, own)))
    .map((uplink) => ({ ...uplink, name: nextName() }));
  const lan = [...seen.lan, ...told.lan.filter((own) => !isOf(seen.lan, own))];
  return { uplinks: [...real, ...more], lan: lan.sort((a, b) => (a.text < b.text ? -1 : 1)) };
}

function toSightings({ runs, points }: Beginning): Sighting[] {
  const sightings: Sighting[] = [];
  const flow = new Connection();
  const lane: Lane = { point: 0, class: CLASS.other, uplink: -1, egress: -1, localHigh: false, lanSide: false };
  for (let at = 0; at < runs.count * RUN_WORDS; at += RUN_WORDS) {
    if ((runs.words[at + HOT.meta] & META.datagram) !== 0) continue;
    flow.take(runs, at, lane);
    const from = flow.initiator;
    const ends = [endOf(flow, from), endOf(flow, (1 - from) as 0 | 1)] as const;
    const syn = (flow.state & (STATE.synLow << from)) !== 0;
    sightings.push({
      point: points[runs.words[at + HOT.meta] >>> META.pointShift] ?? points[points.length - 1],
      family: flow.family,
      protocol: flow.protocol,
      hasPorts: flow.hasPorts,
      ends,
      startUs: flow.startUs,
      packets: flow.packets[0] + flow.packets[1],
      isn: syn ? runs.words[at + HOT_WORDS + COLD.isnLow + from] : null,
    });
  }
  return sightings;
}

function endOf(flow: Connection, end: 0 | 1) {
  const words = Array.from(flow.words[end], (word) => word >>> 0) as unknown as Words;
  return { address: formatAddress(flow.family, words), words, port: flow.hasPorts ? flow.port(end) : 0 };
}

/** Five-tuples are collected only where there are `several` points to compare. */
function pointSurveys({ source, runs, points, lanes }: Beginning, topology: Topology, several: boolean): PointSurvey[] {
  const surveys = points.map(
    (point): PointSurvey => ({
      point,
      packets: new Map(),
      keys: new Map(),
      lanPackets: 0,
      firstUs: Number.POSITIVE_INFINITY,
      lastUs: Number.NEGATIVE_INFINITY,
    }),
  );
  const table = new LaneTable(topology, source.number, points);
  const { words } = runs;
  for (let at = 0; at < runs.count * RUN_WORDS; at += RUN_WORDS) {
    const meta = words[at + HOT.meta];
    const wideAt = at + HOT_WORDS + COLD.wide;
    const number = () => table.laneOf(meta, words[at], words[at + HOT.k1], words, wideAt);
    const lane = lanes === null ? table.lanes[number()] : lanes[words[at + HOT.state] >>> STATE.laneShift];
    const survey = surveys[meta >>> META.pointShift];
    if (survey === undefined) continue;
    const packets = (words[at + HOT.packetsLow] >>> 0) + (words[at + HOT.packetsHigh] >>> 0);
    survey.firstUs = Math.min(survey.firstUs, startOf(runs, at));
    survey.lastUs = Math.max(survey.lastUs, lastSight(runs, at));
    if (lane.class === CLASS.lan) survey.lanPackets += packets;
    if (lane.class !== CLASS.wan) continue;
    survey.packets.set(lane.uplink, (survey.packets.get(lane.uplink) ?? 0) + packets);
    if (!several) continue;
    const keys = survey.keys.get(lane.uplink) ?? new Set<string>();
    survey.keys.set(lane.uplink, keys);
    const wide = (meta & META.ipv6) !== 0 ? words.subarray(wideAt, wideAt + 8).join(' ') : '';
    keys.add(`${words[at]} ${words[at + HOT.k1]} ${words[at + HOT.ports]} ${meta & 0xffff} ${wide}`);
  }
  return surveys;
}

/** For uplinks without a SNAT source in the configuration: the local end of their own interface, file or VLAN. */
function learnAddresses(config: Config, sightings: readonly Sighting[]): Map<string, Prefix[]> {
  const learned = new Map<string, Prefix[]>();
  for (const uplink of config.uplinks) {
    if (uplink.snat.length > 0) continue;
    const number = config.uplinks.indexOf(uplink);
    const own = sightings.filter(({ point }) => point.link === number || isPointOf(point, uplink));
    const found = inferUplinks(own).uplinks.flatMap(({ snat }) => snat);
    learned.set(uplink.name, found);
  }
  return learned;
}

function isPointOf(point: SurveyPoint, uplink: UplinkConfig): boolean {
  if (uplink.vlan !== null) return point.vlan === uplink.vlan;
  const names = [point.label, interfaceName(point)];
  return names.some((name) => name !== null && (name === uplink.name || name === uplink.interface));
}

function configOf(inferred: Inference, config: Config | null): Config {
  const uplinks = inferred.uplinks.map((uplink) => ({
    name: uplink.name,
    interface: uplink.interface,
    gateway: null,
    gatewayMac: null,
    vlan: null,
    snat: uplink.snat,
    weight: null,
    capacity: null,
    mark: null,
  }));
  const router = config?.router ?? { hashPolicy: null, hashPolicy6: null, keepaliveSec: null, macs: [] };
  const lan = config !== null && config.lan.length > 0 ? config.lan : inferred.lan;
  return { source: null, uplinks, lan, router };
}

/** Configurations name gateways as text; `parseAddress` is of the configuration's own room. */
function gatewaysOf({ gateway }: UplinkConfig): Prefix[] {
  return (gateway ?? '').split(/[\s,]+/).flatMap((text) => {
    const found = parseAddress(text);
    if (found === null) return [];
    const length = found.family === 4 ? 32 : 128;
    const words = [...found.words] as unknown as [number, number, number, number];
    return [{ family: found.family, words, length, text: `${formatAddress(found.family, words)}/${length}` }];
  });
}
