// The reports of `mlstat tune` and `mlstat capacity` as GitHub-flavoured Markdown.

import { formatDuration, formatSpan } from '../util/time.js';
import { formatCount, formatRate, formatShare, formatShareInterval, UNKNOWN } from '../util/units.js';
import { capacityAnswer, tuningAnswer, weightsText } from './advice-answer.js';
import type { Answer } from './answer.js';
import type { ReportCapacity } from './capacity.js';
import { bullets, fence, inputs, type MarkdownOptions, more, section, table, text } from './markdown.js';
import type { Report } from './report.js';
import { between, busyHourText, FAILURE_WORDS, lastFit, rangeOf, signedRate, weekRange } from './terminal/capacity.js';
import { isPresent, isRecommended, listedCandidates } from './terminal/tuning.js';
import type { Estimate, ReportTuning } from './tuning.js';

const LISTED = 12;

/** The whole document, ending with a line break. */
export function renderTuningMarkdown(report: Report, options: MarkdownOptions): string {
  const { tuning } = report;
  if (tuning === undefined) return '';
  return page([
    head(report, 'which weights', tuningAnswer(report, tuning), options),
    inputs(report, options),
    candidates(tuning),
    lines(tuning),
    tuning.commands.length === 0
      ? ''
      : section('To set them', `mlstat runs none of this.\n\n${fence(tuning.commands.join('\n'), 'sh')}`),
    section('Notes', bullets(tuning.notes)),
  ]);
}

/** The whole document, ending with a line break. */
export function renderCapacityMarkdown(report: Report, options: MarkdownOptions): string {
  const { capacity } = report;
  if (capacity === undefined) return '';
  return page([
    head(report, 'what the lines bear', capacityAnswer(report, capacity), options),
    inputs(report, options),
    ...capacitySections(capacity),
  ]);
}

/** Lines, failures, growth and notes. */
export function capacitySections(capacity: ReportCapacity): string[] {
  return [loads(capacity), failures(capacity), growth(capacity), section('Notes', bullets(capacity.notes))];
}

