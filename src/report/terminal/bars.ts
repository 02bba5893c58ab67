// A share against its expectation, and a series over time, become small drawings out of characters.

import type { Pen } from './pen.js';
import type { Span } from './table.js';

/** The least round number that holds all shares, so that eight uplinks of an eighth each still show their difference. */
export function barScale(shares: readonly (number | null)[]): number {
  const most = Math.max(0, ...shares.map((share) => share ?? 0));
  return [0.1, 0.2, 0.25, 0.4, 0.5, 0.6, 0.8, 1].find((scale) => most <= scale) ?? 1;
}

/** A bar as long as the share, a tick where the expected share lies; `scale` is the share at the right end. */
export function shareBar(
  share: number | null,
  expected: number | null,
  scale: number,
  pen: Pen,
  width: number,
): Span[] {
  if (width <= 0) return [];
  const { glyphs, paint } = pen;
  const cells: string[] = [];
  const eighths = Math.round(clamp((share ?? 0) / scale) * width * 8);
  const full = Math.floor(eighths / 8);
  for (let c = 0; c < width; c += 1) {
    if (c < full) cells.push(glyphs.full);
    else if (c === full && eighths % 8 > 0) cells.push(partOfCell(eighths % 8, pen));
    else cells.push(glyphs.track);
  }
  const tick = expected === null ? -1 : Math.min(width - 1, Math.floor(clamp(expected / scale) * width));
  return cells.map((text, c) => {
    if (c === tick) return { text: glyphs.tick, paint: paint.bold };
    return { text, paint: text === glyphs.track ? paint.dim : paint.bar };
  });
}

/** One character a column, as high as the mean of the bins it covers against the highest column; a gap is a space. */
export function sparkline(values: readonly (number | null)[], pen: Pen, width: number): string {
  const { glyphs } = pen;
  const columns = resample(values, Math.min(width, values.length));
  const most = Math.max(0, ...columns.map((value) => value ?? 0));
  return columns
    .map((value) => {
      if (value === null) return ' ';
      if (value <= 0 || most === 0) return glyphs.zero;
      const level = Math.ceil((value / most) * glyphs.levels.length) - 1;
      return glyphs.levels[Math.max(0, level)] ?? glyphs.zero;
    })
    .join('');
}

/** Means over `count` stretches of equal length; bins that straddle a border belong to the stretch they begin in. */
function resample(values: readonly (number | null)[], count: number): (number | null)[] {
  const columns: (number | null)[] = [];
  for (let c = 0; c < count; c += 1) {
    const from = Math.floor((c * values.length) / count);
    const to = Math.floor(((c + 1) * values.length) / count);
    let sum = 0;
    let known = 0;
    for (let i = from; i < to; i += 1) {
      const value = values[i];
      if (value === null || value === undefined) continue;
      sum += value;
      known += 1;
    }
    columns.push(known === 0 ? null : sum / known);
  }
  return columns;
}

function partOfCell(eighths: number, pen: Pen): string {
  const { glyphs } = pen;
  if (glyphs.eighths.length === 0) return eighths >= 4 ? glyphs.full : glyphs.track;
  return glyphs.eighths[eighths - 1] ?? glyphs.full;
}

function clamp(part: number): number {
  return Number.isFinite(part) ? Math.min(1, Math.max(0, part)) : 0;
}
