// A capture cut in two: which flows of the second part began in the first.

import { FLOW } from '../flows/connection.js';
import { NONE } from '../flows/layout.js';
import { PROTOCOL } from '../flows/rules.js';
import { AddressBook } from '../tally/addresses.js';
import type { Ledger } from '../tally/ledger.js';
import { Room } from '../tally/room.js';
import { numberColumns } from './keys.js';

/** A stream without a beginning of its own goes on if it was met so recently: the longest idle time of UDP and ICMP. */
const STILL_US = 180e6;

/**
 * By row of `after`: 1 where the five-tuple is in `before` as well and nothing says that it began anew: TCP without its SYN,
 * or other flows met within three minutes before the cut.
 */
export function continuing(before: Ledger, after: Ledger, splitUs: number): Uint8Array {
  const addresses = new AddressBook();
  const total = before.count + after.count;
  const columns = {
    client: new Int32Array(total).fill(NONE),
    server: new Int32Array(total),
    ports: new Int32Array(total),
    protocol: new Uint8Array(total),
    addresses,
  };
  let at = 0;
  for (const ledger of [before, after]) {
    const idOf = (id: number) => addresses.idOf(ledger.addresses.family(id), ledger.addresses.wordsOf(id));
    for (let row = 0; row < ledger.count; row++, at++) {
      if (ledger.client[row] !== NONE) columns.client[at] = idOf(ledger.client[row]);
      columns.server[at] = idOf(ledger.server[row]);
      columns.ports[at] = ledger.ports[row];
      columns.protocol[at] = ledger.protocol[row];
    }
  }
  const rows = Int32Array.from({ length: total }, (_, n) => n);
  const { keyOf, count } = numberColumns(new Room(), columns, rows, { ipv4: 'five-tuple', ipv6: 'five-tuple' });
  const lastUs = new Float64Array(count).fill(Number.NEGATIVE_INFINITY);
  for (let row = 0; row < before.count; row++) lastUs[keyOf[row]] = Math.max(lastUs[keyOf[row]], before.endUs[row]);
  return Uint8Array.from({ length: after.count }, (_, row) => {
    const last = lastUs[keyOf[before.count + row]];
    if (after.protocol[row] === PROTOCOL.tcp) return last > 0 && (after.course[row] & FLOW.opened) === 0 ? 1 : 0;
    return last >= splitUs - STILL_US ? 1 : 0;
  });
}
