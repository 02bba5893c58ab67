// `--since` and `--until`: a moment as people write it (ISO 8601, or seconds since the epoch) becomes microseconds.

import { UserError } from '../util/error.js';
import { quote } from '../util/quote.js';
import { wallClockOf } from '../util/wall-clock.js';

const EPOCH = /^(\d{1,11})(?:\.(\d+))?$/;

/** Extended format, as far down as one likes; `T` or a space; `,` or `.`; without offset: in the zone of the report. */
const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?)?$/i;

/**
 * Whole microseconds since the epoch; digits beyond are cut off. `timezone` (an IANA name) holds where the text has no
 * offset of its own; a clock time that a zone skips or has twice is the earlier of the two that it could be.
 */
export function readInstant(option: string, text: string, timezone: string): number {
  const epoch = EPOCH.exec(text.trim());
  if (epoch !== null) return Number(epoch[1]) * 1e6 + micros(epoch[2]);
  const iso = ISO.exec(text.trim());
  const utcMs = iso === null ? null : calendarMs(iso);
  if (iso === null || utcMs === null) {
    const forms = '2026-01-31T14:30:00Z, 2026-01-31 14:30 or seconds since the epoch';
    throw new UserError(`${option} must be a time such as ${forms}: ${quote(text)}`);
  }
  const offset = iso[8];
  const ms = offset === undefined ? wallClockOf(timezone)(utcMs) : utcMs - offsetMs(offset);
  return ms * 1000 + micros(iso[7]);
}

function micros(digits: string | undefined): number {
  return Number((digits ?? '').slice(0, 6).padEnd(6, '0'));
}

/** The fields as if they were UTC; null where the calendar or the clock has no such moment (31 February, 24:01). */
function calendarMs(iso: RegExpExecArray): number | null {
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = iso
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  // A leap second counts as the one after it, as in captures.
  if (hour > 23 || minute > 59 || second > 60) return null;
  return date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000;
}

function offsetMs(offset: string): number {
  const match = /^([+-])(\d\d):?(\d\d)?$/.exec(offset);
  if (match === null) return 0; // Z
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0);
  return (match[1] === '-' ? -minutes : minutes) * 60_000;
}
