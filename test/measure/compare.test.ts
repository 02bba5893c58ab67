import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compareDecisions, type Side } from '#src/measure/compare.js';
import { findDecisions } from '#src/measure/decisions.js';
import { differenceInterval } from '#src/measure/difference.js';
import { seededRandom } from '#src/measure/random.js';
import { continuing } from '#src/measure/split.js';
import { twoSampleTest } from '#src/measure/two-sample.js';
import { type FlowSpec, T0, tallyOf } from './tallies.js';

const random = seededRandom(3);
const NAMES = ['dsl1', 'dsl2'];

/** Decisions of a router that hashes client and server: of the same servers the same, if the weights are. */
function side(flows: FlowSpec[], names = NAMES): Side {
  const { ledger } = tallyOf({ uplinks: names, flows });
  const settings = { ipv4: null, ipv6: null };
  const circumstances = { distortions: [], window: null, leftOut: null };
  return {
    ledger,
    decisions: findDecisions(
      ledger,
      names.map(() => true),
      [],
      settings,
      circumstances,
    ),
    names,
  };
}

/** Servers from … on, each chosen by its place in the hash. */
function hashed(from: number, count: number, share: number, more: Partial<FlowSpec> = {}): FlowSpec[] {
  return Array.from({ length: count }, (_, n) => {
    const hash = seededRandom(from + n)();
    return { uplink: hash < share ? 0 : 1, server: from + n, client: 10, at: n / 20, ...more };
  });
}

describe('the two-sample test', () => {
  /** Places by key; −1 where a span does not show it. */
  const test = (before: number[], after: number[], places = 2) =>
    twoSampleTest({ before: Int32Array.from(before), after: Int32Array.from(after), places });
  const repeat = (times: number, value: number) => new Array<number>(times).fill(value);
  const none = (times: number) => repeat(times, -1);

  it('is Pearson’s chi-square of the 2 × 2 table where no key is in both', () => {
    const found = test(
      [...repeat(15, 0), ...repeat(85, 1), ...none(100)],
      [...none(100), ...repeat(4, 0), ...repeat(96, 1)],
    );
    // n(ad − bc)² over the product of the margins.
    const chi = (200 * (15 * 96 - 85 * 4) ** 2) / (100 * 100 * 19 * 181);
    assert.ok(found !== null && Math.abs(found.statistic - chi) < 1e-9);
    assert.equal(found.df, 1);
    assert.equal(found.test, 'two-sample chi-square test');
  });

  it('with pairs alone is McNemar’s test, as Agresti, Categorical data analysis (2nd edition, 10.1.1), has it: 17.36', () => {
    // Approval of a prime minister asked twice: 794 yes both times, 150 no longer, 86 only then, 570 no.
    const found = test(
      [...repeat(944, 0), ...repeat(656, 1)],
      [...repeat(794, 0), ...repeat(150, 1), ...repeat(86, 0), ...repeat(570, 1)],
    );
    assert.equal(found?.statistic.toFixed(2), '17.36');
    assert.ok((found?.pValue ?? 1) < 0.0001);
  });

  it('knows that a hash which did not move says much: no key moved, so nothing changed', () => {
    const places = Array.from({ length: 60 }, () => (random() < 0.5 ? 0 : 1));
    const found = test(places, places);
    assert.equal(found?.statistic, 0);
    assert.equal(found?.pValue, 1);
    // Seven that move the same way of 60 are no chance, though 7 of 60 against 0 of 60 may be any share.
    const moved = places.map((place, n) => (n < 14 ? 1 : place));
    assert.ok((test(places, moved)?.pValue ?? 1) < 0.05);
  });

  it('is exact by exchange where little is free', () => {
    // Five of five before over the first, none of five after: half of 2/252 by mid-p (Fisher’s table).
    const found = test([...repeat(5, 0), ...none(5)], [...none(5), ...repeat(5, 1)]);
    assert.match(found?.test ?? '', /seeded exchanges/);
    assert.ok(Math.abs((found?.pValue ?? 1) - 1 / 252) < 0.003, String(found?.pValue));
  });

  it('gives p between 0 and 1 for any keys, and the same for uplinks in another order', () => {
    const place = fc.integer({ min: -1, max: 2 });
    fc.assert(
      fc.property(fc.array(fc.tuple(place, place), { minLength: 1, maxLength: 80 }), (keys) => {
        const [before, after] = [keys.map(([one]) => one), keys.map(([, two]) => two)];
        const found = test(before, after, 3);
        const turn = (list: number[]) => list.map((one) => (one < 0 ? one : 2 - one));
        const turned = test(turn(before), turn(after), 3);
        if (found === null) return assert.equal(turned, null);
        assert.ok(found.pValue >= 0 && found.pValue <= 1 && found.statistic >= 0);
        assert.ok(Math.abs((turned?.statistic ?? 0) - found.statistic) < 1e-6 * (1 + found.statistic));
      }),
      { numRuns: 60 },
    );
  });
});

