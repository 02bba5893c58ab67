// Do flows follow the weights where only servers are seen? A server's flows hang together in an unknown way, so a server
// is one observation, whatever its flows.

import { chiSquareTail } from './chi-square.js';
import type { TestResult } from './g-test.js';

/**
 * Score test with clusters: X = S′V⁻¹S with S = Σu_c, V = Σu_c·u_c′ over clusters c, u_c = Σ_r(o_cr − m_cr·p_r) over regimes
 * r with o_cr the cluster's flows by uplink, m_cr their sum and p_r the shares of the null; the last uplink is dropped;
 * chi-square with one degree of freedom less than uplinks (Boos 1992, The American Statistician 46: generalised score
 * tests). `counts` holds for each cluster regime by regime its flows by uplink, `expected` the p_r, 0 where an uplink is not
 * eligible. Null where V can't be inverted.
 */
export function scoreTest(counts: Uint32Array, expected: readonly (readonly number[])[]): TestResult | null {
  const uplinks = expected[0].length;
  const df = uplinks - 1;
  const cells = uplinks * expected.length;
  const sums = new Float64Array(cells);
  const products = new Float64Array(cells * cells);
  const used = new Int32Array(cells);
  // All sums here are of integers, so they are exact and the same in any order of the clusters.
  for (let at = 0; at < counts.length; at += cells) {
    let some = 0;
    for (let i = 0; i < cells; i++) if (counts[at + i] > 0) used[some++] = i;
    for (let a = 0; a < some; a++) {
      const i = used[a];
      const count = counts[at + i];
      sums[i] += count;
      for (let b = 0; b <= a; b++) products[i * cells + used[b]] += count * counts[at + used[b]];
    }
  }
  // What a flow in a cell adds to u: one for its uplink, less what the null gives each.
  const gains = Array.from({ length: cells }, (_, cell) => {
    const p = expected[Math.floor(cell / uplinks)];
    return Array.from({ length: df }, (__, i) => (cell % uplinks === i ? 1 : 0) - p[i]);
  });
  const score = new Float64Array(df);
  const variance = new Float64Array(df * df);
  const scale = new Float64Array(df);
  for (let a = 0; a < cells; a++) {
    for (let i = 0; i < df; i++) score[i] += gains[a][i] * sums[a];
    for (let b = 0; b <= a; b++) {
      const product = products[a * cells + b];
      if (product === 0) continue;
      for (let i = 0; i < df; i++) {
        scale[i] += product * Math.abs(gains[a][i] * gains[b][i]);
        for (let j = 0; j <= i; j++) {
          const both = gains[a][i] * gains[b][j];
          variance[i * df + j] += product * (a === b ? both : both + gains[b][i] * gains[a][j]);
        }
      }
    }
  }
  // Nothing but the rounding of what cancels out: the clusters leave this direction open.
  for (let i = 0; i < df; i++) if (variance[i * df + i] < 1e-12 * scale[i]) return null;
  const statistic = quadraticForm(variance, score);
  if (statistic === null) return null;
  return { test: 'cluster score test, chi-square', statistic, df, pValue: chiSquareTail(statistic, df) };
}

/** s′V⁻¹s by Cholesky's decomposition of the lower half of V, which is overwritten; null where V has no inverse. */
export function quadraticForm(v: Float64Array, s: Float64Array): number | null {
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
