// Moments become days and hours of a time zone, as people there call them (IANA names, by way of `Intl`).

/** A moment on the calendar of a zone. */
export interface Local {
  /** Days since 1970-01-01 of the zone's own calendar. */
  day: number;
  /** 0 to 23. */
  hour: number;
}

const QUARTER = 900;
const DAY = 86_400;

/** Looks moments up; offsets change at quarters of an hour at most often, so each is asked for once. */
export function calendarOf(timezone: string): (seconds: number) => Local {
  const offsets = new Map<number, number>();
  const format = new Intl.DateTimeFormat('en-GB', {
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
  return (seconds) => {
    const quarter = Math.floor(seconds / QUARTER);
    let offset = offsets.get(quarter);
    if (offset === undefined) {
      offset = timezone === 'UTC' ? 0 : offsetAt(format, quarter * QUARTER);
      offsets.set(quarter, offset);
    }
    const local = seconds + offset;
    const day = Math.floor(local / DAY);
    return { day, hour: Math.floor((local - day * DAY) / 3600) };
  };
}

/** `2023-11-14`. */
export function dateOf(day: number): string {
  const ms = day * DAY * 1000;
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString().slice(0, 10) : `day ${day}`;
}

/** Monday to Friday; holidays are not known. */
export function isWorkingDay(day: number): boolean {
  // The epoch was a Thursday: 0 is Monday here.
  const weekday = (((day + 3) % 7) + 7) % 7;
  return weekday < 5;
}

function offsetAt(format: Intl.DateTimeFormat, seconds: number): number {
  const ms = seconds * 1000;
  if (!(Math.abs(ms) < 8.6e15)) return 0;
  const part: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(ms)) part[type] = Number(value);
  const { year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000 - seconds;
}
