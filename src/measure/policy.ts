// What the router chooses by: whether client-server pairs stay on one uplink, or stray as their flows would by chance.

import type { ReportPolicy } from '../report/report.js';
import { logGamma } from './chi-square.js';

/** Pairs with more flows than this count as if they had this many: their chance to stay is nothing either way. */
const MOST_FLOWS = 1000;
/** How improbable the other policy must be. */
const LEVEL = 0.01;
/** Pairs that move although the router chooses by addresses: failovers, weights changed, leaks. */
const USUAL_MOVES = 0.05;
/** Standard deviations at LEVEL, one-sided. */
const Z = 2.326;

/**
 * `counts` are flows by uplink, a row a pair; those that `isTaken` are looked at, null without any. A pair with at least two flows stays where all are on one uplink; by chance
 * it would with Σ p_j^m. `l3`: more stay than chance would let (binomial tail below 1 %), and more than half of those that
 * chance would move. `l4`: pairs move, no fewer stay together than by chance, and any two flows of a pair are on one
 * uplink as often as two of different pairs (or a router that chooses by something between would pass for this). Else
 * `unknown`. `per-packet` is never told: SNAT holds a flow at one source, so its packets show nothing of it.
 */
export function inferPolicy(
  counts: Uint32Array,
  pairs: number,
  uplinks: number,
  isTaken: (pair: number) => boolean,
): ReportPolicy | null {
  const pairsByFlows = new Float64Array(MOST_FLOWS + 1);
  const totals = new Float64Array(uplinks);
  let stayed = 0;
  let agreeing = 0;
  let pairsSeen = 0;
  for (let pair = 0; pair < pairs; pair++) {
    if (!isTaken(pair)) continue;
    const at = pair * uplinks;
    let flows = 0;
    let most = 0;
    let together = 0;
    for (let i = 0; i < uplinks; i++) {
      const count = counts[at + i];
      flows += count;
      totals[i] += count;
      together += (count * (count - 1)) / 2;
      if (count > most) most = count;
    }
    if (flows < 2) continue;
    pairsSeen++;
    if (most === flows) stayed++;
    pairsByFlows[Math.min(flows, MOST_FLOWS)]++;
    if (flows < MOST_FLOWS) agreeing += together;
  }
  const total = totals.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  const shares = Array.from(totals, (count) => count / total);
  return { inferred: judge(), pairsSeen, pairsOnOneUplink: stayed };

  function judge(): ReportPolicy['inferred'] {
    if (pairsSeen === 0) return 'unknown';
    let byChance = 0;
    for (let flows = 2; flows <= MOST_FLOWS; flows++) {
      if (pairsByFlows[flows] > 0) byChance += pairsByFlows[flows] * powerSum(shares, flows);
    }
    const chance = byChance / pairsSeen;
    if (chance >= 1) return 'unknown';
    const improbable = binomialTail(stayed, pairsSeen, chance) < LEVEL;
    const excess = (stayed - byChance) / (pairsSeen - byChance);
    if (improbable) return excess >= 0.5 ? 'l3' : 'unknown';
    const moved = pairsSeen - stayed;
    const moves = moved > 0 && binomialTail(moved, pairsSeen, USUAL_MOVES) < LEVEL;
    return moves && !agreesTooOften(agreeing, pairsByFlows, shares) ? 'l4' : 'unknown';
  }
}

/** Whether two flows of a pair are on one uplink more often than independent ones; a normal approximation. */
function agreesTooOften(agreeing: number, pairsByFlows: Float64Array, shares: readonly number[]): boolean {
  const two = powerSum(shares, 2);
  const three = powerSum(shares, 3);
  let mean = 0;
  let variance = 0;
  for (let m = 2; m < MOST_FLOWS; m++) {
    const pairs = pairsByFlows[m];
    mean += pairs * ((m * (m - 1)) / 2) * two;
    // Pairs of flows that share one flow are not independent of each other.
    variance += pairs * m * (m - 1) * ((two - two * two) / 2 + (m - 2) * (three - two * two));
  }
  return agreeing > mean + Z * Math.sqrt(variance);
}

function powerSum(shares: readonly number[], power: number): number {
  return shares.reduce((sum, share) => sum + share ** power, 0);
}

/** Probability that of `n` draws with chance `p` (below 1) at least `k` succeed. */
function binomialTail(k: number, n: number, p: number): number {
  if (k <= 0) return 1;
  if (p <= 0) return 0;
  let term = Math.exp(
    logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1) + k * Math.log(p) + (n - k) * Math.log1p(-p),
  );
  const odds = p / (1 - p);
  let sum = 0;
  // Below the mode the terms grow first: then the lower tail is the one that is summed.
  if (k > n * p) {
    for (let i = k; i <= n && term > 0; i++) {
      sum += term;
      term *= (odds * (n - i)) / (i + 1);
    }
    return Math.min(1, sum);
  }
  for (let i = k; i > 0 && term > 0; ) {
    term *= i / (odds * (n - i + 1));
    i--;
    sum += term;
  }
  return Math.max(0, 1 - sum);
}
