// The keystone: however a capture is cut into parts, the flows, the bins and the counts are the same.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_FLOW_RULES } from '#src/flows/rules.js';
import { listInputs } from '#src/input/list.js';
import { Engine } from '#src/pipeline/engine.js';
import { FlowRows } from '#src/pipeline/rows.js';
import { openSources } from '#src/pipeline/sources.js';
import { BIN, type BinData } from '#src/tally/bins.js';
import type { Tally } from '#src/tally/tally.js';
import type { Topology } from '#src/uplinks/topology.js';
import type { PacketFilter } from '#src/workers/filter.js';
import { type Packet, pcapFile } from './capture.js';

const directory = mkdtempSync(join(tmpdir(), 'mlstat-exact-'));
after(() => rmSync(directory, { recursive: true }));

const TOPOLOGY: Topology = {
  asSeen: false,
  uplinks: [
    {
      name: 'a',
      snat: [{ family: 4, words: [0, 0, 0, 0xcb007102], length: 32, text: '203.0.113.2/32' }],
      gateways: [],
      interface: null,
      vlan: null,
    },
    {
      name: 'b',
      snat: [{ family: 4, words: [0, 0, 0, 0xc6336402], length: 32, text: '198.51.100.2/32' }],
      gateways: [],
      interface: null,
      vlan: null,
    },
  ],
  lan: [{ family: 4, words: [0, 0, 0, 0xc0a84d00], length: 24, text: '192.168.77.0/24' }],
  roles: [],
  macs: [],
  lanVisible: true,
};

/**
 * Everything that a report is drawn from, as text. `listed`: with every flow by itself; else runs are settled in the thread
 * that read them.
 */
async function outcome(
  paths: string[],
  partBytes: number | null,
  asSeen: boolean,
  stitch: boolean,
  listed = true,
  jobs = 1,
  filter: PacketFilter | null = null,
): Promise<string> {
  const specs = await listInputs(paths, { cwd: directory });
  const { sources } = await openSources(specs);
  const topology = asSeen ? { ...TOPOLOGY, asSeen, uplinks: [], lan: [] } : TOPOLOGY;
  const rows = new FlowRows();
  const engine = new Engine(sources, {
    topology,
    stitch: stitch && !asSeen,
    rules: DEFAULT_FLOW_RULES,
    filter,
    jobs,
    reference: false,
    ...(partBytes === null ? {} : { partBytes }),
    ...(listed ? { onFlow: rows.taker(topology) } : {}),
  });
  await engine.run();
  for (const source of sources) source.open.close();
  const lines: string[] = [];
  await rows.hand((some) => {
    for (const row of some) lines.push(JSON.stringify(row));
  });
  const { tally } = engine;
  const bins = tally.bins.finish();
  const cells = binLines(bins, (cell) => `${JSON.stringify({ ...tally.lanes[cell >> 1], point: 0 })} ${cell & 1}`);
  const starts = binLines(tally.starts.finish(), String);
  const signals = binLines(tally.signals.finish(), String);
  const { packets, flows } = tally;
  const width = bins.widthSec;
  const { totals } = engine;
  const read = {
    packets: totals.reduce((sum, one) => sum + one.packets, 0),
    wireBytes: totals.reduce((sum, one) => sum + one.wireBytes, 0),
    firstUs: Math.min(...totals.map((one) => one.firstUs)),
    lastUs: Math.max(...totals.map((one) => one.lastUs)),
  };
  return JSON.stringify(
    {
      read,
      lines,
      cells,
      starts,
      signals,
      packets,
      flows,
      width,
      rows: ledgerLines(tally),
    },
    null,
    1,
  );
}

function binLines({ cells, bins, sums }: BinData, nameOf: (cell: number) => string): string[] {
  const numbers = (n: number) => sums.slice(BIN.fields * n, BIN.fields * (n + 1)).join(' ');
  return Array.from(cells, (cell, n) => `${nameOf(cell)} ${bins[n]} ${numbers(n)}`).sort();
}

