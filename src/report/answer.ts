// A report becomes its answer: did the weights work? One headline and the figures that it rests on, as plain text.

import { formatDuration, formatTime } from '../util/time.js';
import { formatCount, formatNumberOf, formatP, formatPoints, formatShare } from '../util/units.js';
import type { Report } from './report.js';

export interface Answer {
  mood: 'good' | 'bad' | 'unsure' | 'note';
  headline: string;
  /** Sentences, each to stand on its own. */
  details: string[];
  /** What else must be known before the figures: an interruption, a sample, outages. */
  alerts: string[];
}

/** Uplinks told one by one; of more only the one furthest off. */
const TOLD = 3;

/** The first thing that a reader sees, in every format for persons. */
export function answerOf(report: Report): Answer {
  const { mood, headline, details } = hasFlows(report) ? judge(report) : explainNothing(report);
  return { mood, headline, details: details.filter((line) => line !== ''), alerts: alertsOf(report) };
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

type Judgement = Omit<Answer, 'alerts'>;

function judge(report: Report): Judgement {
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
        details: [
          sharesSentence(report),
          deviationSentence(report),
          chanceSentence(report, 'That is more than chance'),
        ],
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

function unjudged(report: Report): Judgement {
  if (report.uplinks.length === 1) {
    return { mood: 'note', headline: 'There is one uplink only, so there is no balance to judge.', details: [] };
  }
  const weighted = report.uplinks.every((uplink) => uplink.weight !== null);
  if (weighted)
    return { mood: 'unsure', headline: 'The balance could not be judged.', details: [sharesSentence(report)] };
  return {
    mood: 'note',
    headline: 'The shares are measured, but no weights are known to hold them against.',
    details: [sharesSentence(report)],
  };
}

function explainNothing(report: Report): Judgement {
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

function alertsOf(report: Report): string[] {
  return [
    report.partial ? 'Interrupted: the figures hold for what was read until then.' : '',
    report.sampled ? 'Too many flows to keep all: figures of single flows are estimates from a sample.' : '',
    changeSentence(report),
    outageSentence(report),
  ].filter((line) => line !== '');
}

/** What the verdict is about where the weights changed within the inputs. */
function changeSentence({ findings, balance }: Report): string {
  const changes = findings.filter(({ code }) => code === 'weights-changed');
  const last = changes.at(-1)?.first ?? null;
  if (last === null || balance.verdict === null) return '';
  const times = changes.length > 1 ? ` ${changes.length} times, last` : '';
  return `The shares changed${times} at ${formatTime(last)} UTC: shares and verdict are of the time since.`;
}

function outageSentence({ outages }: Report): string {
  if (outages.length === 0) return '';
  const byUplink = new Map<string, number>();
  for (const { uplink, seconds } of outages) byUplink.set(uplink, (byUplink.get(uplink) ?? 0) + seconds);
  const lost = [...byUplink].map(([uplink, seconds]) => `${uplink} for ${formatDuration(seconds)}`);
  return `${formatNumberOf(outages.length, 'outage')}: ${list(lost)}.`;
}

function sharesSentence(report: Report): string {
  const { balance } = report;
  // An uplink that was not captured has no share to tell.
  const uplinks = report.uplinks.filter(({ share }) => share.flows !== null);
  if (uplinks.length === 0) return 'No uplink’s flows were captured whole.';
  const worst = uplinks.find((uplink) => uplink.name === balance.maxDeviation?.uplink);
  const told = uplinks.length <= TOLD || worst === undefined ? uplinks.slice(0, TOLD) : [worst];
  const parts = told.map((uplink, i) => {
    const { flows, expected } = uplink.share;
    const verb = i === 0 ? ' carried' : '';
    const of = i === 0 ? ' of the flows' : '';
    const due = expected === null ? '' : ` (${formatShare(expected)}${i === 0 ? ' expected' : ''})`;
    return `${uplink.name}${verb} ${formatShare(flows)}${of}${due}`;
  });
  const lead = told.length < uplinks.length && worst !== undefined ? 'Furthest off: ' : '';
  const rest =
    told.length < uplinks.length && worst === undefined ? ` (${uplinks.length - told.length} more below)` : '';
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
  const { uplink: name, points } = balance.maxDeviation;
  const decided = uplinks.find((uplink) => uplink.name === name)?.share.decisions ?? null;
  if (decided === null) return `The furthest off is ${name} (${formatPoints(points)}).`;
  return `By decisions the furthest off is ${name} with ${formatShare(decided)} (${formatPoints(points)}).`;
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

function list(items: readonly string[]): string {
  if (items.length <= 1) return items.join('');
  return `${items.slice(0, -1).join(', ')} and ${items[items.length - 1]}`;
}