describe('the interval of a change', () => {
  // Newcombe, Interval estimation for the difference between independent proportions, Statistics in Medicine 17 (1998),
  // table II, method 10.
  for (const [a, m, b, n, low, high] of [
    [56, 70, 48, 80, 0.0524, 0.3339],
    [9, 10, 3, 10, 0.1705, 0.809],
    [6, 7, 2, 7, 0.0582, 0.8062],
    [5, 56, 0, 29, -0.0381, 0.1926],
    [0, 10, 0, 20, -0.1611, 0.2775],
    [10, 10, 0, 10, 0.6075, 1],
  ] as const) {
    it(`of ${a}/${m} less ${b}/${n} is ${low} to ${high}`, () => {
      const found = differenceInterval(b / n, n, a / m, m);
      assert.deepEqual(
        found?.map((bound) => Number(bound.toFixed(4))),
        [low, high],
      );
    });
  }

  it('is narrower where both shares are of the same keys', () => {
    const [low, high] = differenceInterval(0.5, 100, 0.6, 100) ?? [0, 0];
    const [lower, higher] = differenceInterval(0.5, 100, 0.6, 100, 0.8) ?? [0, 0];
    assert.ok(low < lower && higher < high && lower < 0.1 && 0.1 < higher);
  });
});

describe('two spans', () => {
  it('of the same router have not changed, and keys of both count once', () => {
    const found = compareDecisions(side(hashed(0, 900, 0.5)), side(hashed(300, 900, 0.5)));
    assert.deepEqual(found.keys, { before: 900, after: 900, both: 600, moved: 0 });
    assert.equal(found.verdict, 'consistent');
    assert.ok((found.detectablePoints ?? 99) < 5);
    assert.ok((found.pValue ?? 0) > 0.05);
  });

  it('with other weights have', () => {
    const found = compareDecisions(side(hashed(0, 500, 0.5)), side(hashed(250, 500, 0.2)));
    assert.equal(found.verdict, 'deviates');
    assert.ok(Math.abs((found.maxChange?.points ?? 0) + 30) < 8 || Math.abs((found.maxChange?.points ?? 0) - 30) < 8);
    const change = found.shares.get('dsl1')?.decisions;
    assert.ok(change?.interval && change.interval[0] <= -0.3 && -0.3 <= change.interval[1]);
    assert.ok((found.keys?.moved ?? 0) > 0);
  });

  it('too short to tell say which change would have been noticed', () => {
    const found = compareDecisions(side(hashed(0, 100, 0.5)), side(hashed(5000, 100, 0.5)));
    assert.equal(found.verdict, 'too-few');
    // 100·√(7.85·p(1−p)·2/100), p near a half.
    assert.ok(Math.abs((found.detectablePoints ?? 0) - 19.8) < 0.5, String(found.detectablePoints));
    assert.ok(Math.abs((found.decisionsNeeded ?? 0) - 1570) < 40);
  });

  it('where clients are hidden are compared by servers', () => {
    const hidden = (from: number, share: number) =>
      side(hashed(from, 400, share).map(({ client: _, ...flow }) => flow));
    const same = compareDecisions(hidden(0, 0.5), hidden(200, 0.5));
    assert.equal(same.key, 'server');
    assert.equal(same.keys, null);
    assert.equal(same.test, 'two-sample cluster score test');
    assert.notEqual(same.verdict, 'deviates');
    assert.equal(compareDecisions(hidden(0, 0.5), hidden(200, 0.25)).verdict, 'deviates');
    assert.equal(same.shares.get('dsl1')?.decisions.before, null);
  });

  it('match uplinks by name, in whatever order, and an uplink that is new began at nothing', () => {
    const turned = hashed(0, 600, 0.5).map((flow) => ({ ...flow, uplink: 1 - flow.uplink }));
    const found = compareDecisions(side(hashed(0, 600, 0.5)), side(turned, ['dsl2', 'dsl1']));
    assert.equal(found.keys?.moved, 0);
    assert.equal(found.pValue, 1);
    const more = compareDecisions(side(hashed(0, 300, 0.5)), side(hashed(0, 300, 0.5), ['dsl1', 'fibre']));
    assert.equal(more.verdict, 'deviates');
    assert.equal(more.shares.get('fibre')?.flows.before, 0);
    assert.equal(more.shares.get('dsl2')?.flows.after, 0);
  });

  it('of which one is empty are not compared', () => {
    const found = compareDecisions(side([]), side(hashed(0, 50, 0.5)));
    assert.deepEqual([found.verdict, found.test, found.pValue], [null, null, null]);
  });
});

describe('a capture cut in two', () => {
  it('does not decide flows anew that go on over the cut', () => {
    const before = tallyOf({
      uplinks: NAMES,
      flows: [
        { uplink: 0, server: 1, client: 10, ports: [1, 443], at: 5 },
        { uplink: 0, server: 2, client: 10, ports: [2, 443], at: 5 },
        { uplink: 0, server: 3, client: 10, ports: [3, 53], protocol: 17, at: 8 },
        { uplink: 0, server: 4, client: 10, ports: [4, 53], protocol: 17, at: -400 },
      ],
    }).ledger;
    const after = tallyOf({
      uplinks: NAMES,
      flows: [
        { uplink: 0, server: 1, client: 10, ports: [1, 443], at: 10 },
        // The same ports again, with a SYN.
        { uplink: 1, server: 2, client: 10, ports: [2, 443], at: 20 },
        { uplink: 0, server: 3, client: 10, ports: [3, 53], protocol: 17, at: 10 },
        { uplink: 1, server: 4, client: 10, ports: [4, 53], protocol: 17, at: 10 },
        { uplink: 1, server: 5, client: 10, ports: [5, 443], at: 10 },
      ],
    }).ledger;
    after.course[0] &= ~1;
    after.course[4] &= ~1;
    after.course[1] |= 1;
    assert.deepEqual([...continuing(before, after, (T0 + 10) * 1e6)], [1, 0, 1, 0, 0]);
  });
});
