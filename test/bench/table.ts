// Runs into Markdown: a row a contender, and how mlstat stands against it, round by round.

import type { Contender } from './contenders.js';
import { median, type Run } from './measure.js';

/** The median of the rounds' ratios, with the lowest and highest. */
export interface Ratio {
  median: number;
  low: number;
  high: number;
}

/** Wall time of `runs` over that of `others`, each round by itself. */
export function ratioOf(runs: readonly Run[], others: readonly Run[]): Ratio {
  const ratios = runs.map(({ wallSec }, round) => wallSec / others[round].wallSec);
  return { median: median(ratios), low: Math.min(...ratios), high: Math.max(...ratios) };
}

export function ratioText({ median, low, high }: Ratio): string {
  return `${digits(median)} (${digits(low)}–${digits(high)})`;
}

/** The first contender is mlstat; `runs[i]` are those of `contenders[i]`. */
export function runsTable(contenders: readonly Contender[], runs: readonly Run[][]): string {
  const rows = contenders.map(({ name }, i) => {
    const wall = runs[i].map(({ wallSec }) => wallSec);
    return [
      name,
      `${digits(median(wall))} s (${digits(Math.min(...wall))}–${digits(Math.max(...wall))})`,
      secondsText(runs[i].map(({ cpuSec }) => cpuSec)),
      bytesText(peak(runs[i])),
      i === 0 ? '' : ratioText(ratioOf(runs[0], runs[i])),
    ];
  });
  return markdownTable(['', 'wall', 'processor', 'peak memory', 'mlstat / it'], rows);
}

/** The most that any of the runs took. */
export function peak(runs: readonly Run[]): number | null {
  const peaks = runs.map(({ peakBytes }) => peakBytes).filter((bytes) => bytes !== null);
  return peaks.length === 0 ? null : Math.max(...peaks);
}

export function bytesText(bytes: number | null): string {
  return bytes === null ? '' : `${Math.round(bytes / 1e6)} MB`;
}

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Three significant digits, without an exponent. */
export function digits(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toPrecision(value >= 0.01 ? 3 : 1);
}

function secondsText(values: readonly (number | null)[]): string {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? '' : `${digits(median(known))} s`;
}
