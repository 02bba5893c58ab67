import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { chiSquareTail, gammaQ, logGamma, noncentralTail } from '#src/measure/chi-square.js';
import { decisionsNeeded, detectablePoints, noncentrality } from '#src/measure/power.js';

function close(actual: number, expected: number, relative = 1e-12): void {
  assert.ok(Math.abs(actual - expected) <= relative * Math.abs(expected), `${actual} is not ${expected}`);
}

describe('the incomplete gamma function', () => {
  // erfc(x) = Q(1/2, x²). Digits: NIST DLMF 7.23 refers to these; erfc as tabulated in Abramowitz and Stegun 7.1 and
  // recomputed to 17 digits by Cody (1969).
  for (const [x, value] of [
    [0.5, 0.4795001221869535],
    [1, 0.15729920705028513],
    [2, 0.004677734981047266],
    [3, 2.209049699858544e-5],
    [5, 1.5374597944280349e-12],
    [10, 2.088487583762545e-45],
  ] as const) {
    it(`is erfc(${x}) for a = 1/2`, () => close(gammaQ(0.5, x * x), value));
  }

  it('is a sum of Poisson terms for whole a', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.double({ min: 0.01, max: 120, noNaN: true }), (a, x) => {
        let term = Math.exp(-x);
        let sum = 0;
        for (let k = 0; k < a; k++) {
          sum += term;
          term *= x / (k + 1);
        }
        close(gammaQ(a, x), sum, 1e-11);
      }),
    );
  });

  it('goes from one half-integer to the next as its recurrence says (DLMF 8.8.6)', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 80 }), fc.double({ min: 0.01, max: 150, noNaN: true }), (n, x) => {
        const a = n + 0.5;
        const step = Math.exp(a * Math.log(x) - x - logGamma(a + 1));
        close(gammaQ(a + 1, x), gammaQ(a, x) + step, 1e-11);
      }),
    );
  });

  it('stays within 0 and 1 at the ends', () => {
    assert.equal(gammaQ(0.5, 0), 1);
    assert.equal(gammaQ(3, Number.POSITIVE_INFINITY), 0);
    assert.equal(gammaQ(0.5, 1e6), 0);
    assert.equal(gammaQ(1000, 1e-300), 1);
  });

  it('has the logarithms of factorials and of the root of pi', () => {
    close(logGamma(0.5), Math.log(Math.PI) / 2);
    let logFactorial = 0;
    for (let n = 2; n <= 170; n++) {
      logFactorial += Math.log(n);
      close(logGamma(n + 1), logFactorial, 1e-13);
    }
  });
});

describe('the chi-square distribution', () => {
  // NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.4, upper critical values to three decimals.
  for (const [df, at5, at1] of [
    [1, 3.841, 6.635],
    [2, 5.991, 9.21],
    [3, 7.815, 11.345],
    [5, 11.07, 15.086],
    [10, 18.307, 23.209],
    [30, 43.773, 50.892],
    [100, 124.342, 135.807],
  ] as const) {
    it(`has the critical values of the tables with ${df} degrees`, () => {
      assert.ok(chiSquareTail(at5 - 0.0006, df) > 0.05 && chiSquareTail(at5 + 0.0006, df) < 0.05);
      assert.ok(chiSquareTail(at1 - 0.0006, df) > 0.01 && chiSquareTail(at1 + 0.0006, df) < 0.01);
    });
  }

  it('is the noncentral one without noncentrality', () => {
    for (const x of [0.1, 1, 5, 30]) close(noncentralTail(x, 3, 0), chiSquareTail(x, 3));
  });

  it('with one degree is a squared normal variable', () => {
    // P(|Z + d| > c) for c = 1.96 by the normal tail, which is half of erfc.
    const upper = (z: number) => (z >= 0 ? gammaQ(0.5, (z * z) / 2) / 2 : 1 - gammaQ(0.5, (z * z) / 2) / 2);
    for (const d of [0.5, 1, 2.8, 6]) {
      close(noncentralTail(1.96 ** 2, 1, d * d), upper(1.96 - d) + upper(1.96 + d));
    }
  });
});

describe('power', () => {
  // G*Power and the tables of Haynam, Govindarajulu and Leone (1962): 5 %, 80 %.
  for (const [df, lambda] of [
    [1, 7.849],
    [2, 9.635],
    [3, 10.903],
    [4, 11.935],
    [5, 12.828],
    [10, 16.241],
  ] as const) {
    it(`takes a noncentrality of ${lambda} with ${df} degrees`, () => {
      assert.ok(Math.abs(noncentrality(df) - lambda) < 0.001, String(noncentrality(df)));
    });
  }

  it('needs 785 decisions for 1:1, 502 for 4:1, 963 for 3:2:1', () => {
    assert.equal(decisionsNeeded(0.25, 1), 785);
    assert.equal(decisionsNeeded(0.16, 1), 502);
    assert.equal(decisionsNeeded(0.25, 2), 963);
  });

  it('sees 5 points with as many as are needed for them, and half of that with four times as many', () => {
    assert.ok(Math.abs(detectablePoints(785, 0.25, 1) - 5) < 0.01);
    assert.ok(Math.abs(detectablePoints(4 * 785, 0.25, 1) - 2.5) < 0.01);
  });
});
