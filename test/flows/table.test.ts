// The hot loop by itself: its hash is everybody's, its room grows, and what it is in doubt about may be kept elsewhere.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FLAG, KIND, META, ROW, ROW_WORDS } from '#src/decode/batch.js';
import { hashKey } from '#src/flows/hash.js';
import { lendHot, returnHot } from '#src/flows/instance.js';
import { COLD, HOT, HOT_WORDS, RUN_WORDS } from '#src/flows/layout.js';
import { Timeouts } from '#src/flows/rules.js';
import { copyOf, RunChunks, RunList } from '#src/flows/runs.js';
import { FlowTable, type LaneBook } from '#src/flows/table.js';

const SEED = 0x5eed1234;
const TCP = 6;

function lanes(): LaneBook {
  const bins = { open: new Float64Array(0), startUs: 0, endUs: 0, add: () => {} };
  return { laneOf: () => 3, usual: null, bins, data: new Float64Array(0), addOther: () => {} };
}

interface Segment {
  low: number;
  high: number;
  fromHigh: boolean;
  flags: number;
  seq: number;
  payload: number;
  /** Its number was not captured. */
  isCut?: boolean;
}

/** The runs that are live at the end, those that are over, and the doubts. */
function outcome(segments: readonly Segment[], leftOpen: boolean, doubtWords?: number) {
  const hot = lendHot();
  const closed = new RunChunks();
  const timeouts = new Timeouts();
  const room = doubtWords === undefined ? {} : { doubtWords };
  const table = new FlowTable(hot, lanes(), closed, { timeouts, leftOpen, asSeen: false, seed: SEED, ...room });
  segments.forEach(({ low, high, fromHigh, flags, seq, payload, isCut = false }, n) => {
    const { batch } = hot;
    const at = batch.count * ROW_WORDS;
    batch.floats[at / 2] = 1e15 + n * 1000;
    const rest = { k0: low, k1: high, ports: 0x03e80035, meta: META.hasPorts | TCP, seq, payload };
    const counted = {
      flags: flags | (isCut ? 0 : FLAG.seqValid) | (fromHigh ? FLAG.fromHigh : 0),
      ipBytes: 40 + payload,
    };
    const words = { ...rest, ...counted, wireBytes: 54 + payload, kind: KIND.flow, ident: 0 };
    for (const [name, value] of Object.entries(words)) batch.words[at + ROW[name as keyof typeof ROW]] = value;
    if (++batch.count === 200 || n === segments.length - 1) table.flush(batch);
  });
  const live = table.finish(false).map(copyOf);
  const doubts = table.doubts.finish();
  const over = [...closed.take(), ...table.heads.take()];
  returnHot(hot);
  return { live, over, doubts };
}

const runsOf = (buffers: readonly ArrayBuffer[]) =>
  buffers.flatMap((buffer) => {
    const { words, count } = RunList.of(buffer);
    return Array.from({ length: count }, (_, n) => words.subarray(n * RUN_WORDS, (n + 1) * RUN_WORDS));
  });

test('the hash in a record is `hashKey`', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer(), (low, high) => {
      const { live } = outcome([{ low, high, fromHigh: false, flags: FLAG.ack, seq: 1, payload: 0 }], false);
      const [run] = runsOf(live);
      const [k0, k1, ports, meta] = [HOT.k0, HOT.k1, HOT.ports, HOT.meta].map((word) => run?.[word] as number);
      assert.deepEqual([k0, k1], [low, high]);
      assert.equal(run?.[HOT.hash], hashKey(k0 as number, k1 as number, ports as number, meta as number, SEED));
    }),
  );
});

test('a number that was not captured is none, whatever stands in the row', () => {
  const cut: Segment = { low: 1, high: 2, fromHigh: false, flags: FLAG.ack, seq: 1234, payload: 0, isCut: true };
  const [run] = runsOf(outcome([cut], false).live);
  assert.equal(run?.[HOT_WORDS + COLD.seqLow], 0);
});

test('there is room for more runs than at first, each found again', () => {
  const count = 40_000;
  const pass = (n: number): Segment => ({ low: n, high: -1 - n, fromHigh: false, flags: FLAG.ack, seq: 1, payload: 0 });
  const segments = Array.from({ length: 2 * count }, (_, n) => pass(n % count));
  const runs = runsOf(outcome(segments, false).live);
  assert.equal(runs.length, count);
  assert.ok(runs.every((run) => run[HOT.packetsLow] === 2));
  assert.equal(new Set(runs.map((run) => run[HOT.k0])).size, count);
});

test('doubts that are kept elsewhere are the same', () => {
  const segment: fc.Arbitrary<Segment> = fc.record({
    low: fc.constantFrom(1, 2),
    high: fc.constantFrom(3, 4),
    fromHigh: fc.boolean(),
    flags: fc.constantFrom(FLAG.ack, FLAG.ack, FLAG.ack, FLAG.ack, FLAG.syn, FLAG.ack | FLAG.fin),
    seq: fc.constantFrom(0, 10, 20, 30, 40, 50, 100, 2 ** 24 + 9, 2 ** 25 + 30, -9, 2 ** 31 - 5),
    payload: fc.constantFrom(0, 1, 10, 10, 20, 60),
  });
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 120 }), fc.integer({ min: 1, max: 9 }), (segments, nodes) => {
      const whole = outcome(segments, true);
      const kept = outcome(segments, true, 4 * nodes);
      assert.deepEqual(kept, whole);
    }),
    { numRuns: 400 },
  );
});
