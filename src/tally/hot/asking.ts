// Rows of flows that ask for an answer become columns in the order of start: see detect/evidence.ts.

import { FLOW, ORIGIN } from '../../flows/connection.js';
import { NONE } from '../../flows/layout.js';
import { PROTOCOL } from '../../flows/rules.js';
import { release, takeWords, takeZeros, top } from './space.js';

/** Rows of flows that ask; returns how many they are. */
export function askers(all: i32, origin: StaticArray<u8>, course: StaticArray<u8>, rows: StaticArray<u32>): i32 {
  let count = 0;
  for (let row = 0; row < all; row++) {
    if (origin[row] === ORIGIN.inbound || (course[row] & (FLOW.opened | FLOW.untimed)) !== FLOW.opened) continue;
    rows[count++] = row;
  }
  return count;
}

/** Whether any of the rows names its client. */
export function areNamed(rows: StaticArray<u32>, count: i32, client: StaticArray<i32>): bool {
  for (let i = 0; i < count; i++) if (client[rows[i]] !== NONE) return true;
  return false;
}

/** What their rows say of some flows. `unseen` stands for an answer that was not recorded. */
export function tell(
  from: i32,
  to: i32,
  rows: StaticArray<u32>,
  allStartUs: StaticArray<f64>,
  allUplinks: StaticArray<u8>,
  allServers: StaticArray<i32>,
  protocol: StaticArray<u8>,
  origin: StaticArray<u8>,
  course: StaticArray<u8>,
  answerUs: StaticArray<i32>,
  ipUp: StaticArray<f64>,
  packetsUp: StaticArray<u32>,
  demandOf: StaticArray<u8>,
  bare: f64,
  unseen: i32,
  patienceUs: i32,
  startUs: StaticArray<f64>,
  uplink: StaticArray<u8>,
  server: StaticArray<i32>,
  demand: StaticArray<u8>,
  draw: StaticArray<u8>,
  waitUs: StaticArray<i32>,
): void {
  for (let i = from; i < to; i++) {
    const row = rows[i];
    startUs[i] = allStartUs[row];
    uplink[i] = allUplinks[row];
    server[i] = allServers[row];
    demand[i] = demandOf[protocol[row]];
    draw[i] = origin[row] === ORIGIN.router ? 0 : 1;
    let wait = -1;
    if ((course[row] & FLOW.answered) === 0) {
      if (protocol[row] === PROTOCOL.tcp && ipUp[row] > bare * (packetsUp[row] as f64)) wait = unseen;
    } else if (answerUs[row] <= patienceUs) {
      // Connection tracking may know of an answer and not of its time.
      wait = max(answerUs[row], 0);
    }
    waitUs[i] = wait;
  }
}

/** Where flows of one moment begin, `from` or later; `count` where there are no more of them. */
export function nextTie(startUs: StaticArray<f64>, from: i32, count: i32): i32 {
  for (let i = from + 1; i < count; i++) if (startUs[i] === startUs[i - 1]) return i - 1;
  return count;
}

/** Gives each client and server one number; returns how many there are. */
export function numberPairs(
  count: i32,
  rows: StaticArray<u32>,
  client: StaticArray<i32>,
  server: StaticArray<i32>,
  key: StaticArray<i32>,
): i32 {
  let size = 1024;
  while (size < count * 2) size *= 2;
  const before = top();
  const slots = takeZeros(size);
  const pairs = takeWords(count * 2);
  let known = 0;
  for (let i = 0; i < count; i++) {
    const from = client[rows[i]];
    const to = server[i];
    let hash = (to * 0x9e3779b1) ^ (from * 0x85ebca6b);
    hash = (hash ^ (hash >>> 15)) * 0x2c1b3c6d;
    let slot = (hash ^ (hash >>> 13)) & (size - 1);
    for (;;) {
      const number = slots[slot];
      if (number === 0) {
        pairs[known * 2] = from;
        pairs[known * 2 + 1] = to;
        key[i] = known++;
        slots[slot] = known;
        break;
      }
      if (pairs[number * 2 - 2] === from && pairs[number * 2 - 1] === to) {
        key[i] = number - 1;
        break;
      }
      slot = (slot + 1) & (size - 1);
    }
  }
  release(before);
  return known;
}
