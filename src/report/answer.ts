// A report becomes its answer: did the weights work? One headline and the figures that it rests on, as plain text.

import { formatDuration } from '../util/time.js';
import { formatCount, formatNumberOf, formatP, formatPoints, formatShare } from '../util/units.js';
import type { Report, ReportUplink } from './report.js';

export interface Answer {
  mood: 'good' | 'bad' | 'unsure' | 'note';
  headline: string;
  /** Sentences, each to stand on its own. */
  details: string[];
}

/** Uplinks told one by one; of more only the one furthest off. */
const TOLD = 3;

/** The first thing that a reader sees, in every format for persons. */
export function answerOf(report: Report): Answer {
  const answer = hasFlows(report) ? judge(report) : explainNothing(report);
  return { ...answer, details: [...answer.details, ...circumstances(report)].filter((line) => line !== '') };
}

/** True where any flow or packet is on an uplink: else tables of shares and rates would hold nothing but zeros. */
export function hasFlows(report: Report): boolean {
  if (report.uplinks.length === 0) return false;
  if (report.packets.attributed > 0) return true;
  return report.uplinks.some((uplink) => uplink.flows + uplink.routerFlows + uplink.inboundFlows > 0);
}

/** True where nothing at all was read. */
export function isEmpty(report: Report): boolean {
  return report.inputs.every((input) => (input.packets ?? 0) === 0 && (input.entries ?? 0) === 0);
}

function judge(report: Report): Answer {
  const { balance } = report;
  switch (balance.verdict) {
    case 'consistent':
      return {
        mood: 'good',
        headline: 'The traffic follows the weights.',
        details: [sharesSentence(report), chanceSentence(report, 'The difference is within chance')],
      };
    case 'deviates':
      return {
        mood: 'bad',
        headline: 'The traffic does not follow the weights.',
        details: [sharesSentence(report), deviationSentence(report), chanceSentence(report, 'That is more than chance')],
      };
    case 'too-few':
      return {
        mood: 'unsure',
        headline: 'Too few decisions to tell whether the weights work.',
        details: [sharesSentence(report), powerSentence(report)],
      };
    default:
      return unjudged(report);
  }
}

function unjudged(report: Report): Answer {
  if (report.uplinks.length === 1) {
    return { mood: 'note', headline: 'There is one uplink only, so there is no balance to judge.', details: [] };
  }
  const weighted = report.uplinks.every((uplink) => uplink.weight !== null);
  if (weighted) return { mood: 'unsure', headline: 'The balance could not be judged.', details: [sharesSentence(report)] };
  return {
    mood: 'note',
    headline: 'The shares are measured, but no weights are known to hold them against.',
    details: [sharesSentence(report)],
  };
}

function explainNothing(report: Report): Answer {
  const { inputs, packets } = report;
  if (inputs.length > 0 && inputs.every((input) => input.error !== null)) {
    return { mood: 'bad', headline: 'No input could be read.', details: [] };
  }
  if (isEmpty(report)) {
    const captures = inputs.every((input) => input.entries === null);
    const headline = `The ${inputs.length > 1 ? 'inputs hold' : 'input holds'} no ${captures ? 'packets' : 'entries'}.`;
    return { mood: 'bad', headline, details: [] };
  }
  const details = [
    'Shares are told by the SNAT source, the public address that the router puts in place of a client’s.',
    'It is seen on the uplinks’ side of the router only, and in conntrack dumps.',
  ];
  if (packets.lan > 0 && packets.lan >= packets.other) {
    return { mood: 'bad', headline: 'Only the LAN side was captured, so no uplink can be told.', details };
  }
  if (report.uplinks.length === 0) return { mood: 'bad', headline: 'No uplink can be told from this input.', details };
  const names = report.uplinks.map((uplink) => uplink.name);
  const headline = `Nothing in this input belongs to ${names.length > 1 ? 'any of the uplinks' : 'the uplink'} ${list(names)}.`;
  return { mood: 'bad', headline, details };
}

