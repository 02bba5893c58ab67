// `tuning` and `capacity` as comma-separated values: a row a candidate and uplink, or a row a scenario, uplink and direction.
// Units are the report's own: bits per second, parts of one.

import { weightsText } from './advice-answer.js';
import type { CapacityLine, FailureLine } from './capacity.js';
import { csvText } from './csv.js';
import type { Report } from './report.js';
import { isPresent, isRecommended } from './terminal/tuning.js';
import type { Estimate, TuningCandidate, TuningLine } from './tuning.js';

type Value = string | number | null;

const ESTIMATE = ['', 'Low', 'High'] as const;

/** Header and a line a candidate and uplink, best first. */
export function renderTuningCsv({ tuning }: Report): string {
  const header = [
    ...['weights', 'remark', 'sum', 'uplink', 'weight', 'expectedShare'],
    ...named('bytesShare'),
    ...['Up', 'Down'].flatMap((way) => [
      ...named(`p95${way}`),
      ...named(`peak${way}`),
      ...named(`p95Utilisation${way}`),
      `saturation${way}`,
    ]),
    ...named('worst'),
    ...['saturation', 'beatsPresent', 'atLeast'],
  ];
  if (tuning === undefined) return lines([header]);
  const remark = (candidate: TuningCandidate) =>
    isRecommended(tuning, candidate) ? 'recommended' : isPresent(tuning, candidate) ? 'present' : '';
  const rows = tuning.candidates.flatMap((candidate) =>
    candidate.uplinks.map((uplink, n): Value[] => [
      // A colon between two numbers is a time of day to a spreadsheet.
      weightsText(candidate.weights).replaceAll(':', ' '),
      remark(candidate),
      candidate.sum,
      uplink.uplink,
      candidate.weights[n] ?? null,
      uplink.expected,
      ...figures(uplink.bytes),
      ...tuned(uplink.up),
      ...tuned(uplink.down),
      ...figures(candidate.worst),
      candidate.saturation,
      candidate.beatsPresent,
      String(candidate.atLeast),
    ]),
  );
  return lines([header, ...rows]);
}

/** Header, a line an uplink and direction as measured, then one for each remaining uplink of every failure. */
export function renderCapacityCsv({ capacity }: Report): string {
  const header = [
    ...['scenario', 'verdict', 'uplink', 'direction', 'capacity', 'mean', 'p95', 'p95Low', 'p95High', 'peak'],
    ...['p95Utilisation', 'peakUtilisation', 'headroom', 'busyHour', 'saturatedShare', 'saturation'],
  ];
  if (capacity === undefined) return lines([header]);
  const measured = capacity.uplinks.flatMap(({ uplink, up, down }) => [
    ['measured', '', uplink, 'up', ...measuredLine(up)],
    ['measured', '', uplink, 'down', ...measuredLine(down)],
  ]);
  const failed = capacity.failures.flatMap(({ fails, verdict, others }) =>
    others.flatMap(({ uplink, up, down }) => {
      const capacities = capacity.uplinks.find((one) => one.uplink === uplink);
      return [
        [`${fails} fails`, verdict, uplink, 'up', ...failedLine(up, capacities?.up.capacity ?? null)],
        [`${fails} fails`, verdict, uplink, 'down', ...failedLine(down, capacities?.down.capacity ?? null)],
      ];
    }),
  );
  return lines([header, ...measured, ...failed]);
}

function measuredLine(line: CapacityLine): Value[] {
  const { capacity, mean, p95, peak, utilisation, headroom, busyHour } = line;
  const load = [utilisation?.p95 ?? null, utilisation?.peak ?? null];
  return [capacity, mean, p95, null, null, peak, ...load, headroom, busyHour?.hour ?? null, null, null];
}

function failedLine(line: FailureLine, capacity: number | null): Value[] {
  const { p95, p95Interval, peak, utilisation, saturatedShare, saturation } = line;
  const load = [utilisation?.p95 ?? null, utilisation?.peak ?? null];
  return [capacity, null, p95, ...p95Interval, peak, ...load, null, null, saturatedShare, saturation];
}

function tuned({ p95, peak, utilisation, saturation }: TuningLine): Value[] {
  return [...figures(p95), ...figures(peak), ...figures(utilisation?.p95 ?? null), saturation];
}

function named(figure: string): string[] {
  return ESTIMATE.map((ending) => `${figure}${ending}`);
}

function figures(estimate: Estimate | null): Value[] {
  return estimate === null ? [null, null, null] : [estimate.median, estimate.low, estimate.high];
}

function lines(rows: readonly (readonly Value[])[]): string {
  return rows.map((row) => `${row.map(cell).join(',')}\n`).join('');
}

function cell(value: Value): string {
  if (value === null) return '';
  return typeof value === 'number' ? String(value) : csvText(value);
}
