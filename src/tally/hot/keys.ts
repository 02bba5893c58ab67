// Rows become decision keys, and sums by key: see measure/keys.ts. Rows are told by their numbers, other arrays are by place
// among these or by key.

import { KEY_OF, SUMMED } from '../key-parts.js';
import { release, take, takeWords, takeZeros, top } from './space.js';

/** Numbers of a sum: flows, bytes, packets, start of the first flow. */
const SUM: i32 = 4;

/** Keys by server: addresses have numbers already. Returns how many keys there are; `first` gets one row of each. */
export function numberServers(
  count: i32,
  rows: StaticArray<i32>,
  server: StaticArray<i32>,
  hosts: i32,
  keyOf: StaticArray<i32>,
  first: StaticArray<i32>,
): i32 {
  const before = top();
  const numbers = takeZeros(hosts);
  let known = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i];
    const host = server[row];
    let number = numbers[host];
    if (number === 0) {
      first[known] = row;
      number = ++known;
      numbers[host] = number;
    }
    keyOf[i] = number - 1;
  }
  release(before);
  return known;
}

/**
 * The same by more: an open-addressing table of key numbers beside three words a key, server, client, ports with protocol.
 * `sixOf` is by address: 1 for IPv6; `hashesPorts` by protocol.
 */
export function numberTuples(
  count: i32,
  rows: StaticArray<i32>,
  client: StaticArray<i32>,
  server: StaticArray<i32>,
  ports: StaticArray<i32>,
  protocol: StaticArray<u8>,
  hashesPorts: StaticArray<u8>,
  sixOf: StaticArray<u8>,
  four: i32,
  six: i32,
  keyOf: StaticArray<i32>,
  first: StaticArray<i32>,
): i32 {
  let size = 1024;
  while (size < count * 2) size *= 2;
  const before = top();
  const slots = takeZeros(size);
  const words = takeWords(count * 3);
  let known = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i];
    const host = server[row];
    const kind = four !== six && sixOf[host] === 1 ? six : four;
    const peer = kind === KEY_OF.server ? 0 : client[row];
    // Two flows of a pair with different protocols meet here once in 2^32, which no figure would show.
    let fine = 0;
    if (kind === KEY_OF.tuple) {
      const own = protocol[row] as i32;
      fine = ((hashesPorts[own] as i32) * ports[row]) ^ (own * 0x9e3779b1);
    }
    let hash = (host * 0x9e3779b1) ^ (peer * 0x85ebca6b) ^ (fine * 0xc2b2ae35);
    hash = (hash ^ (hash >>> 15)) * 0x2c1b3c6d;
    let slot = (hash ^ (hash >>> 13)) & (size - 1);
    for (;;) {
      const number = slots[slot];
      if (number === 0) {
        words[known * 3] = host;
        words[known * 3 + 1] = peer;
        words[known * 3 + 2] = fine;
        first[known] = row;
        keyOf[i] = known++;
        slots[slot] = known;
        break;
      }
      const at = number * 3;
      if (words[at - 3] === host && words[at - 2] === peer && words[at - 1] === fine) {
        keyOf[i] = number - 1;
        break;
      }
      slot = (slot + 1) & (size - 1);
    }
  }
  release(before);
  return known;
}

/**
 * Flows, bytes and packets by key and by uplink (`SUMMED`, which it adds to), of the rows whose regime is not negative; in
 * `first`, which holds any row of each key, the row of its first flow, also where that is left out.
 */
export function sumKeys(
  count: i32,
  rows: StaticArray<i32>,
  keyOf: StaticArray<i32>,
  regimeOf: StaticArray<i32>,
  keys: i32,
  startUs: StaticArray<f64>,
  uplink: StaticArray<u8>,
  ports: StaticArray<i32>,
  protocol: StaticArray<u8>,
  ipUp: StaticArray<f64>,
  ipDown: StaticArray<f64>,
  packetsUp: StaticArray<u32>,
  packetsDown: StaticArray<u32>,
  first: StaticArray<i32>,
  keyFlows: StaticArray<f64>,
  keyBytes: StaticArray<f64>,
  keyPackets: StaticArray<f64>,
  summed: StaticArray<f64>,
): void {
  const before = top();
  const sums = changetype<StaticArray<f64>>(take(((keys * SUM) as usize) << 3));
  for (let key = 0; key < keys; key++) {
    const at = key * SUM;
    sums[at] = sums[at + 1] = sums[at + 2] = 0;
    sums[at + 3] = startUs[first[key]];
  }
  for (let i = 0; i < count; i++) {
    const row = rows[i];
    const key = keyOf[i];
    const at = key * SUM;
    if (regimeOf[i] >= 0) {
      const ipBytes = ipUp[row] + ipDown[row];
      const packets: f64 = (packetsUp[row] as f64) + (packetsDown[row] as f64);
      const n = uplink[row] as i32;
      sums[at] += 1;
      sums[at + 1] += ipBytes;
      sums[at + 2] += packets;
      summed[SUMMED.flows + n] += 1;
      summed[SUMMED.ipBytes + n] += ipBytes;
      summed[SUMMED.packets + n] += packets;
    }
    const start = startUs[row];
    const least = sums[at + 3];
    if (start > least || (start === least && !sortsBefore(row, first[key], ports, protocol, uplink))) continue;
    sums[at + 3] = start;
    first[key] = row;
  }
  for (let key = 0; key < keys; key++) {
    const at = key * SUM;
    keyFlows[key] = sums[at];
    keyBytes[key] = sums[at + 1];
    keyPackets[key] = sums[at + 2];
  }
  release(before);
}

/** Order of flows that start at one moment. */
function sortsBefore(
  a: i32,
  b: i32,
  ports: StaticArray<i32>,
  protocol: StaticArray<u8>,
  uplink: StaticArray<u8>,
): bool {
  if (ports[a] !== ports[b]) return (ports[a] as u32) < (ports[b] as u32);
  if (protocol[a] !== protocol[b]) return protocol[a] < protocol[b];
  return uplink[a] < uplink[b];
}

/** Adds up the rows of a regime: key · uplinks + place of the uplink. */
export function countByUplink(
  count: i32,
  rows: StaticArray<i32>,
  keyOf: StaticArray<i32>,
  regimeOf: StaticArray<i32>,
  regime: i32,
  uplink: StaticArray<u8>,
  placeOf: StaticArray<i32>,
  uplinks: i32,
  counts: StaticArray<u32>,
): void {
  for (let i = 0; i < count; i++) {
    if (regimeOf[i] === regime) counts[keyOf[i] * uplinks + placeOf[uplink[rows[i]]]]++;
  }
}

/** Adds up the rows of all regimes: regime · uplinks + place of the uplink. */
export function countPlaces(
  count: i32,
  rows: StaticArray<i32>,
  regimeOf: StaticArray<i32>,
  uplink: StaticArray<u8>,
  placeOf: StaticArray<i32>,
  uplinks: i32,
  counts: StaticArray<f64>,
): void {
  for (let i = 0; i < count; i++) {
    if (regimeOf[i] >= 0) counts[regimeOf[i] * uplinks + placeOf[uplink[rows[i]]]] += 1;
  }
}
