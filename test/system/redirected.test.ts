// A large file that stands for standard input (`mlstat analyse - < big.pcap`) is cut into parts like any other.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type Packet, pcapFile } from '../pipeline/capture.js';
import { cliPath, projectDir } from '../shared.js';

const directory = mkdtempSync(join(tmpdir(), 'mlstat-redirected-'));
after(() => rmSync(directory, { recursive: true }));

/** Twice what a thread is given at least. */
const PARTS_BYTES = 70 * 2 ** 20;
const PAYLOAD = 32_000;

test('a large file on standard input gives the report of the file', () => {
  const packets = Array.from({ length: Math.ceil(PARTS_BYTES / PAYLOAD) }, (_, n): Packet => {
    const up = n % 2 === 0;
    const [wan, server] = [0xcb007102, 0xc6120001 + (n >> 5)];
    const ends = up
      ? { from: wan, to: server, fromPort: 2000, toPort: 53 }
      : { from: server, to: wan, fromPort: 53, toPort: 2000 };
    const rest = { flags: 0, seq: 0, fragment: 'none' as const, ident: 0, bytes: PAYLOAD };
    return { gapUs: n === 0 ? 0 : 5000, protocol: 17, ...ends, ...rest };
  });
  const path = join(directory, 'big.pcap');
  writeFileSync(path, pcapFile(packets));
  const [file, redirected] = [path, '-'].map((name) => {
    const fd = openSync(path, 'r');
    const words = ['analyse', name, '--uplink', 'a=203.0.113.2', '--jobs', '2', '--format', 'json'];
    const { stdout, stderr, status } = spawnSync(process.execPath, [cliPath, ...words], {
      stdio: [fd, 'pipe', 'pipe'],
      maxBuffer: 2 ** 26,
    });
    closeSync(fd);
    assert.equal(status, 0, String(stderr));
    return { ...JSON.parse(String(stdout)), inputs: [] };
  });
  assert.equal(file.uplinks[0].packets.up, packets.length / 2);
  assert.deepEqual(redirected, file);
});

test('the bundle, numbers in the place of names, reports what the modules do', () => {
  const words = ['analyse', 'samples/blackhole/any.pcap.gz', '-c', 'samples/blackhole/mlstat.yaml', '-f', 'json'];
  const [bundle, modules] = [cliPath, join(projectDir, 'dist', 'cli.js')].map((program) => {
    const { stdout, status } = spawnSync(process.execPath, [program, ...words], { cwd: projectDir, encoding: 'utf8' });
    assert.equal(status, 0);
    return stdout;
  });
  assert.equal(bundle, modules);
});
