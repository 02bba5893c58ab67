// Times and durations for persons: seconds since the epoch become a date and a clock in one time zone, spans show
// their date once, durations their two leading units.

import { UNKNOWN } from './units.js';

/** The years 1 to 9999. A capture may hold any 64-bit time; calendars (and `Intl`, which throws) end before that. */
const FIRST_MS = Date.parse('0001-01-02T00:00:00Z');
const LAST_MS = Date.parse('9999-12-30T00:00:00Z');

/** Date and clock, apart. */
interface Stamp {
  date: string;
  clock: string;
}

/** True where the platform knows the zone (`UTC`, an IANA name such as `Europe/Berlin`). */
export function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-GB', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** `2023-11-14 22:13:20`, seconds floored; the zone's name is not in it. */
export function formatTime(seconds: number | null, timezone = 'UTC'): string {
  const stamp = stampOf(seconds, timezone);
  return stamp === null ? plainSeconds(seconds) : `${stamp.date} ${stamp.clock}`;
}

/** `22:13:20`, for where the date is told elsewhere. */
export function formatClock(seconds: number | null, timezone = 'UTC'): string {
  return stampOf(seconds, timezone)?.clock ?? plainSeconds(seconds);
}

/** `2023-11-14`. */
export function formatDate(seconds: number | null, timezone = 'UTC'): string {
  return stampOf(seconds, timezone)?.date ?? plainSeconds(seconds);
}

/** `2023-11-14 22:13:20 – 22:14:20 UTC`; the second date only where it is another one. */
export function formatSpan(start: number | null, end: number | null, timezone = 'UTC'): string {
  if (start === null || end === null) return UNKNOWN;
  const from = stampOf(start, timezone);
  const to = stampOf(end, timezone);
  if (from === null || to === null) return `${plainSeconds(start)} – ${plainSeconds(end)}`;
  const tail = from.date === to.date ? to.clock : `${to.date} ${to.clock}`;
  return `${from.date} ${from.clock} – ${tail} ${timezone}`;
}

/** True where both times fall on one date of the zone. */
export function isSameDate(first: number, second: number, timezone = 'UTC'): boolean {
  return formatDate(first, timezone) === formatDate(second, timezone);
}

/** A duration in its two leading units: `250 ms`, `30.2 s`, `1 min 30 s`, `2 h 5 min`, `3 d 4 h`. */
export function formatDuration(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return UNKNOWN;
  if (seconds < 0) return `-${formatDuration(-seconds)}`;
  if (seconds === 0) return '0 s';
  if (seconds < 0.001) return '<1 ms';
  if (seconds < 0.9995) return `${Number((seconds * 1000).toPrecision(3))} ms`;
  if (seconds < 59.95) return `${Number(seconds.toFixed(1))} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return twoUnits(whole, 60, 'min', 1, 's');
  if (seconds < 86_400 - 30) return twoUnits(Math.round(seconds / 60) * 60, 3600, 'h', 60, 'min');
  return twoUnits(Math.round(seconds / 3600) * 3600, 86_400, 'd', 3600, 'h');
}

function twoUnits(whole: number, large: number, largeName: string, small: number, smallName: string): string {
  const first = Math.floor(whole / large);
  const second = Math.round((whole - first * large) / small);
  return second === 0 ? `${first} ${largeName}` : `${first} ${largeName} ${second} ${smallName}`;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function stampOf(seconds: number | null, timezone: string): Stamp | null {
  if (seconds === null || !Number.isFinite(seconds)) return null;
  const ms = Math.floor(seconds) * 1000;
  if (ms < FIRST_MS || ms > LAST_MS) return null;
  // Intl takes some milliseconds to come up.
  if (timezone === 'UTC') {
    const iso = new Date(ms).toISOString();
    return { date: iso.slice(0, 10), clock: iso.slice(11, 19) };
  }
  let format = formats.get(timezone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone: timezone,
      calendar: 'iso8601',
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    formats.set(timezone, format);
  }
  const part: Record<string, string> = {};
  for (const { type, value } of format.formatToParts(ms)) part[type] = value;
  return {
    date: `${part.year}-${part.month}-${part.day}`,
    clock: `${part.hour}:${part.minute}:${part.second}`,
  };
}

function plainSeconds(seconds: number | null): string {
  return seconds === null || !Number.isFinite(seconds) ? UNKNOWN : `${Math.floor(seconds)} s`;
}