function page(blocks: readonly string[]): string {
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

function head(report: Report, title: string, answer: Answer, { timezone }: MarkdownOptions): string {
  const { window, tool } = report;
  const span =
    window.start === null
      ? ''
      : `, ${formatSpan(window.start, window.end, timezone)} (${formatDuration(window.seconds)})`;
  return [
    `# ${tool.name}: ${title}`,
    `**${text(answer.headline)}** ${text(answer.details.join(' '))}`.trim(),
    bullets(answer.alerts),
    text(`${tool.name} ${tool.version}${span}`),
  ]
    .filter((block) => block !== '')
    .join('\n\n');
}

function candidates(tuning: ReportTuning): string {
  const listed = listedCandidates(tuning, LISTED);
  const rows = listed.map((candidate) => [
    weightsText(candidate.weights),
    isRecommended(tuning, candidate) ? 'recommended' : isPresent(tuning, candidate) ? 'now' : '',
    ...candidate.uplinks.map(({ bytes }) => formatShare(bytes.median)),
    candidate.worst === null ? UNKNOWN : `${candidate.atLeast ? '≥ ' : ''}${formatShare(candidate.worst.median)}`,
    range(candidate.worst, 1),
    formatShare(candidate.saturation, 0),
    isPresent(tuning, candidate) ? UNKNOWN : formatShare(candidate.beatsPresent, 0),
  ]);
  const columns = ['weights', '', ...tuning.uplinks.map((name) => `${name} bytes>`)];
  const figures = ['fullest line>', '95 % range>', 'saturates in>', 'better than now in>'];
  const note = `${tuning.repetitions} draws of ${formatCount(tuning.keys.all)} decision keys; fullest line: p95 of its capacity, ${tuning.quantileRule}, over bins of ${formatDuration(tuning.binSeconds)}; medians over the draws.`;
  const rest = more(tuning.candidates.length - listed.length, 'candidate');
  return section('Weights', `${table([...columns, ...figures], rows)}${rest}\n\n${text(note)}`);
}

function lines(tuning: ReportTuning): string {
  const told = tuning.candidates.find((one) => isRecommended(tuning, one)) ?? tuning.present;
  if (told === null) return '';
  const rows = told.uplinks.flatMap((uplink) =>
    (['up', 'down'] as const).map((direction) => {
      const { p95, peak, utilisation, saturation } = uplink[direction];
      return [
        uplink.uplink,
        direction,
        formatRate(p95.median),
        formatRate(peak.median),
        formatShare(utilisation?.p95.median ?? null, 0),
        range(utilisation?.p95 ?? null, 0),
        formatShare(saturation, 0),
      ];
    }),
  );
  const columns = ['uplink', '', 'p95>', 'peak>', 'p95 of capacity>', '95 % range>', 'saturates in>'];
  return section(`Lines at ${text(weightsText(told.weights))}`, table(columns, rows));
}

function loads(capacity: ReportCapacity): string {
  const rows = capacity.uplinks.flatMap((uplink) =>
    (['up', 'down'] as const).map((direction) => {
      const line = uplink[direction];
      return [
        uplink.uplink,
        direction,
        formatRate(line.mean),
        formatRate(line.p95),
        formatRate(line.peak),
        formatRate(line.capacity),
        formatShare(line.utilisation?.p95 ?? null, 0),
        formatRate(line.headroom),
        busyHourText(line),
      ];
    }),
  );
  const columns = ['uplink', '', 'mean>', 'p95>', 'peak>', 'capacity>', 'p95 of capacity>', 'headroom>', 'busy hour>'];
  const note = `IP bytes over ${formatCount(capacity.bins)} bins of ${formatDuration(capacity.binSeconds)}, quantiles by ${capacity.quantileRule}; hours in ${capacity.timezone}.`;
  return section('Lines', `${table(columns, rows)}\n\n${text(note)}`);
}

function failures(capacity: ReportCapacity): string {
  const rows = capacity.failures.flatMap(({ fails, verdict, others }) =>
    others.flatMap((other) =>
      (['up', 'down'] as const).map((direction) => {
        const line = other[direction];
        return [
          fails,
          FAILURE_WORDS[verdict],
          other.uplink,
          direction,
          formatRate(line.p95),
          formatRate(line.peak),
          formatShare(line.utilisation?.p95 ?? null, 0),
          rangeOf(line),
          formatShare(line.saturatedShare),
        ];
      }),
    ),
  );
  if (capacity.failures.length === 0) return '';
  const columns = ['fails', 'verdict', 'then', '', 'p95>', 'peak>', 'p95 of capacity>', '95 % range>', 'saturated>'];
  const all = rows.length === 0 ? '' : `${table(columns, rows)}\n\n`;
  return section('If one fails', `${all}${bullets(capacity.failures.map(({ message }) => message))}`);
}

function growth({ growth: { days, refused, lines: all } }: ReportCapacity): string {
  if (refused !== null) return section('Growth', text(refused));
  const rows = all.map((line) => [
    line.uplink,
    line.direction,
    formatRate(lastFit(line)),
    signedRate(line.trend === null ? null : line.trend.perDay * 7),
    weekRange(line),
    line.exhaustion?.date ?? UNKNOWN,
    between(line.exhaustion),
    line.refused ?? '',
  ]);
  const columns = ['uplink', '', 'p95 now>', 'a week>', '95 % range>', 'full on', 'between', 'why no date'];
  const note = `Daily p95 of ${formatCount(days)} days, working days and days off apart.`;
  return section('Growth', `${table(columns, rows)}\n\n${text(note)}`);
}

function range(estimate: Estimate | null, decimals: number): string {
  return formatShareInterval(estimate === null ? null : [estimate.low, estimate.high], decimals);
}
