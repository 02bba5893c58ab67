// A report becomes GitHub-flavoured Markdown (https://github.github.com/gfm/), for tickets, wikis and chats: the same
// sections as on the terminal, and nothing from an input that could become markup.

import { formatDuration, formatSpan, formatTime } from '../util/time.js';
import {
  formatBytes,
  formatCount,
  formatNumberOf,
  formatRate,
  formatShare,
  formatShareInterval,
  UNKNOWN,
} from '../util/units.js';
import { answerOf, hasFlows } from './answer.js';
import { balanceNotes } from './balance.js';
import { outageSentences } from './outage-words.js';
import type { Finding, Report, TopHost } from './report.js';
import { visible } from './text.js';

export interface MarkdownOptions {
  /** `UTC` or an IANA name. */
  timezone: string;
  /** Pictures that lie beside the document, with their paths from it. */
  pictures?: readonly { title: string; caption: string; path: string }[];
}

/** Hosts, inputs and outages listed in one table; more are counted. */
const LISTED = 10;

/** The whole document, ending with a line break. */
export function renderMarkdown(report: Report, options: MarkdownOptions): string {
  const measured = hasFlows(report);
  const blocks = [
    head(report, options),
    inputs(report, options),
    ...(measured ? [uplinks(report), rates(report), section('Balance', bullets(balanceNotes(report)))] : []),
    outages(report, options),
    unmeasurable(report, options),
    packets(report),
    hosts('Clients', report.top.clients, report.top.clientCount),
    hosts('Servers', report.top.servers, report.top.serverCount),
    section('Findings', report.findings.map(finding).join('\n')),
    pictures(options),
    inference(report),
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

function head(report: Report, { timezone }: MarkdownOptions): string {
  const { headline, details, alerts } = answerOf(report);
  const { window } = report;
  const span =
    window.start === null
      ? ''
      : `, ${formatSpan(window.start, window.end, timezone)} (${formatDuration(window.seconds)})`;
  return [
    `# ${report.tool.name}: the uplinks’ shares`,
    `**${text(headline)}** ${text(details.join(' '))}`.trim(),
    bullets(alerts),
    text(`${report.tool.name} ${report.tool.version}${span}`),
  ]
    .filter((block) => block !== '')
    .join('\n\n');
}

export function inputs(report: Report, { timezone }: MarkdownOptions): string {
  const rows = report.inputs
    .slice(0, LISTED)
    .map((input) => [
      input.path === '-' ? '(standard input)' : input.path,
      [input.format ?? UNKNOWN, input.compression ?? ''].filter((word) => word !== '').join(', '),
      input.linkTypes.join(', '),
      formatCount(input.entries ?? input.packets),
      formatBytes(input.wireBytes),
      formatTime(input.first, timezone),
      input.first === null || input.last === null ? UNKNOWN : formatDuration(input.last - input.first),
      troubles(input),
    ]);
  const columns = ['input', 'format', 'link type', 'packets or entries>', 'size>', 'from', 'for>', 'trouble'];
  return section('Inputs', table(columns, rows) + more(report.inputs.length - rows.length, 'input'));
}

function troubles(input: Report['inputs'][number]): string {
  const damage = input.damage.map(({ reason, count }) => `${reason} ×${formatCount(count)}`);
  if (input.dropped !== null && input.dropped > 0) damage.push(`recorder lost ${formatCount(input.dropped)}`);
  return [input.error ?? '', ...damage].filter((word) => word !== '').join('; ');
}

function uplinks(report: Report): string {
  const rows = report.uplinks.map((uplink) => [
    uplink.name,
    uplink.snat.join(', ') || UNKNOWN,
    formatCount(uplink.weight),
    formatCount(uplink.flows),
    formatShare(uplink.share.expected),
    formatShare(uplink.share.flows),
    formatShareInterval(uplink.share.flowsInterval),
    formatShare(uplink.share.decisions),
    formatShare(uplink.share.bytes),
    uplink.answered === null
      ? UNKNOWN
      : formatShare(uplink.answered / Math.max(1, uplink.answered + (uplink.unanswered ?? 0))),
  ]);
  const columns = ['uplink', 'SNAT source', 'weight>', 'flows>', 'expected>', 'share of flows>', '95 % range>'];
  return section('Uplinks', table([...columns, 'of decisions>', 'of bytes>', 'answered>'], rows));
}

function rates(report: Report): string {
  const rows = report.uplinks.flatMap((uplink) =>
    (['up', 'down'] as const).map((direction) => {
      const { mean, p95, peak } = uplink.rate[direction];
      const capacity = uplink.capacity?.[direction] ?? null;
      return [
        uplink.name,
        direction,
        formatBytes(uplink.ipBytes[direction]),
        formatRate(mean),
        formatRate(p95),
        formatRate(peak),
        formatRate(capacity),
        capacity === null || p95 === null || capacity <= 0 ? UNKNOWN : formatShare(p95 / capacity, 0),
      ];
    }),
  );
  const columns = ['uplink', '', 'bytes>', 'mean>', 'p95>', 'peak>', 'capacity>', 'p95 of capacity>'];
  const note = `IP bytes; p95 and peak over bins of ${formatDuration(report.window.binSeconds)}.`;
  return section('Rates', `${table(columns, rows)}\n\n${text(note)}`);
}

function outages(report: Report, { timezone }: MarkdownOptions): string {
  if (report.outages.length === 0) return '';
  const rows = report.outages
    .slice(0, LISTED)
    .map((outage) => [
      outage.uplink,
      outage.kind,
      formatTime(outage.start.best, timezone),
      (outage.end === null ? '>' : '') + formatDuration(outage.seconds),
      outage.reaction === null
        ? 'at once'
        : outage.reaction.avoided
          ? formatDuration(outage.reaction.seconds)
          : 'never',
      formatDuration(outage.failback?.seconds ?? null),
      formatCount(outage.blackholedFlows),
      formatCount(outage.cutFlows),
      formatCount(outage.clientsHit),
    ]);
  const columns = ['uplink', 'kind', `from (${timezone})`, 'lasted>', 'avoided after>', 'back after>'];
  const timeOf = (seconds: number) => formatTime(seconds, timezone);
  const notes = report.outages
    .slice(0, LISTED)
    .map((outage) => {
      const why = outage.explanations.map(({ message, cure }) => bullet(message, cure));
      return `\n\n${text(outageSentences(outage, timeOf))}${why.length === 0 ? '' : `\n\n${why.join('\n')}`}`;
    })
    .join('');
  const all = table([...columns, 'blackholed flows>', 'cut flows>', 'clients>'], rows);
  return section('Outages', all + more(report.outages.length - rows.length, 'outage') + notes);
}

function unmeasurable(report: Report, { timezone }: MarkdownOptions): string {
  const spans = [
    ...report.captureGaps.map((gap) => `${formatSpan(gap.start, gap.end, timezone)}: every uplink silent`),
    ...report.unmeasurable.map((span) => `${formatSpan(span.start, span.end, timezone)}: ${span.uplink}, ${span.why}`),
  ];
  return section('Not measurable', bullets(spans.slice(0, LISTED)) + more(spans.length - LISTED, 'span'));
}

function packets({ packets: counts }: Report): string {
  const rows = [
    ['on an uplink', counts.attributed],
    ['seen before', counts.duplicates],
    ['LAN side', counts.lan],
    ['router', counts.router],
    ['other', counts.other],
    ['damaged', counts.damaged],
  ] as const;
  const total = rows.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return '';
  const cells = rows.map(([name, count]) => [name, formatCount(count), formatShare(count / total)]);
  return section('Packets', table(['', 'packets>', 'share>'], cells));
}

function hosts(title: string, all: readonly TopHost[], count: number | null): string {
  const rows = all
    .slice(0, LISTED)
    .map((host) => [
      host.name === null ? host.address : `${host.name} (${host.address})`,
      formatCount(host.flows),
      formatBytes(host.ipBytes.up),
      formatBytes(host.ipBytes.down),
      formatShare(host.share),
    ]);
  if (rows.length === 0) return '';
  const rest = Math.max(count ?? 0, all.length) - rows.length;
  return section(title, table(['host', 'flows>', 'up>', 'down>', 'of bytes>'], rows) + more(rest, 'host'));
}

function finding({ level, code, message, cure }: Finding): string {
  return bullet(`${level}: ${message} [${code}]`, cure);
}

/** Part of a path, with nothing in it that ends a link of Markdown. */
function urlPart(name: string): string {
  return encodeURIComponent(name).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16)}`);
}

function pictures({ pictures: drawn = [] }: MarkdownOptions): string {
  const blocks = drawn.map(({ title, caption, path }) => {
    return `### ${text(title)}\n\n![${inline(title)}](${path.split('/').map(urlPart).join('/')})\n\n${text(caption)}`;
  });
  return section('Charts', blocks.join('\n\n'));
}

