// Tuning against a router that is simulated apart: what is predicted for other weights comes to pass, and what is advised
// is worth it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tuningOf } from '#src/advise/tune.js';
import { seededRandom } from '#src/measure/random.js';
import type { ReportTuning } from '#src/report/tuning.js';
import { UserError } from '#src/util/error.js';
import { adviceOf, makeTraffic, runTraffic, type SimShape } from './simulate.js';

const SHAPE: SimShape = {
  seed: 7,
  seconds: 120,
  clients: 60,
  servers: 400,
  flows: 1500,
  life: 8,
  tail: 1.3,
  least: 5000,
};
const EQUAL = { target: { kind: 'equal' }, maxSum: 16 } as const;

function tuned(
  weights: number[],
  capacities: number[],
  options: Parameters<typeof tuningOf>[1] = EQUAL,
  shape = SHAPE,
) {
  const run = runTraffic(makeTraffic(shape), weights, 11);
  const lines = capacities.map((bps) => ({ up: bps / 10, down: bps }));
  return tuningOf(adviceOf(run, shape.seconds, weights, lines), options);
}

const weightsOf = ({ recommended }: ReportTuning) => recommended?.join(':');

test('what is predicted for other weights is what a run under them gives, about 19 times out of 20', () => {
  let inside = 0;
  let all = 0;
  for (const [seed, bursty] of [
    [1, false],
    [2, true],
    [3, true],
  ] as const) {
    const traffic = makeTraffic({ ...SHAPE, seed, bursty });
    const { candidates } = tuningOf(
      adviceOf(
        runTraffic(traffic, [4, 1], 100 + seed),
        SHAPE.seconds,
        [4, 1],
        [null, null].map(() => ({ up: 1e6, down: 1e7 })),
      ),
      EQUAL,
    );
    for (const weights of [
      [1, 1],
      [2, 1],
      [1, 3],
    ]) {
      const told = candidates.find((one) => one.weights.join() === weights.join());
      assert.ok(told !== undefined);
      for (let again = 0; again < 25; again++) {
        const run = runTraffic(traffic, weights, seededSeed(seed, again));
        const down = run.down.map((bytes, n) => sum(bytes) + sum(run.up[n] as Float64Array));
        const share = (down[0] as number) / ((down[0] as number) + (down[1] as number));
        const bytes = told.uplinks[0]?.bytes as { low: number; high: number };
        all += 3;
        if (share >= bytes.low && share <= bytes.high) inside++;
        run.down.forEach((series, n) => {
          const p95 = told.uplinks[n]?.down.p95 as { low: number; high: number };
          const real = (nearestRank(series, 0.95, 120) * 8) / 1;
          if (real >= p95.low && real <= p95.high) inside++;
        });
      }
    }
  }
  const coverage = inside / all;
  assert.ok(coverage > 0.9 && coverage < 0.99, `${coverage}`);
});

test('weights in proportion to the capacities are kept', () => {
  const tuning = tuned([2, 1], [20e6, 10e6]);
  assert.equal(tuning.verdict, 'keep', tuning.reason);
  assert.match(tuning.reason, /^The present weights 2:1 are as good as this traffic can show/);
  assert.deepEqual(tuning.commands, []);
  assert.deepEqual(
    tuning.closedForm?.map((share) => share.toFixed(3)),
    ['0.667', '0.333'],
  );
});

test('weights that load a small line are changed, to the smallest that are as good as any', () => {
  const tuning = tuned([1, 4], [40e6, 10e6]);
  assert.equal(tuning.verdict, 'change', tuning.reason);
  const [a = 0, b = 1] = tuning.recommended ?? [];
  assert.ok(a / b >= 2 && a / b <= 6, weightsOf(tuning));
  const { present, candidates, gain } = tuning;
  const told = candidates.find((one) => one.weights.join() === `${a},${b}`);
  assert.ok(told !== undefined && present !== null && gain !== null);
  assert.ok(gain.beatsPresent >= 0.95 && (gain.worstUtilisation ?? 0) >= 0.05);
  assert.ok((told.worst?.median ?? 1) < (present.worst?.median ?? 0));
  assert.deepEqual(tuning.commands, [
    `ip route replace default table 222 proto static nexthop via 203.0.113.1 dev eth1 weight ${a} nexthop via 203.0.113.1 dev eth2 weight ${b}`,
    `mlstat plan --weights dsl1=${a},dsl2=${b}`,
  ]);
});

test('present weights with a common divisor are those without it', () => {
  const tuning = tuned([8, 4], [20e6, 10e6]);
  assert.deepEqual(tuning.present?.weights, [8, 4]);
  assert.equal(tuning.verdict, 'keep');
  assert.equal(tuning.candidates.filter(({ weights }) => weights.join() === '2,1').length, 0);
});

test('a wanted split: the weights of that proportion', () => {
  const target = { kind: 'split', parts: new Map(Object.entries({ dsl1: 60, dsl2: 40 })) } as const;
  const tuning = tuned([4, 1], [20e6, 10e6], { target, maxSum: 16 });
  assert.equal(tuning.verdict, 'change');
  const [a = 0, b = 1] = tuning.recommended ?? [];
  assert.ok(Math.abs(a / (a + b) - 0.6) < 0.06, weightsOf(tuning));
  assert.deepEqual(tuning.target, { kind: 'split', split: [0.6, 0.4], metered: [] });
});

