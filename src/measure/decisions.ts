// The ledger's client-started flows become decisions: which rows take part, what makes them one choice, who chose what.

import type { Prefix } from '../config/config.js';
import type { Distortion } from '../detect/detection.js';
import type { Interval, ReportBalance, ReportPolicy } from '../report/report.js';
import type { Ledger } from '../tally/ledger.js';
import { roomOf } from '../tally/rows.js';
import type { TimedDecisions } from './blocks.js';
import { arePlain, findChanges, type WeightChange } from './change.js';
import {
  addressFamilies,
  countByUplink,
  type KeyKind,
  type KeyKinds,
  type Keys,
  type Numbering,
  numberKeys,
  sumKeys,
} from './keys.js';
import { inferPolicy } from './policy.js';
import { layRegimes, type Regimes } from './regimes.js';
import { balanceRows } from './rows.js';
import { inOrderOfTime } from './timed.js';

/** The router's settings as configured, null where they are not. */
export interface HashPolicies {
  /** `net.ipv4.fib_multipath_hash_policy`. */
  ipv4: number | null;
  /** `net.ipv6.fib_multipath_hash_policy`. */
  ipv6: number | null;
}

export interface Decisions {
  /** Numbers of the uplinks that take part. */
  places: readonly number[];
  /** The flows that the balance is about: of the judged regimes, on an uplink that was eligible. */
  rows: Int32Array;
  keys: Keys;
  clientsVisible: boolean;
  key: ReportBalance['key'];
  policy: ReportBalance['policy'];
  kinds: KeyKinds;
  /** Rows to pinned servers, and rows of uplinks in an outage: left out. */
  pinned: number;
  duringOutage: number;
  /** By uplink: flows, and decisions: keys by the uplink of their first flow. */
  flows: Float64Array;
  firsts: Float64Array;
  decisions: number;
  regimes: Regimes;
  /** By place in `rows`: the number of its regime. */
  regimeOf: Int32Array;
  /** By regime: flows and keys (by their first flow) by place. Before a change of weights: of the keys seen there. */
  counts: { flows: Float64Array; firsts: Float64Array }[];
  changes: readonly WeightChange[];
}

/** When the router could choose what. */
export interface Circumstances {
  distortions: readonly Distortion[];
  /** First and last moment of the inputs, microseconds; null without any. */
  window: Interval | null;
  /** By row of the ledger: 1 for a flow that is passed over. */
  leftOut: Uint8Array | null;
}

/**
 * `inView` is by uplink: whether the inputs would show its flows. Without `circumstances` every flow is taken, as one regime.
 *
 * Hash routers: a key counts once over all regimes, by its first flow, for the hash sends it back to the same uplink. If
 * that flow went into a dead uplink, the key counts nowhere: of the keys that appear in an outage the dead uplink's would
 * else be counted after it and the others' not (in simulation a healthy router is then rejected 8 times in 100). A change of weights moves the borders of the hash, so that every key is chosen anew: what lies before the last change is
 * left out, and a key counts by its first flow after it.
 */
export function findDecisions(
  ledger: Ledger,
  inView: readonly boolean[],
  pins: readonly Prefix[],
  settings: HashPolicies,
  circumstances: Circumstances | null = null,
): Decisions {
  return decide(ledger, inView, pins, settings, circumstances, findChanges) as Decisions;
}

/** As `findDecisions`, as long as no change of weights is striking: then null, before what takes long is begun. */
export function findPlainDecisions(
  ledger: Ledger,
  inView: readonly boolean[],
  pins: readonly Prefix[],
  settings: HashPolicies,
  circumstances: Circumstances,
): Decisions | null {
  return decide(ledger, inView, pins, settings, circumstances, (timed) => (arePlain(timed) ? [] : null));
}

