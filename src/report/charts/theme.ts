// The colours of charts: one for each uplink, by its place in the report, and few others.
//
// The eight were chosen by computation: every pair is told apart with normal sight and with each kind of colour
// blindness (Machado, Oliveira and Fernandes, 2009), and each has a contrast of 3:1 or more with its background
// (WCAG 2.2, 1.4.11). `test/report/charts.test.ts` computes both again.

export interface Theme {
  /** Null: whatever lies below. */
  background: string | null;
  ink: string;
  muted: string;
  grid: string;
  /** By place; uplinks after the last one share `rest`. */
  uplinks: readonly string[];
  rest: string;
  /** What is wrong: outages, unanswered flows. */
  alarm: string;
  /** What could not be measured, and what is expected. */
  quiet: string;
  /** A pair for what is not of one uplink. */
  pair: readonly [string, string];
}

export const LIGHT: Theme = {
  background: '#ffffff',
  ink: '#1b2026',
  muted: '#56606b',
  grid: '#e3e7eb',
  uplinks: ['#0e4189', '#da791b', '#00a77e', '#b381c1', '#690500', '#907eff', '#d82949', '#56253f'],
  rest: '#767676',
  alarm: '#c4001d',
  quiet: '#8b949e',
  pair: ['#3d4f63', '#8494a6'],
};

export const DARK: Theme = {
  background: '#14181d',
  ink: '#e8ebee',
  muted: '#a3adb8',
  grid: '#2e353d',
  uplinks: ['#2782d1', '#ff9437', '#31edb1', '#dfa5da', '#83874b', '#7645ec', '#ffe3f7', '#4f6f65'],
  rest: '#8f8f8f',
  alarm: '#ff5c6c',
  quiet: '#7d8791',
  pair: ['#b9c6d4', '#6c7c8d'],
};

/** Colours as the page's style sheet names them: it decides by light, dark and paper. */
export const PAGE: Theme = {
  background: null,
  ink: 'var(--ink)',
  muted: 'var(--muted)',
  grid: 'var(--grid)',
  uplinks: LIGHT.uplinks.map((_, place) => `var(--u${place})`),
  rest: 'var(--rest)',
  alarm: 'var(--alarm)',
  quiet: 'var(--quiet)',
  pair: ['var(--pair0)', 'var(--pair1)'],
};

/** The colour of the uplink at this place of `Report.uplinks`. */
export function uplinkColor(theme: Theme, place: number): string {
  return theme.uplinks[place] ?? theme.rest;
}
