// The decisions of two spans become one question: does the router share otherwise than before, or is that chance?

import { NONE } from '../flows/layout.js';
import type { Change } from '../report/comparison.js';
import type { ReportBalance, Verdict } from '../report/report.js';
import { AddressBook } from '../tally/addresses.js';
import type { Ledger } from '../tally/ledger.js';
import { Room } from '../tally/room.js';
import type { Decisions } from './decisions.js';
import { differenceInterval } from './difference.js';
import { effectiveNumber } from './interval.js';
import { type KeyColumns, type KeyKind, numberColumns } from './keys.js';
import { noncentrality } from './power.js';
import { round6 } from './round.js';
import { type Counts, twoSampleTest, twoServerTest, type Variance } from './two-sample.js';

/** One of the two spans. */
export interface Side {
  ledger: Ledger;
  decisions: Decisions;
  /** By uplink. */
  names: readonly string[];
}

export interface DecisionChange {
  key: ReportBalance['key'];
  keys: { before: number; after: number; both: number; moved: number } | null;
  test: string | null;
  statistic: number | null;
  df: number | null;
  pValue: number | null;
  maxChange: { uplink: string; points: number } | null;
  verdict: Verdict | null;
  detectablePoints: number | null;
  /** In each span. */
  decisionsNeeded: number | null;
  /** Flows of spans in which not all uplinks were eligible, left out. */
  leftOut: { before: number; after: number };
  /** By name. */
  shares: Map<string, Record<'flows' | 'decisions' | 'bytes' | 'packets', Change>>;
}

const LEVEL = 0.05;
const LEAST_POINTS = 1;
/** The change worth seeing. */
const CHANGE = 0.05;
const NOTHING: Change = { before: null, after: null, change: null, interval: null };

/** Uplinks are matched by name. Only flows that began while all uplinks of their span were eligible are compared. */
export function compareDecisions(before: Side, after: Side): DecisionChange {
  const names = [...new Set([...after.names, ...before.names])];
  const sides = [before, after].map((side) => sideOf(side, names));
  const visible = before.decisions.clientsVisible && after.decisions.clientsVisible;
  const kindOf = (family: 'ipv4' | 'ipv6'): KeyKind => {
    if (!visible) return 'server';
    const kinds = [before, after].map(({ decisions }) => decisions.kinds[family]);
    return kinds.every((kind) => kind === 'five-tuple') ? 'five-tuple' : 'client-server';
  };
  const kinds = { ipv4: kindOf('ipv4'), ipv6: kindOf('ipv6') };
  const { keyOf, count } = joined(sides, kinds);
  const [one, two] = sides.map((side, n) => sumSide(side, keyOf[n], count, names.length));
  const empty = one.total === 0 || two.total === 0;
  const counts: Counts = { before: one.place, after: two.place, places: names.length };
  const test = empty
    ? null
    : visible
      ? twoSampleTest(counts)
      : twoServerTest(counts, one.flowsByPlace, two.flowsByPlace);
  const told = visible
    ? (['decisions', 'flows', 'bytes', 'packets'] as const)
    : (['flows', 'bytes', 'packets'] as const);
  const linked = test === null || !visible ? names.map(() => 0) : test.linked;
  const shares = new Map(
    names.map((name, place) => {
      const changes = { flows: NOTHING, decisions: NOTHING, bytes: NOTHING, packets: NOTHING };
      if (!empty) for (const what of told) changes[what] = changeOf(one[what], two[what], place, linked[place]);
      return [name, changes];
    }),
  );
  const main = visible ? 'decisions' : 'flows';
  const points = names.map((name) => 100 * (shares.get(name)?.[main].change ?? 0));
  const furthest = points.reduce((best, off, i) => (Math.abs(off) > Math.abs(points[best]) ? i : best), 0);
  const power = test === null ? null : powerOf(test.widest, test.df, one[main].n, two[main].n, test.variance);
  const left = { before: before.decisions.rows.length - one.total, after: after.decisions.rows.length - two.total };
  let verdict: Verdict | null = null;
  if (test !== null && power !== null) {
    verdict = 'consistent';
    if (test.pValue < LEVEL && Math.abs(points[furthest]) >= LEAST_POINTS) verdict = 'deviates';
    else if (power.detectable > CHANGE) verdict = 'too-few';
  }
  return {
    key: empty ? null : kinds.ipv4 === kinds.ipv6 ? kinds.ipv4 : after.decisions.key,
    keys: visible ? { before: one.decisions.n, after: two.decisions.n, ...pairsOf(counts) } : null,
    test: test?.test ?? null,
    statistic: test === null ? null : round6(test.statistic),
    df: test?.df ?? null,
    pValue: test === null ? null : round6(test.pValue),
    maxChange: test === null ? null : { uplink: names[furthest], points: round6(points[furthest]) },
    verdict,
    detectablePoints: power === null ? null : round6(Math.min(100, 100 * power.detectable)),
    decisionsNeeded: power === null ? null : power.needed,
    leftOut: left,
    shares,
  };
}

interface Rows {
  ledger: Ledger;
  rows: Int32Array;
  /** By uplink of the ledger: its place among all names. */
  placeOf: Int32Array;
}

/** The rows of the regime with all uplinks; where there are none, all judged rows. */
function sideOf({ ledger, decisions, names }: Side, all: readonly string[]): Rows {
  const { regimes, regimeOf, rows, places } = decisions;
  const isWhole = regimes.list.map(({ eligible }) => eligible.length === places.length);
  const whole = rows.filter((_, i) => isWhole[regimeOf[i]]);
  const placeOf = Int32Array.from(names, (name) => all.indexOf(name));
  return { ledger, rows: whole.length > 0 ? whole : rows, placeOf };
}

