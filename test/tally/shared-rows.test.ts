// Rows that are handed over in their memory: by a message as threads send them, then as the room of another ledger.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { Ledger, type LedgerColumns, type LedgerData } from '#src/tally/ledger.js';
import { roomOf } from '#src/tally/rows.js';

const NAMES = Object.keys(new Ledger().columns()) as (keyof LedgerColumns)[];

/** Every column counts up, from a number of its own; the one address is everybody's. */
function filled(rows: number, from: number, ledger = new Ledger()): LedgerData {
  const other = new Ledger();
  other.reserve(rows);
  const columns = other.columns();
  NAMES.forEach((name, n) => {
    for (let row = 0; row < rows; row++) columns[name][row] = name === 'server' ? 0 : numberAt(n, from + row);
  });
  columns.client.fill(-1);
  ledger.append(columns, rows);
  const addresses = Int32Array.of(-1, 0, 0xffff, 7);
  return { ...ledger.data(), addresses, ...(ledger.shared === null ? {} : { shared: ledger.shared }) };
}

const numberAt = (column: number, row: number) => (column * 10 + row) % 200;

function holds(ledger: Ledger, rows: number): void {
  assert.equal(ledger.count, rows);
  const columns = ledger.columns();
  NAMES.forEach((name, n) => {
    for (let row = 0; row < rows; row++) {
      const expected = name === 'server' ? 0 : name === 'client' ? -1 : numberAt(n, row);
      assert.equal(columns[name][row], expected, `${name} of row ${row}`);
    }
  });
  assert.deepEqual(ledger.addresses.wordsOf(0), [0, 0, 0, 7]);
}

/** As it comes out of another thread. */
function sent<T>(value: T): T {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(value);
  const got = receiveMessageOnPort(port2) as { message: T };
  port1.close();
  return got.message;
}

describe('rows in shared memory', () => {
  it('become the room of the ledger that takes them over, where they stand', () => {
    const ledger = new Ledger();
    const data = sent(filled(1000, 0, Ledger.shared(5000)));
    ledger.merge(data);
    holds(ledger, 1000);
    const room = roomOf(ledger);
    room.floats(20_000_000);
    for (const name of NAMES) assert.equal(room.column(name), data.columns[name].byteOffset, name);
  });

  it('are not written over by what else comes into the room, however much', () => {
    const ledger = new Ledger();
    ledger.merge(sent(filled(5000, 0, Ledger.shared(5000))));
    const room = roomOf(ledger);
    room.bytes(1_000_000).fill(255);
    room.lend((lent) => lent.floats(20_000_000).fill(Number.NaN, 0, 100));
    room.integers(3).fill(-1);
    assert.equal(room.column('ports'), ledger.ports.byteOffset);
    holds(ledger, 5000);
  });

  it('get the rows of others behind them, in the same place', () => {
    const ledger = new Ledger();
    ledger.merge(sent(filled(1000, 0, Ledger.shared(5000))));
    ledger.merge(sent(filled(500, 1000)));
    ledger.merge(sent(filled(3500, 1500, Ledger.shared(5000))));
    const at = ledger.ports.byteOffset;
    assert.equal(roomOf(ledger).column('ports'), at);
    holds(ledger, 5000);
  });

  it('move where they are outgrown', () => {
    const ledger = new Ledger();
    ledger.merge(sent(filled(1000, 0, Ledger.shared(1000))));
    const before = roomOf(ledger).column('ports');
    ledger.merge(sent(filled(500, 1000)));
    assert.notEqual(roomOf(ledger).column('ports'), before);
    holds(ledger, 1500);
  });

  it('are copied where there are rows already', () => {
    const ledger = new Ledger();
    ledger.merge(sent(filled(10, 0)));
    ledger.merge(sent(filled(1000, 10, Ledger.shared(1000))));
    assert.equal(ledger.shared, null);
    holds(ledger, 1010);
  });

  it('are nobody else’s by another way: what is told of a ledger later has columns alone', () => {
    const ledger = new Ledger();
    ledger.merge(sent(filled(10, 0, Ledger.shared(100))));
    const other = new Ledger();
    other.merge(ledger.data());
    assert.equal(other.shared, null);
    roomOf(ledger).column('ports');
    roomOf(other).column('ports');
    assert.ok(other.ports.buffer !== ledger.ports.buffer);
    holds(other, 10);
  });
});
