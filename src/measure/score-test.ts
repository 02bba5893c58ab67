// Do flows follow the weights where only servers are seen? A server's flows hang together in an unknown way, so a server
// is one observation, whatever its flows.

import { lendRoomOf } from '../tally/room.js';
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
  const { sums, products } = sumClusters(counts, cells);
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

/** Over all clusters: of each cell, and of the products of two cells in the lower half. */
function sumClusters(counts: Uint32Array, cells: number): { sums: Float64Array; products: Float64Array } {
  return lendRoomOf(counts, (room) => {
    const at = room.placeOf(counts);
    const used = room.integers(cells);
    const sums = room.floats(cells).fill(0);
    const products = room.floats(cells * cells).fill(0);
    // All sums here are of integers, so they are exact and the same in any order of the clusters.
    room.calls.sumClusters(at, counts.length, cells, used.byteOffset, sums.byteOffset, products.byteOffset);
    return { sums: sums.slice(), products: products.slice() };
  });
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
