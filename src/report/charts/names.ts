// Uplinks become what a picture shows of them: a number that data and scales know them by, and a name for people's eyes.
//
// A name is anyone's text, so it never is a field, a key or part of an expression: specifications hold the number
// (the place in `Report.uplinks`), and a list of names that labels are looked up in.

import type { Report } from '../report.js';
import { clipMiddle, visible } from '../text.js';
import { type Theme, uplinkColor } from './theme.js';

/** Columns that a name may take in a picture. */
const WIDEST = 26;

/** Safe, short names by place; two that look alike get their number. */
export function uplinkNames(report: Report): string[] {
  return distinct(report.uplinks.map(({ name }) => label(name)));
}

/** Text of unknown origin as a label: one line, visible, not too long. */
export function label(text: string, width = WIDEST): string {
  return clipMiddle(visible(text), width);
}

/** The place of the uplink with this name, or -1. */
export function placeOf(report: Report, name: string): number {
  return report.uplinks.findIndex((uplink) => uplink.name === name);
}

/** The safe name of an uplink that is told by its name. */
export function nameOf(report: Report, name: string): string {
  return uplinkNames(report)[placeOf(report, name)] ?? label(name);
}

/** Colours by place, with a legend where the picture stands alone and there is more than one. */
export function uplinkScale(report: Report, theme: Theme, legend: boolean): Record<string, unknown> {
  const places = report.uplinks.map((_, place) => place);
  return {
    field: 'u',
    type: 'nominal',
    scale: { domain: places, range: places.map((place) => uplinkColor(theme, place)) },
    legend:
      legend && places.length > 1
        ? { title: null, orient: 'top', symbolType: 'square', labelExpr: 'names[datum.value]', columns: 4 }
        : null,
  };
}

function distinct(names: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 && name !== '' ? name : `${name} (${count})`;
  });
}
