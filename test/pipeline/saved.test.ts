// Saved summaries: the same report as from the captures, alone and added together; and whatever a file holds, one line.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { deflateSync, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import type { Config } from '#src/config/config.js';
import { listInputs } from '#src/input/list.js';
import { type PipelineOptions, reportOf, tallyInputs } from '#src/pipeline/pipeline.js';
import { decodeReading, encodeReading } from '#src/pipeline/saved.js';
import type { Report } from '#src/report/report.js';
import { Ledger } from '#src/tally/ledger.js';
import { dataOf } from '#src/tally/merge.js';
import { Tally } from '#src/tally/tally.js';
import { UserError } from '#src/util/error.js';
import { type FlowSpec, tallyOf } from '../measure/tallies.js';
import { type Packet, pcapFile } from './capture.js';

const directory = mkdtempSync(join(tmpdir(), 'mlstat-saved-'));
after(() => rmSync(directory, { recursive: true }));

// A failure shows the assertion that failed.
fc.configureGlobal({ includeErrorInReport: true });

const MAGIC = 'mlstat-tally/1\n';

const prefix = (word: number, text: string) => ({
  family: 4 as const,
  words: [0, 0, 0, word] as const,
  length: 32,
  text,
});
const CONFIG: Config = {
  source: null,
  uplinks: (['a', 'b'] as const).map((name, n) => ({
    name,
    interface: null,
    gateway: null,
    gatewayMac: null,
    vlan: null,
    snat: [n === 0 ? prefix(0xcb007102, '203.0.113.2/32') : prefix(0xc6336402, '198.51.100.2/32')],
    weight: 1 + n,
    capacity: { up: 1e6, down: null },
    mark: null,
  })),
  lan: [{ family: 4, words: [0, 0, 0, 0xc0a84d00], length: 24, text: '192.168.77.0/24' }],
  router: { hashPolicy: null, hashPolicy6: null, keepaliveSec: null, macs: [] },
};

async function read(paths: readonly string[], more: Partial<PipelineOptions> = {}) {
  const inputs = await listInputs([...paths], { cwd: directory });
  return tallyInputs({ inputs, config: CONFIG, jobs: 1, ...more });
}

/** All of a report but its inputs. */
function figures(report: Report): string {
  return JSON.stringify({ ...report, inputs: null }, null, 1);
}

const hosts = [0xcb007102, 0xc6336402, 0xc6120001, 0xc6120002, 0xc6120003];
const packet: fc.Arbitrary<Packet> = fc
  .record({
    gapUs: fc.integer({ min: 0, max: 20e6 }),
    local: fc.constantFrom(...hosts.slice(0, 2)),
    server: fc.constantFrom(...hosts.slice(2)),
    out: fc.boolean(),
    protocol: fc.constantFrom(6, 6, 6, 17, 1),
    fromPort: fc.constantFrom(1000, 1001, 53),
    toPort: fc.constantFrom(1000, 53),
    flags: fc.constantFrom(0x02, 0x12, 0x10, 0x11, 0x04),
    seq: fc.constantFrom(1, 1, 2),
    fragment: fc.constantFrom('none', 'none', 'none', 'first', 'later') as fc.Arbitrary<Packet['fragment']>,
    ident: fc.constantFrom(1, 2),
    bytes: fc.integer({ min: 0, max: 40 }),
  })
  .map(({ local, server, out, ...rest }) => ({ ...rest, from: out ? local : server, to: out ? server : local }));

