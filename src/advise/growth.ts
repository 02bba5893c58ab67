// Several days become a trend of the daily p95, and the day on which a line is full, where the days can bear it.

import { round6 } from '../measure/round.js';
import type { CapacityGrowth, GrowthLine } from '../report/capacity.js';
import { formatCount } from '../util/units.js';
import type { Carried } from './axis.js';
import { calendarOf, dateOf, isWorkingDay } from './calendar.js';
import { rank95 } from './replay.js';
import { selectRank } from './select.js';
import { medianOf, type Point, seasonalSlope } from './slope.js';
import type { KnownUplink } from './traffic.js';

/** Distinct days below which there is no trend, and no date of exhaustion. */
const TREND_DAYS = 7;
const DATE_DAYS = 21;
/** Working days that a date takes at least, of those. */
const LEAST_WORKING = 10;
/** A date further ahead than so many times the span of the days is a guess. */
const MOST_SPANS = 3;
/** A day counts where so much of the hours that are usually captured is in it. */
const LEAST_HOURS = 0.8;

interface Day {
  day: number;
  /** Places of its bins, those of the usual hours alone. */
  bins: number[];
}

/** p95 of each day is taken over the hours that most days show, so that days are compared with their like. */
export function growthOf(uplinks: readonly KnownUplink[], carried: Carried, timezone: string): CapacityGrowth {
  const days = usualDays(carried, timezone);
  if (days.length < TREND_DAYS) {
    const refused =
      days.length === 1
        ? `A trend takes ${TREND_DAYS} distinct days, and the inputs show one.`
        : `A trend takes ${TREND_DAYS} distinct days with the same hours, and the inputs show ${formatCount(days.length)}.`;
    return { days: days.length, refused, lines: [] };
  }
  const lines = uplinks.flatMap((uplink, n) => {
    if (!uplink.inView) return [];
    return (['up', 'down'] as const).map((direction) => {
      const bytes = carried[direction][n];
      const p95 = days.map(({ bins }) => dailyP95(bytes, bins, carried.axis.widthSec));
      return lineOf(uplink, direction, days, p95);
    });
  });
  return { days: days.length, refused: null, lines };
}

function lineOf(
  uplink: KnownUplink,
  direction: 'up' | 'down',
  days: readonly Day[],
  p95: readonly number[],
): GrowthLine {
  const points = days.map(({ day }, i): Point => ({ x: day, y: p95[i], season: isWorkingDay(day) ? 1 : 0 }));
  const found = seasonalSlope(points);
  const line: GrowthLine = {
    uplink: uplink.name,
    direction,
    days: points.map(({ x, y }) => ({ date: dateOf(x), p95: round6(y), workingDay: isWorkingDay(x) })),
    trend: null,
    exhaustion: null,
    refused: null,
  };
  if (found === null || !Number.isFinite(found.low) || !Number.isFinite(found.high)) {
    return { ...line, refused: 'The days are too few of a kind (working days, days off) for an interval.' };
  }
  const level = levelOf(points, found.slope, points.some(({ season }) => season === 1) ? 1 : 0);
  const first = points[0].x;
  const last = points[points.length - 1].x;
  line.trend = {
    perDay: round6(found.slope),
    interval: [round6(found.low), round6(found.high)],
    fit: [first, last].map((day) => ({ date: dateOf(day), p95: round6(level + found.slope * day) })),
  };
  return { ...line, ...exhaustionOf(points, uplink.capacity[direction]) };
}

/** The day on which the p95 of working days reaches the capacity. */
function exhaustionOf(points: readonly Point[], capacity: number | null): Pick<GrowthLine, 'exhaustion' | 'refused'> {
  const refuse = (refused: string) => ({ exhaustion: null, refused });
  if (capacity === null) return refuse('The capacity is not known.');
  if (points.length < DATE_DAYS) {
    return refuse(`A date takes ${DATE_DAYS} distinct days, and there are ${formatCount(points.length)}.`);
  }
  const working = points.filter(({ season }) => season === 1);
  if (working.length < LEAST_WORKING) {
    return refuse(`A date takes ${LEAST_WORKING} working days, and there are ${formatCount(working.length)}.`);
  }
  const found = seasonalSlope(working);
  if (found === null || !(found.low > 0)) return refuse('The p95 of working days does not grow for sure.');
  const first = working[0].x;
  const last = working[working.length - 1].x;
  const span = last - first;
  // Each slope turns about the middle of the data, where the level is known best.
  const middle = medianOf(working.map(({ x }) => x));
  const level = levelOf(working, found.slope, 1) + found.slope * middle;
  const reaches = (slope: number) => middle + (capacity - level) / slope;
  const day = reaches(found.slope);
  if (level >= capacity || day <= last) return refuse('The p95 of working days is at the capacity already.');
  const end = last + MOST_SPANS * span;
  if (day > end) {
    return refuse(
      `It would be full after ${dateOf(Math.floor(end))}, further ahead than ${MOST_SPANS} times the ${formatCount(span)} days that were seen.`,
    );
  }
  const latest = reaches(found.low);
  return {
    exhaustion: {
      date: nextWorking(day),
      earliest: nextWorking(Math.max(last, reaches(found.high))),
      // A bound beyond what may be said is none.
      latest: latest > end ? null : nextWorking(latest),
    },
    refused: null,
  };
}

/** Height at day 0 of the line through the middle of one season's points (Conover 1980). */
function levelOf(points: readonly Point[], slope: number, season: number): number {
  const heights = points.filter((point) => point.season === season).map(({ x, y }) => y - slope * x);
  return medianOf(heights.sort((a, b) => a - b));
}

function nextWorking(day: number): string {
  let at = Math.ceil(day - 1e-9);
  while (!isWorkingDay(at)) at++;
  return dateOf(at);
}

/** Days that show most of the hours that are usual in these inputs. */
function usualDays({ axis }: Carried, timezone: string): Day[] {
  const localOf = calendarOf(timezone);
  const hoursByDay = new Map<number, Set<number>>();
  const places = Array.from({ length: axis.bins }, (_, place) => {
    const local = localOf(axis.numbers[place] * axis.widthSec);
    const hours = hoursByDay.get(local.day) ?? new Set<number>();
    hoursByDay.set(local.day, hours.add(local.hour));
    return local;
  });
  const usual = new Set<number>();
  for (let hour = 0; hour < 24; hour++) {
    const having = [...hoursByDay.values()].filter((hours) => hours.has(hour)).length;
    if (having * 2 > hoursByDay.size) usual.add(hour);
  }
  const days = new Map<number, Day>();
  places.forEach(({ day, hour }, place) => {
    if (!usual.has(hour)) return;
    const known = days.get(day) ?? { day, bins: [] };
    known.bins.push(place);
    days.set(day, known);
  });
  return [...days.values()]
    .filter(({ day }) => {
      const shown = [...(hoursByDay.get(day) ?? [])].filter((hour) => usual.has(hour)).length;
      return shown >= LEAST_HOURS * usual.size;
    })
    .sort((a, b) => a.day - b.day);
}

function dailyP95(bytes: Float64Array, bins: readonly number[], widthSec: number): number {
  const values = Float64Array.from(bins, (bin) => bytes[bin]);
  return (selectRank(values, rank95(values.length)) * 8) / widthSec;
}