/** What else the reader must know before the figures: an interruption, thinning, outages. */
function circumstances(report: Report): string[] {
  return [
    report.partial ? 'Interrupted: the figures hold for what was read until then.' : '',
    report.sampled ? 'Too many flows to keep all: figures of single flows are estimates from a sample.' : '',
    outageSentence(report),
  ];
}

function outageSentence({ outages }: Report): string {
  if (outages.length === 0) return '';
  const byUplink = new Map<string, number>();
  for (const { uplink, seconds } of outages) byUplink.set(uplink, (byUplink.get(uplink) ?? 0) + seconds);
  const lost = [...byUplink].map(([uplink, seconds]) => `${uplink} for ${formatDuration(seconds)}`);
  return `${formatNumberOf(outages.length, 'outage')}: ${list(lost)}.`;
}

function sharesSentence(report: Report): string {
  const { uplinks, balance } = report;
  const what = basis(report);
  const worst = uplinks.find((uplink) => uplink.name === balance.maxDeviation?.uplink);
  const told = uplinks.length <= TOLD || worst === undefined ? uplinks.slice(0, TOLD) : [worst];
  const parts = told.map((uplink, i) => {
    const of = i === 0 ? ` of the ${what}` : '';
    const { expected } = uplink.share;
    const due = expected === null ? '' : ` (${formatShare(expected)} expected)`;
    return `${uplink.name} carried ${formatShare(shareOf(uplink, what))}${of}${due}`.replace(i === 0 ? '' : ' carried', '');
  });
  const lead = told.length < uplinks.length && worst !== undefined ? 'Furthest off: ' : '';
  const rest = told.length < uplinks.length && worst === undefined ? ` (${uplinks.length - told.length} more below)` : '';
  return `${lead}${list(parts)}${rest}.`;
}

function chanceSentence({ balance }: Report, lead: string): string {
  const figures: string[] = [];
  if (balance.pValue !== null) figures.push(formatP(balance.pValue));
  if (balance.effectiveDecisions !== null) {
    figures.push(`${formatCount(balance.effectiveDecisions)} effective decisions`);
  }
  return figures.length === 0 ? `${lead}.` : `${lead} (${figures.join(', ')}).`;
}

function deviationSentence({ balance, uplinks }: Report): string {
  if (balance.maxDeviation === null || uplinks.length < 2) return '';
  return `The furthest off is ${balance.maxDeviation.uplink}: ${formatPoints(balance.maxDeviation.points)}.`;
}

function powerSentence(report: Report): string {
  const { detectablePoints, decisionsNeeded } = report.balance;
  const counted = report.uplinks.map((uplink) => uplink.decisions);
  const seen = counted.some((count) => count === null)
    ? report.balance.effectiveDecisions
    : counted.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  const parts: string[] = [];
  if (seen !== null && decisionsNeeded !== null) {
    parts.push(`${formatCount(seen)} of the ${formatCount(decisionsNeeded)} decisions that it takes were seen`);
  }
  if (detectablePoints !== null) {
    parts.push(`a deviation of ${detectablePoints.toFixed(1)} points would have been noticed`);
  }
  const sentence = parts.join('; ');
  return sentence === '' ? '' : `${sentence[0]?.toUpperCase()}${sentence.slice(1)}.`;
}

/** The balance is judged by decisions; where they can't be counted, its figures are of flows. */
function basis({ uplinks }: Report): 'decisions' | 'flows' {
  return uplinks.every((uplink) => uplink.share.decisions !== null) ? 'decisions' : 'flows';
}

function shareOf(uplink: ReportUplink, what: 'decisions' | 'flows'): number | null {
  return uplink.share[what];
}

function list(items: readonly string[]): string {
  if (items.length <= 1) return items.join('');
  return `${items.slice(0, -1).join(', ')} and ${items[items.length - 1]}`;
}