test('days saved apart and added are the captures read together, where no flow crosses the border', async () => {
  let run = 0;
  const days = fc.array(fc.array(packet, { minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(days, async (parts) => {
      run++;
      const all = parts.flatMap((part, day) =>
        // Longer than any rule keeps a flow.
        [...bothUplinks(), ...part].map((one, n) => (n === 0 && day > 0 ? { ...one, gapUs: 4000e6 } : one)),
      );
      const captures: string[] = [];
      const saved: string[] = [];
      let from = 0;
      for (const part of parts) {
        const path = join(directory, `${run}-${from}.pcap`);
        const length = part.length + bothUplinks().length;
        writeFileSync(path, pcapFile(all, from, from + length));
        writeFileSync(`${path}.tally`, encodeReading(await read([path])));
        captures.push(path);
        saved.push(`${path}.tally`);
        from += length;
      }
      const whole = figures(reportOf(await read(captures)));
      assert.equal(figures(reportOf(await read(saved))), whole);
      // Named in another order, and the first one as the capture it was made of.
      assert.equal(figures(reportOf(await read([...saved.slice(1).reverse(), captures[0] as string]))), whole);
      for (const path of [...captures, ...saved]) rmSync(path);
    }),
    { numRuns: 40 },
  );
});

test('a saved summary is the same again when saved again', async () => {
  const path = join(directory, 'again.pcap');
  writeFileSync(path, pcapFile(sample()));
  const once = encodeReading(await read([path]));
  const again = encodeReading(decodeReading(once, 'again.tally'));
  assert.deepEqual(inflateSync(again.subarray(MAGIC.length)), inflateSync(once.subarray(MAGIC.length)));
});

test('an input of the report is the file, with what went into it summed', async () => {
  const path = join(directory, 'day1.pcap');
  writeFileSync(path, pcapFile(sample()));
  writeFileSync(join(directory, 'day1.tally'), encodeReading(await read([path])));
  const { inputs: before } = await read([path]);
  const { inputs } = await read([join(directory, 'day1.tally')]);
  const { path: _, ...rest } = before[0] as (typeof before)[number];
  assert.deepEqual(inputs, [{ ...rest, path: join(directory, 'day1.tally'), format: 'tally' }]);
});

test('uplinks that differ, and options that come too late, are told in one line', async () => {
  const path = join(directory, 'one.pcap');
  writeFileSync(path, pcapFile(sample()));
  const saved = join(directory, 'one.tally');
  writeFileSync(saved, encodeReading(await read([path])));
  const [first, second] = CONFIG.uplinks;
  assert.ok(first !== undefined && second !== undefined);
  const other: Config = { ...CONFIG, uplinks: [{ ...first, name: 'lte' }, second] };
  const heavier: Config = { ...CONFIG, uplinks: [{ ...first, weight: 7 }, second] };
  const again = join(directory, 'heavier.tally');
  writeFileSync(again, encodeReading(await read([path], { config: heavier })));
  const slower = join(directory, 'slower.tally');
  writeFileSync(slower, encodeReading(await read([path], { timeouts: { udp: 60 } })));
  const cases: [string[], Partial<PipelineOptions>, RegExp][] = [
    [[saved], { config: other }, /was saved with other uplinks \(a, b\) than the configuration has \(lte, b\)/],
    [[saved, again], { config: null }, /was saved with the weights 7:2, .* with 1:2: say by -c which count/],
    [[saved, slower], {}, /were saved with different --timeout/],
    [[saved], { sinceUs: 0 }, /^--since can't be applied to .*a saved summary: give the captures$/],
    [[saved], { clients: CONFIG.lan }, /^--client can't be applied/],
  ];
  for (const [paths, more, message] of cases) {
    await assert.rejects(read(paths, more), (error) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, message);
      assert.ok(!error.message.includes('\n'));
      return true;
    });
  }
  // A configuration that names the weights settles which of them count.
  const { measureInput } = await read([saved, again], { config: heavier });
  assert.deepEqual(
    measureInput.config?.uplinks.map(({ weight }) => weight),
    [7, 2],
  );
});

test('every field of a tally is saved: a new one must be thought of', () => {
  const tally = tallyOf({ uplinks: ['a'] });
  const saved = dataOf(tally);
  const known = [...Object.keys(saved.counts), ...Object.keys(saved), 'pointNumbers', 'laneNumbers'];
  assert.deepEqual(
    Object.keys(tally).filter((name) => !known.includes(name)),
    [],
  );
  const told = [...Object.keys(saved.told.counts), 'unknownSources'];
  assert.deepEqual(
    Object.keys(tally.told).filter((name) => !told.includes(name)),
    [],
  );
});

test('ledgers added are thinned as one ledger would have been', () => {
  const flow = fc.record({
    uplink: fc.constant(0),
    server: fc.integer({ min: 1, max: 400 }),
    client: fc.integer({ min: 1, max: 3 }),
    at: fc.integer({ min: 0, max: 60 }),
  }) as fc.Arbitrary<FlowSpec>;
  fc.assert(
    fc.property(fc.array(flow, { maxLength: 120 }), fc.array(flow, { maxLength: 120 }), (one, other) => {
      const rows = (ledger: Ledger) =>
        Array.from({ length: ledger.count }, (_, row) => {
          const words = (id: number) => ledger.addresses.wordsOf(id).join('.');
          return `${ledger.startUs[row]} ${words(ledger.client[row] as number)} ${words(ledger.server[row] as number)}`;
        }).sort();
      const ledgerRows = 64;
      const whole = tallyOf({ uplinks: ['a'], flows: [...one, ...other], ledgerRows }).ledger;
      const sum = new Ledger(ledgerRows);
      for (const flows of [one, other]) sum.merge(dataOf(tallyOf({ uplinks: ['a'], flows, ledgerRows })).ledger);
      assert.equal(sum.threshold, whole.threshold);
      assert.deepEqual(rows(sum), rows(whole));
    }),
  );
});

test('cut off, corrupt or forged: one line, never anything else', async () => {
  const path = join(directory, 'hostile.pcap');
  writeFileSync(path, pcapFile(sample()));
  const whole = encodeReading(await read([path]));
  const plain = inflateSync(whole.subarray(MAGIC.length));
  const forge = (bytes: Uint8Array) => Buffer.concat([Buffer.from(MAGIC), deflateSync(bytes)]);
  const check = (bytes: Uint8Array) => {
    try {
      reportOf(decodeReading(bytes, 'x.tally'));
    } catch (error) {
      assert.ok(error instanceof UserError, error instanceof Error ? error.stack : String(error));
      assert.match(error.message, /^can't read "x\.tally": [^\n]+; save it again$/);
    }
  };
  for (let length = 0; length < whole.length; length += 97) {
    assert.throws(() => decodeReading(whole.subarray(0, length), 'x.tally'), UserError);
  }
  fc.assert(
    fc.property(fc.nat(plain.length - 1), fc.nat(255), fc.boolean(), (at, byte, packed) => {
      const bytes = Uint8Array.from(packed ? whole : plain);
      bytes[packed ? at % whole.length : at] = byte;
      check(packed ? bytes : forge(bytes));
    }),
    { numRuns: 150 },
  );
  // Numbers within the head, one at a time, become what they must not be.
  const length = plain.readUInt32LE(0);
  const head = plain.subarray(8, 8 + length).toString();
  const numbers = [...head.matchAll(/-?\d+(?:\.\d+)?/g)];
  fc.assert(
    fc.property(
      fc.nat(numbers.length - 1),
      fc.constantFrom('-1', '1e300', '0.5', 'null', '"x"', '[]', '99999'),
      (n, other) => {
        const { 0: number, index } = numbers[n] as RegExpMatchArray;
        const text = head.slice(0, index) + other + head.slice((index as number) + number.length);
        const size = Buffer.alloc(8);
        size.writeUInt32LE(Buffer.byteLength(text), 0);
        check(forge(Buffer.concat([size, Buffer.from(text), plain.subarray(8 + length)])));
      },
    ),
    { numRuns: 150 },
  );
});

test('amounts that no counter holds and addresses that no flow has are corrupt', async () => {
  const path = join(directory, 'amounts.pcap');
  writeFileSync(path, pcapFile(sample()));
  const damages: ((ledger: Ledger) => void)[] = [
    (ledger) => ledger.ipUp.fill(1e308),
    (ledger) => ledger.ipDown.fill(0.5),
    (ledger) => ledger.ipDown.fill(-1),
    (ledger) => ledger.ipUp.fill(2 ** 53),
    (ledger) => {
      for (let word = 0; word <= 2 * ledger.count; word++) ledger.addresses.idOf(4, [0, 0, 0, 1000 + word]);
    },
  ];
  for (const damage of [() => {}, ...damages]) {
    const reading = await read([path]);
    assert.ok(reading.measureInput.tally.ledger.count > 0);
    damage(reading.measureInput.tally.ledger);
    const saved = encodeReading(reading);
    if (damages.includes(damage)) assert.throws(() => decodeReading(saved, 'x.tally'), UserError);
    else reportOf(decodeReading(saved, 'x.tally'));
  }
});

test('a summary among captures that can not be read is that input’s own fault', async () => {
  const path = join(directory, 'good.pcap');
  writeFileSync(path, pcapFile(sample()));
  writeFileSync(join(directory, 'bad.tally'), readFileSync(path).fill(0x41, 0, 8).subarray(8));
  writeFileSync(join(directory, 'bad.tally'), `${MAGIC}nothing`);
  const { inputs } = await read([join(directory, 'bad.tally'), path]);
  assert.match(inputs[0]?.error ?? '', /^can't read .*bad\.tally": it is corrupt; save it again$/);
  assert.equal(inputs[1]?.error, null);
  const alone = await read([join(directory, 'bad.tally')]);
  assert.equal(alone.inputs.length, 1);
  assert.notEqual(alone.inputs[0]?.error, null);
  assert.ok(alone.measureInput.tally instanceof Tally);
});

/** Every day shows both uplinks at its one point, mostly the first, so that what this point is does not depend on the day. */
function bothUplinks(): Packet[] {
  const [one, other] = sample() as [Packet, Packet];
  return [other, ...Array.from({ length: 40 }, () => ({ ...one, gapUs: 1000 }))];
}

/** Some flows of both uplinks. */
function sample(): Packet[] {
  return Array.from({ length: 60 }, (_, n) => ({
    gapUs: 300_000,
    from: hosts[n % 2] as number,
    to: (hosts[2] as number) + (n % 3),
    protocol: 6,
    fromPort: 1000 + n,
    toPort: 443,
    flags: 0x02,
    seq: 1,
    fragment: 'none' as const,
    ident: 1,
    bytes: n,
  }));
}
