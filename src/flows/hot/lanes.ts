// The lane of a new run where little is asked for: IPv4 of anything but ICMP, between a SNAT source and an address that is
// nobody's here. Then it depends on the point, the source and the side alone, so that it is asked for once; what decides,
// and all other lanes, stand in uplinks/lanes.ts.

import { META } from '../../decode/batch.js';
import { LANE_POINTS, MEMORY, MOST_SOURCES } from '../layout.js';
import { PROTOCOL } from '../rules.js';
import { laneOf } from './host.js';

/** The key stands in the row; see `laneOf`. */
export function laneFor(meta: i32, low: i32, high: i32, row: i32): i32 {
  const count = load<i32>(MEMORY.sourceCount);
  const point = meta >>> META.pointShift;
  const protocol = meta & META.protocolMask;
  const isIcmp = protocol === PROTOCOL.icmp || protocol === PROTOCOL.icmp6;
  if (count === 0 || (meta & META.ipv6) !== 0 || isIcmp || point >= LANE_POINTS || isUpkeep(low) || isUpkeep(high)) {
    return laneOf(meta, low, high, row);
  }
  const lowSource = sourceOf(low, count);
  const highSource = sourceOf(high, count);
  if (lowSource < 0 === highSource < 0) return laneOf(meta, low, high, row);
  const end = lowSource >= 0 ? lowSource << 1 : (highSource << 1) | 1;
  const known = MEMORY.knownLanes + ((<usize>(point * 2 * MOST_SOURCES + end)) << 2);
  let lane = load<i32>(known) - 1;
  if (lane < 0) {
    lane = laneOf(meta, low, high, row);
    store<i32>(known, lane + 1);
  }
  return lane;
}

/** The number of the source that an address belongs to, −1 for none. */
function sourceOf(address: i32, count: i32): i32 {
  for (let n = 0; n < count; n++) {
    const source = MEMORY.sources + ((<usize>n) << 3);
    if (((address ^ load<i32>(source)) & load<i32>(source, 4)) === 0) return n;
  }
  return -1;
}

/** `isUpkeepAddress`: link-local, multicast, broadcast, unspecified. */
function isUpkeep(address: i32): bool {
  return address === 0 || address === -1 || address >>> 16 === 0xa9fe || address >>> 28 === 0xe;
}
