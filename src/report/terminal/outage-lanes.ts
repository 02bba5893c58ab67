// Outages over time, seen at a glance: one lane an uplink, from the first record to the last.

import { formatClock, formatTime, isSameDate } from '../../util/time.js';
import type { Report, TimeSpan } from '../report.js';
import { displayWidth } from '../text.js';
import type { Pen } from './pen.js';

/** Lanes drawn; of more uplinks only those with an outage. */
const MOST_LANES = 12;
const WIDEST_NAME = 16;
const WIDEST_LANE = 80;

/** Of what is drawn in a cell the gravest, from the least on. */
const MARK = { fine: 0, unknown: 1, brownout: 2, outage: 3 } as const;
type Mark = (typeof MARK)[keyof typeof MARK];

export function laneLines(report: Report, pen: Pen): string[] {
  const { start, end } = report.window;
  if (start === null || end === null || end <= start) return [];
  const hit = new Set(report.outages.map(({ uplink }) => uplink));
  const uplinks =
    report.uplinks.length > MOST_LANES ? report.uplinks.filter(({ name }) => hit.has(name)) : report.uplinks;
  const drawn = uplinks.slice(0, MOST_LANES);
  const names = drawn.map(({ name }) => shorten(pen.safe(name), pen));
  const margin = Math.max(...names.map(displayWidth)) + 4;
  const width = Math.min(WIDEST_LANE, pen.width - margin);
  const lines = drawn.map(({ name }, n) => {
    const label = `  ${names[n]}${' '.repeat(margin - 2 - displayWidth(names[n] ?? ''))}`;
    return (
      label +
      cellsOf(report, name, start, end, width)
        .map((mark) => paint(mark, pen))
        .join('')
    );
  });
  return [...lines, axis(start, end, margin, width, pen), key(report, margin, pen)];
}

/** The gravest thing in each stretch of the window. */
function cellsOf(report: Report, uplink: string, start: number, end: number, width: number): Mark[] {
  const cells = new Array<Mark>(width).fill(MARK.fine);
  const draw = (span: TimeSpan, mark: Mark) => {
    const scale = width / (end - start);
    const from = Math.max(0, Math.min(width - 1, Math.floor((span.start - start) * scale)));
    const to = Math.max(from, Math.min(width - 1, Math.ceil((span.end - start) * scale) - 1));
    for (let c = from; c <= to; c += 1) if (mark > (cells[c] ?? 0)) cells[c] = mark;
  };
  for (const gap of report.captureGaps) draw(gap, MARK.unknown);
  for (const thin of report.unmeasurable) if (thin.uplink === uplink) draw(thin, MARK.unknown);
  for (const outage of report.outages) {
    if (outage.uplink !== uplink) continue;
    const span = { start: outage.start.best, end: outage.end?.best ?? end };
    draw(span, outage.kind === 'brownout' ? MARK.brownout : MARK.outage);
  }
  return cells;
}

function paint(mark: Mark, pen: Pen): string {
  const ascii = pen.glyphs.full === '#';
  if (mark === MARK.outage) return pen.paint.bad(pen.glyphs.full);
  if (mark === MARK.brownout) return pen.paint.warn(ascii ? '=' : '▒');
  return mark === MARK.unknown ? ' ' : pen.paint.dim(ascii ? '-' : '─');
}

/** The times at both ends, under the lanes. */
function axis(start: number, end: number, margin: number, width: number, pen: Pen): string {
  const write = isSameDate(start, end, pen.timezone) ? formatClock : formatTime;
  const from = write(start, pen.timezone);
  const to = write(end, pen.timezone);
  const between = Math.max(1, width - displayWidth(from) - displayWidth(to));
  return pen.paint.dim(' '.repeat(margin) + from + ' '.repeat(between) + to);
}

function key(report: Report, margin: number, pen: Pen): string {
  const kinds = new Set(report.outages.map(({ kind }) => kind === 'brownout'));
  const told = [
    kinds.has(false) ? `${paint(MARK.outage, pen)} out` : '',
    kinds.has(true) ? `${paint(MARK.brownout, pen)} brownout` : '',
    report.unmeasurable.length + report.captureGaps.length > 0 ? 'blank: not measurable' : '',
  ].filter((part) => part !== '');
  return ' '.repeat(margin) + told.join('   ');
}

function shorten(name: string, pen: Pen): string {
  if (displayWidth(name) <= WIDEST_NAME) return name;
  let short = name;
  while (displayWidth(short) > WIDEST_NAME - 1) short = [...short].slice(0, -1).join('');
  return short + pen.glyphs.ellipsis;
}