/** Null where `changesOf` is. */
function decide(
  ledger: Ledger,
  inView: readonly boolean[],
  pins: readonly Prefix[],
  settings: HashPolicies,
  circumstances: Circumstances | null,
  changesOf: (timed: TimedDecisions) => readonly WeightChange[] | null,
): Decisions | null {
  const { distortions, window, leftOut } = circumstances ?? { distortions: [], window: null, leftOut: null };
  const { rows: all, pinned, clientsVisible } = balanceRows(ledger, inView, pins, leftOut);
  const places = inView.flatMap((seen, uplink) => (seen ? [uplink] : []));
  const choosing = places.length > 1;
  const coarse: KeyKind = clientsVisible ? 'client-server' : 'server';
  const whole = layRegimes(places, distortions, [], window);
  const first = keyed(whole, all);
  const changes = choosing && circumstances !== null ? changesOf(timed(first)) : [];
  if (changes === null) return null;
  const last = changes.at(-1);
  const decided = last === undefined ? first : since(changes);
  const { keys, kinds, policy } = decided;
  const firsts = new Float64Array(inView.length);
  decided.counts.forEach((count, n) => {
    if (!decided.regimes.list[n].isJudged) return;
    places.forEach((uplink, place) => {
      firsts[uplink] += count.firsts[place];
    });
  });
  return {
    ...decided,
    places,
    clientsVisible,
    key: decided.rows.length === 0 || !choosing ? null : commonKind(ledger, keys, kinds),
    policy,
    pinned,
    duringOutage: all.length - first.rows.length,
    flows: keys.byUplink.flows.slice(0, inView.length),
    firsts,
    decisions: firsts.reduce((sum, count) => sum + count, 0),
    changes,
  };

  function keyed(regimes: Regimes, some: Int32Array) {
    const regimeOf = regimesOf(ledger, some, regimes);
    const pairs = numberKeys(ledger, some, { ipv4: coarse, ipv6: coarse });
    const policy =
      clientsVisible && choosing ? inferPolicies(ledger, some, regimeOf, pairs, places) : { ipv4: null, ipv6: null };
    const kinds: KeyKinds = {
      // IPv6 hashes the flow label under policy 0, which differs from connection to connection.
      ipv4: byConnection(policy.ipv4, settings.ipv4, [1]) ? 'five-tuple' : coarse,
      ipv6: byConnection(policy.ipv6, settings.ipv6, [0, 1]) ? 'five-tuple' : coarse,
    };
    const isCoarse = kinds.ipv4 === coarse && kinds.ipv6 === coarse;
    const keys = sumKeys(ledger, some, isCoarse ? pairs : numberKeys(ledger, some, kinds), regimeOf);
    if (regimes.list.length === 1) {
      const flows = Float64Array.from(places, (uplink) => keys.byUplink.flows[uplink]);
      const firsts = countPlaces(ledger, places, keys.first, roomOf(ledger).integers(keys.count).fill(0), 1);
      const counts = [{ flows, firsts }];
      return { regimes, rows: some, regimeOf, keys, kinds, policy, counts };
    }
    const counts = countByRegime(ledger, places, regimes, some, keys.first);
    const taken = takenOf(some, regimeOf, keys);
    return { regimes, rows: taken.rows, regimeOf: taken.regimeOf, keys: taken.keys, kinds, policy, counts };
  }

  function timed({ keys }: { keys: Keys }) {
    const room = roomOf(ledger);
    const codes = room.integers(keys.count);
    const startsUs = room.floats(keys.count);
    room.calls.takeFirsts(
      keys.count,
      room.placeOf(keys.first),
      room.column('uplink'),
      room.column('startUs'),
      room.placeOf(placesOf(places)),
      codes.byteOffset,
      startsUs.byteOffset,
    );
    if (whole.list.length > 1) addRegimes(codes, startsUs, keys.first);
    return inOrderOfTime(codes, startsUs, whole.list.length, places.length);
  }

  function addRegimes(codes: Int32Array, startsUs: Float64Array, firsts: Int32Array) {
    for (let key = 0; key < codes.length; key++) {
      codes[key] += whole.find(ledger.uplink[firsts[key]], startsUs[key]) * places.length;
    }
  }

  /** The rows after the last change; the keys before it are counted for the account of the regimes alone. */
  function since(found: readonly WeightChange[]) {
    const regimes = layRegimes(
      places,
      distortions,
      found.map(({ atUs }) => atUs),
      window,
    );
    const fromUs = (found.at(-1) as WeightChange).atUs;
    const after = keyed(
      regimes,
      all.filter((row) => ledger.startUs[row] >= fromUs),
    );
    const earlier = all.filter((row) => ledger.startUs[row] < fromUs);
    const before = countByRegime(ledger, places, regimes, earlier, first.keys.first);
    const counts = after.counts.map((count, n) => (regimes.list[n].isJudged ? count : before[n]));
    return { ...after, counts };
  }
}

/** By place in `rows`: the number of its regime, negative where the uplink was not eligible when the flow began. */
function regimesOf(ledger: Ledger, rows: Int32Array, regimes: Regimes): Int32Array {
  const found = roomOf(ledger).integers(rows.length);
  if (regimes.list.length === 1) return found.fill(0);
  found.set(regimes.findAll(rows, ledger));
  return found;
}

