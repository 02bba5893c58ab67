// `mlstat plan` as it is called: the configuration it takes, the file it writes, what it says.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectDir } from '../shared.js';
import { folder, mlstat } from './world.js';

const none = {} as Parameters<typeof mlstat>[1];
const sample = `${projectDir}/samples/4to1/mlstat.yaml`;

test('the sample becomes a script on standard output, and in a file', async () => {
  const { code, out } = await mlstat(['plan', '-c', sample], none);
  assert.equal(code, 0);
  assert.match(out, /^#!\/bin\/sh\n/);
  assert.match(out, /hop via 203\.0\.113\.1 dev wan1 weight 4\n/);
  const path = join(folder, 'setup.sh');
  const again = await mlstat(['plan', '-c', sample, '-o', path], none);
  assert.equal(again.out, '');
  assert.equal(readFileSync(path, 'utf8'), out);
});

test('--weights stand in place of the configuration', async () => {
  const { out } = await mlstat(['plan', '-c', sample, '--weights', 'dsl1=10,dsl2=4'], none);
  assert.match(out, /hop via 203\.0\.113\.1 dev wan1 weight 5\n/);
  assert.match(out, /hop via 198\.51\.100\.1 dev wan2 weight 2\n/);
});

test('the configuration is never written over', async () => {
  const path = join(folder, 'own.yaml');
  writeFileSync(path, readFileSync(sample));
  await assert.rejects(mlstat(['plan', '-c', path, '-o', path], none), /would overwrite an input/);
});

test('without a configuration, and with a slip in a choice', async () => {
  await assert.rejects(mlstat(['plan', '--no-config'], none), /plan needs a configuration/);
  await assert.rejects(mlstat(['plan', '-c', sample, '--style', 'conmark'], none), /did you mean connmark/);
});
