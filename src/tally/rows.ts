// A ledger's rows in a room of their own, where loops over them run as WebAssembly.

import type { Ledger, LedgerColumns } from './ledger.js';
import { Room } from './room.js';
import { columnsIn, FIRST_BYTE } from './shared-rows.js';

const rooms = new WeakMap<Ledger, Rows>();

/** The same for as long as the ledger lives, and all that was put there with it: each report of it takes some more. */
export function roomOf(ledger: Ledger): Rows {
  const known = rooms.get(ledger);
  if (known !== undefined) return known;
  const rows = new Rows(ledger);
  rooms.set(ledger, rows);
  return rows;
}

export class Rows extends Room {
  constructor(private readonly ledger: Ledger) {
    const { shared } = ledger;
    super(shared?.memory);
    if (shared === null) return;
    if (this.calls.top() > FIRST_BYTE) throw new Error('columns stand where the room has its own');
    this.calls.release(shared.end);
    Object.assign(ledger, columnsIn(shared, ledger.columns()));
  }

  /**
   * Where a column stands in the room: it is moved there when it is first asked for, if it has not come there with the
   * memory, so that it does not stand twice for long. The ledger may go on with what it has then, and even outgrow it.
   */
  column(name: keyof LedgerColumns): number {
    const column = this.ledger[name];
    if (this.holds(column)) return column.byteOffset;
    if (this.lent > 0) throw new Error(`the column ${name} comes too late: the room is lent`);
    const own = this.like(column);
    own.set(column.subarray(0, this.ledger.count));
    Object.assign(this.ledger, { [name]: own });
    return own.byteOffset;
  }

  private like(column: LedgerColumns[keyof LedgerColumns]): LedgerColumns[keyof LedgerColumns] {
    if (column instanceof Float64Array) return this.floats(column.length);
    if (column instanceof Uint32Array) return this.words(column.length);
    return column instanceof Int32Array ? this.integers(column.length) : this.bytes(column.length);
  }
}
