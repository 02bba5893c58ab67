import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Distortion } from '#src/detect/detection.js';
import { expectedShares, judgeBalance } from '#src/measure/balance.js';
import { blocksOf } from '#src/measure/blocks.js';
import { findChanges, splitOf } from '#src/measure/change.js';
import { findDecisions } from '#src/measure/decisions.js';
import { gTest } from '#src/measure/g-test.js';
import { seededRandom } from '#src/measure/random.js';
import { type Stratum, testRegimes } from '#src/measure/regime-test.js';
import { layRegimes } from '#src/measure/regimes.js';
import { findSpell } from '#src/measure/spell.js';
import { inOrderOfTime } from '#src/measure/timed.js';
import { type FlowSpec, T0, tallyOf } from './tallies.js';

const US = 1e6;

describe('regimes', () => {
  const regimes = layRegimes(
    [0, 1, 2],
    [
      { uplink: 1, startUs: 10, endUs: 20 },
      { uplink: 2, startUs: 15, endUs: 40 },
      { uplink: 1, startUs: 50, endUs: 60 },
      { uplink: 7, startUs: 0, endUs: 90 },
    ],
    [],
    [0, 100],
  );

  it('are sets of eligible uplinks, the same set again the same regime', () => {
    assert.deepEqual(
      regimes.list.map(({ eligible, spans }) => [eligible.join(' '), spans]),
      [
        [
          '0 1 2',
          [
            [0, 10],
            [40, 50],
            [60, 100],
          ],
        ],
        [
          '0 2',
          [
            [10, 15],
            [50, 60],
          ],
        ],
        ['0', [[15, 20]]],
        ['0 1', [[20, 40]]],
      ],
    );
  });

  it('know who was eligible at any moment, whatever the moment', () => {
    assert.deepEqual([regimes.find(1, 9), regimes.find(1, 10), regimes.find(1, 20)], [0, -1, 3]);
    assert.deepEqual([regimes.find(0, -5), regimes.find(2, 1e9), regimes.find(2, 39)], [0, 0, -1]);
  });

  it('are not judged while a neighbour has failed: the next one gets its whole share', () => {
    const skewed = layRegimes([0, 1, 2], [{ uplink: 1, startUs: 10, endUs: 20, isSkewing: true }], [], [0, 100]);
    assert.deepEqual(
      skewed.list.map(({ eligible, isJudged }) => [eligible.length, isJudged]),
      [
        [3, true],
        [2, false],
      ],
    );
    assert.deepEqual([skewed.find(0, 9), skewed.find(0, 15), skewed.find(2, 15), skewed.find(2, 20)], [0, -1, -1, 0]);
    const alone = layRegimes([0, 1], [{ uplink: 1, startUs: 10, endUs: 20, isSkewing: true }], [], [0, 100]);
    assert.deepEqual([alone.find(0, 15), alone.list[1].isJudged], [1, true]);
  });

  it('begin anew with a change of weights, and only the last are judged', () => {
    const changed = layRegimes([0, 1], [{ uplink: 1, startUs: 10, endUs: 20 }], [15, 50], [0, 100]);
    assert.deepEqual(
      changed.list.map(({ eligible, spans, isJudged }) => [eligible.length, spans, isJudged]),
      [
        [2, [[0, 10]], false],
        [1, [[10, 15]], false],
        [1, [[15, 20]], false],
        [2, [[20, 50]], false],
        [2, [[50, 100]], true],
      ],
    );
  });

  it('cover the window once, whatever the outages', () => {
    const distortion = fc.record({ uplink: fc.nat(3), startUs: fc.nat(120), endUs: fc.nat(140) });
    fc.assert(
      fc.property(
        fc.array(distortion, { maxLength: 12 }),
        fc.uniqueArray(fc.nat(110), { maxLength: 3 }),
        (list, cuts) => {
          const { list: found, find } = layRegimes(
            [0, 1, 2],
            list,
            cuts.sort((a, b) => a - b),
            [0, 100],
          );
          const spans = found.flatMap((regime) => regime.spans).sort((a, b) => a[0] - b[0]);
          assert.equal(spans[0][0], 0);
          assert.equal(spans.at(-1)?.[1], 100);
          for (let i = 1; i < spans.length; i++) assert.equal(spans[i][0], spans[i - 1][1]);
          for (const at of [0, 33, 77]) {
            for (const uplink of [0, 1, 2]) {
              const out = list.some((one) => one.uplink === uplink && one.startUs <= at && at < one.endUs);
              assert.equal(find(uplink, at) < 0, out);
            }
          }
        },
      ),
    );
  });
});

