// The thread that looks for outages: one that has read, asked once, and ended whatever comes.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { readConfig } from '#src/config/read.js';
import { listInputs } from '#src/input/list.js';
import { analyseInputs, tallyInputs, writeFlows } from '#src/pipeline/pipeline.js';
import { type Packet, pcapFile } from './capture.js';

const directory = mkdtempSync(join(tmpdir(), 'mlstat-spare-'));
after(() => rmSync(directory, { recursive: true }));

const CONFIG = readConfig(
  'uplinks: [{name: a, snat: [203.0.113.2], weight: 1}, {name: b, snat: [198.51.100.2], weight: 1}]',
  'test',
);

/** So many connections, a SYN and its answer each. */
function captureOf(flows: number): string {
  const packets = Array.from({ length: flows }, (_, n): Packet[] => {
    const own = n % 2 === 0 ? 0xcb007102 : 0xc6336402;
    const ends = { from: own, to: 0xc6120000 + n, fromPort: 1024 + (n % 60_000), toPort: 443 };
    const rest = { protocol: 6, fragment: 'none', ident: 0, bytes: 0, seq: 1 } as const;
    return [
      { ...ends, ...rest, gapUs: 1000, flags: 0x02 },
      { ...rest, from: ends.to, to: ends.from, fromPort: 443, toPort: ends.fromPort, gapUs: 100, flags: 0x12 },
    ];
  });
  const path = join(directory, `${flows}.pcap`);
  writeFileSync(path, pcapFile(packets.flat()));
  return path;
}

/** Scans that were handed over, and threads that were started and have ended, while something is done. */
async function watched(use: () => Promise<unknown>) {
  const seen = { scans: 0, started: 0, ended: 0 };
  const post = Worker.prototype.postMessage;
  const known = new Set<Worker>();
  Worker.prototype.postMessage = function (this: Worker, order: { type: string }, ...rest) {
    if (order.type === 'scan') seen.scans++;
    if (!known.has(this)) {
      known.add(this);
      seen.started++;
      this.on('exit', () => seen.ended++);
    }
    post.call(this, order, ...rest);
  };
  try {
    await use();
    for (let n = 0; n < 500 && seen.ended < seen.started; n++) await sleep(10);
  } finally {
    Worker.prototype.postMessage = post;
  }
  return seen;
}

async function optionsFor(flows: number, jobs: number) {
  const inputs = await listInputs([captureOf(flows)], { cwd: directory });
  return { inputs, config: CONFIG, jobs, partBytes: 400_000 };
}

test('many flows are scanned by a thread that has read, which ends then', async () => {
  const options = await optionsFor(10_000, 2);
  for (const use of [() => analyseInputs(options), () => writeFlows({ ...options, noUplinks: false }, () => {})]) {
    assert.deepEqual(await watched(use), { scans: 1, started: 2, ended: 2 });
  }
});

test('few flows are scanned here, and the threads end', async () => {
  const options = await optionsFor(8000, 2);
  assert.deepEqual(await watched(() => analyseInputs(options)), { scans: 0, started: 2, ended: 2 });
});

test('what is measured later keeps no thread', async () => {
  const options = await optionsFor(10_000, 2);
  assert.deepEqual(await watched(() => tallyInputs(options)), { scans: 0, started: 2, ended: 2 });
});

test('a fault after the reading ends the thread as well', async () => {
  const options = await optionsFor(10_000, 2);
  const failing = writeFlows({ ...options, noUplinks: false }, () => assert.fail('full disk'));
  await assert.rejects(failing, /full disk/);
  const seen = await watched(() =>
    writeFlows({ ...options, noUplinks: false }, () => assert.fail('x')).catch(() => {}),
  );
  assert.equal(seen.ended, seen.started);
});
