// Rows that the balance is about: see measure/rows.ts.

import { ORIGIN } from '../../flows/connection.js';
import { NONE } from '../../flows/layout.js';
import { BALANCED } from '../key-parts.js';

/**
 * Rows of flows that clients started, but for those left out (by row), to pinned servers (by address) and on uplinks that take
 * no part. Either of the first two may be missing. What was found, how often, goes to `found` (`BALANCED`).
 */
export function balanceRows(
  all: i32,
  origin: StaticArray<u8>,
  uplink: StaticArray<u8>,
  client: StaticArray<i32>,
  server: StaticArray<i32>,
  eligible: StaticArray<u8>,
  leftOut: StaticArray<u8> | null,
  isPinned: StaticArray<u8> | null,
  rows: StaticArray<i32>,
  found: StaticArray<i32>,
): void {
  let count = 0;
  let pinned = 0;
  let unnamed = 0;
  for (let row = 0; row < all; row++) {
    if (origin[row] !== ORIGIN.lan && origin[row] !== ORIGIN.unknown) continue;
    if (leftOut !== null && leftOut[row] === 1) continue;
    if (isPinned !== null && isPinned[server[row]] === 1) {
      pinned++;
      continue;
    }
    if (eligible[uplink[row]] === 0) continue;
    if (client[row] === NONE) unnamed++;
    rows[count++] = row;
  }
  found[BALANCED.rows] = count;
  found[BALANCED.pinned] = pinned;
  found[BALANCED.unnamed] = unnamed;
}
