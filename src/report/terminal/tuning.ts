// The candidates against the present weights, the lines under the recommended ones, and the commands that set them.

import { formatDuration } from '../../util/time.js';
import { formatNumberOf, formatRate, formatShare, formatShareInterval, UNKNOWN } from '../../util/units.js';
import { weightsText } from '../advice-answer.js';
import type { ReportTuning, TuningCandidate } from '../tuning.js';
import { cureLines, heading, paragraph } from './page.js';
import type { Pen } from './pen.js';
import { type Column, renderTable } from './table.js';

/** Candidates listed besides the present and the recommended weights. */
const LISTED = 7;
/** More uplinks have no column each. */
const MOST_COLUMNS = 4;

/** Best first; the present and the recommended weights are always among them. */
export function listedCandidates(tuning: ReportTuning, most = LISTED): TuningCandidate[] {
  const isTold = (candidate: TuningCandidate) => isPresent(tuning, candidate) || isRecommended(tuning, candidate);
  return tuning.candidates.filter((candidate, n) => n < most || isTold(candidate));
}

export function isPresent({ present }: ReportTuning, { weights }: TuningCandidate): boolean {
  return present !== null && weightsText(present.weights) === weightsText(weights);
}

export function isRecommended({ recommended }: ReportTuning, { weights }: TuningCandidate): boolean {
  return recommended !== null && weightsText(recommended) === weightsText(weights);
}

export function candidateLines(tuning: ReportTuning, pen: Pen): string[] {
  const listed = listedCandidates(tuning);
  const { candidates, keys, repetitions, possible, target } = tuning;
  const limited = listed.some(({ worst }) => worst !== null);
  const columns: Column[] = [
    { header: 'weights', cells: listed.map(({ weights }) => weightsText(weights)) },
    { header: '', cells: listed.map((candidate) => remark(tuning, candidate)) },
  ];
  if (tuning.uplinks.length <= MOST_COLUMNS) {
    tuning.uplinks.forEach((name, n) => {
      columns.push({
        header: `${name} bytes`,
        align: 'right',
        min: 7,
        drop: 2,
        cells: listed.map(({ uplinks }) => formatShare(uplinks[n]?.bytes.median ?? null)),
      });
    });
  }
  if (target.kind === 'split') {
    columns.push({
      header: 'off the split',
      align: 'right',
      cells: listed.map(({ loss }) => `${loss.median.toFixed(1)} points`),
    });
  }
  if (limited) {
    columns.push(
      { header: 'fullest line', align: 'right', cells: listed.map(worstText) },
      { header: '95 % range', align: 'right', drop: 1, cells: listed.map(({ worst }) => range(worst)) },
    );
  }
  if (tuning.present !== null) {
    columns.push({
      header: 'better in',
      align: 'right',
      drop: 3,
      cells: listed.map((candidate) =>
        isPresent(tuning, candidate) ? UNKNOWN : formatShare(candidate.beatsPresent, 0),
      ),
    });
  }
  const more = candidates.length - listed.length;
  const rest =
    possible > candidates.length ? `${formatNumberOf(possible, 'vector')} up to a sum of ${tuning.maxSum}` : '';
  return [
    heading(
      pen,
      'Weights',
      `${repetitions} draws of ${formatNumberOf(keys.all, 'decision key')}`,
      ...(limited ? [`fullest line: p95 of its capacity over bins of ${formatDuration(tuning.binSeconds)}`] : []),
    ),
    ...renderTable(columns, pen),
    ...(more > 0
      ? [
          pen.paint.dim(
            `  and ${formatNumberOf(more, 'more candidate')}${rest === '' ? '' : ` of ${rest}`} in the JSON report`,
          ),
        ]
      : []),
    ...closedFormLines(tuning, pen),
  ];
}

/** Each line under the recommended weights, against what is expected of the present ones. */
export function tunedLines(tuning: ReportTuning, pen: Pen): string[] {
  const { recommended, present, candidates } = tuning;
  const told = recommended === null ? present : (candidates.find((one) => isRecommended(tuning, one)) ?? null);
  if (told === null) return [];
  const other = told === present || present === null || isPresent(tuning, told) ? null : present;
  const rows = told.uplinks.flatMap((uplink, n) =>
    (['up', 'down'] as const).map((direction) => ({
      name: direction === 'up' ? uplink.uplink : '',
      direction,
      line: uplink[direction],
      before: other?.uplinks[n]?.[direction] ?? null,
    })),
  );
  const columns: Column[] = [
    { header: 'uplink', min: 10, cells: rows.map(({ name }) => name) },
    { header: '', cells: rows.map(({ direction }) => direction) },
    { header: 'p95', align: 'right', cells: rows.map(({ line }) => formatRate(line.p95.median)) },
    { header: 'peak', align: 'right', drop: 1, cells: rows.map(({ line }) => formatRate(line.peak.median)) },
    {
      header: 'load',
      align: 'right',
      cells: rows.map(({ line }) => formatShare(line.utilisation?.p95.median ?? null, 0)),
    },
    { header: '95 % range', align: 'right', cells: rows.map(({ line }) => range(line.utilisation?.p95 ?? null, 0)) },
  ];
  if (other !== null) {
    columns.push({
      header: `load at ${weightsText(other.weights)}`,
      align: 'right',
      cells: rows.map(({ before }) => formatShare(before?.utilisation?.p95.median ?? null, 0)),
    });
  }
  columns.push({
    header: 'saturates in',
    align: 'right',
    drop: 0,
    cells: rows.map(({ line }) => formatShare(line.saturation, 0)),
  });
  return [
    heading(pen, `Lines at ${weightsText(told.weights)}`, 'medians over the draws', 'load: p95 of the capacity'),
    ...renderTable(
      columns.filter(({ cells }) => cells.some((cell) => cell !== UNKNOWN)),
      pen,
    ),
  ];
}

export function applyLines({ commands, recommended }: ReportTuning, pen: Pen): string[] {
  if (commands.length === 0 || recommended === null) return [];
  return [
    heading(pen, `To set ${weightsText(recommended)}`, 'mlstat runs none of this'),
    ...commands.flatMap((command) => cureLines(pen, command, 2)),
  ];
}

export function noteLines(notes: readonly string[], pen: Pen): string[] {
  if (notes.length === 0) return [];
  return [heading(pen, 'Notes'), ...notes.flatMap((note) => paragraph(pen, note, 2, pen.glyphs.note, pen.paint.note))];
}

function closedFormLines({ closedForm, uplinks, target }: ReportTuning, pen: Pen): string[] {
  if (closedForm === null) return [];
  const shares = uplinks.map((name, n) => `${name} ${formatShare(closedForm[n] ?? null)}`).join(', ');
  const what = target.kind === 'split' ? 'Shares as asked for' : 'Shares in proportion to the capacities alone';
  return paragraph(pen, `${what}: ${shares}.`, 2).map((line) => pen.paint.dim(line));
}

function remark(tuning: ReportTuning, candidate: TuningCandidate): string {
  if (isRecommended(tuning, candidate)) return 'recommended';
  return isPresent(tuning, candidate) ? 'now' : '';
}

function worstText({ worst, atLeast }: TuningCandidate): string {
  return worst === null ? UNKNOWN : `${atLeast ? '≥ ' : ''}${formatShare(worst.median)}`;
}

function range(estimate: { low: number; high: number } | null, decimals = 1): string {
  return formatShareInterval(estimate === null ? null : [estimate.low, estimate.high], decimals);
}
