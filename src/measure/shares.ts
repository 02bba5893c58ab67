// Each uplink's part of the balance: of flows, decisions, bytes and packets, with what the figure is worth.

import type { ReportShare } from '../report/report.js';
import { choiceLeft } from './balance.js';
import type { Decisions } from './decisions.js';
import { effectiveNumber, wilsonInterval } from './interval.js';
import { round6, shareOf } from './round.js';

const NOTHING: Omit<ReportShare, 'expected'> = {
  flows: null,
  flowsInterval: null,
  decisions: null,
  decisionsInterval: null,
  bytes: null,
  bytesInterval: null,
  packets: null,
  packetsInterval: null,
};

/**
 * By uplink, all of the flows that the balance is about (started by clients, not pinned, on uplinks in view). Intervals are
 * Wilson's with n = (Σb)²/Σb² over decision keys, b the key's flows, bytes or packets; over servers where clients can't be
 * seen, which makes them too wide rather than too narrow. `exactFlows` are the counts of all flows where the ledger is a
 * sample, null where it is whole or flows are pinned. Over several regimes n of decisions (and of flows, where each is one) is
 * divided by the part of the variance that they leave to chance: a share that an outage forced is no draw. Flows of one key
 * and bytes fall into regimes by chance too.
 */
export function measureShares(
  decisions: Decisions,
  expected: readonly (number | null)[],
  exactFlows: readonly number[] | null,
  weights: readonly (number | null)[],
): ReportShare[] {
  const { keys, firsts, clientsVisible, places } = decisions;
  const { ipBytes: bytes, packets } = keys.byUplink;
  const flows = exactFlows ?? decisions.flows;
  const weighed = [
    { counts: flows, n: effectiveNumber(keys.flows), forced: decisions.key === 'five-tuple' },
    { counts: firsts, n: clientsVisible ? decisions.decisions : 0, forced: true },
    { counts: bytes, n: effectiveNumber(keys.ipBytes), forced: false },
    { counts: packets, n: effectiveNumber(keys.packets), forced: false },
  ].map((one) => ({ ...one, sum: places.reduce((total, uplink) => total + one.counts[uplink], 0) }));
  // One link of several says nothing of how they share.
  const compared = places.length > 1 || expected.length === 1;
  const left = expected.every((due) => due === null) ? null : choiceLeft(weights, decisions);
  return expected.map((due, uplink) => {
    const rounded = due === null ? null : round6(due);
    if (!compared || !places.includes(uplink)) return { expected: rounded, ...NOTHING };
    const [ofFlows, ofDecisions, ofBytes, ofPackets] = weighed.map(({ counts, n, sum, forced }) => ({
      share: shareOf(counts[uplink], sum),
      interval: sum > 0 ? wilsonInterval(counts[uplink] / sum, n / (forced ? (left?.[uplink] ?? 1) : 1)) : null,
    }));
    return {
      expected: rounded,
      flows: ofFlows.share,
      flowsInterval: ofFlows.interval,
      decisions: clientsVisible ? ofDecisions.share : null,
      decisionsInterval: ofDecisions.interval,
      bytes: ofBytes.share,
      bytesInterval: ofBytes.interval,
      packets: ofPackets.share,
      packetsInterval: ofPackets.interval,
    };
  });
}