/** All columns; addresses by their words, for their numbers depend on the order of arrival. */
function ledgerLines({ ledger }: Tally): string[] {
  const { addresses } = ledger;
  const wordsOf = (id: number) => (id < 0 ? 'none' : Array.from(addresses.wordsOf(id)).join('.'));
  return Array.from({ length: ledger.count }, (_, row) => {
    const columns = [ledger.startUs, ledger.endUs, ledger.ipUp, ledger.ipDown, ledger.packetsUp, ledger.packetsDown];
    const small = [ledger.answerUs, ledger.lagUs, ledger.course, ledger.ports, ledger.uplink, ledger.egress];
    const numbers = [...columns, ...small, ledger.origin, ledger.protocol].map((column) => column[row]);
    return `${numbers.join(' ')} ${wordsOf(ledger.client[row])} ${wordsOf(ledger.server[row])}`;
  }).sort();
}

const hosts = [0xcb007102, 0xc6336402, 0xc0a84d0a, 0xc6120001, 0xc6120002];
const packet: fc.Arbitrary<Packet> = fc.record({
  // Gaps around every rule's timeout, disorder, and clocks set back.
  gapUs: fc.oneof(
    { weight: 12, arbitrary: fc.integer({ min: 0, max: 2e6 }) },
    { weight: 4, arbitrary: fc.integer({ min: -900_000, max: 0 }) },
    { weight: 4, arbitrary: fc.constantFrom(9e6, 11e6, 29e6, 31e6, 119e6, 121e6, 299e6, 301e6, 3599e6, 3601e6) },
    // With disorder from one side to the other.
    { weight: 2, arbitrary: fc.constantFrom(9.6e6, 10.4e6, 29.6e6, 30.4e6, 119.6e6, 120.4e6, 599.6e6, 600.4e6) },
    { weight: 1, arbitrary: fc.constantFrom(-2e6, -500e6) },
  ),
  from: fc.constantFrom(...hosts),
  to: fc.constantFrom(...hosts),
  protocol: fc.constantFrom(6, 6, 6, 17, 1, 47),
  fromPort: fc.constantFrom(1000, 53),
  toPort: fc.constantFrom(1000, 53),
  flags: fc.constantFrom(0x02, 0x02, 0x12, 0x10, 0x10, 0x10, 0x11, 0x04, 0x14),
  // Data again, near and far, across the end of the numbers, and beyond what is followed.
  seq: fc.constantFrom(1, 1, 1, 2, 2, 3, 20, 41, 60, 2 ** 24 - 20, 2 ** 24 + 9, 2 ** 25 + 30, 2 ** 31, 2 ** 32 - 9),
  fragment: fc.constantFrom('none', 'none', 'none', 'none', 'first', 'later') as fc.Arbitrary<Packet['fragment']>,
  ident: fc.constantFrom(1, 2),
  bytes: fc.integer({ min: 0, max: 40 }),
});

const [PEER, OWN] = [0xc6120001, 0xcb007102];

/** Of one connection for each port, up from the uplink's address. */
function segment(fromPort: number, isUp: boolean, rest: Pick<Packet, 'gapUs' | 'flags' | 'seq'>): Packet {
  const ends = isUp
    ? { from: OWN, to: PEER, fromPort, toPort: 443 }
    : { from: PEER, to: OWN, fromPort: 443, toPort: fromPort };
  return { ...rest, ...ends, protocol: 6, fragment: 'none', ident: 0, bytes: 0 };
}

for (const [name, asSeen, stitch, listed] of [
  ['attributed', false, false, true],
  ['attributed, settled where it was read', false, false, false],
  ['attributed, sights matched', false, true, true],
  ['as seen', true, false, true],
] as const) {
  test(`any cut of a capture gives the same flows, bins and counts (${name})`, async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(packet, { minLength: 2, maxLength: 60 }),
        fc.integer({ min: 40, max: 2000 }),
        async (packets, partBytes) => {
          const path = join(directory, `${name}-${run++}.pcap`);
          writeFileSync(path, pcapFile(packets));
          const whole = await outcome([path], null, asSeen, stitch, listed);
          assert.equal(await outcome([path], partBytes, asSeen, stitch, listed), whole);
          if (!listed) {
            const byFlow = JSON.parse(await outcome([path], partBytes, asSeen, stitch, true));
            assert.deepEqual(JSON.parse(whole), { ...byFlow, lines: [] });
          }
          rmSync(path);
        },
      ),
      { numRuns: 150 },
    );
  });
}

