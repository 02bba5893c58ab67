// What single flows are like: their sizes, and how long servers take to answer over each uplink.

import type { FlowSizes, ReportQuality } from '../report/report.js';
import { EXPONENTS } from '../tally/key-parts.js';
import type { Ledger } from '../tally/ledger.js';
import { roomOf } from '../tally/rows.js';
import type { Tally } from '../tally/tally.js';
import { nearestRank } from './quantile.js';
import { round6 } from './round.js';

/** Sizes of client-started flows, both directions; quantiles by nearest rank. Null without any. */
export function flowSizesOf(ledger: Ledger, kept: number): FlowSizes | null {
  const rows = roomOf(ledger);
  const columns = [rows.column('origin'), rows.column('course'), rows.column('ipUp'), rows.column('ipDown')] as const;
  return rows.lend((room) => {
    const sizes = room.floats(ledger.count);
    const flows = room.floats(EXPONENTS).fill(0);
    const ipBytes = room.floats(EXPONENTS).fill(0);
    const { byteOffset } = sizes;
    const count = room.calls.takeSizes(ledger.count, ...columns, byteOffset, flows.byteOffset, ipBytes.byteOffset);
    if (count === 0) return null;
    const [p10, p50, p90, p99, max] = nearestRank(sizes.subarray(0, count), [0.1, 0.5, 0.9, 0.99, 1]);
    const first = flows.findIndex((number) => number > 0);
    const last = flows.findLastIndex((number) => number > 0);
    const histogram: FlowSizes['histogram'] = [];
    for (let bin = first; bin <= last; bin++) {
      histogram.push({
        upTo: 2 ** bin,
        flows: Math.round(flows[bin] / kept),
        ipBytes: Math.round(ipBytes[bin] / kept),
      });
    }
    return { quantiles: { p10, p50, p90, p99, max }, histogram };
  });
}

/**
 * By uplink: milliseconds from a TCP flow's first packet to its answer, of the flows that did not come from outside, and
 * which share of the data segments, of all flows and both ways, were sent again (null where there were none).
 */
export function qualityOf({ ledger, flows }: Pick<Tally, 'ledger' | 'flows'>): ReportQuality[] {
  const rows = roomOf(ledger);
  const columns = [
    rows.column('protocol'),
    rows.column('origin'),
    rows.column('answerUs'),
    rows.column('uplink'),
  ] as const;
  return rows.lend((room) => {
    const counts = room.words(flows.length).fill(0);
    room.calls.countHandshakes(ledger.count, ...columns, counts.byteOffset);
    const ends: number[] = [];
    for (const count of counts) ends.push((ends.at(-1) ?? 0) + count);
    const delays = room.floats(ends.at(-1) ?? 0);
    const places = room.words(flows.length);
    places.set(ends.map((end, n) => end - counts[n]));
    room.calls.takeHandshakes(ledger.count, ...columns, places.byteOffset, delays.byteOffset);
    return flows.map(({ segments, segmentsAgain }, n) => {
      const retransmittedShare = segments === 0 ? null : round6(segmentsAgain / segments);
      if (counts[n] === 0) return { handshakeMsP50: null, handshakeMsP95: null, retransmittedShare };
      const [p50, p95] = nearestRank(delays.subarray(ends[n] - counts[n], ends[n]), [0.5, 0.95]);
      return { handshakeMsP50: round6(p50 / 1000), handshakeMsP95: round6(p95 / 1000), retransmittedShare };
    });
  });
}
