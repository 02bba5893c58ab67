// Columns of cells become the lines of a light table that is never wider than asked. The one place that knows cli-table3.
//
// What does not fit gives way in a stated order: drawings shrink to their `min`, then text with a `min` is clipped down
// to it; then the columns with a `drop` number go, lowest number first; only then is anything else clipped.

import Table from 'cli-table3';
import { clipMiddle, clipStart, clusters, displayWidth } from '../text.js';
import type { Paint, Pen } from './pen.js';

/** A piece of text in one colour. */
export interface Span {
  text: string;
  paint?: Paint | undefined;
}

/** Text (safe or not), painted text, or a drawing made for the column's final width. */
export type Cell = string | Span | ((width: number) => Span[]);

export interface Column {
  header: string;
  cells: readonly Cell[];
  align?: 'left' | 'right';
  /** Where text gives way: in the middle unless it is its end that matters. */
  clip?: 'start';
  /** Columns that text may be clipped to; without it text is kept whole as long as possible. Drawings: the least. */
  min?: number;
  /** Drawings: the most columns that they use. */
  max?: number;
  /** Goes when there is no room; lower goes first. Without it the column stays. */
  drop?: number;
}

const GAP = 2;

/** No column asks for more, however long a name is. */
const WIDEST = 400;

/** Lines (header first) of at most `pen.width` columns, each indented. Columns left out are noted in `pen.leftOut`. */
export function renderTable(columns: readonly Column[], pen: Pen, indent = 2): string[] {
  const safe = columns.map((column) => ({
    ...column,
    header: pen.safe(column.header),
    cells: column.cells.map((cell) => safeCell(cell, pen)),
  }));
  const { kept, widths } = fit(safe, pen.width - indent);
  const code = new WidthCode();
  const table = new Table({
    chars: BORDERLESS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
    colWidths: widths,
    colAligns: kept.map((column) => column.align ?? 'left'),
  });
  const clip = (text: string, width: number, column: Column) => {
    return code.encode((column.clip === 'start' ? clipStart : clipMiddle)(text, width, pen.glyphs.ellipsis));
  };
  table.push(
    kept.map((column, c) => painted({ text: clip(column.header, widths[c] ?? 0, column), paint: pen.paint.dim })),
  );
  const rows = Math.max(0, ...kept.map((column) => column.cells.length));
  for (let r = 0; r < rows; r += 1) {
    table.push(
      kept.map((column, c) => {
        const cell = column.cells[r] ?? '';
        const width = widths[c] ?? 0;
        if (typeof cell === 'string') return clip(cell, width, column);
        if (typeof cell !== 'function') return painted({ text: clip(cell.text, width, column), paint: cell.paint });
        return cell(width)
          .map((span) => painted({ text: code.encode(span.text), paint: span.paint }))
          .join('');
      }),
    );
  }
  for (const column of safe) if (!kept.includes(column)) pen.leftOut.add(column.header);
  const margin = ' '.repeat(indent);
  return code
    .decode(table.toString())
    .split('\n')
    .map((line) => (margin + line).trimEnd());
}

function safeCell(cell: Cell, pen: Pen): Cell {
  if (typeof cell === 'function') return cell;
  return typeof cell === 'string' ? pen.safe(cell) : { text: pen.safe(cell.text), paint: cell.paint };
}

/** An empty cell stays empty: colour codes would keep its padding from being trimmed. */
function painted({ text, paint }: Span): string {
  return paint === undefined || text === '' ? text : paint(text);
}

function fit(columns: readonly Column[], width: number): { kept: Column[]; widths: number[] } {
  let kept = [...columns];
  for (;;) {
    const room = width - GAP * (kept.length - 1);
    const widths = squeeze(kept, room, (column, natural) => {
      return column.min === undefined ? natural : Math.max(column.min, displayWidth(column.header));
    });
    if (widths !== null) return { kept, widths };
    const order = kept.filter((column) => column.drop !== undefined).sort((a, b) => (a.drop ?? 0) - (b.drop ?? 0));
    if (order[0] === undefined) return { kept, widths: squeeze(kept, room, () => 1) ?? kept.map(() => 1) };
    kept = kept.filter((column) => column !== order[0]);
  }
}

/** Widths that add up to `room` at most, or null: what is over is taken from drawings, then from the widest text. */
function squeeze(
  columns: readonly Column[],
  room: number,
  least: (column: Column, natural: number) => number,
): number[] | null {
  const wanted = columns.map(wantedWidth);
  const floors = columns.map((column, c) => Math.min(wanted[c] ?? 0, least(column, wanted[c] ?? 0)));
  const rank = (c: number) => (columns[c]?.max === undefined ? 0 : WIDEST) + (wanted[c] ?? 0);
  for (let over = wanted.reduce((sum, width) => sum + width, 0) - room; over > 0; over -= 1) {
    let widest = -1;
    for (let c = 0; c < wanted.length; c += 1) {
      if ((wanted[c] ?? 0) > (floors[c] ?? 0) && (widest < 0 || rank(c) > rank(widest))) widest = c;
    }
    if (widest < 0) return null;
    wanted[widest] = (wanted[widest] ?? 0) - 1;
  }
  return wanted;
}

function wantedWidth(column: Column): number {
  let width = displayWidth(column.header);
  for (const cell of column.cells) {
    if (typeof cell === 'function') width = Math.max(width, column.max ?? 0);
    else width = Math.max(width, displayWidth(typeof cell === 'string' ? cell : cell.text));
  }
  return Math.min(width, WIDEST);
}

/**
 * cli-table3 measures many scripts and emoji otherwise than terminals do. So it is shown as many private-use
 * characters as the text takes columns (each of them measures one), and the text takes their place afterwards.
 * Safe text holds no private-use characters of its own.
 */
class WidthCode {
  private readonly known = new Map<string, string>();
  private readonly texts: string[] = [];

  encode(text: string): string {
    if (/^[\x20-\x7e]*$/.test(text)) return text;
    let encoded = '';
    for (const cluster of clusters(text)) encoded += this.place(cluster);
    return encoded;
  }

  decode(text: string): string {
    return text.replace(/[\ue000-\uf8ff]/g, (place) => this.texts[place.charCodeAt(0) - FIRST] ?? '');
  }

  private place(cluster: string): string {
    const width = displayWidth(cluster);
    if (width === 0) return '';
    let place = this.known.get(cluster);
    if (place === undefined) {
      if (this.texts.length === FILLER - FIRST) return '?'.repeat(width);
      place = String.fromCharCode(FIRST + this.texts.length) + String.fromCharCode(FILLER).repeat(width - 1);
      this.texts.push(cluster);
      this.known.set(cluster, place);
    }
    return place;
  }
}

const FIRST = 0xe000;
const FILLER = 0xf8ff;

const BORDERLESS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: ' '.repeat(GAP),
};
