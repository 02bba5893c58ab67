// What the lines carry and could carry, what they would carry if one failed, and how they grow.

import { formatDuration } from '../../util/time.js';
import { formatNumberOf, formatRate, formatShare, formatShareInterval, UNKNOWN } from '../../util/units.js';
import type { CapacityFailure, CapacityLine, GrowthLine, ReportCapacity } from '../capacity.js';
import { heading, paragraph } from './page.js';
import type { Pen } from './pen.js';
import { type Cell, type Column, renderTable } from './table.js';

/** Verdicts of a failure, as printed. */
export const FAILURE_WORDS = {
  survives: 'survives',
  'at-risk': 'at risk',
  saturates: 'saturates',
  unknown: 'not known',
} as const;

export function loadLines(capacity: ReportCapacity, pen: Pen): string[] {
  if (!hasRates(capacity)) return [];
  const { uplinks, binSeconds, quantileRule, timezone } = capacity;
  const rows = uplinks.flatMap(({ uplink, up, down }) => [
    { name: uplink, direction: 'up', line: up },
    { name: '', direction: 'down', line: down },
  ]);
  const columns: Column[] = [
    { header: 'uplink', min: 10, cells: rows.map(({ name }) => name) },
    { header: '', cells: rows.map(({ direction }) => direction) },
    { header: 'mean', align: 'right', drop: 0, cells: rows.map(({ line }) => formatRate(line.mean)) },
    { header: 'p95', align: 'right', cells: rows.map(({ line }) => formatRate(line.p95)) },
    { header: 'peak', align: 'right', drop: 2, cells: rows.map(({ line }) => formatRate(line.peak)) },
    { header: 'capacity', align: 'right', drop: 3, cells: rows.map(({ line }) => formatRate(line.capacity)) },
    { header: 'load', align: 'right', cells: rows.map(({ line }) => loadCell(line, pen)) },
    { header: 'headroom', align: 'right', cells: rows.map(({ line }) => formatRate(line.headroom)) },
    { header: 'busy hour', align: 'right', drop: 1, cells: rows.map(({ line }) => busyHourText(line)) },
  ];
  return [
    heading(
      pen,
      'Lines',
      `IP bytes over bins of ${formatDuration(binSeconds)}, ${quantileRule}`,
      'load: p95 of the capacity',
      `hours in ${timezone}`,
    ),
    ...renderTable(known(columns), pen),
  ];
}

export function failureLines(capacity: ReportCapacity, pen: Pen): string[] {
  const { failures, repetitions } = capacity;
  if (failures.length === 0 || !hasRates(capacity)) return [];
  const rows = failures.flatMap(({ fails, verdict, others }) =>
    others.flatMap(({ uplink, up, down }, n) => [
      { fails: n === 0 ? fails : '', verdict: n === 0 ? verdict : null, uplink, direction: 'up', line: up },
      { fails: '', verdict: null, uplink: '', direction: 'down', line: down },
    ]),
  );
  const columns: Column[] = [
    { header: 'fails', min: 10, cells: rows.map(({ fails }) => fails) },
    { header: 'verdict', cells: rows.map(({ verdict }) => verdictCell(verdict, pen)) },
    { header: 'then', min: 10, cells: rows.map(({ uplink }) => uplink) },
    { header: '', cells: rows.map(({ direction }) => direction) },
    { header: 'p95', align: 'right', cells: rows.map(({ line }) => formatRate(line.p95)) },
    { header: 'peak', align: 'right', drop: 1, cells: rows.map(({ line }) => formatRate(line.peak)) },
    { header: 'load', align: 'right', cells: rows.map(({ line }) => formatShare(line.utilisation?.p95 ?? null, 0)) },
    {
      header: '95 % range',
      align: 'right',
      drop: 2,
      cells: rows.map(({ line }) => rangeOf(line)),
    },
    { header: 'saturated', align: 'right', cells: rows.map(({ line }) => formatShare(line.saturatedShare)) },
  ];
  const told = failures.filter(({ verdict, others }) => verdict === 'unknown' && others.length === 0);
  return [
    heading(
      pen,
      'If one fails',
      'its flows go to the others by weight',
      `medians of ${repetitions} draws`,
      'saturated: of the time',
    ),
    ...(rows.length > 0 ? renderTable(known(columns), pen) : []),
    ...told.flatMap(({ message }) => paragraph(pen, message, 2, pen.glyphs.unsure, pen.paint.warn)),
  ];
}