describe('the test over regimes', () => {
  it('is the G test where one regime alone leaves a choice', () => {
    const strata: Stratum[] = [
      { counts: [30, 0, 0], expected: [1, 0, 0] },
      { counts: [40, 0, 60], expected: [0.5, 0, 0.5] },
    ];
    assert.deepEqual(testRegimes(strata), gTest([40, 60], [0.5, 0.5]));
    assert.equal(testRegimes([strata[0]]), null);
  });

  it('sums what two regimes of the same weights say', () => {
    // Two regimes with all uplinks are one.
    const found = testRegimes([
      { counts: [30, 20, 10], expected: [0.5, 0.3, 0.2] },
      { counts: [25, 25, 15], expected: [0.5, 0.3, 0.2] },
    ]);
    const whole = gTest([55, 45, 25], [0.5, 0.3, 0.2]);
    assert.ok(found !== null && Math.abs(found.statistic - whole.statistic) < 1e-6);
    assert.equal(found.df, 2);
  });

  it('is by hand for pairs: uplinks that no regime links have tests of their own', () => {
    const found = testRegimes([
      { counts: [30, 20, 0, 0], expected: [0.5, 0.5, 0, 0] },
      { counts: [0, 0, 45, 15], expected: [0, 0, 0.75, 0.25] },
    ]);
    assert.ok(found !== null && Math.abs(found.statistic - gTest([30, 20], [0.5, 0.5]).statistic) < 1e-6);
    assert.equal(found.df, 2);
  });

  it('draws the null where an uplink expects fewer than five', () => {
    const found = testRegimes([
      { counts: [9, 1, 2], expected: [0.6, 0.2, 0.2] },
      { counts: [7, 0, 3], expected: [0.75, 0, 0.25] },
    ]);
    assert.match(found?.test ?? '', /over regimes, Monte Carlo/);
    assert.ok((found?.pValue ?? 0) > 0.3);
  });

  it('does not mind the order of the regimes', () => {
    const cell = fc.nat(60);
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, cell), { minLength: 3, maxLength: 3 }), (rows) => {
        const shares = [
          [0.5, 0.3, 0.2],
          [0.625, 0.375, 0],
          [0, 0.6, 0.4],
        ];
        const strata = rows.map((row, n) => ({
          counts: row.map((count, i) => (shares[n][i] > 0 ? count + 20 : 0)),
          expected: shares[n],
        }));
        const [a, b] = [testRegimes(strata), testRegimes([...strata].reverse())];
        assert.ok(a !== null && b !== null && Math.abs(a.statistic - b.statistic) < 1e-6 * (1 + a.statistic));
      }),
    );
  });
});

const random = seededRandom(11);
const pick = (...weights: number[]) => {
  let left = random() * weights.reduce((sum, weight) => sum + weight, 0);
  for (let place = 0; place < weights.length - 1; place++) {
    left -= weights[place];
    if (left < 0) return place;
  }
  return weights.length - 1;
};

