// Rates and durations as people write them become bits per second and seconds. An error is a predicate that holds
// the cure; the caller names the place and the value.

/** No leading zeros: `010` is eight to some readers. */
const RATE = /^((?:0|[1-9]\d{0,14})(?:\.\d{1,9})?)\s*([kKmMgGtT]i?)?(?:b|[bB]its?)?(?:\/s|ps)?$/;
const BYTES = /^[\d.]+\s*(?:[kKmMgGtT]i?)?(?:B|[Bb]ytes?)(?:\/s|ps)?$/;
const DURATION = /^((?:0|[1-9]\d{0,11})(?:\.\d{1,6})?)\s*(ms|s|sec|m|min|h|d)?$/;

const TIMES: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  t: 1e12,
  ki: 2 ** 10,
  mi: 2 ** 20,
  gi: 2 ** 30,
  ti: 2 ** 40,
};

const SECONDS: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  sec: 1,
  m: 60,
  min: 60,
  h: 3600,
  d: 86_400,
};

/**
 * Bits per second: `20Mbit`, `1.5 Gbit/s`, `512k`, a bare number. SI prefixes in either case, `Ki` … `Ti` for powers
 * of 1,024. Bytes are refused: tc(8) reads `Mbps` as bytes, everyone else as bits; here it is bits, and `MB` nothing.
 */
export function parseRate(value: string | number): number | { error: string } {
  const text = String(value).trim();
  const match = RATE.exec(text);
  if (match !== null) {
    const bps = Number(match[1]) * TIMES[(match[2] ?? '').toLowerCase()];
    if (bps >= 1 && bps <= 1e15) return Math.round(bps);
    return { error: 'must be from 1 bit to 1 Pbit per second' };
  }
  if (BYTES.test(text)) return { error: 'must be in bits per second, not bytes: write 8Mbit for 1 MB/s' };
  return { error: 'must be a rate such as 20Mbit, 1Gbit or 512k' };
}

/** Seconds: `60s`, `5m`, `1h`, `250ms`, a bare number of seconds. */
export function parseDuration(value: string | number): number | { error: string } {
  const match = DURATION.exec(String(value).trim());
  const seconds = match === null ? Number.NaN : Number(match[1]) * SECONDS[match[2] ?? 's'];
  return seconds > 0 ? Number(seconds.toFixed(6)) : { error: 'must be a positive time such as 60s, 5m or 1h' };
}
