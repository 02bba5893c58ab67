// Columns of numbers as bytes: little-endian, each begun at a multiple of 8, described by name, kind and length.

export type Column = Float64Array | Uint32Array | Int32Array | Uint8Array;

export interface ColumnPlan {
  name: string;
  kind: 'f64' | 'u32' | 'i32' | 'u8';
  length: number;
}

const WIDTHS = { f64: 8, u32: 4, i32: 4, u8: 1 } as const;
const IS_LITTLE = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

export function planOf(columns: Readonly<Record<string, Column>>): ColumnPlan[] {
  return Object.entries(columns).map(([name, column]) => ({ name, kind: kindOf(column), length: column.length }));
}

export function bytesOfPlan(plan: readonly ColumnPlan[]): number {
  return plan.reduce((sum, { kind, length }) => sum + padded(length * WIDTHS[kind]), 0);
}

/** The bytes of all columns, in the order of the plan. */
export function writeColumns(columns: Readonly<Record<string, Column>>): Uint8Array {
  const plan = planOf(columns);
  const bytes = new Uint8Array(bytesOfPlan(plan));
  let at = 0;
  for (const { name, kind, length } of plan) {
    const column = columns[name] as Column;
    const from = new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
    bytes.set(from, at);
    if (!IS_LITTLE) swap(bytes.subarray(at, at + length * WIDTHS[kind]), WIDTHS[kind]);
    at += padded(length * WIDTHS[kind]);
  }
  return bytes;
}

/** The columns of bytes that are exactly as long as the plan says. Null where they are not. */
export function readColumns(bytes: Uint8Array, plan: readonly ColumnPlan[]): Record<string, Column> | null {
  if (bytesOfPlan(plan) !== bytes.length) return null;
  const columns: [string, Column][] = [];
  let at = 0;
  for (const { name, kind, length } of plan) {
    // A copy of its own: a Buffer's `slice` would be a view of it.
    const part = Uint8Array.from(bytes.subarray(at, at + length * WIDTHS[kind]));
    if (!IS_LITTLE) swap(part, WIDTHS[kind]);
    columns.push([name, columnOf(kind, part.buffer, length)]);
    at += padded(length * WIDTHS[kind]);
  }
  return Object.fromEntries(columns);
}

function columnOf(kind: ColumnPlan['kind'], buffer: ArrayBuffer, length: number): Column {
  if (kind === 'f64') return new Float64Array(buffer, 0, length);
  if (kind === 'u32') return new Uint32Array(buffer, 0, length);
  return kind === 'i32' ? new Int32Array(buffer, 0, length) : new Uint8Array(buffer, 0, length);
}

function kindOf(column: Column): ColumnPlan['kind'] {
  if (column instanceof Float64Array) return 'f64';
  if (column instanceof Uint32Array) return 'u32';
  return column instanceof Int32Array ? 'i32' : 'u8';
}

function padded(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

function swap(bytes: Uint8Array, width: number): void {
  for (let at = 0; at + width <= bytes.length; at += width) bytes.subarray(at, at + width).reverse();
}
