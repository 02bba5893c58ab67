import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Ledger } from '#src/tally/ledger.js';
import { lendRoomOf, Room } from '#src/tally/room.js';
import { roomOf } from '#src/tally/rows.js';
import { UserError } from '#src/util/error.js';

/** A ledger whose only column that matters counts up. */
function ledgerOf(rows: number, from = 0): Ledger {
  const ledger = new Ledger();
  ledger.reserve(rows);
  for (let row = 0; row < rows; row++) ledger.ports[row] = from + row;
  ledger.count = rows;
  return ledger;
}

const portsOf = ({ ports, count }: Ledger) => [...ports.subarray(0, count)];
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

describe('the room of a ledger’s rows', () => {
  it('holds each column once, and the ledger sees what is in it', () => {
    const ledger = ledgerOf(100);
    const room = roomOf(ledger);
    const at = room.column('ports');
    assert.equal(room.column('ports'), at);
    assert.equal(ledger.ports.byteOffset, at);
    assert.deepEqual(portsOf(ledger), upTo(100));
    assert.equal(roomOf(ledger), room);
  });

  it('follows a ledger that outgrows its columns', () => {
    const ledger = ledgerOf(100);
    const before = roomOf(ledger).column('ports');
    ledger.append(ledgerOf(100_000, 100).columns(), 100_000);
    assert.deepEqual(portsOf(ledger), upTo(100_100));
    assert.notEqual(roomOf(ledger).column('ports'), before);
    assert.deepEqual(portsOf(ledger), upTo(100_100));
  });

  it('keeps what stands in it when its memory grows', () => {
    const room = new Room();
    const early = room.integers(3);
    early.set([1, 2, 3]);
    const much = room.floats(10_000_000);
    much[much.length - 1] = 5;
    assert.deepEqual([...early], [1, 2, 3]);
    assert.equal(room.placeOf(early), early.byteOffset);
    assert.equal(much[much.length - 1], 5);
  });

  it('refuses more than can be addressed, and is as before', () => {
    const room = new Room();
    const kept = room.bytes(3_900_000_000);
    kept[kept.length - 1] = 7;
    const top = room.calls.top();
    assert.throws(() => room.bytes(500_000_000), UserError);
    for (const bytes of [2 ** 32, 2 ** 32 + 64]) assert.throws(() => room.bytes(bytes), RangeError);
    assert.equal(room.calls.top(), top);
    assert.ok(room.integers(4).byteOffset >= kept.byteOffset + kept.length);
    assert.equal(kept[kept.length - 1], 7);
  });

  it('takes back what was put there while it was lent, and no column meanwhile', () => {
    const ledger = ledgerOf(10);
    const room = roomOf(ledger);
    const top = room.calls.top();
    room.lend(() => room.floats(1000));
    assert.equal(room.calls.top(), top);
    assert.throws(() => room.lend(() => room.column('ports')), /ports/);
    assert.equal(room.calls.top(), top);
    assert.deepEqual(portsOf(ledger), upTo(10));
  });

  it('is the one in which an array stands, else another one', () => {
    const room = new Room();
    const array = room.integers(1);
    lendRoomOf(array, (own) => assert.equal(own, room));
    lendRoomOf(new Int32Array(1), (own) => assert.notEqual(own, room));
  });
});