describe('a change of weights', () => {
  const decide = (parts: [number, number[]][]) => {
    const list = parts.flatMap(([count, weights]) => Array.from({ length: count }, () => pick(...weights)));
    return inOrderOfTime(
      Int32Array.from(list),
      Float64Array.from(list, (_, n) => n * US),
      1,
      2,
    );
  };

  it('is found and dated, with the shares on both sides', () => {
    const [change, ...others] = findChanges(
      decide([
        [300, [1, 1]],
        [300, [1, 4]],
      ]),
    );
    assert.deepEqual(others, []);
    assert.ok(Math.abs(change.atUs / US - 300) < 40, String(change.atUs));
    assert.ok(change.earliestUs < 300 * US && 300 * US <= change.latestUs);
    assert.ok(Math.abs(change.before[0] - 0.5) < 0.1 && Math.abs(change.after[0] - 0.2) < 0.1);
    assert.ok(change.pValue <= 0.001);
  });

  it('is found again where the weights change back', () => {
    const changes = findChanges(
      decide([
        [400, [4, 1]],
        [400, [1, 1]],
        [400, [4, 1]],
      ]),
    );
    assert.deepEqual(
      changes.map(({ atUs }) => Math.round(atUs / US / 100)),
      [4, 8],
    );
  });

  it('is found twice where no single split shows it: as long as what surrounds it, or short', () => {
    for (const spell of [150, 80]) {
      const changes = findChanges(
        decide([
          [180, [1, 1]],
          [spell, [1, 8]],
          [180, [1, 1]],
        ]),
      );
      assert.equal(changes.length, 2);
      const [begun, over] = changes;
      assert.ok(Math.abs(begun.atUs / US - 180) < 30, String(begun.atUs));
      assert.ok(Math.abs(over.atUs / US - 180 - spell) < 30, String(over.atUs));
      assert.ok(begun.pValue < 0.005 && over.pValue < 0.005);
      assert.ok(begun.after[0] < 0.25 && begun.before[0] > 0.35 && over.after[0] > 0.35);
    }
  });

  it('is found among very many', () => {
    const [change] = findChanges(
      decide([
        [30_000, [1, 1]],
        [10_000, [1, 1.2]],
      ]),
    );
    assert.ok(Math.abs(change.atUs / US - 30_000) < 4000, String(change?.atUs));
  });

  it('is not read into chance: one or two times in a hundred, of 300', () => {
    let found = 0;
    for (let run = 0; run < 300; run++) if (findChanges(decide([[120, [3, 1]]])).length > 0) found++;
    // Binomial with 1.5 %: above 10 less than once in 100 times.
    assert.ok(found <= 10, String(found));
  });

  it('is not an outage: that is a regime of its own', () => {
    const list = Array.from({ length: 600 }, (_, n) => {
      const [regime, place] = n < 200 || n >= 400 ? [0, pick(1, 1)] : [1, 0];
      return regime * 2 + place;
    });
    const times = Float64Array.from(list, (_, n) => n * US);
    assert.deepEqual(findChanges(inOrderOfTime(Int32Array.from(list), times, 2, 2)), []);
    const blind = list.map((code) => code % 2);
    assert.ok(findChanges(inOrderOfTime(Int32Array.from(blind), times, 1, 2)).length > 0);
  });

  it('is not told apart within one moment: a dump without times shows none', () => {
    const sorted = Int32Array.from({ length: 400 }, (_, n) => (n < 200 ? 0 : 1));
    assert.deepEqual(findChanges(inOrderOfTime(sorted, new Float64Array(400).fill(5), 1, 2)), []);
    // Whole seconds, each sorted by uplink.
    const seconds = Float64Array.from(sorted, (_, n) => Math.floor(n % 200));
    assert.deepEqual(findChanges(inOrderOfTime(sorted, seconds, 1, 2)), []);
  });

  it('does not depend on the order of the flows', () => {
    const { code, startUs } = decide([
      [100, [1, 1]],
      [100, [1, 4]],
    ]);
    const backwards = inOrderOfTime(Int32Array.from(code).reverse(), startUs.slice().reverse(), 1, 2);
    assert.deepEqual(findChanges(backwards), findChanges({ code, startUs, regimes: 1, places: 2 }));
  });
});

describe('the balance over regimes', () => {
  const NAMES = ['dsl1', 'dsl2', 'dsl3'];
  /** Decisions from 0 to 90 s by 3:2:1, dsl2 gone from 30 to 60 s, with some flows still sent into it. */
  const flows: FlowSpec[] = Array.from({ length: 1800 }, (_, n) => {
    const at = n / 20;
    const gone = at >= 30 && at < 60;
    const uplink = gone && at >= 35 ? [0, 2][pick(3, 1)] : pick(3, 2, 1);
    return { uplink, server: n, client: 1, at };
  });
  const distortions: Distortion[] = [{ uplink: 1, startUs: (T0 + 30) * US, endUs: (T0 + 60) * US }];
  const decided = (list: FlowSpec[], out: Distortion[]) =>
    findDecisions(
      tallyOf({ uplinks: NAMES, flows: list }).ledger,
      [true, true, true],
      [],
      { ipv4: null, ipv6: null },
      {
        distortions: out,
        window: [T0 * US, (T0 + 90) * US],
        leftOut: null,
      },
    );

  it('leaves out what was sent into the dead uplink and judges the others among themselves', () => {
    const decisions = decided(flows, distortions);
    const { ledger } = tallyOf({ uplinks: NAMES, flows });
    const lost = flows.filter(({ uplink, at = 0 }) => uplink === 1 && at >= 30 && at < 60).length;
    assert.equal(decisions.duringOutage, lost);
    assert.deepEqual(decisions.changes, []);
    const [full, without] = decisions.counts.map(({ firsts }) => firsts.reduce((sum, count) => sum + count, 0));
    const due = expectedShares([3, 2, 1], decisions);
    // Σ n_r·p_r / Σ n_r, by hand.
    const by = (p: number, q: number) => (full * p + without * q) / (full + without);
    [by(3 / 6, 3 / 4), by(2 / 6, 0), by(1 / 6, 1 / 4)].forEach((share, n) => {
      assert.ok(Math.abs((due[n] as number) - share) < 1e-12);
    });
    const { verdict, df, test } = judgeBalance(ledger, decisions, [3, 2, 1], NAMES);
    assert.equal(verdict, 'consistent');
    assert.equal(df, 2);
    assert.equal(test, 'G test over regimes, chi-square');
  });

  it('counts a pair once, in the regime that shows it first', () => {
    const again = flows.map((flow) => ({ ...flow, at: (flow.at ?? 0) + 0.01 }));
    const decisions = decided([...flows, ...again], distortions);
    const total = decisions.counts.reduce((sum, { firsts }) => sum + firsts.reduce((all, one) => all + one, 0), 0);
    assert.equal(
      total,
      new Set(
        flows
          .filter((flow) => !(flow.uplink === 1 && (flow.at ?? 0) >= 29.99 && (flow.at ?? 0) < 60))
          .map(({ server }) => server),
      ).size,
    );
  });

  it('holds today’s weights against the time since a change', () => {
    const changed: FlowSpec[] = Array.from({ length: 1600 }, (_, n) => {
      return { uplink: n < 800 ? pick(1, 1) : pick(1, 4), server: n, client: 1, at: n / 20 };
    });
    const { ledger } = tallyOf({ uplinks: ['dsl1', 'dsl2'], flows: changed });
    const window: [number, number] = [T0 * US, (T0 + 90) * US];
    const settings = { ipv4: null, ipv6: null };
    const decisions = findDecisions(ledger, [true, true], [], settings, { distortions: [], window, leftOut: null });
    assert.equal(decisions.changes.length, 1);
    assert.ok(Math.abs(decisions.rows.length - 800) < 80);
    assert.equal(judgeBalance(ledger, decisions, [1, 4], NAMES).verdict, 'consistent');
    assert.equal(judgeBalance(ledger, decisions, [1, 1], NAMES).verdict, 'deviates');
    // Decisions before it are told with their regime and are in no share.
    const [before, after] = decisions.counts.map(({ firsts }) => firsts.reduce((sum, count) => sum + count, 0));
    assert.equal(before + after, 1600);
    assert.equal(after, decisions.rows.length);
  });

  it('where clients are hidden is a score test over all regimes', () => {
    const hidden = flows.map(({ client: _, ...flow }, n) => ({ ...flow, server: n % 900 }));
    const decisions = decided(hidden, distortions);
    const { ledger } = tallyOf({ uplinks: NAMES, flows: hidden });
    const { test, verdict, df } = judgeBalance(ledger, decisions, [3, 2, 1], NAMES);
    assert.equal(test, 'cluster score test, chi-square');
    assert.equal(df, 2);
    assert.notEqual(verdict, 'deviates');
    assert.equal(judgeBalance(ledger, decisions, [1, 2, 3], NAMES).verdict, 'deviates');
  });
});

