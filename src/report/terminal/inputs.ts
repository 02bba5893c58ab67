// What was read: a line an input, then what could not be read of it.

import { formatClock, formatDuration, formatTime, isSameDate } from '../../util/time.js';
import { formatBytes, formatCount, formatNumberOf, UNKNOWN } from '../../util/units.js';
import type { Report, ReportInput } from '../report.js';
import { clipStart } from '../text.js';
import { heading, paragraph } from './page.js';
import type { Pen } from './pen.js';
import { type Column, renderTable } from './table.js';

/** Inputs listed one by one. */
const LISTED = 8;

export function inputLines(report: Report, pen: Pen): string[] {
  const { inputs } = report;
  const listed = inputs.length > LISTED + 1 ? inputs.slice(0, LISTED) : inputs;
  const counts = listed.map(countOf);
  const lines = [
    heading(pen, 'Inputs'),
    ...renderTable(
      known([
        { header: 'input', min: 24, clip: 'start', cells: listed.map((input) => displayPath(input.path)) },
        { header: 'format', min: 8, cells: listed.map(formatOf) },
        { header: 'link type', drop: 1, min: 8, cells: listed.map((input) => input.linkTypes.join(', ') || UNKNOWN) },
        {
          header: counts.every((count) => count.what === 'packets') ? 'packets' : 'read',
          align: 'right',
          cells: countCells(counts),
        },
        { header: 'size', align: 'right', drop: 2, cells: listed.map((input) => formatBytes(input.wireBytes)) },
        { header: 'from', drop: 3, cells: listed.map((input) => timeOf(input.first, report, pen)) },
        { header: 'for', align: 'right', cells: listed.map((input) => formatDuration(durationOf(input))) },
      ]),
      pen,
    ),
  ];
  const rest = inputs.slice(listed.length);
  if (rest.length > 0) lines.push(pen.paint.dim(`  and ${moreInputs(rest)}`));
  return [...lines, ...troubleLines(inputs, pen)];
}

/** Why inputs could not be read, what was damaged, what the recorder lost. */
function troubleLines(inputs: readonly ReportInput[], pen: Pen): string[] {
  const troubles = inputs.flatMap((input) => {
    const name = clipStart(pen.safe(displayPath(input.path)), Math.floor(pen.width / 2), pen.glyphs.ellipsis);
    const lines: string[][] = [];
    if (input.error !== null) {
      lines.push(paragraph(pen, `${name}: ${input.error}`, 2, pen.glyphs.bad, pen.paint.bad));
    }
    const damage = input.damage.map((kind) => {
      const where = kind.offset === null ? '' : `, first at byte ${formatCount(kind.offset)}`;
      return `${kind.reason} (${formatCount(kind.count)} times${where})`
        .replace('(1 times, first', '(once,')
        .replace('(1 times)', '(once)');
    });
    if (input.dropped !== null && input.dropped > 0) {
      damage.push(`the recorder itself lost ${formatNumberOf(input.dropped, 'packet')}`);
    }
    if (damage.length > 0) {
      lines.push(paragraph(pen, `${name}: ${damage.join('; ')}`, 2, pen.glyphs.warn, pen.paint.warn));
    }
    return lines;
  });
  const shown = troubles.slice(0, LISTED);
  const hidden = troubles.length - shown.length;
  const more =
    hidden > 0 ? [pen.paint.dim(`  and ${formatNumberOf(hidden, 'more such line')} in the JSON report`)] : [];
  return [...shown.flat(), ...more];
}

/** Columns that tell anything at all. */
function known(columns: Column[]): Column[] {
  return columns.filter((column, c) => c === 0 || column.cells.some((cell) => cell !== UNKNOWN));
}

interface Count {
  number: number | null;
  what: 'packets' | 'entries';
}

function countOf(input: ReportInput): Count {
  return input.entries !== null
    ? { number: input.entries, what: 'entries' }
    : { number: input.packets, what: 'packets' };
}

function countCells(counts: readonly Count[]): string[] {
  const alike = counts.every((count) => count.what === 'packets');
  return counts.map(({ number, what }) => {
    if (alike || number === null) return formatCount(number);
    return what === 'packets' ? formatNumberOf(number, 'packet') : formatNumberOf(number, 'entry', 'entries');
  });
}

function formatOf({ format, compression }: ReportInput): string {
  if (format === null) return UNKNOWN;
  return compression === null ? format : `${format}, ${compression}`;
}

/** The title shows the date; where all is of one date the clock is enough. */
function timeOf(seconds: number | null, { window }: Report, pen: Pen): string {
  const oneDate = isSameDate(window.start ?? 0, window.end ?? 0, pen.timezone);
  return oneDate ? formatClock(seconds, pen.timezone) : formatTime(seconds, pen.timezone);
}

function durationOf({ first, last }: ReportInput): number | null {
  return first === null || last === null ? null : last - first;
}

function displayPath(path: string): string {
  return path === '-' ? '(standard input)' : path;
}

function moreInputs(rest: readonly ReportInput[]): string {
  const packets = rest.reduce((sum, input) => sum + (input.packets ?? 0) + (input.entries ?? 0), 0);
  return `${formatNumberOf(rest.length, 'more input')} with ${formatCount(packets)} packets or entries`;
}
