// Runs are settled in two ways: plain ones in the hot loop, all others one by one. Both must come to the same.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parsePrefix } from '#src/config/address.js';
import type { Prefix } from '#src/config/config.js';
import { META } from '#src/decode/batch.js';
import { lendHot, returnHot } from '#src/flows/instance.js';
import { COLD, GONE, HOT, HOT_WORDS, NEVER, RUN_WORDS, SEGMENTS, SETTLED_RUNS, STATE } from '#src/flows/layout.js';
import { PROTOCOL } from '#src/flows/rules.js';
import { RunList } from '#src/flows/runs.js';
import { AddressBook } from '#src/tally/addresses.js';
import type { LedgerData } from '#src/tally/ledger.js';
import { type Settled, Settler } from '#src/tally/settle.js';
import { CLASS, type Lane } from '#src/uplinks/lanes.js';
import type { Topology } from '#src/uplinks/topology.js';

const prefix = (text: string) => parsePrefix(text) as Prefix;
const uplink = (name: string, ...snat: string[]) => ({
  name,
  snat: snat.map(prefix),
  gateways: [],
  interface: null,
  vlan: null,
});
/** Sources of the first one's IPv6 and the last one's IPv4 are told apart, so such runs are not plain. */
const TOPOLOGY: Topology = {
  asSeen: false,
  uplinks: [uplink('a', '203.0.113.2', '2001:db8::/64'), uplink('b', '198.51.100.2'), uplink('c', '192.0.2.0/29')],
  lan: [],
  roles: [],
  macs: [],
  lanVisible: false,
};
const LANES: Lane[] = Object.values(CLASS).flatMap((laneClass) =>
  [-1, 0, 1, 2].flatMap((number) =>
    [-1, 0, 2].flatMap((egress) =>
      [false, true].map((localHigh) => ({
        point: 0,
        class: laneClass,
        // Of these classes each has one.
        uplink: laneClass === CLASS.wan || laneClass === CLASS.second ? Math.max(0, number) : number,
        egress,
        localHigh,
        lanSide: false,
      })),
    ),
  ),
);

const T0 = 1.7e15;
const time = fc.integer({ min: 0, max: 5000 }).map((n) => T0 + n * 777_777);
const timeOrNone = fc.oneof({ weight: 4, arbitrary: time }, fc.constant(NEVER));
const number = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer());
const run = fc.record({
  protocol: fc.constantFrom(PROTOCOL.tcp, PROTOCOL.tcp, PROTOCOL.udp, PROTOCOL.icmp, PROTOCOL.icmp6, 47),
  kind: fc.constantFrom(0, META.hasPorts, META.hasPorts, META.hasPorts | META.ipv6, META.datagram, GONE),
  words: fc.array(number, { minLength: 24, maxLength: 24 }),
  state: fc.oneof(
    fc.constantFrom(STATE.synLow | STATE.bothWays, STATE.synHigh | STATE.synAckLow | STATE.bothFin),
    fc.integer({ min: 0, max: STATE.bits }),
  ),
  isFragmented: fc.boolean(),
  lane: fc.nat({ max: LANES.length - 1 }),
  times: fc.tuple(timeOrNone, timeOrNone, timeOrNone, timeOrNone),
  startUs: time,
});
type Run = typeof run extends fc.Arbitrary<infer T> ? T : never;

function listOf(runs: readonly Run[]): RunList {
  const list = RunList.of(new ArrayBuffer(Math.max(1, runs.length) * RUN_WORDS * 4));
  list.count = runs.length;
  runs.forEach(({ protocol, kind, words, state, isFragmented, lane, times, startUs }, n) => {
    const at = n * RUN_WORDS;
    const at64 = at / 2;
    const own = list.words;
    [HOT.k0, HOT.k1, HOT.ports, HOT.packetsLow, HOT.packetsHigh, HOT.ipLow, HOT.ipHigh].forEach((word, i) => {
      own[at + word] = words[i] as number;
    });
    own[at + HOT.meta] = kind === GONE ? GONE : kind | protocol;
    const bits = isFragmented ? state : state & ~STATE.fragments;
    own[at + HOT.state] = (lane << STATE.laneShift) | bits;
    const cold = at + HOT_WORDS;
    own[cold + COLD.ipLowCarry] = (words[7] as number) & 0xff;
    own[cold + COLD.ipHighCarry] = (words[8] as number) & 0xff;
    for (let i = 0; i < 8; i++) own[cold + COLD.wide + i] = (kind & META.ipv6) !== 0 ? (words[9 + i] as number) : 0;
    own[cold + SEGMENTS.inCold + SEGMENTS.again] = words[17] as number;
    list.floats[at64 + HOT.lastLow64] = times[0];
    list.floats[at64 + HOT.lastHigh64] = times[1];
    list.floats[at64 + HOT_WORDS / 2 + COLD.firstLow64] = times[2] === NEVER ? startUs : times[2];
    list.floats[at64 + HOT_WORDS / 2 + COLD.firstHigh64] = times[3];
  });
  return list;
}

