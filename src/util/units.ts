// Numbers for persons: a figure becomes a few digits, an SI prefix and a unit. An unknown one becomes an en dash.
//
// Prefixes are SI's powers of ten (https://www.bipm.org/en/measurement-units/si-prefixes), as network rates are
// quoted, for bytes as well: 1 kB is 1,000 bytes.

/** What stands for a figure that is not known. */
export const UNKNOWN = '–';

const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P', 'E'] as const;

/** Whole number with thousands set apart: `1,234,567`. */
export function formatCount(count: number | null): string {
  if (count === null || !Number.isFinite(count)) return UNKNOWN;
  const digits = Math.abs(Math.round(count)).toFixed(0);
  return (Math.round(count) < 0 ? '-' : '') + digits.replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Bytes, three significant digits: `4.10 GB`, `512 B`. */
export function formatBytes(bytes: number | null): string {
  return formatSi(bytes, 'B');
}

/** Bits per second, three significant digits: `12.3 Mbit/s`. */
export function formatRate(bps: number | null): string {
  return formatSi(bps, 'bit/s');
}

/** A part of one as per cent: `79.1 %`. A part that is not nothing, or not all, is never rounded to look like it. */
export function formatShare(share: number | null, decimals = 1): string {
  const number = shareDigits(share, decimals);
  return number === UNKNOWN ? UNKNOWN : `${number} %`;
}

/** Both bounds of an interval in per cent: `77.0–81.2`, the unit standing in the header. */
export function formatShareInterval(interval: readonly [number, number] | null, decimals = 1): string {
  if (interval === null) return UNKNOWN;
  return `${(interval[0] * 100).toFixed(decimals)}–${(interval[1] * 100).toFixed(decimals)}`;
}

/** Percentage points with their sign: `+2.1 points`, `-1.0 point`. */
export function formatPoints(points: number | null): string {
  if (points === null || !Number.isFinite(points)) return UNKNOWN;
  const rounded = Number(points.toFixed(1));
  const sign = rounded > 0 ? '+' : rounded < 0 ? '-' : '';
  return `${sign}${Math.abs(rounded).toFixed(1)} ${Math.abs(rounded) === 1 ? 'point' : 'points'}`;
}

/** A probability of chance: `p = 0.41`, `p < 0.001`. */
export function formatP(p: number): string {
  if (p < 0.001) return 'p < 0.001';
  return `p = ${p.toFixed(p < 0.1 ? 3 : 2)}`;
}

/** `1 flow`, `2 flows`; the plural is the singular with an s unless it is given. */
export function formatNumberOf(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** Three significant digits with an SI prefix. Rounds first, so that 999,960 is `1.00 M` and not `1000 k`. */
export function formatSi(value: number | null, unit: string): string {
  if (value === null || !Number.isFinite(value)) return UNKNOWN;
  if (value < 0) return `-${formatSi(-value, unit)}`;
  if (value < 999.5) return `${Number.isInteger(value) ? value : Number(value.toPrecision(3))} ${unit}`;
  let scaled = value;
  let prefix = 0;
  while (scaled >= 999.5 && prefix < PREFIXES.length - 1) {
    scaled /= 1000;
    prefix += 1;
  }
  const text = scaled < 999.5 ? scaled.toPrecision(3) : formatCount(scaled);
  return `${text} ${PREFIXES[prefix]}${unit}`;
}

function shareDigits(share: number | null, decimals: number): string {
  if (share === null || !Number.isFinite(share)) return UNKNOWN;
  const least = 10 ** -decimals;
  const percent = share * 100;
  if (percent > 0 && percent < least / 2) return `<${least}`;
  if (percent < 100 && percent > 100 - least / 2) return `>${100 - least}`;
  return percent.toFixed(decimals);
}
