// Capacity by hand: rates of known bytes, busy hours, failures of one of two lines, trends and what is refused.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capacityOf } from '#src/advise/capacity.js';
import { seasonalSlope } from '#src/advise/slope.js';
import type { AdviceInput } from '#src/advise/traffic.js';
import type { Config } from '#src/config/config.js';
import { seededRandom } from '#src/measure/random.js';
import { configOf, type FlowSpec, inputOf, T0, tallyOf } from '../measure/tallies.js';

const DAY = 86_400;
/** T0 is 2023-11-14 22:13:20 UTC, a Tuesday; the next midnight is so many seconds later. */
const TO_MIDNIGHT = 6400;

type Traffic = { uplink: number; up?: boolean; at: number; bytes: number }[];

function input(
  traffic: Traffic,
  spans: [number, number][],
  more: { flows?: FlowSpec[]; weights?: number[]; down?: (number | null)[]; captured?: number[] } = {},
): AdviceInput {
  const { flows = [], weights = [1, 1], down = [1000, 1000], captured = [0, 1] } = more;
  const tally = tallyOf({ uplinks: weights.map((_, n) => `dsl${n + 1}`), flows, traffic, captured });
  const base = configOf(tally, weights);
  const config: Config = {
    ...base,
    uplinks: base.uplinks.map((uplink, n) => ({ ...uplink, capacity: { up: null, down: down[n] ?? null } })),
  };
  return {
    tally,
    config,
    inputs: spans.map(([from, to]) => inputOf(T0 + from, T0 + to)),
    pins: [],
    binSec: null,
    interfaces: [null, null],
  };
}

/** One second of each from 1 to 200: 1, 2, 3 … bytes down. */
const ramp = Array.from({ length: 200 }, (_, n) => ({ uplink: 0, up: false, at: n, bytes: n + 1 }));

test('mean, p95 by nearest rank, peak, utilisation and headroom of known bytes', () => {
  const { uplinks, bins, binSeconds, notes } = capacityOf(input(ramp, [[0, 199.5]]), 'UTC');
  assert.deepEqual([bins, binSeconds], [200, 1]);
  const line = uplinks[0]?.down;
  // Rank ⌈0.95 · 200⌉ = 190: 190 bytes, 1520 bit/s. The mean is over the 199.5 s that the input covers.
  assert.equal(line?.p95, 1520);
  assert.equal(line?.peak, 1600);
  assert.equal(line?.mean, Number(((20_100 * 8) / 199.5).toPrecision(6)));
  assert.deepEqual(line?.utilisation, { mean: 0.806015, p95: 1.52, peak: 1.6 });
  assert.equal(line?.headroom, -520);
  // 900 bit/s are 112.5 bytes: the bins of 113 to 200 bytes are above.
  assert.equal(line?.fullShare, 88 / 200);
  assert.ok(notes.some((note) => note.startsWith('dsl1 down was above 90 % of its capacity in 44.0 % of the bins')));
  assert.deepEqual(uplinks[1]?.down.p95, 0);
});

test('bins: 5 minutes from a day on, else the widest that gives a hundred', () => {
  const width = (seconds: number) =>
    capacityOf(input([{ uplink: 0, at: 0, bytes: 1 }], [[0, seconds]]), 'UTC').binSeconds;
  assert.deepEqual([50, 499, 500, 1500, 6000, 30_000, DAY - 1, DAY].map(width), [1, 1, 5, 15, 60, 300, 300, 300]);
});

test('the busy hour is one of the clock of the time zone', () => {
  // 2023-11-15: 18 h UTC, which is 19 h in Berlin; every hour has something, that one most.
  const traffic = Array.from({ length: 24 }, (_, hour) => ({
    uplink: 0,
    up: false,
    at: TO_MIDNIGHT + hour * 3600 + 10,
    bytes: hour === 18 ? 90_000 : 4500,
  }));
  const day = input(traffic, [[TO_MIDNIGHT, TO_MIDNIGHT + DAY - 1]]);
  const hourOf = (timezone: string) => capacityOf(day, timezone).uplinks[0]?.down.busyHour;
  assert.deepEqual(hourOf('UTC'), { hour: 18, mean: (90_000 * 8) / 3600 });
  assert.deepEqual(hourOf('Europe/Berlin'), { hour: 19, mean: 200 });
  assert.equal(hourOf('Asia/Kolkata')?.hour, 23);
  const { hours } = capacityOf(day, 'UTC').uplinks[0]?.down ?? { hours: [] };
  assert.deepEqual(hours.slice(16, 20), [10, 10, 200, 10]);
  const short = capacityOf(input(ramp, [[0, 199]]), 'UTC').uplinks[0]?.down;
  assert.deepEqual([short?.busyHour, short?.hours.every((mean) => mean === null)], [null, true]);
});