export function growthLines(capacity: ReportCapacity, pen: Pen): string[] {
  if (!hasRates(capacity)) return [];
  const { growth } = capacity;
  if (growth.refused !== null) return [heading(pen, 'Growth'), ...paragraph(pen, growth.refused, 2)];
  const rows = growth.lines;
  const columns: Column[] = [
    { header: 'uplink', min: 10, cells: rows.map(({ uplink, direction }) => (direction === 'up' ? uplink : '')) },
    { header: '', cells: rows.map(({ direction }) => direction) },
    { header: 'p95 now', align: 'right', cells: rows.map((line) => formatRate(lastFit(line))) },
    {
      header: 'a week',
      align: 'right',
      cells: rows.map(({ trend }) => signedRate(trend === null ? null : trend.perDay * 7)),
    },
    { header: '95 % range', align: 'right', drop: 1, cells: rows.map(weekRange) },
    { header: 'full on', cells: rows.map(({ exhaustion }) => exhaustion?.date ?? UNKNOWN) },
    { header: 'between', drop: 0, cells: rows.map(({ exhaustion }) => between(exhaustion)) },
  ];
  const reasons = new Map<string, string[]>();
  for (const { uplink, direction, refused } of rows) {
    if (refused !== null) reasons.set(refused, [...(reasons.get(refused) ?? []), `${uplink} ${direction}`]);
  }
  return [
    heading(pen, 'Growth', `daily p95 of ${formatNumberOf(growth.days, 'day')}`, 'working days and days off apart'),
    ...renderTable(known(columns), pen),
    ...[...reasons].flatMap(([why, lines]) =>
      paragraph(pen, `No date for ${lines.join(', ')}: ${lower(why)}`, 2, pen.glyphs.note, pen.paint.dim),
    ),
  ];
}

/** Whether any line was captured: else the notes say what is missing, and there is nothing to print. */
function hasRates({ uplinks }: ReportCapacity): boolean {
  return uplinks.some(({ up, down }) => up.mean !== null || down.mean !== null);
}

/** `20 h, 3.10 Mbit/s`. */
export function busyHourText({ busyHour }: CapacityLine): string {
  return busyHour === null ? UNKNOWN : `${busyHour.hour}–${(busyHour.hour + 1) % 24} h`;
}

/** Of the last day, by the trend. */
export function lastFit({ trend }: GrowthLine): number | null {
  return trend?.fit.at(-1)?.p95 ?? null;
}

export function signedRate(bps: number | null): string {
  if (bps === null) return UNKNOWN;
  return bps > 0 ? `+${formatRate(bps)}` : formatRate(bps);
}

export function weekRange({ trend }: GrowthLine): string {
  if (trend === null) return UNKNOWN;
  return `${signedRate(trend.interval[0] * 7)} … ${signedRate(trend.interval[1] * 7)}`;
}

export function between(exhaustion: GrowthLine['exhaustion']): string {
  if (exhaustion === null) return UNKNOWN;
  return `${exhaustion.earliest} – ${exhaustion.latest ?? 'later'}`;
}

/** p95's interval in per cent of the capacity. */
export function rangeOf({ p95, p95Interval, utilisation }: CapacityFailure['others'][number]['up']): string {
  if (utilisation === null) return UNKNOWN;
  const scale = p95 > 0 ? utilisation.p95 / p95 : 0;
  return formatShareInterval([p95Interval[0] * scale, p95Interval[1] * scale], 0);
}

function loadCell({ utilisation, fullShare }: CapacityLine, pen: Pen): Cell {
  if (utilisation === null) return UNKNOWN;
  const { p95 } = utilisation;
  const paint = p95 >= 0.9 ? pen.paint.bad : p95 >= 0.7 ? pen.paint.warn : undefined;
  return { text: `${(fullShare ?? 0) > 0.05 ? '≥ ' : ''}${formatShare(p95, 0)}`, paint };
}

function verdictCell(verdict: CapacityFailure['verdict'] | null, pen: Pen): Cell {
  if (verdict === null) return '';
  const paint = {
    survives: pen.paint.good,
    'at-risk': pen.paint.warn,
    saturates: pen.paint.bad,
    unknown: pen.paint.dim,
  };
  return { text: FAILURE_WORDS[verdict], paint: paint[verdict] };
}

/** Columns that tell anything at all. */
function known(columns: Column[]): Column[] {
  return columns.filter(({ header, cells }) => header === '' || cells.some((cell) => cell !== UNKNOWN));
}

function lower(text: string): string {
  return `${text[0]?.toLowerCase() ?? ''}${text.slice(1)}`;
}
