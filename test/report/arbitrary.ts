// Any text and any report: the sample reports with every name, message and figure put at random.

import fc from 'fast-check';
import type { Report } from '#src/report/report.js';
import { reports } from './fixtures.js';

// A failure shows the assertion that failed, not the whole report alone.
fc.configureGlobal({ includeErrorInReport: true });

/** Any text, with the characters that make trouble more often than chance would give them. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc
    .array(
      fc.constantFrom(
        ...['\u001b[31m', '\n', '\r', '\t', '\u202e', '\u200d', '\ufe0f', '\ud800', '\u0000', '\u0085', '\u2028'],
        ...['界', '👩', '🇩', 'e\u0301', '\u0e48', '|', '`', '<', '=', '@', ',', '"', '\\', ' ', 'x', 'wan'],
      ),
      { maxLength: 40 },
    )
    .map((parts) => parts.join('')),
);

/** Fields whose text comes from inputs, configurations or messages; others are closed lists. */
const FREE = new Set(
  'path linkTypes reason error name interface gateway snat uplink why message cure code address version config'.split(
    ' ',
  ),
);

const anyFigure = fc.oneof(
  fc.integer({ min: 0, max: 1000 }),
  fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.double({ min: 0, max: 1e18, noNaN: true }),
);

/** A sample report in which each free text and each figure was replaced with some chance; its shape is a report's. */
export const anyReport: fc.Arbitrary<Report> = fc
  .tuple(
    fc.constantFrom(...Object.values(reports)),
    fc.infiniteStream(fc.option(anyText, { nil: null, freq: 2 })),
    fc.infiniteStream(fc.option(anyFigure, { nil: null, freq: 2 })),
  )
  .map(([make, texts, figures]) => {
    const change = (value: unknown, key: string): unknown => {
      if (Array.isArray(value)) return value.slice(0, 20).map((item) => change(item, key));
      if (typeof value === 'string') return FREE.has(key) ? (texts.next().value ?? value) : value;
      if (typeof value === 'number') return key === 'capacity' ? whole(value) : (figures.next().value ?? value);
      if (value === null || typeof value !== 'object') return value;
      if (key === 'capacity' && 'up' in value) return capacityOf(value);
      return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, change(item, name)]));
    };
    /** A capacity is of a configuration, which takes whole bits per second from 1 to 10^15. */
    const whole = (value: unknown) => {
      const figure = figures.next().value;
      return typeof figure === 'number' ? Math.max(1, Math.round(figure % 1e15)) : value;
    };
    const capacityOf = (value: object) =>
      Object.fromEntries(Object.entries(value).map(([name, item]) => [name, whole(item)]));
    const made = make();
    return { ...(change(made, '') as Report), tool: made.tool, schema: made.schema };
  });
