// The lanes that the hot loop gives by itself are those that it would be told, whatever the topology.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FLAG, KIND, META, ROW, ROW_WORDS } from '#src/decode/batch.js';
import type { PointInfo } from '#src/decode/decoder.js';
import { lendHot, returnHot } from '#src/flows/instance.js';
import { LANE_POINTS, MOST_BLOCKS } from '#src/flows/layout.js';
import { Timeouts } from '#src/flows/rules.js';
import { copyOf, RunChunks } from '#src/flows/runs.js';
import { FlowTable } from '#src/flows/table.js';
import { PartTally } from '#src/tally/part.js';
import { ROLE, type Topology } from '#src/uplinks/topology.js';

/** It is asked for every lane. */
class Asked extends PartTally {
  override get usual(): null {
    return null;
  }
}

class Counting extends PartTally {
  asked = 0;

  override laneOf(meta: number, k0: number, k1: number, wide: Int32Array, wideAt: number): number {
    this.asked++;
    return super.laneOf(meta, k0, k1, wide, wideAt);
  }
}

interface Key {
  low: number;
  high: number;
  protocol: number;
  isSix: boolean;
  hasPorts: boolean;
  point: number;
}

function outcome(tally: PartTally, keys: readonly Key[], asSeen: boolean) {
  const hot = lendHot();
  const options = { timeouts: new Timeouts(), leftOpen: false, asSeen, seed: 7 };
  const table = new FlowTable(hot, tally, new RunChunks(), options);
  const { batch } = hot;
  keys.forEach(({ low, high, protocol, isSix, hasPorts, point }, n) => {
    const at = batch.count * ROW_WORDS;
    const meta = (point << META.pointShift) | (hasPorts ? META.hasPorts : 0) | (isSix ? META.ipv6 : 0) | protocol;
    const words = { k0: low, k1: high, ports: 0x03e80035 + n, meta, seq: 1, payload: 0, flags: FLAG.seqValid };
    const rest = { ipBytes: 40, wireBytes: 54, kind: KIND.flow, ident: 0 };
    batch.floats[at / 2] = 1e15 + n * 1000;
    for (const [name, value] of Object.entries({ ...words, ...rest })) {
      batch.words[at + ROW[name as keyof typeof ROW]] = value;
    }
    // The words of the same ends, in IPv6: link-local where the first is.
    if (isSix) batch.wide.set([0x20010db8, 0, 0, low, 0xfe800000, 0, 0, high], batch.count * 8);
    if (++batch.count === 200 || n === keys.length - 1) table.flush(batch);
  });
  const live = table.finish(false).map((list) => Array.from(new Int32Array(copyOf(list))));
  returnHot(hot);
  return { live, lanes: tally.lanes };
}

const block = (word: number, length: number) => {
  const masked = length === 0 ? 0 : (word & (-1 << (32 - length))) >>> 0;
  return { family: 4 as const, words: [0, 0, 0, masked] as [number, number, number, number], length, text: '' };
};

const near = [0xcb007102, 0xcb007103, 0xc6336402, 0xc0000201, 0xc0000207, 0xc0000208];
const address = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...near) },
  { weight: 2, arbitrary: fc.constantFrom(0xcb007101, 0xc6336401, 0xc0a84d0a, 0x0a000001) },
  { weight: 2, arbitrary: fc.constantFrom(0, 0xffffffff, 0xe0000001, 0xefffffff, 0xf0000000, 0xa9fe0001, 0xa9ff0001) },
  { weight: 3, arbitrary: fc.nat(0xffffffff) },
);
const key: fc.Arbitrary<Key> = fc.record({
  low: address,
  high: address,
  protocol: fc.constantFrom(6, 6, 17, 17, 1, 1, 58, 47),
  isSix: fc.nat(9).map((n) => n === 0),
  hasPorts: fc.boolean(),
  point: fc.oneof(fc.nat(3), fc.constantFrom(LANE_POINTS - 1, LANE_POINTS, LANE_POINTS + 3)),
});
const prefix = fc
  .tuple(fc.constantFrom(...near), fc.constantFrom(32, 32, 32, 32, 29, 24, 31, 8, 0))
  .map(([word, length]) => block(word, length));
