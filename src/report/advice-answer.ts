// What `mlstat tune` and `mlstat capacity` say first: a headline and the sentences below it.

import { formatShare } from '../util/units.js';
import type { Answer } from './answer.js';
import type { CapacityFailure, ReportCapacity } from './capacity.js';
import type { Report } from './report.js';
import type { ReportTuning } from './tuning.js';

/** p95 above which a line is called nearly full, and full. */
const NEARLY = 0.7;
const FULL = 0.9;

export function tuningAnswer(report: Report, tuning: ReportTuning): Answer {
  const alerts = alertsOf(report);
  const weights = weightsText(tuning.recommended ?? tuning.present?.weights ?? []);
  const details = [tuning.reason];
  if (tuning.verdict === 'change') return { mood: 'note', headline: `Set ${weights} instead.`, details, alerts };
  if (tuning.verdict === 'keep') return { mood: 'good', headline: `Keep ${weights}.`, details, alerts };
  return { mood: 'note', headline: `${weights} suit this traffic.`, details, alerts };
}

export function capacityAnswer(report: Report, capacity: ReportCapacity): Answer {
  const alerts = alertsOf(report);
  const lines = capacity.uplinks.flatMap(({ uplink, up, down }) => [
    { uplink, direction: 'up', load: up.utilisation?.p95 ?? null },
    { uplink, direction: 'down', load: down.utilisation?.p95 ?? null },
  ]);
  const fullest = lines.reduce<(typeof lines)[number] | null>(
    (most, line) => (line.load !== null && line.load > (most?.load ?? -1) ? line : most),
    null,
  );
  const failure = gravest(capacity.failures);
  const grows = capacity.growth.lines.flatMap(({ uplink, direction, exhaustion }) =>
    exhaustion === null ? [] : [`${uplink} ${direction} is full by ${exhaustion.date}, as its working days grow.`],
  );
  if (fullest === null || fullest.load === null) {
    const isMeasured = capacity.uplinks.some(({ up, down }) => up.mean !== null || down.mean !== null);
    const headline = isMeasured
      ? 'What the lines carry is measured, but not what they could carry.'
      : 'The inputs do not tell what the lines carry over time.';
    return { mood: 'note', headline, details: grows, alerts };
  }
  const most = `${fullest.uplink} ${fullest.direction} is the fullest line: p95 at ${formatShare(fullest.load, 0)} of its capacity.`;
  const details = [most, ...(failure === null ? [] : [failure.message]), ...grows];
  if (fullest.load >= FULL) return { mood: 'bad', headline: 'A line is full.', details, alerts };
  if (failure?.verdict === 'saturates') {
    return { mood: 'bad', headline: 'The lines bear their traffic, but not the failure of one.', details, alerts };
  }
  if (failure?.verdict === 'at-risk') {
    const headline = 'The lines bear their traffic; whether they bear the failure of one is left to chance.';
    return { mood: 'unsure', headline, details, alerts };
  }
  if (fullest.load >= NEARLY) return { mood: 'unsure', headline: 'A line is nearly full.', details, alerts };
  const bears = failure?.verdict === 'survives';
  const headline = bears
    ? 'The lines bear their traffic, and the failure of any one.'
    : 'The lines bear their traffic.';
  return { mood: 'good', headline, details, alerts };
}

/** `4:1`. */
export function weightsText(weights: readonly number[]): string {
  return weights.join(':');
}

/** Saturating before at risk, before surviving; of those the one that loads a line most. */
function gravest(failures: readonly CapacityFailure[]): CapacityFailure | null {
  const rank = ({ verdict }: CapacityFailure) => ['unknown', 'survives', 'at-risk', 'saturates'].indexOf(verdict);
  const load = ({ others }: CapacityFailure) =>
    Math.max(0, ...others.flatMap(({ up, down }) => [up.utilisation?.p95 ?? 0, down.utilisation?.p95 ?? 0]));
  const [first] = [...failures].sort((a, b) => rank(b) - rank(a) || load(b) - load(a));
  return first === undefined || first.verdict === 'unknown' ? null : first;
}

function alertsOf(report: Report): string[] {
  return [
    report.partial ? 'Interrupted: the figures hold for what was read until then.' : '',
    report.sampled ? 'Too many flows to keep all: figures of single flows are estimates from a sample.' : '',
  ].filter((line) => line !== '');
}
