// Which uplinks the inputs show at all: of one whose link was not captured nothing can be said, least of all that the
// router does not use it.

import type { Tally } from '../tally/tally.js';
import { CLASS } from '../uplinks/lanes.js';

/** By uplink: whether its flows would be in the inputs if there were any. Dumps of the router show all of them. */
export function uplinksInView(tally: Tally): boolean[] {
  const captured = uplinksCaptured(tally);
  return captured.map((seen) => seen || tally.hasDumps);
}

/** By uplink: whether its packets would be in the captures if there were any. */
export function uplinksCaptured({ topology, lanes, flows, hasDumps }: Tally): boolean[] {
  // A point that shows several uplinks, or the LAN side beside one, would show the others too.
  const shared = lanes.some((lane) => lane.class === CLASS.wan && lane.egress < 0);
  return topology.uplinks.map((_, n) => {
    // Without dumps nothing else tells of flows.
    const { flows: started, router, inbound } = flows[n];
    if (shared || (!hasDumps && started + router + inbound > 0)) return true;
    if (topology.roles.some((point) => point.role === n)) return true;
    // What leaks by the link of another uplink shows nothing of its own.
    return lanes.some((lane) => lane.egress === n || (lane.uplink === n && lane.egress < 0));
  });
}
