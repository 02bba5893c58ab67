// A rule as people write it (`share within 5 points`) becomes what is to be checked. An error is a predicate with the cure.

import { didYouMean } from '../util/suggest.js';
import { parseDuration, parseRate } from './measures.js';

/** What is shared, and what of a rate is looked at. */
export type Shared = 'decisions' | 'flows' | 'bytes' | 'packets';
export type RateFigure = 'mean' | 'peak' | { quantile: number };

/** Each may be bound to one uplink by name, else it holds for all. Shares are parts of one, times seconds. */
export type RuleCheck =
  | { kind: 'share'; points: number; of: Shared | null }
  | { kind: 'balance' }
  | { kind: 'rate'; figure: RateFigure; below: { part: number } | { bps: number }; direction: 'up' | 'down' | null }
  | { kind: 'leak' }
  | { kind: 'outage'; what: 'outage' | 'brownout'; longerThanSec: number }
  | { kind: 'used' }
  | { kind: 'answered'; above: number }
  | { kind: 'available'; above: number }
  | { kind: 'handshake'; figure: 'p50' | 'p95'; belowSec: number }
  | { kind: 'failover'; withinSec: number }
  | { kind: 'finding'; code: string };

export interface Rule {
  /** As written, blanks made one. */
  text: string;
  check: RuleCheck;
  uplink: string | null;
}

/** Every form there is, as the help and errors list them. */
export const RULE_FORMS = [
  'share within N points [of bytes]',
  'balance consistent',
  'p95 [up] below X % of capacity',
  'p95 [down] below RATE',
  'no leak',
  'no outage [longer than TIME]',
  'no brownout [longer than TIME]',
  'every uplink used',
  'answered above X %',
  'available above X %',
  'handshake [p95] below TIME',
  'failover within TIME',
  'no finding CODE',
] as const;

const LONGEST = 300;
const NUMBER = '((?:0|[1-9]\\d{0,5})(?:\\.\\d{1,6})?)';

type Reader = readonly [RegExp, (match: RegExpExecArray) => RuleCheck | { error: string }];

const READERS: readonly Reader[] = [
  [
    new RegExp(`^shares? within ${NUMBER} ?(?:points?|%)(?: of (decisions|flows|bytes|packets))?$`, 'i'),
    ([, points, of]) => ({ kind: 'share', points: Number(points), of: (of?.toLowerCase() as Shared) ?? null }),
  ],
  [/^(?:the )?balance (?:is )?consistent$/i, () => ({ kind: 'balance' })],
  [/^(mean|peak|p\d{1,2}(?:\.\d{1,3})?)(?: (up|down))? below (.+)$/i, readRateRule],
  [/^no leaks?$/i, () => ({ kind: 'leak' })],
  [/^no (outage|brownout)s?(?: longer than (.+))?$/i, readOutageRule],
  [/^(?:every|each|all) uplinks? (?:is |are )?used$/i, () => ({ kind: 'used' })],
  [
    new RegExp(`^(answered|available|availability) above ${NUMBER} ?%$`, 'i'),
    ([, what = '', percent]) =>
      partOf(percent, (above) => ({ kind: what.toLowerCase() === 'answered' ? 'answered' : 'available', above })),
  ],
  [
    /^(?:median )?handshake(?: (p50|p95))? below (.+)$/i,
    ([, figure, time]) =>
      timeOf(time, (belowSec) => ({
        kind: 'handshake',
        figure: figure?.toLowerCase() === 'p95' ? 'p95' : 'p50',
        belowSec,
      })),
  ],
  [/^failover within (.+)$/i, ([, time]) => timeOf(time, (withinSec) => ({ kind: 'failover', withinSec }))],
  [/^no finding ([a-z][a-z-]{0,40})$/i, ([, code = '']) => ({ kind: 'finding', code: code.toLowerCase() })],
];

/** `share within 5 points for dsl1`: case and extra blanks count for nothing. */
export function parseRule(written: string): Rule | { error: string } {
  const text = written.replace(/\s+/g, ' ').trim();
  if (text.length > LONGEST) return { error: `must be a rule of at most ${LONGEST} characters` };
  const [, body = text, uplink = null] = /^(.*?) for (\S.*)$/i.exec(text) ?? [];
  for (const [form, read] of READERS) {
    const match = form.exec(body);
    if (match === null) continue;
    const check = read(match);
    return 'error' in check ? check : { text, check, uplink };
  }
  const plain = RULE_FORMS.map((form) => form.replace(/ ?\[.*?\]/g, ''));
  const meant = didYouMean(body, plain);
  return {
    error: `must be a rule${meant === '' ? '' : ` (${meant.slice(2)})`}: ${RULE_FORMS.join('; ')}; each also with: for UPLINK`,
  };
}

function readRateRule([, name = '', way, limit = '']: RegExpExecArray): RuleCheck | { error: string } {
  const figure: RateFigure =
    name.toLowerCase() === 'mean' || name.toLowerCase() === 'peak'
      ? (name.toLowerCase() as 'mean' | 'peak')
      : { quantile: Number(name.slice(1)) / 100 };
  if (typeof figure === 'object' && figure.quantile === 0)
    return { error: 'must name a percentile from p1 to p99.999' };
  const direction = (way?.toLowerCase() as 'up' | 'down') ?? null;
  const part = new RegExp(`^${NUMBER} ?% of (?:the )?capacity$`, 'i').exec(limit);
  if (part !== null) return { kind: 'rate', figure, below: { part: Number(part[1]) / 100 }, direction };
  const bps = parseRate(limit);
  if (typeof bps !== 'number') return { error: 'must end in "X % of capacity" or a rate such as 15Mbit' };
  return { kind: 'rate', figure, below: { bps }, direction };
}

function readOutageRule([, what = '', time]: RegExpExecArray): RuleCheck | { error: string } {
  const kind = what.toLowerCase() as 'outage' | 'brownout';
  if (time === undefined) return { kind: 'outage', what: kind, longerThanSec: 0 };
  return timeOf(time, (longerThanSec) => ({ kind: 'outage', what: kind, longerThanSec }));
}

function timeOf(text: string | undefined, make: (seconds: number) => RuleCheck): RuleCheck | { error: string } {
  const seconds = parseDuration((text ?? '').replace(/ (?:seconds?|secs?)$/i, 's').replace(/ minutes?$/i, 'min'));
  return typeof seconds === 'number'
    ? make(seconds)
    : { error: 'must end in a positive time such as 30 s, 5m or 250ms' };
}

function partOf(percent: string | undefined, make: (part: number) => RuleCheck): RuleCheck | { error: string } {
  const part = Number(percent) / 100;
  return part <= 1 ? make(part) : { error: 'must end in a part of at most 100 %' };
}
