// The LAN copy of a WAN sight: the few candidates that are looked at are enough, whatever the runs hold.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { META } from '#src/decode/batch.js';
import { inOrder } from '#src/flows/candidates.js';
import { localPort, sameRemote } from '#src/flows/ends.js';
import { HeldRuns } from '#src/flows/held.js';
import { COLD, HOT, HOT_WORDS, NEVER, RUN_WORDS, STATE } from '#src/flows/layout.js';
import { costOf, matchLan, START_US } from '#src/flows/match.js';
import { Timeouts } from '#src/flows/rules.js';
import { RunList } from '#src/flows/runs.js';
import { Sights } from '#src/flows/sights.js';
import { CLASS, type Lane } from '#src/uplinks/lanes.js';

const C = HOT_WORDS;
const C64 = HOT_WORDS / 2;

interface Run {
  isLan: boolean;
  client: number;
  server: number;
  localHigh: boolean;
  ipv6: boolean;
  port: number;
  protocol: number;
  startUs: number;
  lastsUs: number;
  state: number;
  numbers: number[];
  packets: number;
}

const run: fc.Arbitrary<Run> = fc.record({
  isLan: fc.boolean(),
  client: fc.integer({ min: 0, max: 20 }),
  server: fc.constantFrom(0, 0, 0, 1),
  localHigh: fc.boolean(),
  ipv6: fc.boolean(),
  port: fc.constantFrom(0, 0, 1, 2),
  protocol: fc.constantFrom(6, 6, 6, 17, 17, 17, 1, 47),
  // Side by side, within forwarding, and at both sides of what is still near.
  startUs: fc.oneof(
    fc.integer({ min: 0, max: 5 }),
    fc.integer({ min: 0, max: 4000 }),
    fc.constantFrom(20_000, 20_001, 1e6 - 1, 1e6, 1e6 + 1, 2e6, 5e6, 40e6),
  ),
  lastsUs: fc.constantFrom(0, 100, 1e6, 4e6, 60e6),
  state: fc.oneof(fc.constantFrom(STATE.synLow, STATE.synHigh, STATE.spokeLow, 0), fc.integer({ min: 0, max: 0xfff })),
  numbers: fc.array(fc.constantFrom(1, 1, 2, 3, 2 ** 31), { minLength: 4, maxLength: 4 }),
  packets: fc.constantFrom(1, 1, 1, 2),
});

test('no candidate that is passed over is nearer than the one that is found', () => {
  fc.assert(
    fc.property(fc.array(run, { minLength: 2, maxLength: 60 }), fc.integer(), (runs, seed) => {
      const sights = sightsOf(runs, seed);
      assert.deepEqual(Array.from(matchLan(sights).lanOf), byHand(sights));
    }),
    { numRuns: 1500 },
  );
});

/** Holds every WAN sight against every LAN sight. */
function byHand(sights: Sights): number[] {
  const all = Array.from({ length: sights.count }, (_, sight) => sight);
  const lan = Array.from(
    inOrder(
      sights,
      all.filter((sight) => sights.isLan(sight)),
    ),
  );
  const claimed = new Set<number>();
  const found = all.map(() => -1);
  for (const wan of inOrder(
    sights,
    all.filter((sight) => !sights.isLan(sight)),
  )) {
    const best = (candidates: number[]) => {
      let least = Number.POSITIVE_INFINITY;
      let nearest = -1;
      for (const candidate of candidates) {
        const cost = costOf(sights, wan, candidate, claimed.has(candidate));
        if (cost < least) [least, nearest] = [cost, candidate];
      }
      return nearest;
    };
    const { startUs } = sights;
    const alike = lan.filter((one) => sameRemote(sights, one, wan));
    const near = best(alike.filter((one) => Math.abs((startUs[one] ?? 0) - (startUs[wan] ?? 0)) <= START_US));
    const copy = near >= 0 ? near : best(alike.filter((one) => localPort(sights, one) === localPort(sights, wan)));
    found[wan] = copy;
    if (copy >= 0) claimed.add(copy);
  }
  return found;
}

function sightsOf(runs: readonly Run[], seed: number): Sights {
  const held = new HeldRuns();
  for (const one of runs) held.insert(recordOf(one), 0);
  return new Sights(held, LANES, new Timeouts(), seed);
}

const LANES: Lane[] = [CLASS.wan, CLASS.lan].flatMap((laneClass, point) =>
  [false, true].map((localHigh) => {
    const uplink = laneClass === CLASS.wan ? 0 : -1;
    return { point, class: laneClass, uplink, egress: uplink, localHigh, lanSide: false };
  }),
);

function recordOf(one: Run): RunList {
  const list = new RunList(1);
  const { words, floats } = list;
  list.append(new Int32Array(RUN_WORDS), 0, new Int32Array(RUN_WORDS), 0);
  const lane = (one.isLan ? 2 : 0) + (one.localHigh ? 1 : 0);
  const mine = one.localHigh ? 1 : 0;
  const address = [0, 0];
  const port = [0, 0];
  // On the WAN there is one local address.
  address[mine] = one.isLan ? 100 + one.client : 50;
  address[1 - mine] = 10 + one.server;
  port[mine] = 1000 + one.port;
  port[1 - mine] = 53;
  const hasPorts = one.protocol !== 47;
  words[HOT.k0] = address[0] as number;
  words[HOT.k1] = address[1] as number;
  words[HOT.ports] = hasPorts ? ((port[0] as number) << 16) | (port[1] as number) : 0;
  const point = one.isLan ? 1 : 0;
  const family = one.ipv6 ? META.ipv6 : 0;
  words[HOT.meta] = one.protocol | family | (hasPorts ? META.hasPorts : 0) | (point << META.pointShift);
  if (one.ipv6) {
    words[C + COLD.wide + 3] = address[0] as number;
    words[C + COLD.wide + 7] = address[1] as number;
  }
  words[HOT.state] = one.state | (lane << STATE.laneShift);
  words[HOT.packetsLow] = one.packets;
  one.numbers.forEach((number, n) => {
    words[C + COLD.isnLow + n] = number;
  });
  floats[C64 + COLD.firstLow64] = one.startUs;
  floats[C64 + COLD.firstHigh64] = NEVER;
  floats[C64 + COLD.startClock64] = one.startUs;
  floats[HOT.lastLow64] = one.startUs + one.lastsUs;
  floats[HOT.lastHigh64] = NEVER;
  return list;
}
