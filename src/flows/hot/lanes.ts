// The lane of a new run where little is asked for: IPv4 between a SNAT source and an address that is nobody's here, but for
// pings of neighbours. Then it depends on the point, the source and the side alone, so that it is asked for once; what
// decides, and all other lanes, stand in uplinks/lanes.ts.

import { META } from '../../decode/batch.js';
import { LANE_POINTS, MEMORY, MOST_BLOCKS } from '../layout.js';
import { PROTOCOL } from '../rules.js';
import { laneOf } from './host.js';

/** The key stands in the row; see `laneOf`. */
export function laneFor(meta: i32, low: i32, high: i32, row: i32): i32 {
  const sources = load<i32>(MEMORY.sourceCount);
  const point = meta >>> META.pointShift;
  const protocol = meta & META.protocolMask;
  const isKnown = sources > 0 && (meta & META.ipv6) === 0 && protocol !== PROTOCOL.icmp6 && point < LANE_POINTS;
  if (!isKnown || isUpkeep(low) || isUpkeep(high)) return laneOf(meta, low, high, row);
  const lowSource = blockOf(low, MEMORY.sources, sources);
  const highSource = blockOf(high, MEMORY.sources, sources);
  if (lowSource < 0 === highSource < 0) return laneOf(meta, low, high, row);
  if (protocol === PROTOCOL.icmp) {
    const neighbours = load<i32>(MEMORY.neighbourCount);
    if (blockOf(lowSource < 0 ? low : high, MEMORY.neighbours, neighbours) >= 0) return laneOf(meta, low, high, row);
  }
  const end = lowSource >= 0 ? lowSource << 1 : (highSource << 1) | 1;
  const known = MEMORY.knownLanes + ((<usize>(point * 2 * MOST_BLOCKS + end)) << 2);
  let lane = load<i32>(known) - 1;
  if (lane < 0) {
    lane = laneOf(meta, low, high, row);
    store<i32>(known, lane + 1);
  }
  return lane;
}

/** The number of the first of some blocks that an address lies in, −1 for none. */
function blockOf(address: i32, blocks: usize, count: i32): i32 {
  for (let n = 0; n < count; n++) {
    const block = blocks + ((<usize>n) << 3);
    if (((address ^ load<i32>(block)) & load<i32>(block, 4)) === 0) return n;
  }
  return -1;
}

/** `isUpkeepAddress`: link-local, multicast, broadcast, unspecified. */
function isUpkeep(address: i32): bool {
  return address === 0 || address === -1 || address >>> 16 === 0xa9fe || address >>> 28 === 0xe;
}