test('whole batches are taken in the hot loop as they are one by one, behind a filter that lets all pass', async () => {
  const all = { sinceUs: Number.NEGATIVE_INFINITY, untilUs: Number.POSITIVE_INFINITY, clients: [], servers: [] };
  let packets = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(packet, { minLength: 20, maxLength: 60 }),
      fc.integer({ min: 5, max: 30 }),
      async (some, times) => {
        const capture = pcapFile(Array.from({ length: times }, () => some).flat());
        packets = Math.max(packets, some.length * times);
        writeFileSync(join(directory, 'batches.pcap'), capture);
        for (const listed of [true, false]) {
          const straight = await outcome(['batches.pcap'], null, false, false, listed);
          assert.equal(await outcome(['batches.pcap'], null, false, false, listed, 1, all), straight);
        }
      },
    ),
    { numRuns: 60 },
  );
  assert.ok(packets > 1000);
});

test('rotated files are one capture', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(packet, { minLength: 4, maxLength: 60 }),
      fc.array(fc.nat(59), { minLength: 1, maxLength: 3 }),
      async (packets, cuts) => {
        // A clock that is set back tells no order of files.
        const forward = packets.map((one) => ({ ...one, gapUs: Math.max(0, one.gapUs) }));
        const stem = join(directory, `rotated-${run++}`);
        writeFileSync(`${stem}.pcap`, pcapFile(forward));
        const whole = await outcome([`${stem}.pcap`], null, false, true);
        const edges = [0, ...new Set(cuts.map((cut) => cut % forward.length)), forward.length].sort((a, b) => a - b);
        const paths: string[] = [];
        for (let n = 1; n < edges.length; n++) {
          if (edges[n] === edges[n - 1]) continue;
          const path = `${stem}.pcap${paths.length}`;
          writeFileSync(path, pcapFile(forward, edges[n - 1], edges[n]));
          paths.push(path);
        }
        assert.equal(await outcome(paths.reverse(), null, false, true), whole);
      },
    ),
    { numRuns: 100 },
  );
});

test('a first fragment counts as a sight of its datagram, before the cut and behind it', async () => {
  const fragment = (gapUs: number, which: Packet['fragment']): Packet => ({
    ...segment(1000, true, { gapUs, flags: 0x10, seq: 1 }),
    protocol: 17,
    fragment: which,
    ident: 7,
    bytes: 8,
  });
  const path = join(directory, 'fragments.pcap');
  // The last one is more than 30 s behind the first, less behind the second.
  const other = segment(2000, true, { gapUs: 0, flags: 0x02, seq: 1 });
  const packets = [other, fragment(0, 'first'), fragment(9e6, 'first'), fragment(21e6 + 1, 'later')];
  writeFileSync(path, pcapFile(packets));
  const whole = await outcome([path], null, false, false);
  for (let partBytes = 50; partBytes < 230; partBytes += 5) {
    assert.equal(await outcome([path], partBytes, false, false), whole, `${partBytes}`);
  }
});

