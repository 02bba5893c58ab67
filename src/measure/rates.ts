// Bytes by bin become rates: mean, 95th percentile, peak; the series that is drawn; the hours of the week.

import type { Heatmap, ReportRate, Series, UplinkSeries } from '../report/report.js';
import { BIN, type BinData } from '../tally/bins.js';
import { nearestRank } from './quantile.js';
import { round6 } from './round.js';
import { binWidth, coveredBins, type Timeline } from './timeline.js';
import type { Cover } from './window.js';

/** Points of the series, unless a width is asked for. */
const POINTS = 5000;
/** Points in any case: a window may be centuries long by one bad clock. */
const MOST_POINTS = 2 ** 18;
const DAY = 86_400;

/**
 * Bits per second of one uplink and direction. The mean is over the covered time (at least one bin); p95 by nearest rank
 * and peak are over all covered bins, those without traffic being 0. All null where the total is.
 */
export function rateOf(ipBytes: Float64Array, total: number | null, timeline: Timeline, cover: Cover): ReportRate {
  const { widthSec, covered } = timeline;
  const rates = new Float64Array(ipBytes.length);
  let count = 0;
  for (let bin = 0; bin < rates.length; bin++) if (covered[bin] === 1) rates[count++] = ipBytes[bin];
  if (count === 0 || total === null) return { mean: null, p95: null, peak: null };
  const [p95, peak] = nearestRank(rates.subarray(0, count), [0.95, 1]);
  const seconds = Math.max(cover.coveredSeconds, widthSec);
  return { mean: bps(total, seconds), p95: bps(p95, widthSec), peak: bps(peak, widthSec) };
}

/** `starts` are the tally's bins of flows by start. At most 5,000 points, unless a width is asked for. */
export function seriesOf(
  timeline: Timeline,
  starts: BinData,
  names: readonly string[],
  { inView, captured }: { inView: readonly boolean[]; captured: readonly boolean[] },
  cover: Cover,
  asked: boolean,
): Series {
  const own = Math.max(timeline.widthSec, starts.widthSec);
  const widthSec = binWidth(timeline.widthSec, own, cover, asked ? MOST_POINTS : POINTS);
  if (cover.start === null || cover.end === null || names.length === 0) {
    return { binSeconds: widthSec, start: null, uplinks: {} };
  }
  const firstBin = Math.floor(cover.start / widthSec);
  const points = Math.floor(cover.end / widthSec) - firstBin + 1;
  const covered = coveredBins(cover, widthSec, firstBin, points);
  const began = names.map(() => [new Float64Array(points), new Float64Array(points)]);
  for (let i = 0; i < starts.cells.length; i++) {
    const point = Math.floor((starts.bins[i] * starts.widthSec) / widthSec) - firstBin;
    if (point < 0 || point >= points) continue;
    const [flows, unanswered] = began[starts.cells[i] >> 1];
    flows[point] += starts.sums[BIN.fields * i];
    if ((starts.cells[i] & 1) === 1) unanswered[point] += starts.sums[BIN.fields * i];
  }
  const shown = (isShown: boolean, values: Float64Array, figure: (value: number) => number) =>
    Array.from(values, (value, point) => (isShown && covered[point] === 1 ? figure(value) : null));
  const rate = (bytes: number) => bps(bytes, widthSec);
  const asIs = (count: number) => count;
  const uplinks = names.map((name, n): [string, UplinkSeries] => [
    name,
    {
      up: shown(captured[n], coarser(timeline.up[n], timeline, widthSec, firstBin, points), rate),
      down: shown(captured[n], coarser(timeline.down[n], timeline, widthSec, firstBin, points), rate),
      flows: shown(inView[n], began[n][0], asIs),
      unanswered: shown(inView[n], began[n][1], asIs),
    },
  ]);
  return { binSeconds: widthSec, start: firstBin * widthSec, uplinks: Object.fromEntries(uplinks) };
}

/** Mean rate of all uplinks by weekday and hour of UTC; null up to a day, or where bins are wider than an hour. */
export function heatmapOf({ widthSec, firstBin, bins, covered, up, down }: Timeline, cover: Cover): Heatmap | null {
  if (cover.seconds === null || cover.seconds <= DAY || 3600 % widthSec !== 0) return null;
  const bytes = new Float64Array(7 * 24);
  const seconds = new Float64Array(7 * 24);
  for (let bin = 0; bin < bins; bin++) {
    if (covered[bin] === 0) continue;
    const hour = Math.floor(((firstBin + bin) * widthSec) / 3600);
    // The epoch was a Thursday.
    const cell = ((((Math.floor(hour / 24) + 3) % 7) + 7) % 7) * 24 + (((hour % 24) + 24) % 24);
    seconds[cell] += widthSec;
    for (let n = 0; n < up.length; n++) bytes[cell] += up[n][bin] + down[n][bin];
  }
  const hours = Array.from({ length: 7 }, (_, day) =>
    Array.from({ length: 24 }, (__, hour) => {
      const cell = day * 24 + hour;
      return seconds[cell] > 0 ? bps(bytes[cell], seconds[cell]) : null;
    }),
  );
  return { timezone: 'UTC', hours };
}

function coarser(
  bytes: Float64Array,
  timeline: Timeline,
  widthSec: number,
  firstPoint: number,
  points: number,
): Float64Array {
  if (widthSec === timeline.widthSec) return bytes;
  const sums = new Float64Array(points);
  for (let bin = 0; bin < bytes.length; bin++) {
    if (bytes[bin] > 0)
      sums[Math.floor(((timeline.firstBin + bin) * timeline.widthSec) / widthSec) - firstPoint] += bytes[bin];
  }
  return sums;
}

function bps(bytes: number, seconds: number): number {
  return round6((bytes * 8) / seconds);
}
