// Rows become sums by host: see measure/hosts.ts. Flows from outside are left out.

import { FLOW, ORIGIN } from '../../flows/connection.js';
import { NONE } from '../../flows/layout.js';
import { release, takeZeros, top } from './space.js';

/** Adds to the sums, and to the distinct hosts by uplink; returns how many hosts there are. */
export function sumHosts(
  count: i32,
  column: StaticArray<i32>,
  hosts: i32,
  uplinks: i32,
  origin: StaticArray<u8>,
  course: StaticArray<u8>,
  uplink: StaticArray<u8>,
  ipUp: StaticArray<f64>,
  ipDown: StaticArray<f64>,
  flows: StaticArray<u32>,
  up: StaticArray<f64>,
  down: StaticArray<f64>,
  counted: StaticArray<u8>,
  byUplink: StaticArray<f64>,
): i32 {
  const before = top();
  // A bit an uplink and host.
  const met = takeZeros((hosts * uplinks + 31) >>> 5);
  let known = 0;
  for (let row = 0; row < count; row++) {
    const host = column[row];
    if (host === NONE || origin[row] === ORIGIN.inbound) continue;
    if (flows[host]++ === 0) known++;
    if ((course[row] & FLOW.uncounted) === 0) counted[host] = 1;
    up[host] += ipUp[row];
    down[host] += ipDown[row];
    const n = uplink[row] as i32;
    const bit = host * uplinks + n;
    const mask = 1 << (bit & 31);
    const word = met[bit >>> 5];
    if ((word & mask) === 0) {
      met[bit >>> 5] = word | mask;
      byUplink[n]++;
    }
  }
  release(before);
  return known;
}

/** The first host from `from` on that has flows and no less than `least` bytes; `hosts` where there is none. */
export function nextHeavy(
  from: i32,
  hosts: i32,
  flows: StaticArray<u32>,
  up: StaticArray<f64>,
  down: StaticArray<f64>,
  least: f64,
): i32 {
  for (let host = from; host < hosts; host++) if (flows[host] !== 0 && up[host] + down[host] >= least) return host;
  return hosts;
}

/** Adds the bytes of hosts that have a place (by host, else negative): place · uplinks + uplink. */
export function sumListed(
  count: i32,
  column: StaticArray<i32>,
  placeOf: StaticArray<i32>,
  uplinks: i32,
  origin: StaticArray<u8>,
  uplink: StaticArray<u8>,
  ipUp: StaticArray<f64>,
  ipDown: StaticArray<f64>,
  byUplink: StaticArray<f64>,
): void {
  for (let row = 0; row < count; row++) {
    const host = column[row];
    if (host === NONE || placeOf[host] < 0 || origin[row] === ORIGIN.inbound) continue;
    byUplink[placeOf[host] * uplinks + (uplink[row] as i32)] += ipUp[row] + ipDown[row];
  }
}