/** Flows of 1 s, one a second and uplink, that carry what the links show. */
function pair(bytes: (second: number) => [number, number]) {
  const traffic: Traffic = [];
  const flows: FlowSpec[] = [];
  for (let at = 0; at < 200; at++) {
    bytes(at).forEach((down, uplink) => {
      if (down === 0) return;
      traffic.push({ uplink, up: false, at: at + 0.25, bytes: down });
      flows.push({ uplink, server: 0x08000000 + at, client: 0xc0a80001 + uplink, at: at + 0.1, up: 0, down });
    });
  }
  return { traffic, flows };
}

test('a failure puts both series on one axis: no sum of p95s', () => {
  // dsl1 is busy in the first half, dsl2 in the second: p95 100 each, and 100 together.
  const { traffic, flows } = pair((second) => (second < 100 ? [100, 0] : [0, 100]));
  // Flows of the helper last a second; so they end in the next bin, and the half second belongs there.
  const { failures, worstFailure } = capacityOf(input(traffic, [[0, 199.9]], { flows }), 'UTC');
  assert.deepEqual(
    failures.map(({ fails, verdict }) => [fails, verdict]),
    [
      ['dsl1', 'survives'],
      ['dsl2', 'survives'],
    ],
  );
  const [first] = failures;
  assert.equal(first?.others[0]?.uplink, 'dsl2');
  assert.ok((first?.others[0]?.down.p95 ?? 0) <= 808 && (first?.others[0]?.down.p95 ?? 0) >= 792);
  assert.equal(worstFailure?.direction, 'down');
});

test('a failure that saturates: by how much, and for what part of the time', () => {
  // Together 80 bytes a second, 160 in every tenth: 640 and 1280 bit/s against 1000.
  const { traffic, flows } = pair((second) => (second % 10 === 0 ? [80, 80] : [40, 40]));
  // Flows begin with the second and end within it, so that each bin has its own.
  for (const flow of flows) flow.at = Math.floor(flow.at ?? 0);
  const { failures } = capacityOf(input(traffic, [[0, 199.9]], { flows }), 'UTC');
  for (const { verdict, others, message } of failures) {
    assert.equal(verdict, 'saturates', message);
    const [other] = others;
    assert.equal(other?.down.saturation, 1);
    assert.ok(Math.abs((other?.down.saturatedShare ?? 0) - 0.1) < 0.011, `${other?.down.saturatedShare}`);
    assert.ok(Math.abs((other?.down.utilisation?.peak ?? 0) - 1.28) < 0.07, `${other?.down.utilisation?.peak}`);
    assert.match(message, /it saturates for \d+\.\d % of the time, up to \d+ % of it at the peak\.$/);
  }
});

test('what the inputs or the configuration do not say is told, not guessed', () => {
  const { traffic, flows } = pair(() => [10, 10]);
  const unknown = capacityOf(input(traffic, [[0, 199.9]], { flows, down: [null, null] }), 'UTC');
  assert.deepEqual(
    unknown.failures.map(({ verdict }) => verdict),
    ['unknown', 'unknown'],
  );
  assert.match(unknown.failures[0]?.message ?? '', /its capacity is not known\.$/);
  assert.equal(unknown.worstFailure, null);
  assert.ok(unknown.notes.some((note) => note.includes('give --capacity dsl1=DOWN/UP --capacity dsl2=DOWN/UP')));
  const half = capacityOf(
    input(
      traffic.filter(({ uplink }) => uplink === 0),
      [[0, 199.9]],
      { flows: flows.filter(({ uplink }) => uplink === 0), captured: [0] },
    ),
    'UTC',
  );
  assert.match(half.failures[1]?.message ?? '', /^Nothing of dsl2 is in the inputs/);
  assert.deepEqual([half.uplinks[1]?.down.p95, half.uplinks[1]?.down.mean], [null, null]);
  assert.equal(
    capacityOf(input(ramp, [[0, 199.9]], { weights: [1], down: [1000], captured: [0] }), 'UTC').failures.length,
    0,
  );
});

/** So many days from Wednesday, 2023-11-15 on; a burst of the given bytes in each hour. */
function days(count: number, bytes: (day: number) => number): AdviceInput {
  const traffic: Traffic = [];
  for (let day = 0; day < count; day++) {
    for (let bin = 0; bin < 288; bin++) {
      traffic.push({
        uplink: 0,
        up: false,
        at: TO_MIDNIGHT + day * DAY + bin * 300 + 1,
        bytes: Math.round(bytes(day)),
      });
    }
  }
  return input(traffic, [[TO_MIDNIGHT, TO_MIDNIGHT + count * DAY - 1]], { weights: [1], down: [1000], captured: [0] });
}

