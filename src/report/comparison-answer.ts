// What `mlstat compare` says first: a headline, and the change that it rests on.

import { formatCount, formatNumberOf, formatP, formatPoints, formatShare } from '../util/units.js';
import type { Answer } from './answer.js';
import type { Change, ComparedUplink, ReportComparison } from './comparison.js';
import type { Report } from './report.js';

export function comparisonAnswer(report: Report, comparison: ReportComparison): Answer {
  return { ...headlineOf(comparison), details: detailsOf(comparison), alerts: alertsOf(report, comparison) };
}

function headlineOf(comparison: ReportComparison): Pick<Answer, 'mood' | 'headline'> {
  const { verdict, after, uplinks } = comparison;
  const known = uplinks.every(({ weight }) => weight.before !== null && weight.after !== null);
  const reweighted = known && uplinks.some(({ weight }) => weight.before !== weight.after);
  const weights = reweighted ? 'the new weights' : 'the weights';
  switch (verdict) {
    case 'deviates':
      if (known && !reweighted) return { mood: 'bad', headline: 'The shares changed, and the weights did not.' };
      if (after.verdict === 'consistent') {
        return { mood: 'good', headline: `The shares changed, and the traffic follows ${weights}.` };
      }
      if (after.verdict === 'deviates') {
        return { mood: 'bad', headline: `The shares changed, but the traffic does not follow ${weights}.` };
      }
      if (after.verdict === null) return { mood: 'note', headline: 'The shares changed.' };
      return {
        mood: 'unsure',
        headline: `The shares changed; too few decisions to tell whether they follow ${weights}.`,
      };
    case 'consistent':
      if (reweighted) return { mood: 'bad', headline: 'The shares did not change, though the weights did.' };
      return { mood: 'good', headline: 'The shares did not change.' };
    case 'too-few':
      return { mood: 'unsure', headline: 'Too few decisions to tell whether the shares changed.' };
    default:
      return { mood: 'unsure', headline: 'The two spans can’t be compared: one of them has no flows to compare.' };
  }
}

function detailsOf(comparison: ReportComparison): string[] {
  const { verdict, pValue, keys, maxChange, detectablePoints, decisionsNeeded, uplinks, key } = comparison;
  const furthest = uplinks.find(({ uplink }) => uplink === maxChange?.uplink);
  if (verdict === null || furthest === undefined) return [];
  const figures = [
    pValue === null ? '' : formatP(pValue),
    keys === null ? '' : `${formatCount(keys.before)} decisions before and ${formatCount(keys.after)} after`,
    keys === null || keys.both === 0
      ? ''
      : `${formatCount(keys.both)} of them the same, ${formatCount(keys.moved)} moved`,
  ].filter((text) => text !== '');
  const lead = verdict === 'deviates' ? 'That is more than chance' : 'The difference is within chance';
  const needed =
    decisionsNeeded === null ? '' : `; 5 points take ${formatNumberOf(decisionsNeeded, 'decision')} in each span`;
  return [
    shareSentence(furthest, key === 'server'),
    `${lead} (${figures.join('; ')}).`,
    verdict === 'too-few' && detectablePoints !== null
      ? `A change of ${detectablePoints.toFixed(1)} points would have been noticed${needed}.`
      : '',
  ].filter((text) => text !== '');
}

function shareSentence({ uplink, share, expected }: ComparedUplink, byFlows: boolean): string {
  const { before, after, change, interval } = byFlows ? share.flows : share.decisions;
  const due = expected.after === null ? '' : `, ${formatShare(expected.after)} expected`;
  const range = interval === null ? '' : `, between ${signed(interval[0])} and ${signed(interval[1])}`;
  const what = byFlows ? 'flows' : 'decisions';
  return `${uplink} had ${formatShare(before)} of the ${what} before and ${formatShare(after)} after${due} (${pointsOf(change)}${range}).`;
}

function alertsOf(report: Report, { uplinks }: ReportComparison): string[] {
  const sum = (side: 'before' | 'after') => uplinks.reduce((total, { outages }) => total + outages.count[side], 0);
  const [before, after] = [sum('before'), sum('after')];
  return [
    report.partial ? 'Interrupted: the figures hold for what was read until then.' : '',
    before + after > 0 ? `${formatNumberOf(before, 'outage')} before, ${formatNumberOf(after, 'outage')} after.` : '',
  ].filter((text) => text !== '');
}

/** `+2.1 points`. */
export function pointsOf(change: number | null): string {
  return formatPoints(change === null ? null : change * 100);
}

/** Both bounds in points, the unit standing in the header: `-36.1 – -23.2`. */
export function rangeOf({ interval }: Change): string {
  return interval === null ? '–' : `${signed(interval[0])} … ${signed(interval[1])}`;
}

/** Percentage points without their unit. */
export function signed(change: number | null): string {
  if (change === null) return '–';
  const points = (change * 100).toFixed(1);
  return Number(points) > 0 ? `+${points}` : Number(points) === 0 ? '0.0' : points;
}

/** `+12 %`: how much more or less; nothing where there was nothing. */
export function relative(before: number | null, after: number | null): string {
  if (before === null || after === null || before === 0) return '–';
  const percent = Math.round((after / before - 1) * 100);
  return percent > 999 ? `×${Math.round(after / before)}` : `${percent > 0 ? '+' : ''}${percent} %`;
}
