// Distortions and changes of weights become regimes: which uplinks the router may choose from at each moment.

import type { Distortion } from '../detect/detection.js';
import type { Interval } from '../report/report.js';

/** A set of eligible uplinks with their weights. The same set again is the same regime. Microseconds. */
export interface Regime {
  /** In order, each from its start up to, not including, its end. */
  spans: Interval[];
  /** Numbers of the uplinks, ascending. */
  eligible: number[];
  /** False before a change of weights: which weights held then is not known; and where an outage skews the choice of the rest. */
  isJudged: boolean;
  isSkewed?: boolean;
}

export interface Regimes {
  list: Regime[];
  /** By uplink and moment: the number of the regime in `list`, −1 where the uplink is not eligible then, or the choice skewed. */
  find(uplink: number, startUs: number): number;
  /** The same for rows of columns. */
  findAll(rows: Int32Array, columns: { uplink: Uint8Array; startUs: Float64Array }): Int32Array;
}

/**
 * From an outage's start to its failback the uplink is not eligible. `changesUs` are the moments, ascending, at which the
 * weights changed: what lies before the last of them is not judged, for the configuration tells one set of weights, today's.
 * Each change begins new regimes. Spans are cut to the window from `startUs` to `endUs` (null without one).
 */
export function layRegimes(
  places: readonly number[],
  distortions: readonly Distortion[],
  changesUs: readonly number[],
  window: Interval | null,
): Regimes {
  const events = distortions
    .filter(({ uplink, startUs, endUs }) => places.includes(uplink) && startUs < endUs)
    .flatMap(({ uplink, startUs, endUs, isSkewing = false }) => [
      { uplink, atUs: startUs, step: 1, isSkewing },
      { uplink, atUs: endUs, step: -1, isSkewing },
    ])
    .sort((a, b) => a.atUs - b.atUs);
  const cuts = [...new Set([...events.map(({ atUs }) => atUs), ...changesUs])].sort((a, b) => a - b);
  const starts = Float64Array.of(Number.NEGATIVE_INFINITY, ...cuts);
  const down = new Map<number, number>();
  const byName = new Map<string, number>();
  const list: Regime[] = [];
  let event = 0;
  let changes = 0;
  let skewing = 0;
  const numbers = Array.from(starts, (fromUs, piece) => {
    for (; event < events.length && events[event].atUs <= fromUs; event++) {
      const { uplink, step, isSkewing } = events[event];
      down.set(uplink, (down.get(uplink) ?? 0) + step);
      if (isSkewing) skewing += step;
    }
    while (changes < changesUs.length && changesUs[changes] <= fromUs) changes++;
    const eligible = places.filter((uplink) => (down.get(uplink) ?? 0) <= 0);
    // One that is left alone has all.
    const isSkewed = skewing > 0 && eligible.length > 1;
    const name = `${changes}:${eligible.join(' ')}${isSkewed ? ' skewed' : ''}`;
    let number = byName.get(name);
    if (number === undefined) {
      const isJudged = changes === changesUs.length && !isSkewed;
      number = list.push({ spans: [], eligible, isJudged, ...(isSkewed ? { isSkewed } : {}) }) - 1;
      byName.set(name, number);
    }
    if (window !== null) addSpan(list[number].spans, fromUs, starts[piece + 1] ?? Number.POSITIVE_INFINITY, window);
    return number;
  });
  const table = new Int32Array(numbers.length * UPLINKS).fill(-1);
  numbers.forEach((number, piece) => {
    if (list[number].isSkewed === true) return;
    for (const uplink of list[number].eligible) table[piece * UPLINKS + uplink] = number;
  });
  return {
    list,
    find: (uplink, startUs) => table[pieceAt(starts, startUs) * UPLINKS + uplink],
    findAll: (rows, columns) => findAll(table, starts, rows, columns),
  };
}

/** Uplinks that a piece has room for: a ledger's numbers are bytes. */
const UPLINKS = 256;

function findAll(
  table: Int32Array,
  starts: Float64Array,
  rows: Int32Array,
  { uplink, startUs }: { uplink: Uint8Array; startUs: Float64Array },
): Int32Array {
  const found = new Int32Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    found[i] = table[pieceAt(starts, startUs[row]) * UPLINKS + uplink[row]];
  }
  return found;
}

/** Spans that touch become one. */
function addSpan(spans: Interval[], fromUs: number, toUs: number, [startUs, endUs]: Interval): void {
  const from = Math.max(fromUs, startUs);
  const to = Math.min(toUs, endUs);
  if (from > to || (from === to && startUs < endUs)) return;
  const last = spans[spans.length - 1];
  if (last !== undefined && last[1] === from) last[1] = to;
  else spans.push([from, to]);
}

/** The last piece that has begun. */
function pieceAt(starts: Float64Array, atUs: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle] <= atUs) low = middle;
    else high = middle - 1;
  }
  return low;
}