/** Without the rows of no regime. */
function takenOf(some: Int32Array, regimes: Int32Array, keys: Keys) {
  const count = keys.byUplink.flows.reduce((sum, flows) => sum + flows, 0);
  const rows = new Int32Array(count);
  const regimeOf = new Int32Array(count);
  const keyOf = new Int32Array(count);
  for (let i = 0, n = 0; i < some.length; i++) {
    if (regimes[i] < 0) continue;
    rows[n] = some[i];
    regimeOf[n] = regimes[i];
    keyOf[n++] = keys.keyOf[i];
  }
  return { rows, regimeOf, keys: { ...keys, keyOf } };
}

function countByRegime(
  ledger: Ledger,
  places: readonly number[],
  regimes: Regimes,
  rows: Int32Array,
  firsts: Int32Array,
): Decisions['counts'] {
  const flows = countPlaces(ledger, places, rows, regimesOf(ledger, rows, regimes), regimes.list.length);
  const keys = countPlaces(ledger, places, firsts, regimesOf(ledger, firsts, regimes), regimes.list.length);
  const own = (counts: Float64Array, n: number) => counts.slice(n * places.length, (n + 1) * places.length);
  return regimes.list.map((_, n) => ({ flows: own(flows, n), firsts: own(keys, n) }));
}

/** Rows by regime and place. */
function countPlaces(
  ledger: Ledger,
  places: readonly number[],
  rows: Int32Array,
  regimeOf: Int32Array,
  regimes: number,
): Float64Array {
  const room = roomOf(ledger);
  const counts = room.floats(regimes * places.length).fill(0);
  room.calls.countPlaces(
    rows.length,
    room.placeOf(rows),
    room.placeOf(regimeOf),
    room.column('uplink'),
    room.placeOf(placesOf(places)),
    places.length,
    counts.byteOffset,
  );
  return counts;
}

/** By uplink: its place among those that take part. */
export function placesOf(places: readonly number[]): Int32Array {
  const placeOf = new Int32Array(256);
  places.forEach((uplink, place) => {
    placeOf[uplink] = place;
  });
  return placeOf;
}

/**
 * Whether each connection is a choice of its own. The setting decides, but not against what the flows show: a key that
 * is too coarse wastes decisions, one that is too fine makes chance look like a law.
 */
function byConnection(policy: ReportPolicy | null, setting: number | null, settings: readonly number[]): boolean {
  if (policy === null) return false;
  return setting === null ? policy.inferred === 'l4' : settings.includes(setting) && policy.inferred !== 'l3';
}

/**
 * By family, null for one that is not there. Only flows of the regime with most flows are looked at: in an outage pairs
 * move under every policy.
 */
function inferPolicies(
  ledger: Ledger,
  rows: Int32Array,
  regimeOf: Int32Array,
  pairs: Numbering,
  places: readonly number[],
): ReportBalance['policy'] {
  const placeOf = placesOf(places);
  const six = addressFamilies(ledger);
  const main = mostOf(regimeOf);
  const counts = countByUplink(ledger, rows, pairs, placeOf, places.length, regimeOf, main);
  const isFamily = (family: 4 | 6) => (key: number) => six[ledger.server[pairs.row[key]]] === (family === 6 ? 1 : 0);
  return {
    ipv4: inferPolicy(counts, pairs.count, places.length, isFamily(4)),
    ipv6: inferPolicy(counts, pairs.count, places.length, isFamily(6)),
  };
}

/** The regime with most flows, the first of such; 0 without any. */
function mostOf(regimeOf: Int32Array): number {
  const flows = new Float64Array(regimeOf.reduce((most, regime) => Math.max(most, regime), 0) + 1);
  for (let i = 0; i < regimeOf.length; i++) if (regimeOf[i] >= 0) flows[regimeOf[i]]++;
  return flows.indexOf(flows.reduce((most, count) => Math.max(most, count), 0));
}

/** The kind that more keys are of. */
function commonKind(ledger: Ledger, keys: Keys, kinds: KeyKinds): KeyKind {
  if (kinds.ipv4 === kinds.ipv6) return kinds.ipv4;
  const six = addressFamilies(ledger);
  const ipv6 = keys.first.reduce((sum, row) => sum + six[ledger.server[row]], 0);
  return ipv6 * 2 > keys.count ? kinds.ipv6 : kinds.ipv4;
}
