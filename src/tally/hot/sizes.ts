// Rows become values whose quantiles are told: sizes of flows, and times to the answer. See measure/flow-stats.ts.

import { FLOW, ORIGIN } from '../../flows/connection.js';
import { PROTOCOL } from '../../flows/rules.js';
import { EXPONENTS } from '../key-parts.js';

const HALF: f64 = 0x80000000;

/** Sizes of client-started flows; by exponent the flows and their bytes. Returns how many sizes there are. */
export function takeSizes(
  all: i32,
  origin: StaticArray<u8>,
  course: StaticArray<u8>,
  ipUp: StaticArray<f64>,
  ipDown: StaticArray<f64>,
  sizes: StaticArray<f64>,
  flows: StaticArray<f64>,
  ipBytes: StaticArray<f64>,
): i32 {
  let count = 0;
  for (let row = 0; row < all; row++) {
    if (origin[row] !== ORIGIN.lan && origin[row] !== ORIGIN.unknown) continue;
    // Connection tracking without accounting, or not over when its log ended.
    if ((course[row] & FLOW.uncounted) !== 0) continue;
    const size = ipUp[row] + ipDown[row];
    sizes[count++] = size;
    const bin = exponentOf(size);
    if (bin >= EXPONENTS) continue;
    flows[bin]++;
    ipBytes[bin] += size;
  }
  return count;
}

/** The smallest n with size <= 2^n; sizes are whole. */
function exponentOf(size: f64): i32 {
  let exponent = 0;
  let left = size;
  for (; left > HALF && exponent < EXPONENTS; exponent += 31) left = ceil(left / HALF);
  if (left > HALF) return EXPONENTS;
  return left <= 1 ? exponent : exponent + 32 - (clz((left - 1) as u32) as i32);
}

/** Whether the flow is one of TCP, not from outside, whose time to the answer is known. */
function isHandshake(row: i32, protocol: StaticArray<u8>, origin: StaticArray<u8>, answerUs: StaticArray<i32>): bool {
  return protocol[row] === PROTOCOL.tcp && origin[row] !== ORIGIN.inbound && answerUs[row] >= 0;
}

/** How many handshakes each uplink has. */
export function countHandshakes(
  all: i32,
  protocol: StaticArray<u8>,
  origin: StaticArray<u8>,
  answerUs: StaticArray<i32>,
  uplink: StaticArray<u8>,
  counts: StaticArray<u32>,
): void {
  for (let row = 0; row < all; row++) if (isHandshake(row, protocol, origin, answerUs)) counts[uplink[row]]++;
}

/** Their times, those of each uplink from its place in `delays` on; the places are moved on. */
export function takeHandshakes(
  all: i32,
  protocol: StaticArray<u8>,
  origin: StaticArray<u8>,
  answerUs: StaticArray<i32>,
  uplink: StaticArray<u8>,
  places: StaticArray<u32>,
  delays: StaticArray<f64>,
): void {
  for (let row = 0; row < all; row++) {
    if (isHandshake(row, protocol, origin, answerUs)) delays[places[uplink[row]]++] = answerUs[row];
  }
}
