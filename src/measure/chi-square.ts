// Tail probabilities of the chi-square distribution, central and noncentral, from the incomplete gamma function.
//
// Abramowitz and Stegun, Handbook of Mathematical Functions: 6.1.40 (Stirling), 6.5.29 (series), 6.5.31 (continued
// fraction), 26.4.19 (chi-square as Q), 26.4.25 (noncentral as a Poisson mixture).

const EPSILON = 2 ** -53;
/** More steps than any argument within reach takes: both expansions need about the square root of `a`. */
const MOST_STEPS = 100_000;

/** Probability that a chi-square variable with `df` degrees of freedom is above `x`. */
export function chiSquareTail(x: number, df: number): number {
  return gammaQ(df / 2, Math.max(0, x) / 2);
}

/** The same for a noncentral chi-square variable with noncentrality `lambda`. */
export function noncentralTail(x: number, df: number, lambda: number): number {
  const mean = lambda / 2;
  const mode = Math.floor(mean);
  const weight = Math.exp(mode * Math.log(mean || 1) - mean - logGamma(mode + 1));
  let sum = 0;
  for (let i = mode, w = weight; w > EPSILON * weight && i - mode < MOST_STEPS; i++, w *= mean / i) {
    sum += w * gammaQ(df / 2 + i, x / 2);
  }
  for (let i = mode - 1, w = (weight * mode) / (mean || 1); i >= 0 && w > EPSILON * weight; w *= i / mean, i--) {
    sum += w * gammaQ(df / 2 + i, x / 2);
  }
  return sum;
}

/** The regularised upper incomplete gamma function Q(a, x) for a > 0, x >= 0. */
export function gammaQ(a: number, x: number): number {
  if (x <= 0) return 1;
  if (x === Number.POSITIVE_INFINITY) return 0;
  const scale = Math.exp(a * Math.log(x) - x - logGamma(a));
  return x < a + 1 ? 1 - scale * lowerSeries(a, x) : scale * upperFraction(a, x);
}

/** The natural logarithm of the gamma function for x > 0: Stirling's series, argument shifted up to where it is exact. */
export function logGamma(x: number): number {
  let shifted = x;
  let product = 1;
  for (; shifted < 20; shifted++) product *= shifted;
  const square = shifted * shifted;
  const series =
    (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / (1188 * square)) / square) / square) / square) / shifted;
  return (shifted - 0.5) * Math.log(shifted) - shifted + 0.5 * Math.log(2 * Math.PI) + series - Math.log(product);
}

/** P(a, x)·Γ(a) / (x^a e^-x). */
function lowerSeries(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let n = 1; n < MOST_STEPS && term > sum * EPSILON; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return sum;
}

/** Q(a, x)·Γ(a) / (x^a e^-x), by Lentz's method. */
function upperFraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = Number.MAX_VALUE;
  let d = 1 / b;
  let value = d;
  for (let n = 1; n < MOST_STEPS; n++) {
    const an = -n * (n - a);
    b += 2;
    d = 1 / (an * d + b);
    c = b + an / c;
    value *= c * d;
    if (Math.abs(c * d - 1) < 4 * EPSILON) break;
  }
  return value;
}
