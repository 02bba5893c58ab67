// A ledger's columns in a memory that threads share: the one that has filled them hands it over as it is, and it becomes
// the room of the rows (rows.ts). Copied they would be written twice, and each fresh page takes a microsecond or two.

import { MOST_PAGES, PAGE_BYTES, type SharedMemory, sharedMemory } from '../util/wasm.js';
import type { Column } from './columns.js';
import type { LedgerColumns } from './ledger.js';

export interface SharedRows {
  memory: SharedMemory;
  /** The byte behind the columns. */
  end: number;
}

/** Below it the room has what it keeps for itself (hot/space.ts). */
export const FIRST_BYTE: number = PAGE_BYTES;

/** Empty columns of the same kinds with room for so many rows: what nobody writes to costs nothing. */
export function shareColumns(like: LedgerColumns, rows: number): { columns: LedgerColumns; shared: SharedRows } {
  const places: Record<string, number> = {};
  let end = FIRST_BYTE;
  for (const [name, { BYTES_PER_ELEMENT }] of Object.entries(like)) {
    places[name] = end;
    end += 8 * Math.ceil((rows * BYTES_PER_ELEMENT) / 8);
  }
  const memory = sharedMemory(Math.ceil(end / PAGE_BYTES), MOST_PAGES);
  const columns = over(memory, like, (name) => [places[name] as number, rows]);
  return { columns, shared: { memory, end } };
}

/**
 * The same columns as views of the memory's buffer: it is another object after the memory has grown, and may be one in another thread.
 */
export function columnsIn({ memory }: SharedRows, columns: LedgerColumns): LedgerColumns {
  return over(memory, columns, (_, { byteOffset, length }) => [byteOffset, length]);
}

function over(
  { buffer }: SharedMemory,
  columns: LedgerColumns,
  placeOf: (name: string, column: Column) => [at: number, length: number],
): LedgerColumns {
  const placed = Object.entries(columns).map(([name, column]) => {
    const Kind = column.constructor as new (memory: SharedArrayBuffer, at: number, length: number) => Column;
    return [name, new Kind(buffer, ...placeOf(name, column))];
  });
  return Object.fromEntries(placed) as LedgerColumns;
}
