// The ledger's rows that the balance is about: flows that clients started, on uplinks that were captured, not pinned.

import type { Prefix } from '../config/config.js';
import { ORIGIN } from '../flows/connection.js';
import { NONE } from '../flows/layout.js';
import type { Ledger } from '../tally/ledger.js';
import { prefixContains } from '../util/address.js';

/** Up to this part of the flows may be without a client before clients count as not visible. */
const FEW_UNNAMED = 0.05;

export interface BalanceRows {
  /** Numbers of rows. */
  rows: Int32Array;
  /** Client-started flows to pinned servers. */
  pinned: number;
  /** Whether each of the rows names its client. */
  clientsVisible: boolean;
}

/** `eligible` is by uplink: whether it takes part; rows that are 1 in `leftOut` are passed over. */
export function balanceRows(
  ledger: Ledger,
  eligible: readonly boolean[],
  pins: readonly Prefix[],
  leftOut: Uint8Array | null = null,
): BalanceRows {
  const rows = new Int32Array(ledger.count);
  const isPinned = pinnedServers(ledger, pins);
  const { origin, uplink, server, client } = ledger;
  let count = 0;
  let pinned = 0;
  let unnamed = 0;
  for (let row = 0; row < ledger.count; row++) {
    if (origin[row] !== ORIGIN.lan && origin[row] !== ORIGIN.unknown) continue;
    if (leftOut !== null && leftOut[row] === 1) continue;
    if (isPinned !== null && isPinned[server[row]] === 1) {
      pinned++;
      continue;
    }
    if (!eligible[uplink[row]]) continue;
    if (client[row] === NONE) unnamed++;
    rows[count++] = row;
  }
  if (unnamed === 0 || unnamed > count * FEW_UNNAMED) {
    return { rows: rows.subarray(0, count), pinned, clientsVisible: count > 0 && unnamed === 0 };
  }
  // Connection tracking names clients, yet not of what it had forgotten or what began before it was asked.
  const named = rows.subarray(0, count).filter((row) => client[row] !== NONE);
  return { rows: named, pinned, clientsVisible: true };
}

/** By address number; null without pins. */
function pinnedServers({ addresses }: Ledger, pins: readonly Prefix[]): Uint8Array | null {
  if (pins.length === 0) return null;
  const pinned = new Uint8Array(addresses.count);
  for (let id = 0; id < addresses.count; id++) {
    const family = addresses.family(id);
    const words = addresses.wordsOf(id);
    if (pins.some((pin) => prefixContains(pin, family, words))) pinned[id] = 1;
  }
  return pinned;
}
