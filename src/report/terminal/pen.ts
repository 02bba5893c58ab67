// What a terminal can show becomes one object that every section of the terminal report draws with: width, colours, glyphs.

import picocolors from 'picocolors';
import { visible, visibleAscii } from '../text.js';

export interface TerminalOptions {
  /** Columns; laid out for 60 at least. */
  width: number;
  color: boolean;
  /** False: ASCII alone. */
  unicode: boolean;
  /** `UTC` or an IANA name. */
  timezone: string;
}

export type Paint = (text: string) => string;

export interface Pen {
  width: number;
  timezone: string;
  glyphs: Glyphs;
  paint: Record<'good' | 'warn' | 'bad' | 'note' | 'dim' | 'bold' | 'bar', Paint>;
  /** Headers of table columns that found no room, for one remark at the end. */
  leftOut: Set<string>;
  /** Any text of the report, safe to print on this terminal. */
  safe(text: string): string;
}

/** Each takes one column, `arrow` aside. */
export interface Glyphs {
  rule: string;
  ellipsis: string;
  arrow: string;
  good: string;
  bad: string;
  unsure: string;
  note: string;
  warn: string;
  /** Bar: full cell, eighths of a cell from thin to thick, track, and the tick at the expected share. */
  full: string;
  eighths: readonly string[];
  track: string;
  tick: string;
  /** Sparkline: zero, then levels from low to high. */
  zero: string;
  levels: readonly string[];
}

export const MIN_WIDTH = 60;

const UNICODE: Glyphs = {
  rule: '─',
  ellipsis: '…',
  arrow: '→',
  good: '✓',
  bad: '✗',
  unsure: '?',
  note: '•',
  warn: '!',
  full: '█',
  eighths: ['▏', '▎', '▍', '▌', '▋', '▊', '▉'],
  track: '·',
  tick: '│',
  zero: '▁',
  levels: ['▂', '▃', '▄', '▅', '▆', '▇', '█'],
};

const ASCII: Glyphs = {
  rule: '-',
  ellipsis: '~',
  arrow: '->',
  good: '+',
  bad: 'x',
  unsure: '?',
  note: '*',
  warn: '!',
  full: '#',
  eighths: [],
  track: '.',
  tick: '|',
  zero: '_',
  levels: ['.', ':', '-', '=', '+', '*', '#'],
};

export function createPen(options: TerminalOptions): Pen {
  const colors = picocolors.createColors(options.color);
  return {
    width: Math.max(MIN_WIDTH, Math.floor(options.width) || MIN_WIDTH),
    timezone: options.timezone,
    glyphs: options.unicode ? UNICODE : ASCII,
    paint: {
      good: colors.green,
      warn: colors.yellow,
      bad: colors.red,
      note: colors.blue,
      dim: colors.dim,
      bold: colors.bold,
      bar: colors.cyan,
    },
    leftOut: new Set(),
    safe: options.unicode ? visible : visibleAscii,
  };
}
