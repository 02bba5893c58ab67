// Before against after: the spans, the shares, the rates, and how well the uplinks answer.

import { formatDuration, formatTime } from '../../util/time.js';
import { formatCount, formatRate, formatShare, UNKNOWN } from '../../util/units.js';
import type { Change, ComparedUplink, Pair, ReportComparison } from '../comparison.js';
import { rangeOf, relative, signed } from '../comparison-answer.js';
import { heading } from './page.js';
import type { Pen } from './pen.js';
import { type Column, renderTable } from './table.js';

const VERDICT_WORDS = { consistent: 'follows', deviates: 'deviates', 'too-few': 'too few' } as const;

export function spanLines({ before, after }: ReportComparison, pen: Pen): string[] {
  const spans = [before, after];
  return [
    heading(pen, 'Spans', 'each against its own weights'),
    ...renderTable(
      [
        { header: '', cells: ['before', 'after'] },
        { header: 'inputs', min: 12, clip: 'start', cells: spans.map(({ inputs }) => inputsText(inputs)) },
        { header: 'from', cells: spans.map(({ start }) => formatTime(start, pen.timezone)) },
        { header: 'for', align: 'right', cells: spans.map(({ seconds }) => formatDuration(seconds)) },
        { header: 'flows', align: 'right', cells: spans.map(({ flows }) => formatCount(flows)) },
        {
          header: 'the weights',
          drop: 1,
          cells: spans.map(({ verdict }) => (verdict === null ? UNKNOWN : VERDICT_WORDS[verdict])),
        },
      ],
      pen,
    ),
  ];
}

export function inputsText(inputs: readonly string[]): string {
  const [first = UNKNOWN] = inputs;
  return inputs.length > 1 ? `${first} +${inputs.length - 1}` : first;
}

export function changeLines({ uplinks }: ReportComparison, pen: Pen): string[] {
  const kinds = (['decisions', 'flows', 'bytes', 'packets'] as const).filter((kind) =>
    uplinks.some(({ share }) => share[kind].after !== null),
  );
  if (kinds.length === 0) return [];
  const rows = uplinks.flatMap((uplink) => kinds.map((kind, n) => ({ uplink, kind, isFirst: n === 0 })));
  const ofFirst = (read: (uplink: ComparedUplink) => string) =>
    rows.map(({ uplink, isFirst }) => (isFirst ? read(uplink) : ''));
  const ofAll = (read: (change: Change) => string) => rows.map(({ uplink, kind }) => read(uplink.share[kind]));
  const columns: Column[] = [
    { header: 'uplink', min: 12, cells: ofFirst(({ uplink }) => uplink) },
    { header: 'weight', align: 'right', drop: 1, cells: ofFirst(({ weight }) => arrow(weight, formatCount, pen)) },
    { header: 'expected', align: 'right', drop: 0, cells: ofFirst(({ expected }) => formatShare(expected.after)) },
    { header: 'share of', cells: rows.map(({ kind }) => kind) },
    { header: 'before', align: 'right', cells: ofAll(({ before }) => formatShare(before)) },
    { header: 'after', align: 'right', cells: ofAll(({ after }) => formatShare(after)) },
    { header: 'points', align: 'right', cells: ofAll(({ change }) => signed(change)) },
    { header: '95 % range', align: 'right', cells: ofAll(rangeOf) },
  ];
  return [
    heading(pen, 'Shares', 'of what clients started', 'change in percentage points'),
    ...renderTable(columns, pen),
  ];
}

export function rateChangeLines({ uplinks }: ReportComparison, pen: Pen): string[] {
  const rows = uplinks.flatMap((uplink) => (['up', 'down'] as const).map((way) => ({ uplink, way })));
  const seen = rows.filter(
    ({ uplink, way }) => uplink.rate[way].mean.before !== null || uplink.rate[way].mean.after !== null,
  );
  if (seen.length === 0) return [];
  const cells = (read: (uplink: ComparedUplink, way: 'up' | 'down') => string) =>
    seen.map(({ uplink, way }) => read(uplink, way));
  const columns: Column[] = [
    {
      header: 'uplink',
      min: 12,
      cells: seen.map(({ uplink, way }, n) => (way === 'up' || seen[n - 1]?.uplink !== uplink ? uplink.uplink : '')),
    },
    { header: '', cells: seen.map(({ way }) => way) },
    {
      header: 'mean before',
      align: 'right',
      drop: 1,
      cells: cells(({ rate }, way) => formatRate(rate[way].mean.before)),
    },
    { header: 'after', align: 'right', drop: 1, cells: cells(({ rate }, way) => formatRate(rate[way].mean.after)) },
    { header: 'p95 before', align: 'right', cells: cells(({ rate }, way) => formatRate(rate[way].p95.before)) },
    { header: 'after', align: 'right', cells: cells(({ rate }, way) => formatRate(rate[way].p95.after)) },
    {
      header: '',
      align: 'right',
      cells: cells(({ rate }, way) => relative(rate[way].p95.before, rate[way].p95.after)),
    },
    {
      header: 'of capacity',
      align: 'right',
      drop: 0,
      cells: cells(({ utilisation }, way) => arrow(utilisation[way], (load) => formatShare(load, 0), pen)),
    },
  ];
  return [heading(pen, 'Rates', 'IP bytes'), ...renderTable(columns.filter(isTold), pen)];
}

export function serviceLines({ uplinks }: ReportComparison, pen: Pen): string[] {
  const columns: Column[] = [
    { header: 'uplink', min: 12, cells: uplinks.map(({ uplink }) => uplink) },
    { header: 'answered', align: 'right', cells: uplinks.map(({ answered }) => formatShare(answered.before)) },
    { header: 'after', align: 'right', cells: uplinks.map(({ answered }) => formatShare(answered.after)) },
    { header: '95 % range', align: 'right', drop: 1, cells: uplinks.map(({ answered }) => rangeOf(answered)) },
    {
      header: 'handshake',
      align: 'right',
      cells: uplinks.map((uplink) => arrow(uplink.handshakeMsP50, milliseconds, pen)),
    },
    {
      header: 'p95',
      align: 'right',
      drop: 0,
      cells: uplinks.map((uplink) => arrow(uplink.handshakeMsP95, milliseconds, pen)),
    },
    {
      header: 'out for',
      align: 'right',
      cells: uplinks.map(({ outages }) =>
        outages.count.before + outages.count.after === 0 ? UNKNOWN : arrow(outages.seconds, formatDuration, pen),
      ),
    },
  ];
  return [
    heading(pen, 'Service', 'before and after', 'handshake: the median'),
    ...renderTable(columns.filter(isTold), pen),
  ];
}

function isTold({ cells, header }: Column): boolean {
  return header === 'uplink' || cells.some((cell) => cell !== UNKNOWN && cell !== '');
}

/** Both figures in one cell; one where they are the same. */
function arrow(pair: Pair<number | null>, format: (value: number | null) => string, pen: Pen): string {
  const [before, after] = [format(pair.before), format(pair.after)];
  return before === after ? after : `${before} ${pen.glyphs.arrow} ${after}`;
}

function milliseconds(ms: number | null): string {
  return ms === null ? UNKNOWN : formatDuration(ms / 1000);
}