const uplink = fc.record({
  name: fc.constant('a'),
  snat: fc.array(prefix, { maxLength: 2 }),
  gateways: fc.array(
    fc.constantFrom(0xcb007101, 0xc6336401).map((word) => block(word, 32)),
    { maxLength: 1 },
  ),
  interface: fc.constant(null),
  vlan: fc.constantFrom(null, null, 3),
});
const role = fc.constantFrom(ROLE.shared, ROLE.lan, ROLE.second, 0, 1, 2);
const topology: fc.Arbitrary<Topology> = fc
  .record({
    asSeen: fc.nat(9).map((n) => n === 0),
    uplinks: fc.array(uplink, { minLength: 3, maxLength: 4 }),
    lan: fc.array(fc.constant(block(0xc0a84d00, 24)), { maxLength: 1 }),
    roles: fc.array(role, { maxLength: 5 }),
    macs: fc.constant([]),
    lanVisible: fc.constant(false),
  })
  .map(({ roles, ...rest }) => ({
    ...rest,
    roles: roles.map((one, iface) => ({ input: 0, iface, ifindex: 0, vlan: 0, role: one })),
  }));
const POINTS: PointInfo[] = Array.from({ length: LANE_POINTS + 4 }, (_, iface) => ({
  iface,
  ifindex: 0,
  vlan: iface === LANE_POINTS ? 3 : 0,
  name: null,
  linkType: 101,
}));

test('lanes are the same, and come in the same order', () => {
  fc.assert(
    fc.property(topology, fc.array(key, { minLength: 1, maxLength: 60 }), (plan, keys) => {
      const known = outcome(new PartTally(plan, 0, POINTS), keys, plan.asSeen);
      assert.deepEqual(known, outcome(new Asked(plan, 0, POINTS), keys, plan.asSeen));
    }),
    { numRuns: 3000 },
  );
});

const PLAIN: Topology = {
  asSeen: false,
  uplinks: near.slice(0, 3).map((word) => ({
    name: 'a',
    snat: [block(word, 32)],
    gateways: [block(0xcb007101, 32)],
    interface: null,
    vlan: null,
  })),
  lan: [],
  roles: [],
  macs: [],
  lanVisible: false,
};
const usualKeys = Array.from({ length: 500 }, (_, n): Key => {
  const [low, high] = n % 2 === 0 ? [0x08080000 + n, near[n % 3]] : [near[n % 3], 0xd8080000 + n];
  return {
    low: low as number,
    high: high as number,
    protocol: [6, 17, 1, 47][n % 4] as number,
    isSix: false,
    hasPorts: n % 4 < 3,
    point: 0,
  };
});

test('of usual runs it is asked once a source and side', () => {
  const tally = new Counting(PLAIN, 0, POINTS);
  outcome(tally, usualKeys, false);
  assert.equal(tally.asked, 6);
});

test('of sources that overlap the link may decide', () => {
  const uplinks = [block(0xcb007100, 24), block(0xcb007102, 32)].map((source) => ({
    ...(PLAIN.uplinks[0] as Topology['uplinks'][0]),
    snat: [source],
  }));
  const plan = { ...PLAIN, uplinks, roles: [{ input: 0, iface: 0, ifindex: 0, vlan: 0, role: 1 }] };
  const keys = [0xcb007103, 0xcb007102].map((low): Key => ({ ...(usualKeys[0] as Key), low, high: 0xd8080000 }));
  const { lanes } = outcome(new PartTally(plan, 0, POINTS), keys, false);
  assert.deepEqual(
    lanes.map((lane) => lane.uplink),
    [0, 1],
  );
});

test('with more sources or neighbours than it has room for it is asked for each', () => {
  const many = Array.from({ length: MOST_BLOCKS + 1 }, (_, n) => block(0xcb007200 + n, 32));
  const [first, ...others] = PLAIN.uplinks as [Topology['uplinks'][0], ...Topology['uplinks']];
  for (const more of [{ snat: [...first.snat, ...many] }, { gateways: many }]) {
    const plan = { ...PLAIN, uplinks: [{ ...first, ...more }, ...others] };
    const tally = new Counting(plan, 0, POINTS);
    assert.deepEqual(outcome(tally, usualKeys, false), outcome(new Asked(plan, 0, POINTS), usualKeys, false));
    assert.equal(tally.asked, usualKeys.length);
  }
});
