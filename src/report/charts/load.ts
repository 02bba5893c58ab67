// How full each line is, and how full it would be if another one failed: of the capacity part of the report where it is
// there, else of the series, bin by bin (percentiles never add up).

import type { Report } from '../report.js';
import { oncePerReport } from './memo.js';
import type { Values } from './reduce.js';

export const DIRECTIONS = ['down', 'up'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** One direction of one uplink, in bits per second. */
export interface Load {
  place: number;
  direction: Direction;
  capacity: number | null;
  p50: number | null;
  p95: number;
  peak: number;
}

/** What a remaining uplink would be offered, p95 as a part of its capacity. */
export interface FailureLoad {
  /** Place of the uplink that fails, and of the one that remains. */
  fails: number;
  place: number;
  direction: Direction;
  p95: number;
  low: number | null;
  high: number | null;
}

export const loads = oncePerReport((report): Load[] =>
  report.uplinks.flatMap((uplink, place) =>
    DIRECTIONS.flatMap((direction) => {
      const { p95, peak } = uplink.rate[direction];
      if (p95 === null || peak === null) return [];
      const capacity = positive(uplink.capacity?.[direction]);
      return [{ place, direction, capacity, p50: quantile(ratesOf(report, uplink.name, direction), 0.5), p95, peak }];
    }),
  ),
);

export const failureLoads = oncePerReport((report): FailureLoad[] =>
  report.capacity === undefined ? fromSeries(report) : fromCapacity(report),
);

function fromCapacity(report: Report): FailureLoad[] {
  const place = (name: string) => report.uplinks.findIndex((uplink) => uplink.name === name);
  return (report.capacity?.failures ?? []).flatMap(({ fails, others }) =>
    others.flatMap((other) =>
      DIRECTIONS.flatMap((direction) => {
        const line = other[direction];
        const capacity = positive(report.uplinks[place(other.uplink)]?.capacity?.[direction]);
        if (line.utilisation === null || capacity === null) return [];
        const [low, high] = line.p95Interval;
        return [
          {
            fails: place(fails),
            place: place(other.uplink),
            direction,
            p95: line.utilisation.p95,
            low: low / capacity,
            high: high / capacity,
          },
        ];
      }),
    ),
  );
}

/** The failing uplink's rate goes to the others by weight, or in equal parts where no weights are known. */
function fromSeries(report: Report): FailureLoad[] {
  const { uplinks } = report;
  if (uplinks.length < 2) return [];
  return uplinks.flatMap((_, fails) =>
    uplinks.flatMap((uplink, place) => {
      if (place === fails) return [];
      return DIRECTIONS.flatMap((direction) => {
        const capacity = positive(uplink.capacity?.[direction]);
        const own = ratesOf(report, uplink.name, direction);
        if (capacity === null || own.length === 0) return [];
        const lost = ratesOf(report, uplinks[fails]?.name ?? '', direction);
        const part =
          weightOf(report, place) / uplinks.reduce((sum, _, i) => sum + (i === fails ? 0 : weightOf(report, i)), 0);
        const offered = own.map((rate, i) => (rate === null ? null : rate + (lost[i] ?? 0) * part));
        const p95 = quantile(offered, 0.95);
        return p95 === null ? [] : [{ fails, place, direction, p95: p95 / capacity, low: null, high: null }];
      });
    }),
  );
}

function weightOf(report: Report, place: number): number {
  return report.uplinks.every(({ weight }) => (weight ?? 0) > 0) ? (report.uplinks[place]?.weight ?? 1) : 1;
}

function ratesOf(report: Report, name: string, direction: Direction): Values {
  return Object.hasOwn(report.series.uplinks, name) ? (report.series.uplinks[name]?.[direction] ?? []) : [];
}

/** Nearest rank. */
export function quantile(values: Values, part: number): number | null {
  const known = new Float64Array(values.length);
  let count = 0;
  for (const value of values) {
    if (value === null) continue;
    known[count] = value;
    count += 1;
  }
  return count === 0 ? null : select(known.subarray(0, count), Math.max(0, Math.ceil(count * part) - 1));
}

/** What would stand at this index after sorting: Hoare's quickselect, for a million bins needn't be in order. */
function select(values: Float64Array, index: number): number {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const pivot = values[(low + high) >> 1] as number;
    let i = low;
    let j = high;
    while (i <= j) {
      while ((values[i] as number) < pivot) i += 1;
      while ((values[j] as number) > pivot) j -= 1;
      if (i > j) break;
      const swapped = values[i] as number;
      values[i] = values[j] as number;
      values[j] = swapped;
      i += 1;
      j -= 1;
    }
    if (index <= j) high = j;
    else if (index >= i) low = i;
    else break;
  }
  return values[index] as number;
}

function positive(value: number | null | undefined): number | null {
  return value !== null && value !== undefined && value > 0 ? value : null;
}