function inference(report: Report): string {
  if (report.inference === null || report.inference.evidence.length === 0) return '';
  const { evidence, config } = report.inference;
  const why = bullets(evidence.map((item) => `${item.uplink}: ${item.why}`));
  return section('Inferred uplinks', `${why}\n\n${fence(config, 'yaml')}`.trim());
}

export function section(title: string, body: string): string {
  return body.trim() === '' ? '' : `## ${title}\n\n${body.trim()}`;
}

/** A GFM table; a header that ends with `>` is of numbers, set to the right. */
export function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(columns.map((column) => inline(column.replace(/>$/, '')))),
    line(columns.map((column) => (column.endsWith('>') ? '---:' : '---'))),
    ...rows.map((row) => line(row.map(inline))),
  ].join('\n');
}

export function bullets(lines: readonly string[]): string {
  return lines.map((line) => `- ${text(line)}`).join('\n');
}

/** A bullet with its cure as a code block of its own, so that commands stay copyable. */
function bullet(message: string, cure: string | null): string {
  const lines = cure === null ? [] : fence(cure, '').split('\n');
  return [`- ${text(message)}`, ...(lines.length > 0 ? ['', ...lines.map((line) => `  ${line}`), ''] : [])].join('\n');
}

/** A code block whose fence is longer than any run of backticks in it. */
export function fence(code: string, language: string): string {
  const longest = Math.max(0, ...Array.from(code.matchAll(/`+/g), (run) => run[0].length));
  const ticks = '`'.repeat(Math.max(3, longest + 1));
  const lines = code.replace(/\n+$/, '').split('\n').map(visible);
  return [ticks + language, ...lines, ticks].join('\n');
}

export function more(count: number, what: string): string {
  return count > 0 ? `\n\n…and ${formatNumberOf(count, `more ${what}`)}.` : '';
}

/** Text of unknown origin at the start of a block: neither a heading, list nor quotation begins with it. */
export function text(unsafe: string): string {
  return inline(unsafe)
    .replace(/^(\s*)([#>+=-])/, '$1\\$2')
    .replace(/^(\s*\d+)([.)])(?=\s|$)/, '$1\\$2');
}

/** Text of unknown origin within a line: no emphasis, code, link, cell border or HTML, no mention of a user. */
function inline(unsafe: string): string {
  return visible(unsafe)
    .replace(/[\\`*_{}[~|$<&]/g, '\\$&')
    .replace(/@(?=\w)|(?<=https?:)(?=\/\/)|(?<=\bwww)(?=\.)/gi, '$&<!-- -->');
}
