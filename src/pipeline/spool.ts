// Rows of any number come out sorted in bounded memory: what doesn't fit is sorted in pieces, laid down in temporary
// files, and merged (external merge sort; Knuth, The Art of Computer Programming 3, 5.4).

import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../util/error.js';

export interface SpoolOptions<T> {
  /** A total order: rows that compare as 0 are the same in every respect. */
  compare(a: T, b: T): number;
  /** A row as one line of text without a line break, and back. */
  write(row: T): string;
  read(line: string): T;
  /** Rows that are held in memory; some hundred bytes each. */
  rowsInMemory?: number;
}

const ROWS_IN_MEMORY = 2 ** 16;
/** A piece, while they are merged. */
const READ_BYTES = 2 ** 16;
/** Lines that are joined before they are written. */
const LINES_AT_A_TIME = 1024;

export class Spool<T> {
  private rows: T[] = [];
  private readonly most: number;
  /** Open files without a name: they are gone however the program ends. */
  private readonly files: number[] = [];

  constructor(private readonly options: SpoolOptions<T>) {
    this.most = options.rowsInMemory ?? ROWS_IN_MEMORY;
  }

  /** Throws `UserError` where the temporary folder can't take a piece. */
  add(row: T): void {
    this.rows.push(row);
    if (this.rows.length >= this.most) this.layDown();
  }

  /** All rows in order; to be read once. */
  *sorted(): Generator<T> {
    this.rows.sort(this.options.compare);
    if (this.files.length === 0) {
      yield* this.rows;
      return;
    }
    const pieces = this.files.map((fd) => readLines(fd, this.options.read));
    yield* merge([...pieces, this.rows.values()], this.options.compare);
  }

  /** Leaves nothing behind; harmless where nothing was laid down. */
  close(): void {
    for (const fd of this.files.splice(0)) closeSync(fd);
    this.rows = [];
  }

  private layDown(): void {
    const { rows, options } = this;
    rows.sort(options.compare);
    try {
      const fd = openNameless();
      this.files.push(fd);
      for (let n = 0; n < rows.length; n += LINES_AT_A_TIME) {
        const lines = rows.slice(n, n + LINES_AT_A_TIME).map((row) => `${options.write(row)}\n`);
        writeWhole(fd, Buffer.from(lines.join('')));
      }
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      throw new UserError(`can't keep rows in "${tmpdir()}": ${code ?? message} (TMPDIR names another folder)`);
    }
    this.rows = [];
  }
}

function openNameless(): number {
  const folder = mkdtempSync(join(tmpdir(), 'mlstat-'));
  try {
    return openSync(join(folder, 'rows'), 'wx+', 0o600);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function writeWhole(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}

function* readLines<T>(fd: number, read: (line: string) => T): Generator<T> {
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  let rest: Buffer = Buffer.alloc(0);
  for (let position = 0; ; ) {
    const count = readSync(fd, buffer, 0, READ_BYTES, position);
    if (count === 0) return;
    position += count;
    const bytes = Buffer.concat([rest, buffer.subarray(0, count)]);
    const end = bytes.lastIndexOf(10);
    rest = bytes.subarray(end + 1);
    if (end >= 0) for (const line of bytes.toString('utf8', 0, end).split('\n')) yield read(line);
  }
}

/** Merges what is sorted already, through a heap of the next row of each. */
function* merge<T>(pieces: Iterator<T>[], compare: (a: T, b: T) => number): Generator<T> {
  const heap: { row: T; from: Iterator<T> }[] = [];
  const before = (a: number, b: number) => compare(heap[a].row, heap[b].row) < 0;
  const swap = (a: number, b: number) => {
    [heap[a], heap[b]] = [heap[b], heap[a]];
  };
  const sink = (start: number) => {
    for (let at = start; ; ) {
      const left = 2 * at + 1;
      if (left >= heap.length) return;
      const least = left + 1 < heap.length && before(left + 1, left) ? left + 1 : left;
      if (!before(least, at)) return;
      swap(at, least);
      at = least;
    }
  };
  for (const from of pieces) {
    const { value, done } = from.next();
    if (done !== true) heap.push({ row: value, from });
  }
  for (let at = heap.length >> 1; at >= 0; at--) sink(at);
  while (heap.length > 0) {
    const [top] = heap;
    yield top.row;
    const { value, done } = top.from.next();
    if (done !== true) top.row = value;
    else {
      const last = heap.pop() as (typeof heap)[number];
      if (heap.length > 0) heap[0] = last;
    }
    sink(0);
  }
}
