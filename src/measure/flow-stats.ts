// What single flows are like: their sizes, and how long servers take to answer over each uplink.

import { FLOW, ORIGIN } from '../flows/connection.js';
import { PROTOCOL } from '../flows/rules.js';
import type { FlowSizes, ReportQuality } from '../report/report.js';
import type { Ledger } from '../tally/ledger.js';
import type { Tally } from '../tally/tally.js';
import { nearestRank } from './quantile.js';
import { round6 } from './round.js';

/** Sizes of client-started flows, both directions; quantiles by nearest rank. Null without any. */
export function flowSizesOf(ledger: Ledger, kept: number): FlowSizes | null {
  const sizes = new Float64Array(ledger.count);
  const flows = new Float64Array(64);
  const ipBytes = new Float64Array(64);
  const count = takeSizes(ledger, sizes, flows, ipBytes);
  if (count === 0) return null;
  const [p10, p50, p90, p99, max] = nearestRank(sizes.subarray(0, count), [0.1, 0.5, 0.9, 0.99, 1]);
  const first = flows.findIndex((number) => number > 0);
  const last = flows.findLastIndex((number) => number > 0);
  const histogram: FlowSizes['histogram'] = [];
  for (let bin = first; bin <= last; bin++) {
    histogram.push({ upTo: 2 ** bin, flows: Math.round(flows[bin] / kept), ipBytes: Math.round(ipBytes[bin] / kept) });
  }
  return { quantiles: { p10, p50, p90, p99, max }, histogram };
}

/** By exponent the flows and their bytes; returns how many sizes there are. */
function takeSizes(ledger: Ledger, sizes: Float64Array, flows: Float64Array, ipBytes: Float64Array): number {
  const { course, origin, ipUp, ipDown } = ledger;
  let count = 0;
  for (let row = 0; row < ledger.count; row++) {
    if (origin[row] !== ORIGIN.lan && origin[row] !== ORIGIN.unknown) continue;
    // Connection tracking without accounting, or not over when its log ended.
    if ((course[row] & FLOW.uncounted) !== 0) continue;
    const size = ipUp[row] + ipDown[row];
    sizes[count++] = size;
    const bin = exponentOf(size);
    flows[bin]++;
    ipBytes[bin] += size;
  }
  return count;
}

/**
 * By uplink: milliseconds from a TCP flow's first packet to its answer, of the flows that did not come from outside, and
 * which share of the data segments, of all flows and both ways, were sent again (null where there were none).
 */
export function qualityOf({ ledger, flows }: Pick<Tally, 'ledger' | 'flows'>): ReportQuality[] {
  const { uplink, answerUs } = ledger;
  const rows = new Int32Array(ledger.count);
  const counts = new Uint32Array(flows.length);
  const count = handshakes(ledger, rows, counts);
  const delays = Array.from(counts, (own) => new Float64Array(own));
  counts.fill(0);
  for (let i = 0; i < count; i++) {
    const n = uplink[rows[i]];
    delays[n][counts[n]++] = answerUs[rows[i]];
  }
  return delays.map((values, n) => {
    const { segments, segmentsAgain } = flows[n];
    const retransmittedShare = segments === 0 ? null : round6(segmentsAgain / segments);
    if (values.length === 0) return { handshakeMsP50: null, handshakeMsP95: null, retransmittedShare };
    const [p50, p95] = nearestRank(values, [0.5, 0.95]);
    return { handshakeMsP50: round6(p50 / 1000), handshakeMsP95: round6(p95 / 1000), retransmittedShare };
  });
}

/** Their rows, and how many each uplink has; returns how many in all. */
function handshakes(ledger: Ledger, rows: Int32Array, counts: Uint32Array): number {
  const { protocol, origin, answerUs, uplink } = ledger;
  let count = 0;
  for (let row = 0; row < ledger.count; row++) {
    if (protocol[row] !== PROTOCOL.tcp || origin[row] === ORIGIN.inbound || answerUs[row] < 0) continue;
    counts[uplink[row]]++;
    rows[count++] = row;
  }
  return count;
}

/** The smallest n with size <= 2^n; sizes are whole. */
function exponentOf(size: number): number {
  if (size <= 1) return 0;
  if (size <= 0x80000000) return 32 - Math.clz32(size - 1);
  return 31 + exponentOf(Math.ceil(size / 0x80000000));
}
