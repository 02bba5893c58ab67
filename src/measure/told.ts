// Packets and bytes as connection tracking counted them, for what no capture shows.

import type { ByDirection } from '../report/report.js';
import type { ToldTally } from '../tally/told.js';

/** Of one uplink, all flows with counters together; null where none has any: accounting is off. */
export function countedTotals(
  { uplinks }: ToldTally,
  n: number,
): { packets: ByDirection<number>; ipBytes: ByDirection<number> } | null {
  const { counted, packetsUp, packetsDown, ipUp, ipDown } = uplinks[n];
  return counted === 0 ? null : { packets: { up: packetsUp, down: packetsDown }, ipBytes: { up: ipUp, down: ipDown } };
}
