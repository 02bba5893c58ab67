// The figures of the page as tables: uplinks, rates, outages, findings, inputs, and what else must be known.

import { formatDuration, formatSpan, formatTime } from '../../util/time.js';
import {
  formatBytes,
  formatCount,
  formatNumberOf,
  formatRate,
  formatShare,
  formatShareInterval,
  UNKNOWN,
} from '../../util/units.js';
import { balanceNotes } from '../balance.js';
import { placeOf } from '../charts/names.js';
import { LIGHT } from '../charts/theme.js';
import { outageSentences } from '../outage-words.js';
import type { Report, ReportUplink } from '../report.js';
import { type Cell, type Html, list, paragraph, prose, section, table, text } from './markup.js';

/** Rows of one table; more are counted. */
const LISTED = 50;

/** An uplink with its colour. */
export function swatch(report: Report, name: string): Html {
  const place = placeOf(report, name);
  const colour = place < 0 || place >= LIGHT.uplinks.length ? 'rest' : `u${place}`;
  return `<span class="swatch ${colour}" aria-hidden="true"></span>${text(name)}`;
}

export function uplinkTable(report: Report): Html {
  if (report.uplinks.length === 0) return '';
  const columns = [
    ...['uplink', 'SNAT source', 'weight>', 'flows>', 'expected>', 'share of flows>', '95 % range>', 'of decisions>'],
    ...['of bytes>', 'answered>', 'available>', 'handshake>', 'sent again>'],
  ];
  const rows = report.uplinks.map((uplink): Cell[] => [
    { html: swatch(report, uplink.name) },
    uplink.snat.map((prefix) => prefix.replace(/\/(32|128)$/, '')).join(', ') || UNKNOWN,
    formatCount(uplink.weight),
    formatCount(uplink.flows),
    formatShare(uplink.share.expected),
    formatShare(uplink.share.flows),
    formatShareInterval(uplink.share.flowsInterval),
    formatShare(uplink.share.decisions),
    formatShare(uplink.share.bytes),
    formatShare(answeredShare(uplink)),
    formatShare(uplink.availability.ratio, 2),
    uplink.quality.handshakeMsP50 === null ? UNKNOWN : formatDuration(uplink.quality.handshakeMsP50 / 1000),
    formatShare(uplink.quality.retransmittedShare),
  ]);
  return section('uplinks', 'Uplinks', table('Uplinks', columns, rows) + expectedNote(report));
}

/** Where what is expected is not simply the weights: why. */
function expectedNote({ uplinks }: Report): Html {
  const sum = uplinks.reduce((all, { weight }) => all + (weight ?? 0), 0);
  const differs = uplinks.some(
    ({ weight, share }) => weight !== null && share.expected !== null && Math.abs(share.expected - weight / sum) > 5e-4,
  );
  if (!differs || uplinks.some(({ weight }) => weight === null)) return '';
  return paragraph('Expected: by the weights that held when a flow began, over the lines that were up then.', 'aside');
}

function answeredShare({ answered, unanswered }: ReportUplink): number | null {
  if (answered === null) return null;
  const asked = answered + (unanswered ?? 0);
  return asked === 0 ? null : answered / asked;
}

export function rateTable(report: Report): Html {
  const rows = report.uplinks.flatMap((uplink) =>
    (['down', 'up'] as const).map((direction): Cell[] => {
      const { mean, p95, peak } = uplink.rate[direction];
      const capacity = uplink.capacity?.[direction] ?? null;
      return [
        { html: swatch(report, uplink.name) },
        direction,
        formatBytes(uplink.ipBytes[direction]),
        formatRate(mean),
        formatRate(p95),
        formatRate(peak),
        formatRate(capacity),
        formatShare(capacity === null || p95 === null || capacity <= 0 ? null : p95 / capacity, 0),
      ];
    }),
  );
  if (report.uplinks.every(({ rate }) => rate.up.mean === null && rate.down.mean === null)) return '';
  const columns = ['uplink', 'way', 'bytes>', 'mean>', 'p95>', 'peak>', 'capacity>', 'p95 of capacity>'];
  const note = `IP bytes; p95 (nearest rank) and peak over bins of ${formatDuration(report.window.binSeconds)}.`;
  return section('rates', 'Rates', table('Rates', columns, rows) + paragraph(note, 'aside'));
}