for (const [what, protocol, flags, seconds] of [
  ['GRE', 47, 0, 600],
  ['TCP that was reset', 6, 0x14, 10],
  ['a ping', 1, 0, 30],
] as const) {
  test(`silence is measured from the latest packet, though one behind the cut was sent before it: ${what}`, async () => {
    const one = (gapUs: number) => ({ ...segment(1000, true, { gapUs, flags, seq: 1 }), protocol });
    const other = segment(2000, true, { gapUs: 0, flags: 0x02, seq: 1 });
    // 0.4 s less than the rule allows after the first, 0.5 s more after the second.
    const packets = [other, one(1e6), other, one(-900_000), one(seconds * 1e6 + 500_000)];
    const path = join(directory, 'disorder.pcap');
    writeFileSync(path, pcapFile(packets));
    for (const listed of [false, true]) {
      const whole = await outcome([path], null, false, false, listed);
      assert.equal((JSON.parse(whole) as { rows: string[] }).rows.length, 2);
      for (let partBytes = 50; partBytes < 300; partBytes += 5) {
        assert.equal(await outcome([path], partBytes, false, false, listed), whole, `${partBytes}`);
      }
    }
  });
}

test('more parts than threads, in threads', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(packet, { minLength: 30, maxLength: 60 }), async (packets) => {
      const path = join(directory, `threads-${run++}.pcap`);
      writeFileSync(path, pcapFile(packets));
      for (const listed of [false, true]) {
        const whole = await outcome([path], null, false, false, listed);
        assert.equal(await outcome([path], 400, false, false, listed, 2), whole);
      }
      // Those of large records are read ahead.
      writeFileSync(path, pcapFile(packets.map((one) => ({ ...one, bytes: one.bytes + 1000 }))));
      const whole = await outcome([path], null, false, false, false);
      for (const jobs of [2, 3]) {
        assert.equal(await outcome([path], 10_000, false, false, false, jobs), whole);
        assert.equal(await outcome([path], 20_000, false, false, false, jobs), whole);
      }
      rmSync(path);
    }),
    { numRuns: 5 },
  );
});

test('a FIN before the cut and one behind it close a connection, though a SYN was sent again between them', async () => {
  // Halves of three packets each.
  const packets = [
    segment(2000, true, { gapUs: 0, flags: 0x02, seq: 1 }),
    segment(1000, true, { gapUs: 1000, flags: 0x02, seq: 1 }),
    segment(1000, false, { gapUs: 1000, flags: 0x11, seq: 1 }),
    segment(1000, true, { gapUs: 1000, flags: 0x02, seq: 1 }),
    segment(1000, true, { gapUs: 1000, flags: 0x11, seq: 2 }),
    segment(1000, true, { gapUs: 121e6, flags: 0x10, seq: 3 }),
  ];
  const path = join(directory, 'fins.pcap');
  writeFileSync(path, pcapFile(packets));
  for (const listed of [false, true]) {
    const whole = await outcome([path], null, false, false, listed);
    for (let partBytes = 50; partBytes < 300; partBytes += 10) {
      assert.equal(await outcome([path], partBytes, false, false, listed), whole, `${partBytes}`);
    }
  }
});

test('one connection, whatever of it lies before the cut and whoever comes before it', async () => {
  // What a connection does, by the end that does it; a SYN that is sent again, and one of a new connection.
  const step = fc.record({
    gapUs: fc.constantFrom(1000, 1e6, 9e6, 11e6, 119e6, 121e6, 299e6, 301e6),
    isUp: fc.boolean(),
    flags: fc.constantFrom(0x02, 0x12, 0x10, 0x10, 0x11, 0x11, 0x14),
    seq: fc.constantFrom(1, 1, 1, 2),
  });
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 2, maxLength: 8 }),
      fc.nat(6),
      fc.integer({ min: 50, max: 700 }),
      async (steps, others, partBytes) => {
        const before = Array.from({ length: others }, (_, n) =>
          segment(2000 + n, true, { gapUs: 10, flags: 2, seq: 1 }),
        );
        const own = steps.map(({ isUp, ...rest }) => segment(1000, isUp, rest));
        const path = join(directory, `one-${run++}.pcap`);
        writeFileSync(path, pcapFile([...before, ...own]));
        for (const listed of [false, true]) {
          const whole = await outcome([path], null, false, false, listed);
          assert.equal(await outcome([path], partBytes, false, false, listed), whole);
        }
        rmSync(path);
      },
    ),
    { numRuns: 400 },
  );
});
