// `mlstat uplinks import` and `--router` as a user meets them.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readConfig } from '#src/config/read.js';
import { projectDir } from '../shared.js';
import { runCli, scratchDir } from '../system/cli.js';

const SAMPLE = join(projectDir, 'samples', '4to1', 'router');

test('the configuration on standard output, notes on standard error', async () => {
  const { code, stdout, stderr } = await runCli(['uplinks', 'import', SAMPLE]);
  assert.equal(code, 0);
  assert.deepEqual(
    readConfig(stdout, 'x').uplinks.map(({ gateway, weight }) => [gateway, weight]),
    [
      ['203.0.113.1', 4],
      ['198.51.100.1', 1],
    ],
  );
  assert.match(stderr, /^mlstat: .*route\.txt: 17 routes$/m);
  assert.match(stderr, /^mlstat: wan1: .*weight 4 \(\S*route\.txt:6\)/m);
});

test('quietly, from standard input, into a file', async () => {
  const stdin = 'default\n\tnexthop via 203.0.113.1 dev eth1 weight 4\n\tnexthop via 198.51.100.1 dev eth2 weight 1\n';
  const { code, stdout, stderr } = await runCli(['uplinks', 'import', '-q', '-', '-o', 'out.yaml'], { stdin });
  assert.deepEqual([code, stdout, stderr], [0, '', '']);
  const shown = await runCli(['uplinks', 'show', '-c', 'out.yaml']);
  assert.match(shown.stdout, /eth1 .*80\.0 %/);
});

test('what is not there, or tells nothing, ends with 3 and one line', async () => {
  const missing = await runCli(['uplinks', 'import', 'nothing.txt', SAMPLE]);
  assert.equal(missing.code, 3);
  assert.match(missing.stderr, /^mlstat: "nothing\.txt": no such file or folder$/m);
  assert.match(missing.stdout, /^uplinks:/);
  writeFileSync(join(scratchDir, 'prose.txt'), 'nothing of interest\n');
  const none = await runCli(['uplinks', 'import', '-q', 'prose.txt']);
  assert.equal(none.code, 3);
  assert.match(none.stderr, /^mlstat: no uplink can be told from these files: .*\n$/);
});

test('--router stands for a configuration, and not beside one', async () => {
  const shown = await runCli(['uplinks', 'show', '--router', SAMPLE, '--format', 'json']);
  assert.equal(shown.code, 0);
  assert.equal((JSON.parse(shown.stdout) as { uplinks: unknown[] }).uplinks.length, 2);
  const both = await runCli(['uplinks', 'show', '--router', SAMPLE, '-c', 'out.yaml']);
  assert.deepEqual([both.code, both.stdout], [2, '']);
  assert.match(both.stderr, /-c and --router/);
  mkdirSync(join(scratchDir, 'empty'), { recursive: true });
  const empty = await runCli(['analyse', 'x.pcap', '--router', 'empty']);
  assert.equal(empty.code, 2);
  assert.match(empty.stderr, /^mlstat: no uplink can be told from --router "empty"/);
});
