// How fast, each way: mean, 95th percentile, peak, what that is of the capacity, and the course over time.

import { formatDuration } from '../../util/time.js';
import { formatRate, formatShare, UNKNOWN } from '../../util/units.js';
import type { Report, ReportUplink } from '../report.js';
import { sparkline } from './bars.js';
import { heading } from './page.js';
import type { Pen } from './pen.js';
import { type Cell, type Column, renderTable } from './table.js';

/** One line of the table: an uplink in one direction. */
interface Row {
  uplink: ReportUplink;
  direction: 'up' | 'down';
  series: readonly (number | null)[];
}

export function rateLines(report: Report, pen: Pen): string[] {
  const rows = report.uplinks.flatMap((uplink) => [rowOf(report, uplink, 'up'), rowOf(report, uplink, 'down')]);
  if (rows.every(({ uplink, direction }) => uplink.rate[direction].mean === null)) return [];
  const drawn = rows.some(({ series }) => series.length > 1);
  const limited = rows.some(({ uplink, direction }) => (uplink.capacity?.[direction] ?? null) !== null);
  const names = rows.map(({ uplink, direction }) => (direction === 'up' ? uplink.name : ''));
  const columns: Column[] = [
    { header: 'uplink', min: 16, cells: names },
    { header: '', cells: rows.map(({ direction }) => direction) },
    { header: 'mean', align: 'right', drop: 1, cells: rates(rows, 'mean') },
    { header: 'p95', align: 'right', cells: rates(rows, 'p95') },
    { header: 'peak', align: 'right', cells: rates(rows, 'peak') },
  ];
  if (limited) columns.push({ header: 'load', align: 'right', cells: rows.map((row) => loadCell(row, pen)) });
  if (drawn) {
    columns.push({ header: 'over time', min: 9, max: 30, drop: 2, cells: rows.map((row) => courseCell(row, pen)) });
  }
  return [
    heading(
      pen,
      'Rates',
      `IP bytes over bins of ${formatDuration(report.window.binSeconds)}`,
      ...(limited ? ['load: p95 of the capacity'] : []),
      ...(drawn ? ['each line to its own height'] : []),
    ),
    ...renderTable(columns, pen),
  ];
}

function rowOf({ series }: Report, uplink: ReportUplink, direction: 'up' | 'down'): Row {
  const known = Object.hasOwn(series.uplinks, uplink.name) ? series.uplinks[uplink.name] : undefined;
  return { uplink, direction, series: known?.[direction] ?? [] };
}

function rates(rows: readonly Row[], figure: 'mean' | 'p95' | 'peak'): string[] {
  return rows.map(({ uplink, direction }) => formatRate(uplink.rate[direction][figure]));
}

/** p95 against capacity: quiet below 70 %, loud above 90 %. */
function loadCell({ uplink, direction }: Row, pen: Pen): Cell {
  const capacity = uplink.capacity?.[direction] ?? null;
  const { p95 } = uplink.rate[direction];
  if (capacity === null || p95 === null || capacity <= 0) return UNKNOWN;
  const load = p95 / capacity;
  const paint = load >= 0.9 ? pen.paint.bad : load >= 0.7 ? pen.paint.warn : undefined;
  return { text: formatShare(load, 0), paint };
}

function courseCell({ series }: Row, pen: Pen): Cell {
  return (width) => [{ text: sparkline(series, pen, width), paint: pen.paint.bar }];
}
