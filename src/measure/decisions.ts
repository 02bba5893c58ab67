// The ledger's client-started flows become decisions: which rows take part, what makes them one choice, who chose what.

import type { Prefix } from '../config/config.js';
import type { ReportBalance, ReportPolicy } from '../report/report.js';
import type { Ledger } from '../tally/ledger.js';
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
import { balanceRows } from './rows.js';

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
  rows: Int32Array;
  keys: Keys;
  clientsVisible: boolean;
  key: ReportBalance['key'];
  policy: ReportBalance['policy'];
  /** Rows to pinned servers, left out. */
  pinned: number;
  /** By uplink: flows, and keys by the uplink of their first flow. */
  flows: Float64Array;
  firsts: Float64Array;
}

/** `inView` is by uplink: whether the inputs would show its flows. */
export function findDecisions(
  ledger: Ledger,
  inView: readonly boolean[],
  pins: readonly Prefix[],
  settings: HashPolicies,
): Decisions {
  const { rows, pinned, clientsVisible } = balanceRows(ledger, inView, pins);
  const places = inView.flatMap((seen, uplink) => (seen ? [uplink] : []));
  const coarse: KeyKind = clientsVisible ? 'client-server' : 'server';
  const pairs = numberKeys(ledger, rows, { ipv4: coarse, ipv6: coarse });
  const policy =
    clientsVisible && places.length > 1 ? inferPolicies(ledger, rows, pairs, places) : { ipv4: null, ipv6: null };
  const kinds: KeyKinds = {
    // IPv6 hashes the flow label under policy 0, which differs from connection to connection.
    ipv4: byConnection(policy.ipv4, settings.ipv4, [1]) ? 'five-tuple' : coarse,
    ipv6: byConnection(policy.ipv6, settings.ipv6, [0, 1]) ? 'five-tuple' : coarse,
  };
  const isCoarse = kinds.ipv4 === coarse && kinds.ipv6 === coarse;
  const keys = sumKeys(ledger, rows, isCoarse ? pairs : numberKeys(ledger, rows, kinds));
  return {
    places,
    rows,
    keys,
    clientsVisible,
    key: rows.length === 0 || places.length < 2 ? null : commonKind(ledger, keys, kinds),
    policy,
    pinned,
    flows: countRows(ledger, rows, inView.length),
    firsts: countRows(ledger, keys.first, inView.length),
  };
}

/**
 * Whether each connection is a choice of its own. The setting decides, but not against what the flows show: a key that
 * is too coarse wastes decisions, one that is too fine makes chance look like a law.
 */
function byConnection(policy: ReportPolicy | null, setting: number | null, settings: readonly number[]): boolean {
  if (policy === null) return false;
  return setting === null ? policy.inferred === 'l4' : settings.includes(setting) && policy.inferred !== 'l3';
}

/** By family, null for one that is not there. */
function inferPolicies(
  ledger: Ledger,
  rows: Int32Array,
  pairs: Numbering,
  places: readonly number[],
): ReportBalance['policy'] {
  const placeOf = new Int32Array(256);
  places.forEach((uplink, place) => {
    placeOf[uplink] = place;
  });
  const six = addressFamilies(ledger);
  const counts = countByUplink(ledger, rows, pairs, placeOf, places.length);
  const isFamily = (family: 4 | 6) => (key: number) => six[ledger.server[pairs.row[key]]] === (family === 6 ? 1 : 0);
  return {
    ipv4: inferPolicy(counts, pairs.count, places.length, isFamily(4)),
    ipv6: inferPolicy(counts, pairs.count, places.length, isFamily(6)),
  };
}

/** The kind that more keys are of. */
function commonKind(ledger: Ledger, keys: Keys, kinds: KeyKinds): KeyKind {
  if (kinds.ipv4 === kinds.ipv6) return kinds.ipv4;
  const six = addressFamilies(ledger);
  const ipv6 = keys.first.reduce((sum, row) => sum + six[ledger.server[row]], 0);
  return ipv6 * 2 > keys.count ? kinds.ipv6 : kinds.ipv4;
}

function countRows(ledger: Ledger, rows: Int32Array, uplinks: number): Float64Array {
  const counts = new Float64Array(uplinks);
  for (let i = 0; i < rows.length; i++) counts[ledger.uplink[rows[i]]]++;
  return counts;
}
