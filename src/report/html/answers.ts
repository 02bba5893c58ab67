// The three answers on top of the page, each a sentence with the figures that it rests on: did the weights work, was any
// uplink out, and are the lines wide enough.

import { formatDuration } from '../../util/time.js';
import { formatCount, formatNumberOf, formatRate, formatShare } from '../../util/units.js';
import { type Answer, answerOf, hasFlows } from '../answer.js';
import { failureLoads, loads } from '../charts/load.js';
import { uplinkNames } from '../charts/names.js';
import type { Report } from '../report.js';

export interface PageAnswer {
  about: string;
  mood: Answer['mood'];
  headline: string;
  text: string;
}

/** One answer where nothing was measured, else three. */
export function pageAnswers(report: Report): PageAnswer[] {
  const { mood, headline, details } = answerOf(report);
  const balance: PageAnswer = { about: 'Balance', mood, headline, text: details.join(' ') };
  return hasFlows(report) ? [balance, outageAnswer(report), capacityAnswer(report)] : [balance];
}

function outageAnswer(report: Report): PageAnswer {
  const { outages, uplinks } = report;
  const about = 'Outages';
  const unmeasured = unmeasuredText(report);
  if (report.window.seconds === null) {
    return { about, mood: 'note', headline: 'Outages can’t be told without times.', text: unmeasured };
  }
  if (outages.length === 0 && uplinks.every(({ availability }) => availability.ratio === null)) {
    return { about, mood: 'unsure', headline: 'There was too little traffic to tell outages.', text: unmeasured };
  }
  if (outages.length === 0) {
    const headline = `No outage was found${uplinks.length > 1 ? ' on any uplink' : ''}.`;
    return { about, mood: unmeasured === '' ? 'good' : 'unsure', headline, text: unmeasured };
  }
  const byUplink = new Map<string, number>();
  for (const { uplink, seconds } of outages) byUplink.set(uplink, (byUplink.get(uplink) ?? 0) + seconds);
  const names = [...byUplink].sort((a, b) => b[1] - a[1]);
  const told = names.slice(0, 3).map(([name, seconds]) => `${name} was out for ${formatDuration(seconds)}`);
  const more = names.length > 3 ? `, and ${formatNumberOf(names.length - 3, 'more uplink')}` : '';
  const blackholed = outages.reduce((sum, outage) => sum + outage.blackholedFlows, 0);
  const cut = outages.reduce((sum, outage) => sum + outage.cutFlows, 0);
  const lost = [
    blackholed > 0 ? `${formatNumberOf(blackholed, 'new flow was', 'new flows were')} sent into a dead line` : '',
    cut > 0 ? `${formatNumberOf(cut, 'flow was', 'flows were')} cut` : '',
  ].filter((part) => part !== '');
  const text = [`${told.join(', ')}${more}.`, lost.length > 0 ? `${lost.join(' and ')}.` : '', unmeasured];
  return {
    about,
    mood: 'bad',
    headline: outages.length === 1 ? 'There was an outage.' : `There were ${formatCount(outages.length)} outages.`,
    text: text.filter((line) => line !== '').join(' '),
  };
}

function unmeasuredText({ unmeasurable, captureGaps }: Report): string {
  const seconds = [...unmeasurable, ...captureGaps].reduce((sum, span) => sum + (span.end - span.start), 0);
  const spans = unmeasurable.length + captureGaps.length;
  return spans === 0
    ? ''
    : `For ${formatDuration(seconds)} it can’t be told (${formatNumberOf(spans, 'span')}, below).`;
}

/** From 90 % at the 95th percentile on a line counts as full, as in the table of rates. */
const FULL = 0.9;

/** Of fewer bins the 95th percentile is the highest. */
const FEWEST_BINS = 20;

function capacityAnswer(report: Report): PageAnswer {
  const about = 'Capacity';
  const names = uplinkNames(report);
  const known = loads(report).flatMap((load) =>
    load.capacity === null ? [] : [{ ...load, part: load.p95 / load.capacity }],
  );
  const fullest = known.sort((a, b) => b.part - a.part)[0];
  if (fullest === undefined) {
    const headline = 'How full the lines are can’t be told: no capacity is configured.';
    return {
      about,
      mood: 'note',
      headline,
      text: 'Set capacity in the configuration, or give --capacity with what each line carries, down and up.',
    };
  }
  const { seconds, binSeconds } = report.window;
  if (seconds === null || seconds < FEWEST_BINS * binSeconds) {
    return { about, mood: 'unsure', headline: 'The capture is too short to tell how full the lines are.', text: '' };
  }
  const line = `${names[fullest.place]} ${fullest.direction}`;
  const text = `The fullest is ${line}: ${formatRate(fullest.p95)}, ${formatShare(fullest.part, 0)} of its ${formatRate(fullest.capacity)}, at the 95th percentile.`;
  const failure = [...failureLoads(report)].sort((a, b) => b.p95 - a.p95)[0];
  const after =
    failure === undefined
      ? ''
      : failure.p95 > 1
        ? ` Without ${names[failure.fails]} the others could not carry the traffic: ${names[failure.place]} ${failure.direction} would be offered ${formatShare(failure.p95, 0)}.`
        : ` The others could carry the traffic of any one that fails (at most ${formatShare(failure.p95, 0)}).`;
  if (fullest.part >= FULL) return { about, mood: 'bad', headline: `A line is full: ${line}.`, text: text + after };
  const short = failure !== undefined && failure.p95 > 1;
  return {
    about,
    mood: short ? 'bad' : 'good',
    headline: short ? 'The lines are wide enough, but not if one fails.' : 'The lines are wide enough.',
    text: text + after,
  };
}