test('a metered uplink is left for failures where the others bear it, else used as little as may be', () => {
  const target = { kind: 'metered', uplinks: ['dsl2'] } as const;
  const spare = tuned([4, 1], [100e6, 10e6], { target, maxSum: 16 });
  assert.equal(weightsOf(spare), '1:0', spare.reason);
  assert.match(spare.commands[0] as string, /proto static via 203\.0\.113\.1 dev eth1$/);
  assert.match(spare.commands[1] as string, /metric 1000 via 203\.0\.113\.1 dev eth2$/);
  const { candidates } = spare;
  const alone = candidates.find(({ weights }) => weights.join() === '1,0');
  const p95 = alone?.uplinks[0]?.down.p95.median as number;
  // A line that bears four fifths of the traffic, and no more.
  const tight = tuned([1, 1], [p95, 100e6], { target, maxSum: 16 });
  assert.equal(tight.verdict, 'change', tight.reason);
  assert.ok((tight.recommended?.[1] as number) > 0);
  assert.ok((tight.recommended?.[0] as number) > (tight.recommended?.[1] as number));
  const none = tuned([1, 1], [p95 / 50, 100e6], { target, maxSum: 16 });
  assert.match(none.reason, /No weights keep the other uplinks below 90 % of their capacity at p95/);
});

test('bins above 90 % of a capacity make the figures lower bounds', () => {
  const wide = tuned([1, 1], [1e9, 1e9]);
  assert.ok(wide.candidates.every(({ atLeast }) => !atLeast));
  const narrow = tuned([1, 1], [1e6, 1e9]);
  assert.ok(narrow.candidates.every(({ atLeast }) => atLeast));
  assert.ok(
    narrow.notes.some((note) => /^dsl1 was above 90 % of its capacity in .* figures say “at least”/.test(note)),
  );
});

test('the order of the flows leaves no trace', () => {
  const traffic = makeTraffic(SHAPE);
  const lines = [0, 1].map(() => ({ up: 1e6, down: 1e7 }));
  const once = tuningOf(adviceOf(runTraffic(traffic, [4, 1], 5), SHAPE.seconds, [4, 1], lines), EQUAL);
  const choice = new Map<string, number>();
  const { tally } = runTraffic(traffic, [4, 1], 5);
  for (let row = 0; row < tally.ledger.count; row++) {
    choice.set(`${tally.ledger.client[row]} ${tally.ledger.server[row]}`, tally.ledger.uplink[row] as number);
  }
  const random = seededRandom(3);
  const { ledger } = tally;
  // Rows change places two by two.
  for (let row = ledger.count - 1; row > 0; row--) {
    const other = Math.floor(random() * (row + 1));
    for (const column of Object.values(ledger.columns()) as Float64Array[]) {
      const held = column[row] as number;
      column[row] = column[other] as number;
      column[other] = held;
    }
  }
  const again = tuningOf(adviceOf({ tally, up: [], down: [] }, SHAPE.seconds, [4, 1], lines), EQUAL);
  assert.deepEqual(again, once);
});

test('four uplinks: the list is bounded, and the best is near the capacities', () => {
  const tuning = tuned([1, 1, 1, 1], [40e6, 20e6, 10e6, 10e6], EQUAL, { ...SHAPE, flows: 3000, servers: 3000 });
  assert.ok(tuning.candidates.length <= 81 && tuning.possible > 1000);
  const [best] = tuning.candidates;
  const shares = best?.uplinks.map(({ expected }) => expected) as number[];
  [0.5, 0.25, 0.125, 0.125].forEach((ideal, n) => {
    assert.ok(Math.abs((shares[n] as number) - ideal) < 0.12, shares.join());
  });
});

test('what can not be told is one line with the cure', () => {
  const run = runTraffic(makeTraffic({ ...SHAPE, flows: 50 }), [1, 1], 1);
  const lines = [0, 1].map(() => ({ up: null, down: 1e6 }));
  const cases: [() => unknown, RegExp][] = [
    [
      () => tuningOf(adviceOf(run, SHAPE.seconds, [1, 1], [lines[0] ?? null, null]), EQUAL),
      /^tune needs to know what the uplinks can carry: give --capacity dsl2=DOWN\/UP, or --target split=…$/,
    ],
    [
      () =>
        tuningOf(adviceOf(run, SHAPE.seconds, [1, 1], lines), {
          target: { kind: 'metered', uplinks: ['lte'] },
          maxSum: 16,
        }),
      /^--target names an uplink that is not there: "lte"; there is dsl1 or dsl2$/,
    ],
    [
      () =>
        tuningOf(adviceOf(run, SHAPE.seconds, [1, 1], lines), {
          target: { kind: 'metered', uplinks: ['dsl1', 'dsl2'] },
          maxSum: 16,
        }),
      /^--target metered leaves no uplink to carry the traffic: name fewer$/,
    ],
  ];
  for (const [call, message] of cases) {
    assert.throws(call, (error) => error instanceof UserError && message.test(error.message));
  }
});

test('without present weights the smallest within noise of the best is named, and held against nothing', () => {
  const run = runTraffic(makeTraffic(SHAPE), [1, 1], 1);
  const lines = [0, 1].map(() => ({ up: 1e6, down: 1e7 }));
  const tuning = tuningOf(adviceOf(run, SHAPE.seconds, [null, null], lines), EQUAL);
  assert.deepEqual([tuning.verdict, tuning.present, tuning.gain], ['unknown', null, null]);
  assert.notEqual(tuning.recommended, null);
});

function seededSeed(seed: number, again: number): number {
  return seed * 1000 + again;
}

function sum(values: Float64Array): number {
  return values.reduce((all, value) => all + value, 0);
}

/** Of the bins of the report: so many equal ones over the series of seconds, bytes a second. */
function nearestRank(series: Float64Array, part: number, bins: number): number {
  const width = series.length / bins;
  const sums = Array.from({ length: bins }, (_, n) => sum(series.subarray(n * width, (n + 1) * width)) / width);
  sums.sort((a, b) => a - b);
  return sums[Math.ceil(part * bins) - 1] as number;
}
