// The report of `mlstat compare` as GitHub-flavoured Markdown.

import { formatDuration, formatTime } from '../util/time.js';
import { formatCount, formatRate, formatShare, UNKNOWN } from '../util/units.js';
import { comparisonAnswer, rangeOf, relative, signed } from './comparison-answer.js';
import { bullets, type MarkdownOptions, section, table, text } from './markdown.js';
import type { Report } from './report.js';
import { testNotes } from './terminal-comparison.js';

/** The whole document, ending with a line break. */
export function renderComparisonMarkdown(report: Report, { timezone }: MarkdownOptions): string {
  const { comparison, tool } = report;
  if (comparison === undefined) return '';
  const { headline, details, alerts } = comparisonAnswer(report, comparison);
  const { uplinks } = comparison;
  const spans = (['before', 'after'] as const).map((when) => {
    const span = comparison[when];
    return [
      when,
      span.inputs.join(', '),
      formatTime(span.start, timezone),
      formatDuration(span.seconds),
      formatCount(span.flows),
      span.verdict ?? UNKNOWN,
    ];
  });
  const shares = uplinks.flatMap(({ uplink, weight, expected, share }) =>
    (['decisions', 'flows', 'bytes', 'packets'] as const).map((kind) => [
      uplink,
      `${formatCount(weight.before)} → ${formatCount(weight.after)}`,
      formatShare(expected.after),
      kind,
      formatShare(share[kind].before),
      formatShare(share[kind].after),
      signed(share[kind].change),
      rangeOf(share[kind]),
    ]),
  );
  const rates = uplinks.flatMap(({ uplink, rate, utilisation }) =>
    (['up', 'down'] as const).map((way) => [
      uplink,
      way,
      ...[rate[way].mean, rate[way].p95].flatMap(({ before, after }) => [formatRate(before), formatRate(after)]),
      relative(rate[way].p95.before, rate[way].p95.after),
      formatShare(utilisation[way].before, 0),
      formatShare(utilisation[way].after, 0),
    ]),
  );
  const service = uplinks.map(({ uplink, answered, handshakeMsP50, handshakeMsP95, outages }) => [
    uplink,
    formatShare(answered.before),
    formatShare(answered.after),
    rangeOf(answered),
    ...[handshakeMsP50, handshakeMsP95].flatMap(({ before, after }) => [before, after]).map(milliseconds),
    `${outages.count.before} (${formatDuration(outages.seconds.before)})`,
    `${outages.count.after} (${formatDuration(outages.seconds.after)})`,
  ]);
  const pairs = (names: readonly string[]) => names.flatMap((name) => [`${name} before>`, 'after>']);
  return `${[
    `# ${tool.name}: before and after`,
    `**${text(headline)}** ${text(details.join(' '))}`.trim(),
    bullets(alerts),
    section('Spans', table(['', 'inputs', 'from', 'for>', 'flows>', 'the weights'], spans)),
    section(
      'Shares',
      table(['uplink', 'weight>', 'expected>', 'share of', 'before>', 'after>', 'points>', '95 % range>'], shares),
    ),
    section('Rates', table(['uplink', '', ...pairs(['mean', 'p95']), 'change>', ...pairs(['of capacity'])], rates)),
    section(
      'Service',
      table(['uplink', ...pairs(['answered']), '95 % range>', ...pairs(['handshake', 'its p95', 'outages'])], service),
    ),
    section('Test', bullets([...testNotes(comparison), ...comparison.notes])),
  ]
    .filter((block) => block !== '')
    .join('\n\n')}\n`;
}

function milliseconds(ms: number | null): string {
  return ms === null ? UNKNOWN : formatDuration(ms / 1000);
}
