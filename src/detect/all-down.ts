// Nothing on any uplink's link while LAN hosts go on asking: the recorder ran, so all lines were down at once.

import { MARK, type Marks } from './evidence.js';
import type { Vanished } from './losses.js';
import type { RawOutage } from './raw.js';
import { gapsIn } from './scan.js';

/** LAN flows that went nowhere, in a silence that chance alone would not make: fewer may have been for the router itself. */
const LEAST_FLOWS = 3;
/** A usual answer, where no line tells its own. */
const DELAY_US = 50_000;
const LATE_US = 1e6;

/**
 * Outages of every uplink in view. The start lies between the last packet on any of their links and the first flow that
 * went nowhere, the end between the last such flow and the first packet.
 */
export function allDown(
  { times, codes }: Marks,
  vanished: readonly Vanished[],
  inView: readonly boolean[],
  leastGapUs: number,
): RawOutage[] {
  if (vanished.length === 0) return [];
  // Of a link that is known: the rest only tells that the recorder runs.
  const events = times.filter((_, i) => codes[i] >= MARK.kinds && codes[i] % MARK.kinds !== MARK.elsewhere);
  return gapsIn(events, leastGapUs).flatMap((gap) => {
    const asked = vanished.filter(({ firstUs, lastUs }) => firstUs >= gap.startUs && lastUs <= gap.endUs);
    const count = asked.reduce((sum, { flows }) => sum + flows, 0);
    if (count < LEAST_FLOWS) return [];
    const firstUs = asked[0].firstUs;
    const lastUs = asked.reduce((last, one) => Math.max(last, one.lastUs), 0);
    const { startUs, endUs } = gap;
    // Flows that began late in it may have been answered after it: the end is mirrored from the start.
    const waitUs = (firstUs - startUs) / 2;
    return inView.flatMap((seen, uplink): RawOutage[] => {
      if (!seen) return [];
      return [
        {
          uplink,
          kind: 'link-down',
          sinceUs: startUs,
          start: { earliestUs: startUs - DELAY_US, bestUs: startUs + waitUs, latestUs: firstUs + DELAY_US },
          end: { earliestUs: lastUs, bestUs: Math.max(lastUs, endUs - waitUs), latestUs: endUs },
          shownByGateway: false,
          delayUs: DELAY_US,
          lateAfterUs: LATE_US,
          share: 0,
          evidence: [{ what: 'lan-unanswered', count, servers: null }],
          surplus: count,
        },
      ];
    });
  });
}
