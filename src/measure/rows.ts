// The ledger's rows that the balance is about: flows that clients started, on uplinks that were captured, not pinned.

import type { Prefix } from '../config/config.js';
import { NONE } from '../flows/layout.js';
import { BALANCED } from '../tally/key-parts.js';
import type { Ledger } from '../tally/ledger.js';
import { roomOf } from '../tally/rows.js';
import { prefixContains } from '../util/address.js';

/** Up to this part of the flows may be without a client before clients count as not visible. */
const FEW_UNNAMED = 0.05;

/** A ledger's numbers of them are bytes. */
const UPLINKS = 256;

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
  const room = roomOf(ledger);
  const all = room.integers(ledger.count);
  const found = room.integers(BALANCED.numbers);
  room.calls.balanceRows(
    ledger.count,
    room.column('origin'),
    room.column('uplink'),
    room.column('client'),
    room.column('server'),
    room.placeOf(Uint8Array.from({ length: UPLINKS }, (_, uplink) => Number(eligible[uplink] ?? false))),
    room.placeOfAny(leftOut),
    room.placeOfAny(pinnedServers(ledger, pins)),
    all.byteOffset,
    found.byteOffset,
  );
  const rows = all.subarray(0, found[BALANCED.rows]);
  const pinned = found[BALANCED.pinned];
  const unnamed = found[BALANCED.unnamed];
  if (unnamed === 0 || unnamed > rows.length * FEW_UNNAMED) {
    return { rows, pinned, clientsVisible: rows.length > 0 && unnamed === 0 };
  }
  // Connection tracking names clients, yet not of what it had forgotten or what began before it was asked.
  const { client } = ledger;
  return { rows: rows.filter((row) => client[row] !== NONE), pinned, clientsVisible: true };
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
