// What a clock on the wall shows in some time zone becomes a moment.

const DAY_MS = 86_400_000;
/** Zones change on quarters of an hour. */
const STEP_MS = 900_000;
const LAST_MS = 8.6e15;
/** Quarters that are remembered. */
const MOST_STEPS = 4096;

/**
 * For an IANA zone the moment at which its clock shows the given fields: both in milliseconds since the epoch, the fields
 * as if they were UTC. Clock times that a zone skips or has twice are the earlier of the two that they could be.
 */
export function wallClockOf(timezone: string): (wallMs: number) => number {
  if (timezone === 'UTC') return (wallMs) => wallMs;
  const format = new Intl.DateTimeFormat('en-US', { timeZone: timezone, timeZoneName: 'longOffset' });
  const zoneOffset = (ms: number) => {
    const name = format.formatToParts(ms).find((part) => part.type === 'timeZoneName')?.value ?? 'GMT';
    const [, sign, hours, minutes = '0', seconds = '0'] = /GMT([+-])(\d\d):?(\d\d)?(?::(\d\d))?/.exec(name) ?? [];
    if (sign === undefined) return 0;
    const size = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
    return sign === '-' ? -size : size;
  };
  const offsets = new Map<number, number>();
  return (wallMs) => {
    // Beyond the calendar: `Intl` throws.
    if (!(Math.abs(wallMs) < LAST_MS)) return wallMs;
    const step = Math.floor(wallMs / STEP_MS);
    let offset = offsets.get(step);
    if (offset === undefined) {
      offset = offsetAt(step * STEP_MS, zoneOffset);
      if (offsets.size >= MOST_STEPS) offsets.clear();
      offsets.set(step, offset);
    }
    return wallMs - offset;
  };
}

function offsetAt(wallMs: number, zoneOffset: (ms: number) => number): number {
  // No zone is further than a day from UTC, and none changes twice within two.
  const offsets = [zoneOffset(wallMs - DAY_MS), zoneOffset(wallMs + DAY_MS)];
  const exact = offsets.filter((offset) => zoneOffset(wallMs - offset) === offset);
  return Math.max(...(exact.length > 0 ? exact : offsets));
}
