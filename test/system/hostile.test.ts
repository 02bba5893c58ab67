// Malformed, trap and merely odd inputs: never a stack trace, a hang or more than 512 MiB; what is readable is counted.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import { sharedDir, withoutShared } from '../shared.js';
import { errorLines, type Run, runCli } from './cli.js';
import { parseTsv } from './tables.js';

/** Of dumps the table gives no count of entries for these: the listing's own lines and events, by `grep -c src=`. */
const ENTRIES: Record<string, number> = { 'ct_xml_no_root.xml': 32 };

/** Dumps whose count the table leaves open altogether: torn events among listing lines. */
const UNCOUNTED = ['ct_events_interleaved.txt'];

/** The table leaves open how many packets stand before the damage: this many, by `zcat FILE | tcpdump -r - | wc -l`. */
const READABLE_BEFORE_DAMAGE: Record<string, number> = { 'gz_corrupt_middle.pcap.gz': 32 };

/** Readable and legal as a capture, but with IP headers that contradict themselves: each is counted as damaged. */
const DAMAGED_HEADERS = ['ip_nonsense_headers.pcap'];

const LIMIT = { seconds: 60, mebibytes: 512 };

const folder = join(sharedDir ?? '', 'hostile');

interface InputReport {
  packets: number | null;
  entries: number | null;
  damage: { reason: string; count: number }[];
  error: string | null;
}

describe('hostile inputs', { skip: withoutShared }, () => {
  const rows = withoutShared ? [] : parseTsv(readFileSync(join(folder, 'EXPECT.tsv'), 'utf8'));
  for (const { file = '', kind, readable, expectation } of rows) {
    test(`${file}: ${kind}, ${expectation}`, async (t) => {
      const run = await runCli(['analyse', '--format', 'json', join(folder, file)], { limitSec: LIMIT.seconds });
      assertSound(run);
      if (run.peakMiB === null) t.diagnostic('peak memory unknown');
      else assert.ok(run.peakMiB <= LIMIT.mebibytes, `peak memory ${run.peakMiB} MiB`);
      if (kind === 'error') assertRefused(run, file);
      else {
        assert.equal(run.code, 0, run.stderr);
        const input = inputOf(run);
        assert.equal(input.error, null);
        if (input.entries === null) assert.equal(input.packets, READABLE_BEFORE_DAMAGE[file] ?? Number(readable));
        else if (!UNCOUNTED.includes(file)) assert.equal(input.entries, ENTRIES[file] ?? Number(readable));
        if (kind === 'warn') assertWarned(run, input, file);
        else if (!DAMAGED_HEADERS.includes(file)) assert.deepEqual(input.damage, []);
      }
    });
  }

  test('--strict makes damage an error of its own', async () => {
    const run = await runCli(['analyse', '--strict', '--format', 'json', join(folder, 'pcap_cut_in_packet.pcap')]);
    assert.equal(run.code, 4, run.stderr);
    assert.equal(inputOf(run).packets, 20);
  });

  test('of several inputs the others are still analysed', async () => {
    const [good, bad] = ['pcap_be.pcap', 'pcap_wrong_magic.pcap'].map((name) => join(folder, name)) as [string, string];
    const run = await runCli(['analyse', '--format', 'json', bad, good]);
    assert.equal(run.code, 3, run.stderr);
    const { inputs } = JSON.parse(run.stdout) as { inputs: (InputReport & { path: string })[] };
    assert.equal(inputs.find(({ path }) => path === good)?.packets, 81);
    assert.notEqual(inputs.find(({ path }) => path === bad)?.error, null);
  });
});

function assertSound(run: Run): void {
  assert.equal(run.signal, null, `ended by ${run.signal}`);
  assert.doesNotMatch(run.stdout + run.stderr, /^\s+at .*:\d+:\d+\)?$/m, 'a stack trace');
  assert.doesNotMatch(run.stdout, /\bNaN\b|\bInfinity\b|Invalid Date/);
}

/** One line that names the file. */
function assertRefused(run: Run, file: string): void {
  assert.notEqual(run.code, 0, 'exit code');
  const lines = errorLines(run);
  assert.equal(lines.length, 1, run.stderr);
  assert.match(lines[0] as string, /^mlstat: /);
  assert.ok((lines[0] as string).includes(basename(file)), `names no file: ${lines[0]}`);
}

function assertWarned(run: Run, input: InputReport, file: string): void {
  assert.ok(input.damage.length > 0, 'no damage in the report');
  assert.ok(run.stderr.includes(basename(file)), `no warning that names the file: ${run.stderr}`);
}

function inputOf(run: Run): InputReport {
  const { inputs } = JSON.parse(run.stdout) as { inputs: InputReport[] };
  assert.equal(inputs.length, 1);
  return inputs[0] as InputReport;
}
