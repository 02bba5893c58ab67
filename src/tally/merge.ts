// Tallies as plain data, and one added to another: by sum, minimum, maximum and union, its points and lanes renamed.

import type { Lane } from '../uplinks/lanes.js';
import type { Topology } from '../uplinks/topology.js';
import { type BinData, cellsOf } from './bins.js';
import type { LedgerData } from './ledger.js';
import type { OwnAddress } from './sources.js';
import type { StrangerData } from './strangers.js';
import type { Tally, TallyPoint } from './tally.js';

/** Sums by name; nested as the tally has them. */
export type Counts = { [name: string]: Count };
type Count = number | boolean | null | Counts | Count[];

/** All that a finished tally holds. */
export interface TallyData {
  topology: Topology;
  points: TallyPoint[];
  lanes: Lane[];
  bins: BinData;
  starts: BinData;
  signals: BinData;
  ledger: LedgerData;
  counts: Counts;
  strangers: StrangerData;
  sources: OwnAddress[];
  told: { counts: Counts; sources: (readonly [string, number])[] };
}

/** Parts that are neither sums nor to be added as they are. */
const APART = ['topology', 'points', 'lanes', 'bins', 'starts', 'signals', 'ledger', 'strangers', 'sources', 'told'];

export function dataOf(tally: Tally): TallyData {
  const { ledger } = tally;
  return {
    topology: tally.topology,
    points: tally.points,
    lanes: tally.lanes,
    bins: tally.bins.finish(),
    starts: tally.starts.finish(),
    signals: tally.signals.finish(),
    ledger: ledger.data(),
    strangers: tally.strangers.data(),
    sources: tally.sources.data(),
    ...countsOf(tally),
  };
}

/** The sums alone: every field that is a number, a flag, or made of them. */
export function countsOf(tally: Tally): Pick<TallyData, 'counts' | 'told'> {
  return {
    counts: sumsOf(tally, APART),
    told: { counts: sumsOf(tally.told, []), sources: [...tally.told.unknownSources] },
  };
}

/** Adds `data` to a tally of the same uplinks. Its chains become chains of their own. */
export function mergeData(tally: Tally, data: TallyData): void {
  const chain = tally.points.reduce((most, point) => Math.max(most, point.chain + 1), 0);
  const lanes = new Int32Array(data.lanes.length);
  const chains = new Set(data.points.map((point) => point.chain));
  for (const own of chains) {
    // One chain at a time: a point's number within it is renamed to everybody's.
    const some = data.points.flatMap((point, n) => (point.chain === own ? [n] : []));
    const placeOf = new Map(some.map((n, place) => [n, place]));
    const theirs = data.lanes.flatMap((lane, n) => (placeOf.has(lane.point) ? [n] : []));
    const names = tally.rename(
      chain + own,
      some.map((n) => data.points[n]),
      theirs.map((n) => ({ ...data.lanes[n], point: placeOf.get(data.lanes[n].point) as number })),
    );
    theirs.forEach((n, i) => {
      lanes[n] = names.lanes[i];
    });
  }
  tally.bins.merge(data.bins, cellsOf(lanes));
  tally.starts.merge(data.starts);
  tally.signals.merge(data.signals);
  tally.ledger.merge(data.ledger);
  tally.strangers.merge(data.strangers);
  tally.sources.merge(data.sources);
  addSums(tally as unknown as Counts, data.counts);
  addSums(tally.told as unknown as Counts, data.told.counts);
  const { unknownSources } = tally.told;
  for (const [address, flows] of data.told.sources) {
    unknownSources.set(address, (unknownSources.get(address) ?? 0) + flows);
  }
}

/** What two runs fixed before they read, as if it had been one: the same uplinks, the points of both. */
export function mergeTopologies(a: Topology, b: Topology): Topology {
  const inputs = a.roles.reduce((most, { input }) => Math.max(most, input + 1), 0);
  return {
    ...a,
    uplinks: a.uplinks.map((uplink, n) => {
      const known = new Set(uplink.snat.map(({ text }) => text));
      return { ...uplink, snat: [...uplink.snat, ...b.uplinks[n].snat.filter(({ text }) => !known.has(text))] };
    }),
    roles: [...a.roles, ...b.roles.map((role) => ({ ...role, input: role.input + inputs }))],
    macs: [...a.macs, ...b.macs],
    lanVisible: a.lanVisible || b.lanVisible,
  };
}

function sumsOf(from: object, apart: readonly string[]): Counts {
  const isSum = (value: unknown): value is Count =>
    value === null ||
    typeof value === 'number' ||
    typeof value === 'boolean' ||
    (Array.isArray(value) && value.every(isSum)) ||
    (typeof value === 'object' &&
      Object.getPrototypeOf(value) === Object.prototype &&
      Object.values(value).every(isSum));
  const sums = Object.entries(from).filter(([name, value]) => !apart.includes(name) && isSum(value));
  return Object.fromEntries(sums) as Counts;
}

/** Numbers are added, first and last times are bounds, flags are joined by or; null is nothing known yet. */
function addSums(to: { [name: string]: Count }, from: { readonly [name: string]: Count }): void {
  for (const [name, value] of Object.entries(from)) to[name] = sum(to[name], value, name);
}

function sum(a: Count | undefined, b: Count, name: string): Count {
  if (a === undefined || a === null) return b;
  if (b === null) return a;
  if (typeof a === 'boolean' || typeof b === 'boolean') return a === true || b === true;
  if (typeof a === 'number' || typeof b === 'number') {
    const [x, y] = [Number(a), Number(b)];
    if (name === 'firstUs') return Math.min(x, y);
    return name === 'lastUs' ? Math.max(x, y) : x + y;
  }
  if (Array.isArray(a) && Array.isArray(b)) return a.map((item, n) => sum(item, b[n] ?? null, name));
  addSums(a as Counts, b as Counts);
  return a;
}