test('growth: refused below seven days, a trend from seven on, a date from 21 on', () => {
  assert.match(
    capacityOf(
      days(1, () => 1000),
      'UTC',
    ).growth.refused ?? '',
    /takes 7 distinct days, and the inputs show one/,
  );
  assert.match(
    capacityOf(
      days(6, () => 1000),
      'UTC',
    ).growth.refused ?? '',
    /and the inputs show 6\.$/,
  );
  // 15,000 bytes in 5 minutes are 400 bit/s; 375 more a day are 10 bit/s a day.
  const week = capacityOf(
    days(8, (day) => 15_000 + 375 * day),
    'UTC',
  ).growth;
  assert.deepEqual([week.days, week.refused], [8, null]);
  const line = week.lines.find(({ direction }) => direction === 'down');
  assert.deepEqual(line?.trend?.perDay, 10);
  assert.deepEqual(line?.trend?.interval, [10, 10]);
  assert.match(line?.refused ?? '', /^A date takes 21 distinct days, and there are 8\.$/);
  assert.deepEqual(line?.days[0], { date: '2023-11-15', p95: 400, workingDay: true });
  assert.deepEqual(line?.days[3]?.workingDay, false);
});

test('the date of exhaustion, by hand', () => {
  // 400 + 10 · day bit/s: 1000 bit/s on day 60 of 2023-11-15, that is 2024-01-14, a Sunday: Monday the 15th.
  const grown = capacityOf(
    days(28, (day) => 15_000 + 375 * day),
    'UTC',
  ).growth.lines[1];
  assert.deepEqual(grown?.exhaustion, { date: '2024-01-15', earliest: '2024-01-15', latest: '2024-01-15' });
  // Day 28 + 3 · 26 of the working days is as far as it goes: 1 bit/s a day takes 600 days.
  const slow = capacityOf(
    days(28, (day) => 15_000 + 37.5 * day),
    'UTC',
  ).growth.lines[1];
  assert.equal(slow?.exhaustion, null);
  assert.match(
    slow?.refused ?? '',
    /^It would be full after 20\d\d-\d\d-\d\d, further ahead than 3 times the \d+ days that were seen\.$/,
  );
  const flat = capacityOf(
    days(28, () => 15_000),
    'UTC',
  ).growth.lines[1];
  assert.equal(flat?.refused, 'The p95 of working days does not grow for sure.');
  const full = capacityOf(
    days(28, (day) => 60_000 + 375 * day),
    'UTC',
  ).growth.lines[1];
  assert.equal(full?.refused, 'The p95 of working days is at the capacity already.');
});

test('weekends do not bend the trend of the days', () => {
  // Twice as much on working days, and no growth at all; eleven days that end with a weekend.
  const { growth } = capacityOf(
    days(12, (day) => ([0, 1, 2, 5, 6, 7, 8, 9].includes(day) ? 30_000 : 15_000)),
    'UTC',
  );
  assert.equal(growth.lines[1]?.trend?.perDay, 0);
});

test('days with other hours than the rest do not count', () => {
  const whole = days(9, () => 1000);
  const [all] = whole.inputs;
  assert.ok(all !== undefined);
  // The last day has its first two hours only.
  const last = T0 + TO_MIDNIGHT + 8 * DAY;
  const cut = capacityOf({ ...whole, inputs: [{ ...all, last: last + 7200 }] }, 'UTC');
  assert.equal(cut.growth.days, 8);
});

/** Sen’s slope of 10, 15, 14, 20 by hand: slopes 5, 2, 10/3, −1, 5/2, 6; the median of those is 35/12. */
test('the slope of four values, by hand', () => {
  const values = [10, 15, 14, 20].map((y, x) => ({ x, y, season: 0 }));
  assert.ok(Math.abs((seasonalSlope(values)?.slope ?? 0) - 35 / 12) < 1e-12);
  // Var(S) = 4 · 3 · 13 / 18 and six pairs: the reach is 5.77, so that the ranks are 0.1 and 6.9: beyond both ends.
  assert.deepEqual([seasonalSlope(values)?.low, seasonalSlope(values)?.high], [-Infinity, Infinity]);
  assert.equal(seasonalSlope([{ x: 1, y: 1, season: 0 }]), null);
});

test('the interval of the slope holds the true one about 19 times out of 20, and seldom less where days hang together', () => {
  const cover = (days: number, correlation: number) => {
    const random = seededRandom(days * 10 + correlation * 100);
    const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    let inside = 0;
    for (let run = 0; run < 400; run++) {
      let rest = normal();
      const points = Array.from({ length: days }, (_, x) => {
        rest = correlation * rest + Math.sqrt(1 - correlation ** 2) * normal();
        return { x, y: 3 * x + 5 * rest, season: x % 7 < 5 ? 1 : 0 };
      });
      const found = seasonalSlope(points);
      if (found !== null && found.low <= 3 && found.high >= 3) inside++;
    }
    return inside / 400;
  };
  for (const count of [10, 21, 42]) {
    const plain = cover(count, 0);
    assert.ok(plain > 0.92, `${count} days: ${plain}`);
    const tied = cover(count, 0.3);
    assert.ok(tied > 0.84, `${count} days that hang together: ${tied}`);
  }
});
