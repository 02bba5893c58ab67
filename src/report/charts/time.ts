// The axis of time, which all charts over time share: its span, its zone, and the outages and gaps that lie in it.
//
// Vega knows two zones, that of the machine and UTC. Pictures must not depend on the machine, so every axis is UTC; for
// another zone the data are moved by its distance from UTC at the start of the window, and the title says which it is:
// also beyond a change of summer time, for an axis can neither leave an hour out nor have one twice.

import { formatDate, formatSpan, formatTime } from '../../util/time.js';
import type { Report } from '../report.js';
import type { ChartOptions, Spec } from './chart.js';
import { nameOf } from './names.js';

/** As in `util/time`: beyond these a calendar has no dates. */
const FIRST_SEC = Date.parse('0001-01-02T00:00:00Z') / 1000;
const LAST_SEC = Date.parse('9999-12-30T00:00:00Z') / 1000;

/** Outages named in the picture; of more, the names would run into each other. */
const MOST_LABELS = 6;

export interface TimeSpace {
  /** Seconds since the epoch become what the axis is in: milliseconds, moved by the zone's offset. */
  at(seconds: number): number;
  /** Ends of the axis. */
  from: number;
  to: number;
  /** `time, UTC`, `time, Europe/Berlin (UTC+02:00)`. */
  title: string;
}

/** Null where the report tells no span of time that a calendar has. */
export function timeSpace(report: Report, timezone: string): TimeSpace | null {
  const { series, window } = report;
  const bins = binsOf(report);
  const start = series.start ?? window.start;
  const end = series.start === null ? window.end : series.start + bins * series.binSeconds;
  if (start === null || end === null || !(start >= FIRST_SEC && end <= LAST_SEC && end > start)) return null;
  const offset = zoneOffset(start, timezone);
  const at = (seconds: number) => Math.round((seconds + offset) * 1000);
  return { at, from: at(start), to: at(end), title: `time, ${zoneName(timezone, offset, zoneOffset(end, timezone))}` };
}

/** The number of bins of the series. */
export function binsOf({ series, uplinks }: Report): number {
  return uplinks.reduce((most, { name }) => {
    const own = Object.hasOwn(series.uplinks, name) ? series.uplinks[name] : undefined;
    return own === undefined ? most : Math.max(most, own.up.length, own.down.length, own.flows.length);
  }, 0);
}

/** Seconds between UTC and the zone at that moment. */
function zoneOffset(seconds: number, timezone: string): number {
  const wall = Date.parse(`${formatTime(seconds, timezone).replace(' ', 'T')}Z`) / 1000;
  return Number.isFinite(wall) ? wall - Math.floor(seconds) : 0;
}

/** A change of summer time before the end is told. */
function zoneName(timezone: string, offset: number, atEnd: number): string {
  if (timezone === 'UTC') return timezone;
  const changed = atEnd === offset ? '' : ` throughout, at the end ${distance(atEnd)}`;
  return `${timezone} (${distance(offset)}${changed})`;
}

function distance(offset: number): string {
  const minutes = Math.round(Math.abs(offset) / 60);
  const clock = [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0')).join(':');
  return `UTC${offset < 0 ? '−' : '+'}${clock}`;
}

/** Spans whose ticks are fractions of a second. */
const SHORT_MS = 6000;

/** Clocks as written everywhere; d3-time-format's own are American. */
const CLOCK = {
  milliseconds: '%H:%M:%S.%L',
  seconds: '%H:%M:%S',
  minutes: '%H:%M',
  hours: '%H:%M',
  day: '%b %d',
  date: '%b %d',
  week: '%b %d',
  month: '%b',
  quarter: '%b',
  year: '%Y',
};

/** The x channel. The page moves the ends by the parameters `from` and `to`. */
export function timeChannel(space: TimeSpace, field: string, labelled = true): Spec {
  // Clocks with milliseconds are wide.
  const ticks = space.to - space.from <= SHORT_MS ? { tickCount: 4 } : {};
  return {
    field,
    type: 'temporal',
    scale: { type: 'utc', domainMin: { expr: 'from' }, domainMax: { expr: 'to' }, nice: false },
    axis: labelled
      ? { title: space.title, format: CLOCK, grid: false, labelOverlap: 'greedy', labelSeparation: 6, ...ticks }
      : { title: null, labels: false, ticks: false, domain: false, grid: false },
  };
}

/** For tooltips: a field of time becomes text. */
export function timeText(field: string, as: string): Spec {
  return { calculate: `utcFormat(datum.${field}, '%Y-%m-%d %H:%M:%S')`, as };
}

/**
 * Layers that shade gaps of the capture and outages (of one uplink where `only` names it) behind a plot over time, with
 * their own data.
 */
export function shadeLayers(
  report: Report,
  space: TimeSpace,
  labelled: boolean,
  { theme }: ChartOptions,
  only?: string,
): Spec[] {
  const x = timeChannel(space, 'a', labelled);
  const shown = report.outages.filter(({ uplink }) => only === undefined || uplink === only);
  const outages = shown.map(({ uplink, kind, start, end, seconds }) => ({
    a: clip(space.at(start.best), space),
    b: clip(space.at(end?.best ?? start.best + seconds), space),
    name: nameOf(report, uplink),
    what: kind,
  }));
  const gaps = report.captureGaps.map(({ start, end }) => ({
    a: clip(space.at(start), space),
    b: clip(space.at(end), space),
    what: 'not captured',
  }));
  const shade = (values: object[], mark: Spec, fields: [string, string][]): Spec => ({
    data: { values },
    transform: [timeText('a', 'start'), timeText('b', 'end')],
    mark: { type: 'rect', clip: true, ...mark },
    encoding: {
      x,
      x2: { field: 'b' },
      tooltip: [
        ...fields.map(([field, title]) => ({ field, title })),
        { field: 'start', title: 'from' },
        { field: 'end', title: 'to' },
      ],
    },
  });
  const labels: Spec = {
    data: { values: outages },
    mark: { type: 'text', align: 'left', baseline: 'top', dx: 3, dy: 3, color: theme.alarm, clip: true },
    encoding: { x, y: { value: 0 }, text: { field: 'name' } },
  };
  const gapMark = { fill: theme.quiet, fillOpacity: 0.3 };
  const outageMark = { fill: theme.alarm, fillOpacity: 0.16, stroke: theme.alarm, strokeOpacity: 0.5 };
  const words: [string, string][] = [
    ['name', 'uplink'],
    ['what', 'outage'],
  ];
  return [
    ...(gaps.length > 0 ? [shade(gaps, gapMark, [['what', 'gap']])] : []),
    ...(outages.length > 0 ? [shade(outages, outageMark, words)] : []),
    ...(outages.length > 0 && outages.length <= MOST_LABELS && only === undefined ? [labels] : []),
  ];
}

export function clip(time: number, { from, to }: TimeSpace): number {
  return Math.min(to, Math.max(from, Number.isFinite(time) ? time : from));
}

/** `2023-11-14 22:13:20 – 22:23:20 UTC`, or what is known of it. */
export function windowText({ window }: Report, timezone: string): string {
  return window.start === null || window.end === null ? '' : formatSpan(window.start, window.end, timezone);
}

/** A bin's start for a table: with its date, which captures of several days need. */
export function binTime(seconds: number, timezone: string): string {
  return Number.isFinite(seconds) ? formatTime(seconds, timezone) : formatDate(null, timezone);
}
