// What the lines carry each way, what is left of them, what they would carry if one failed, and when they are full.

import { rateOf } from '../measure/rates.js';
import { round6 } from '../measure/round.js';
import type { CapacityLine, ReportCapacity } from '../report/capacity.js';
import { formatDuration } from '../util/time.js';
import { formatCount, formatShare } from '../util/units.js';
import type { Axis } from './axis.js';
import { calendarOf } from './calendar.js';
import { failuresOf } from './failures.js';
import { FULL } from './goal.js';
import { growthOf } from './growth.js';
import { fewNames } from './names.js';
import { REPETITIONS, rank95 } from './replay.js';
import { type AdviceInput, bitsOf, type KnownUplink, type Traffic, trafficOf } from './traffic.js';

/** Ten years of 5 minutes. */
const MOST_BINS = 2 ** 20;
/** Bins of the replay of failures; longer inputs have wider ones there. */
const MOST_REPLAYED = 2016;
const FEW_BINS = 100;
const HOUR = 3600;

/**
 * The capacity part of a report, of a finished tally. `timezone` is that of hours and days. Figures are over 5-minute bins
 * where the inputs span a day, else over the widest bins that give at least 100; quantiles by nearest rank.
 */
export function capacityOf(input: AdviceInput, timezone: string): ReportCapacity {
  const traffic = trafficOf(input, MOST_BINS);
  const { uplinks, carried } = traffic;
  const { axis } = carried;
  const { ledger } = input.tally;
  const isLong = axis.placeOf.length > MOST_REPLAYED;
  const replayed = isLong ? trafficOf(input, MOST_REPLAYED) : traffic;
  const failures = failuresOf(ledger, replayed);
  return {
    binSeconds: axis.widthSec,
    bins: axis.bins,
    quantileRule: 'nearest rank',
    timezone,
    uplinks: uplinks.map((uplink, n) => ({
      uplink: uplink.name,
      up: lineOf(traffic, n, 'up', timezone),
      down: lineOf(traffic, n, 'down', timezone),
    })),
    failures: failures.list,
    worstFailure: failures.worst,
    repetitions: REPETITIONS,
    growth: growthOf(uplinks, carried, timezone),
    notes: notesOf(traffic, replayed.carried.axis, input.tally.hasDumps),
  };
}

function lineOf(
  { uplinks, carried, cover }: Traffic,
  n: number,
  direction: 'up' | 'down',
  timezone: string,
): CapacityLine {
  const { capacity, inView } = uplinks[n];
  const { axis, timeline } = carried;
  const bps = capacity[direction];
  const bytes = carried[direction][n];
  const rate = rateOf(timeline[direction][n], inView ? timeline.totals[n].ipBytes[direction] : null, timeline, cover);
  const hours = inView ? hoursOf(bytes, axis, timezone) : new Array<null>(24).fill(null);
  const { mean, p95, peak } = rate;
  const isKnown = bps !== null && mean !== null && p95 !== null && peak !== null;
  return {
    capacity: bps,
    ...rate,
    utilisation: isKnown ? { mean: round6(mean / bps), p95: round6(p95 / bps), peak: round6(peak / bps) } : null,
    headroom: isKnown ? round6(bps - p95) : null,
    busyHour: busiest(hours),
    hours,
    fullShare: isKnown ? round6(fullBins(bytes, bps, axis) / axis.bins) : null,
  };
}

/** Mean rate by hour of the day; null for hours of which less than one was captured, and where bins are wider. */
function hoursOf(bytes: Float64Array, { widthSec, numbers }: Axis, timezone: string): (number | null)[] {
  const sums = new Float64Array(24);
  const counts = new Float64Array(24);
  if (widthSec <= HOUR) {
    const localOf = calendarOf(timezone);
    for (let bin = 0; bin < bytes.length; bin++) {
      const { hour } = localOf(numbers[bin] * widthSec);
      sums[hour] += bytes[bin];
      counts[hour]++;
    }
  }
  return Array.from(sums, (sum, hour) => {
    return counts[hour] * widthSec >= HOUR ? round6((sum / counts[hour]) * bitsOf(widthSec)) : null;
  });
}

/** Of hours with the same mean the first. */
function busiest(hours: readonly (number | null)[]): CapacityLine['busyHour'] {
  let found: CapacityLine['busyHour'] = null;
  hours.forEach((mean, hour) => {
    if (mean !== null && mean > (found?.mean ?? 0)) found = { hour, mean };
  });
  return found;
}

function fullBins(bytes: Float64Array, bps: number, { widthSec }: Axis): number {
  return bytes.reduce((count, sum) => count + (sum * bitsOf(widthSec) > FULL * bps ? 1 : 0), 0);
}

function notesOf({ uplinks, carried, bends, kept }: Traffic, replayed: Axis, hasDumps: boolean): string[] {
  const { axis } = carried;
  const notes: string[] = [];
  const list = (some: readonly KnownUplink[]) => fewNames(some.map(({ name }) => name));
  const unseen = uplinks.filter(({ inView }) => !inView);
  if (unseen.length > 0) {
    notes.push(
      hasDumps
        ? `Of ${list(unseen)} the inputs hold dumps of connection tracking alone: they tell what a flow carried in all, not when, so that rates, load, headroom, growth and what a failure would move can’t be drawn from them. Record the links: tcpdump -i any -s 96 -w all.pcap`
        : `Nothing of ${list(unseen)} is in the inputs: what it carries, and what it would take of others, can’t be told.`,
    );
  }
  // Without any rate nothing else is worth a note.
  if (unseen.length === uplinks.length) return notes;
  const unlimited = uplinks.filter(({ capacity }) => capacity.up === null && capacity.down === null);
  if (unlimited.length > 0) {
    const flags = unlimited
      .slice(0, 3)
      .map(({ name }) => `--capacity ${name}=DOWN/UP`)
      .join(' ');
    notes.push(
      `The capacity of ${list(unlimited)} is not known, so neither utilisation nor headroom can be told: give ${flags}${unlimited.length > 3 ? ' …' : ''}`,
    );
  }
  uplinks.forEach((uplink, n) => {
    for (const direction of ['up', 'down'] as const) {
      const bps = uplink.capacity[direction];
      if (bps === null || axis.bins === 0) continue;
      const share = fullBins(carried[direction][n], bps, axis) / axis.bins;
      if (share === 0) continue;
      notes.push(
        `${uplink.name} ${direction} was above ${formatShare(FULL, 0)} of its capacity in ${formatShare(share)} of the bins, where more may have been wanted than was carried: its figures say “at least”.`,
      );
    }
  });
  if (axis.bins < FEW_BINS) {
    notes.push(
      `The inputs give ${formatCount(axis.bins)} bins of ${formatDuration(axis.widthSec)} only: p95 leaves out the top ${formatCount(axis.bins - 1 - rank95(axis.bins))}.`,
    );
  }
  if (uplinks.length > 1 && uplinks.some(({ weight }) => weight === null)) {
    notes.push('Not all weights are known: of an uplink that fails, uplinks without a weight count as weight 1.');
  }
  if (replayed.widthSec !== axis.widthSec) {
    notes.push(`Failures are replayed over bins of ${formatDuration(replayed.widthSec)}.`);
  }
  if (!bends.bent && kept > 0) {
    notes.push(
      'The inputs tell no rates over time: failures are replayed from flows whose bytes are spread evenly over their lives.',
    );
  }
  if (kept < 1) notes.push(`${formatShare(kept)} of the decision keys stand for all in the replay of failures.`);
  return notes;
}