/** Rows with their addresses, in an order of their own, and all that is counted. */
function outcome({ data, loose }: Settled) {
  const { ledger, starts, counts, strangers, sources, signals } = data;
  const binned = [starts, signals].map(({ widthSec, cells, bins, sums }) =>
    Array.from(
      cells,
      (cell, i) => `${cell} ${bins[i]} ${widthSec} ${sums.subarray(5 * i, 5 * i + 5).join(' ')}`,
    ).sort(),
  );
  return { rows: rowsOf(ledger), threshold: ledger.threshold, binned, counts, strangers, sources, loose };
}

function rowsOf({ count, addresses, columns }: LedgerData): string[] {
  assert.ok(AddressBook.areDistinct(addresses), 'an address has two numbers');
  const book = AddressBook.of(addresses);
  const { client, server, ...others } = columns;
  return Array.from({ length: count }, (_, row) => {
    const hosts = [client, server].map((ids) => (ids[row] === -1 ? null : book.wordsOf(ids[row] as number)));
    return JSON.stringify([hosts, book.family(server[row] as number), Object.values(others).map((one) => one[row])]);
  }).sort();
}

function settled(runs: readonly Run[], fast: boolean, ledgerRows?: number, shares = false) {
  const hot = lendHot();
  const settler = new Settler(fast ? hot : null, TOPOLOGY, ledgerRows, shares);
  settler.takeAll(listOf(runs), LANES);
  const done = outcome(settler.finish());
  returnHot(hot);
  return done;
}

test('plain runs come to the same rows and sums as one by one', () => {
  let plain = 0;
  fc.assert(
    fc.property(fc.array(run, { maxLength: 60, size: 'max' }), (runs) => {
      const slow = settled(runs, false);
      assert.deepEqual(settled(runs, true), slow);
      plain += slow.rows.length;
    }),
    { numRuns: 300 },
  );
  assert.ok(plain > 1000);
});

test('seconds that make room for each other in turn are counted once each', () => {
  let most = 0;
  fc.assert(
    fc.property(fc.array(run, { minLength: 20, maxLength: 60, size: 'max' }), (runs) => {
      // As far apart as one place of the table of seconds serves.
      const some = runs.map((one, n): Run => {
        return { ...one, times: [one.times[0], one.times[1], NEVER, NEVER], startUs: T0 + (n % 3) * 512e6 };
      });
      const slow = settled(some, false);
      assert.deepEqual(settled(some, true), slow);
      most = Math.max(most, slow.rows.length);
    }),
    { numRuns: 100 },
  );
  assert.ok(most > 10);
});

test('a ledger that becomes too small is thinned alike', () => {
  fc.assert(
    fc.property(
      fc.array(run, { minLength: 30, maxLength: 80, size: 'max' }),
      fc.integer({ min: 1, max: 60 }),
      (runs, most) => {
        const slow = settled(runs, false, most);
        assert.deepEqual(settled(runs, true, most), slow);
        assert.deepEqual(settled(runs, true, most, true), slow);
      },
    ),
    { numRuns: 100 },
  );
});

test('so do long lists with thousands of addresses and seconds', () => {
  // The first lane is a plain one: all runs on it, or some elsewhere.
  for (const lanes of [1, LANES.length]) {
    const runs = Array.from({ length: 12 * SETTLED_RUNS + 17 }, (_, n): Run => {
      // Some addresses come again when their index has grown.
      const words = Array.from({ length: 24 }, (_, i) => Math.imul((n % 20_000) + 1, 0x9e3779b1 + 2 * i));
      const startUs = T0 + n * 5_000_000;
      return {
        protocol: n % 3 === 0 ? PROTOCOL.tcp : PROTOCOL.udp,
        kind: n % 5 === 0 ? META.hasPorts | META.ipv6 : META.hasPorts,
        words,
        state: Math.imul(n, 7919) & STATE.bits,
        isFragmented: false,
        lane: n % 4 === 0 ? n % lanes : 0,
        times: [startUs + 10, startUs + 20, startUs, startUs + 5],
        startUs,
      };
    });
    for (const most of [undefined, 3000]) assert.deepEqual(settled(runs, true, most), settled(runs, false, most));
  }
});