/** Keys over both spans: by place in the rows of each, the number of the key. */
function joined(sides: readonly Rows[], kinds: { ipv4: KeyKind; ipv6: KeyKind }) {
  const total = sides.reduce((sum, { rows }) => sum + rows.length, 0);
  const addresses = new AddressBook();
  const columns: KeyColumns = {
    client: new Int32Array(total).fill(NONE),
    server: new Int32Array(total),
    ports: new Int32Array(total),
    protocol: new Uint8Array(total),
    addresses,
  };
  let at = 0;
  for (const { ledger, rows } of sides) {
    // By address number of the span's own book.
    const known = new Int32Array(ledger.addresses.count).fill(NONE);
    const idOf = (id: number) => {
      if (known[id] === NONE) known[id] = addresses.idOf(ledger.addresses.family(id), ledger.addresses.wordsOf(id));
      return known[id];
    };
    for (let i = 0; i < rows.length; i++, at++) {
      const row = rows[i];
      if (ledger.client[row] !== NONE) columns.client[at] = idOf(ledger.client[row]);
      columns.server[at] = idOf(ledger.server[row]);
      columns.ports[at] = ledger.ports[row];
      columns.protocol[at] = ledger.protocol[row];
    }
  }
  const { keyOf, count } = numberColumns(
    new Room(),
    columns,
    Int32Array.from({ length: total }, (_, n) => n),
    kinds,
  );
  const first = sides[0].rows.length;
  return { keyOf: [keyOf.subarray(0, first), keyOf.subarray(first)], count };
}

/** What is shared, by key and by place. */
interface Shared {
  byKey: Float64Array;
  byPlace: Float64Array;
  /** Effective number. */
  n: number;
}

interface SideSums {
  total: number;
  /** By key: the place of its first flow, −1 where the span does not show it. */
  place: Int32Array;
  /** Flows by key and place. */
  flowsByPlace: Uint32Array;
  flows: Shared;
  decisions: Shared;
  bytes: Shared;
  packets: Shared;
}

function sumSide({ ledger, rows, placeOf }: Rows, keyOf: Int32Array, keys: number, places: number): SideSums {
  const shared = () => ({ byKey: new Float64Array(keys), byPlace: new Float64Array(places), n: 0 });
  const [flows, decisions, bytes, packets] = [shared(), shared(), shared(), shared()];
  const place = new Int32Array(keys).fill(-1);
  const startUs = new Float64Array(keys).fill(Number.POSITIVE_INFINITY);
  const flowsByPlace = new Uint32Array(keys * places);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    const key = keyOf[i];
    const own = placeOf[ledger.uplink[row]];
    flowsByPlace[key * places + own]++;
    for (const [sum, value] of [
      [flows, 1],
      [bytes, ledger.ipUp[row] + ledger.ipDown[row]],
      [packets, ledger.packetsUp[row] + ledger.packetsDown[row]],
    ] as const) {
      sum.byKey[key] += value;
      sum.byPlace[own] += value;
    }
    const start = ledger.startUs[row];
    if (start < startUs[key] || (start === startUs[key] && own < place[key])) {
      startUs[key] = start;
      place[key] = own;
    }
  }
  for (let key = 0; key < keys; key++) {
    if (place[key] < 0) continue;
    decisions.byKey[key] = 1;
    decisions.byPlace[place[key]]++;
  }
  for (const sum of [flows, decisions, bytes, packets]) sum.n = effectiveNumber(sum.byKey);
  return { total: rows.length, place, flowsByPlace, flows, decisions, bytes, packets };
}

/** `linked` is how far a key that both spans show chooses alike, 0 to 1: it makes the change surer. */
function changeOf(before: Shared, after: Shared, place: number, linked: number): Change {
  const [one, two] = [before, after].map(({ byPlace }) => {
    const sum = byPlace.reduce((total, value) => total + value, 0);
    return sum > 0 ? byPlace[place] / sum : null;
  });
  if (one === null || two === null) return NOTHING;
  let common = 0;
  let [squares1, squares2] = [0, 0];
  for (let key = 0; key < before.byKey.length; key++) {
    common += before.byKey[key] * after.byKey[key];
    squares1 += before.byKey[key] ** 2;
    squares2 += after.byKey[key] ** 2;
  }
  const interval = differenceInterval(one, before.n, two, after.n, (linked * common) / Math.sqrt(squares1 * squares2));
  return { before: round6(one), after: round6(two), change: round6(two - one), interval };
}

function pairsOf({ before, after }: Counts): { both: number; moved: number } {
  let both = 0;
  let moved = 0;
  for (let key = 0; key < before.length; key++) {
    if (before[key] < 0 || after[key] < 0) continue;
    both++;
    if (before[key] !== after[key]) moved++;
  }
  return { both, moved };
}

/**
 * The change that would be seen with 80 % power at 5 %, as a part of one, and the decisions that one of 5 points takes in
 * each span if they share no keys. `variance` is that of the change as the keys of both spans make it.
 */
function powerOf(widest: number, df: number, one: number, two: number, variance: Variance) {
  const lambda = noncentrality(df);
  // A change of δ moves that part of the keys that both spans show, each of which then counts: δ² = λ(a + bδ).
  const a = variance.apart;
  const b = variance.paired;
  const moving = (lambda * b + Math.sqrt((lambda * b) ** 2 + 4 * lambda * a)) / 2;
  const independent = Math.sqrt(lambda * widest * (1 / one + 1 / two));
  const seen = Math.sqrt(lambda * variance.seen);
  return {
    detectable: Math.min(independent, Math.max(moving, seen)),
    needed: Math.round((2 * lambda * widest) / CHANGE ** 2),
  };
}