export function outageTable(report: Report, timezone: string): Html {
  if (report.outages.length === 0) return '';
  const rows = report.outages
    .slice(0, LISTED)
    .map((outage): Cell[] => [
      { html: swatch(report, outage.uplink) },
      outage.kind,
      formatTime(outage.start.best, timezone),
      (outage.end === null ? 'more than ' : '') + formatDuration(outage.seconds),
      outage.reaction === null
        ? 'at once'
        : outage.reaction.avoided
          ? formatDuration(outage.reaction.seconds)
          : 'never',
      formatDuration(outage.failback?.seconds ?? null),
      formatCount(outage.blackholedFlows),
      formatCount(outage.cutFlows),
      formatCount(outage.clientsHit),
      formatDuration(outage.retried?.waitP95 ?? null),
    ]);
  const columns = [
    ...['uplink', 'kind', `from (${timezone})`, 'lasted>', 'avoided after>', 'back after>', 'blackholed flows>'],
    ...['cut flows>', 'clients hit>', 'users waited (p95)>'],
  ];
  const told = report.outages
    .slice(0, LISTED)
    .map((outage) => prose(outageSentences(outage, (seconds) => formatTime(seconds, timezone))));
  const reasons = new Map(
    report.outages.flatMap(({ explanations }) => explanations.map((why) => [why.message, why.cure])),
  );
  const notes =
    list(told, 'plain') +
    list(
      [...reasons].map(([message, cure]) => text(message) + cureBlock(cure)),
      'findings',
    );
  return section('outages', 'Outages', table('Outages', columns, rows) + more(report.outages.length, 'outage') + notes);
}

export function unmeasuredList(report: Report, timezone: string): Html {
  const spans = [
    ...report.captureGaps.map(
      ({ start, end }) =>
        `${formatSpan(start, end, timezone)}: every uplink silent at once, the recorder stopped or all lines did`,
    ),
    ...report.unmeasurable.map(
      ({ uplink, start, end, why }) => `${formatSpan(start, end, timezone)}: ${uplink}, ${why}`,
    ),
  ];
  const items = spans.slice(0, LISTED).map(text);
  return section('unmeasured', 'Not measurable', list(items, 'plain') + more(spans.length, 'span'));
}

export function findingList(report: Report): Html {
  const items = report.findings.map(
    ({ level, message, code, cure }) =>
      `<span class="level ${level}">${level}</span> ${text(message)} <span class="code">${text(code)}</span>${cureBlock(cure)}`,
  );
  return section('findings', 'Findings', list(items, 'findings'));
}

export function balanceList(report: Report): Html {
  return section('balance', 'How the balance was judged', list(balanceNotes(report).map(text), 'plain'));
}

export function inputTable(report: Report, timezone: string): Html {
  const rows = report.inputs.slice(0, LISTED).map((input): Cell[] => {
    const damage = input.damage.map(({ reason, count }) => `${reason} ×${formatCount(count)}`);
    if ((input.dropped ?? 0) > 0) damage.push(`recorder lost ${formatCount(input.dropped)}`);
    return [
      input.path === '-' ? '(standard input)' : input.path,
      [input.format ?? UNKNOWN, input.compression ?? ''].filter((word) => word !== '').join(', '),
      formatCount(input.entries ?? input.packets),
      formatBytes(input.wireBytes),
      formatTime(input.first, timezone),
      input.first === null || input.last === null ? UNKNOWN : formatDuration(input.last - input.first),
      [input.error ?? '', ...damage].filter((word) => word !== '').join('; ') || 'none',
    ];
  });
  const columns = ['input', 'format', 'packets or entries>', 'size>', `from (${timezone})`, 'for>', 'trouble'];
  return section(
    'inputs',
    'Inputs',
    table('Inputs', columns, rows) + more(report.inputs.length, 'input') + packetNote(report),
  );
}

function packetNote({ packets }: Report): Html {
  const parts = [
    [packets.attributed, 'on an uplink'],
    [packets.duplicates, 'seen before'],
    [packets.lan, 'on the LAN side'],
    [packets.router, 'the router’s own upkeep'],
    [packets.other, 'of no uplink'],
    [packets.damaged, 'damaged'],
  ] as const;
  const known = parts.filter(([count]) => count > 0).map(([count, what]) => `${formatCount(count)} ${what}`);
  return known.length === 0 ? '' : paragraph(`Packets: ${known.join(', ')}.`, 'aside');
}

export function inferenceBlock({ inference }: Report): Html {
  if (inference === null) return '';
  const why = list(
    inference.evidence.map((item) => text(`${item.uplink}: ${item.why}`)),
    'plain',
  );
  const config = inference.config.trim() === '' ? '' : cureBlock(inference.config);
  const lead = `No configuration named the uplinks; they were told from the first ${formatBytes(inference.bytesRead)}.`;
  return section('inferred', 'Inferred uplinks', paragraph(lead) + why + config);
}

/** Commands and configurations: line by line, so that they can be copied. */
function cureBlock(cure: string | null): Html {
  if (cure === null || cure.trim() === '') return '';
  const lines = cure.replace(/\n+$/, '').split('\n').map(text);
  return `<pre tabindex="0"><code>${lines.join('\n')}</code></pre>`;
}

function more(count: number, what: string): Html {
  return count <= LISTED ? '' : paragraph(`…and ${formatNumberOf(count - LISTED, `more ${what}`)}.`, 'aside');
}