describe('decisions that are not permuted', () => {
  const random = seededRandom(23);
  /** So many decisions of two uplinks with these weights. */
  const draw = (count: number, one: number, two: number) =>
    Array.from({ length: count }, () => (random() * (one + two) < one ? 0 : 1));

  it('lose no change: faint ones or none, at few moments or many', () => {
    const found = { dense: 0, others: 0 };
    for (let run = 0; run < 160; run++) {
      const [one, two] = [1 + 4 * random(), 1 + 4 * random()];
      const [stretch, faint] = [60 + Math.floor(200 * random()), 1 + 3 * random()];
      const rest = draw(run % 2 === 0 ? stretch : 10, one, two);
      const code = Uint32Array.from([...draw(stretch, one, two), ...draw(60, one * faint, two), ...rest]);
      const moments = [2, 3, 8, code.length, code.length, code.length][Math.floor(random() * 6)];
      const startUs = Float64Array.from(code, (_, n) => Math.floor((n / code.length) * moments) * US);
      const decisions = { code, startUs, regimes: 1, places: 2 };
      const blocks = blocksOf(decisions, 0, startUs.length);
      assert.equal(blocks.isDense, moments > 30);
      const permuted = { ...blocks, isDense: false };
      const split = splitOf(decisions, permuted);
      assert.deepEqual(splitOf(decisions, blocks), split);
      if (split !== null) found[blocks.isDense ? 'dense' : 'others']++;
      if (run >= 40) continue;
      const spell = findSpell(decisions, permuted);
      assert.deepEqual(findSpell(decisions, blocks), spell);
      if (spell !== null) found[blocks.isDense ? 'dense' : 'others']++;
    }
    assert.ok(found.dense > 5 && found.others > 5, JSON.stringify(found));
  });

  it('are many, of each uplink and at many moments', () => {
    const isDense = (times: (n: number) => number, code: (n: number) => number) => {
      const list = Array.from({ length: 400 }, (_, n) => n);
      const decisions = { code: Uint32Array.from(list, code), startUs: Float64Array.from(list, times) };
      return blocksOf({ ...decisions, regimes: 1, places: 2 }, 0, list.length).isDense;
    };
    const half = (n: number) => n % 2;
    assert.equal(
      isDense((n) => n, half),
      true,
    );
    assert.equal(
      isDense((n) => Math.min(Math.max(n, 60), 340), half),
      true,
    );
    assert.equal(
      isDense(
        (n) => n,
        (n) => (n % 25 === 0 ? 1 : 0),
      ),
      false,
    );
    assert.equal(
      isDense((n) => (n < 60 || n >= 340 ? n : 60), half),
      false,
    );
  });
});
