// One input, one answer: workers, compression, streaming and the order of names change nothing.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { projectDir, withoutShared } from '../shared.js';
import { runCli, scratchDir } from './cli.js';
import { capturesOf, wanFiles } from './lab.js';

const SAMPLE = `${projectDir}/samples/4to1`;
const CONFIG = ['-c', `${SAMPLE}/mlstat.yaml`];
const ANALYSE = ['analyse', '--format', 'json', '--series'];

test('sample: one job and four give the same bytes', async () => {
  const files = [`${SAMPLE}/wan1.pcap.gz`, `${SAMPLE}/wan2.pcap.gz`];
  await sameForAnyJobs([...ANALYSE, ...files, ...CONFIG]);
  await sameForAnyJobs(['flows', '--format', 'csv', ...files, ...CONFIG]);
});

test('sample: the order of the files changes nothing but the order of the inputs', async () => {
  const files = [`${SAMPLE}/wan1.pcap.gz`, `${SAMPLE}/wan2.pcap.gz`];
  for (const config of [CONFIG, []]) {
    const forward = await output([...ANALYSE, ...files, ...config]);
    const backward = await output([...ANALYSE, ...files.toReversed(), ...config]);
    assert.deepEqual(withoutInputs(backward), withoutInputs(forward));
  }
  assert.equal(await output(['flows', ...CONFIG, ...files.toReversed()]), await output(['flows', ...CONFIG, ...files]));
});

describe('real captures', { skip: withoutShared }, () => {
  const captures = withoutShared ? [] : [...(capturesOf('s6_leak_rehash', 'any_sll2.pcap') as string[])];

  test('one job and four give the same bytes, inferred', async () => {
    await sameForAnyJobs([...ANALYSE, ...captures]);
    await sameForAnyJobs(['flows', '--format', 'ndjson', ...captures]);
    await sameForAnyJobs([...ANALYSE, ...wanFiles('s3_321_linkdown')]);
  });

  test('a file, gzip of it and standard input give the same report', async () => {
    const [path] = captures as [string];
    const bytes = readFileSync(path);
    const zipped = join(scratchDir, 'any.gz');
    writeFileSync(zipped, gzipSync(bytes));
    const plain = await output([...ANALYSE, path]);
    assert.deepEqual(withoutInputs(await output([...ANALYSE, zipped])), withoutInputs(plain));
    assert.deepEqual(withoutInputs(await output([...ANALYSE, '-'], bytes)), withoutInputs(plain));
    const flows = await output(['flows', path]);
    assert.equal(await output(['flows', zipped]), flows);
    assert.equal(await output(['flows', '-'], bytes), flows);
  });

  test('a rotated capture gives the report of the whole one', async () => {
    const [path] = captures as [string];
    const folder = join(scratchDir, 'rotated');
    mkdirSync(folder);
    // Not in the order of their names, and as a directory: the times put them together.
    const names = ['part-b.pcap', 'part-c.pcap', 'part-a.pcap'];
    splitPcap(readFileSync(path), names.length).forEach((part, i) => {
      writeFileSync(join(folder, names[i] as string), part);
    });
    const whole = withoutInputs(await output([...ANALYSE, path]));
    assert.deepEqual(withoutInputs(await output([...ANALYSE, folder])), whole);
  });
});

async function sameForAnyJobs(args: readonly string[]): Promise<void> {
  const one = await output([...args, '--jobs', '1']);
  assert.ok(one.length > 100, 'there is something to compare');
  assert.equal(await output([...args, '--jobs', '4']), one);
}

async function output(args: readonly string[], stdin?: Uint8Array): Promise<string> {
  const run = await runCli(args, stdin === undefined ? {} : { stdin });
  assert.equal(run.code, 0, run.stderr);
  return run.stdout;
}

/** The report without what it says of the files themselves. */
function withoutInputs(json: string): unknown {
  const { inputs: _, inference, ...rest } = JSON.parse(json) as Record<string, object | null>;
  return { ...rest, inference: inference && { ...inference, bytesRead: null } };
}

/** Cuts a little-endian classic pcap into files with about equally many bytes, between records. */
function splitPcap(bytes: Buffer, parts: number): Buffer[] {
  const header = bytes.subarray(0, 24);
  const cuts = [24];
  for (let at = 24; at < bytes.length; at += 16 + bytes.readUInt32LE(at + 8)) {
    if (cuts.length < parts && at >= (bytes.length / parts) * cuts.length) cuts.push(at);
  }
  return cuts.map((from, i) => Buffer.concat([header, bytes.subarray(from, cuts[i + 1] ?? bytes.length)]));
}
