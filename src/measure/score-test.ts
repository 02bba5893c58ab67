// Do flows follow the weights where only servers are seen? A server's flows hang together in an unknown way, so a server
// is one observation, whatever its flows.

import { chiSquareTail } from './chi-square.js';
import type { TestResult } from './g-test.js';

/**
 * Score test with clusters: X = S′V⁻¹S with S = Σ(o_c − m_c·p), V = Σ(o_c − m_c·p)(o_c − m_c·p)′ over clusters c, the last
 * uplink dropped; chi-square with one degree of freedom less than uplinks (Boos 1992, Biometrika 79: generalised score
 * tests). `counts` holds a row of flows by uplink for each cluster. Null where V can't be inverted.
 */
export function scoreTest(counts: Uint32Array, expected: readonly number[]): TestResult | null {
  const uplinks = expected.length;
  const df = uplinks - 1;
  const sums = new Float64Array(uplinks);
  const products = new Float64Array(uplinks * uplinks);
  const sizes = new Float64Array(uplinks);
  let squares = 0;
  // All sums here are of integers, so they are exact and the same in any order of the clusters.
  for (let at = 0; at < counts.length; at += uplinks) {
    let size = 0;
    for (let i = 0; i < uplinks; i++) size += counts[at + i];
    squares += size * size;
    for (let i = 0; i < uplinks; i++) {
      const count = counts[at + i];
      if (count === 0) continue;
      sums[i] += count;
      sizes[i] += count * size;
      for (let j = 0; j <= i; j++) products[i * uplinks + j] += count * counts[at + j];
    }
  }
  const total = sums.reduce((sum, count) => sum + count, 0);
  const score = new Float64Array(df);
  const variance = new Float64Array(df * df);
  for (let i = 0; i < df; i++) {
    const p = expected[i];
    score[i] = sums[i] - total * p;
    for (let j = 0; j <= i; j++) {
      const r = expected[j];
      variance[i * df + j] = products[i * uplinks + j] - r * sizes[i] - p * sizes[j] + p * r * squares;
    }
  }
  const statistic = quadraticForm(variance, score);
  if (statistic === null) return null;
  return { test: 'cluster score test, chi-square', statistic, df, pValue: chiSquareTail(statistic, df) };
}

/** s′V⁻¹s by Cholesky's decomposition of the lower half of V, which is overwritten; null where V has no inverse. */
function quadraticForm(v: Float64Array, s: Float64Array): number | null {
  const n = s.length;
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const whole = v[i * n + i];
    for (let j = 0; j <= i; j++) {
      let left = v[i * n + j];
      for (let k = 0; k < j; k++) left -= v[i * n + k] * v[j * n + k];
      if (i === j) {
        if (!(left > 1e-10 * whole)) return null;
        v[i * n + i] = Math.sqrt(left);
      } else v[i * n + j] = left / v[j * n + j];
    }
    let left = s[i];
    for (let k = 0; k < i; k++) left -= v[i * n + k] * s[k];
    s[i] = left / v[i * n + i];
    sum += s[i] * s[i];
  }
  return sum;
}
