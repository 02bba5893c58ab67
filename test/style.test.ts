// Format and lint, so that `npm test` says all there is to say about a change.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { projectDir } from './shared.js';

test('every file is formatted and passes the linter (npm run format repairs most of it)', () => {
  const manifest = createRequire(import.meta.url).resolve('@biomejs/biome/package.json');
  const biome = join(dirname(manifest), 'bin', 'biome');
  const run = spawnSync(process.execPath, [biome, 'check', '--colors=off', '--error-on-warnings', '.'], {
    cwd: projectDir,
    encoding: 'utf8',
  });
  assert.equal(run.status, 0, run.stdout + run.stderr);
});
