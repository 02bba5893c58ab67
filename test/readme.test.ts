// The README shows what the program prints, and links to what is there.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { projectDir } from './shared.js';

test('the output in the README is real (npm run readme renews it)', {
  skip: process.platform === 'win32' && 'globs need a shell',
}, () => {
  const run = spawnSync(process.execPath, [join(projectDir, 'scripts', 'readme.mjs'), '--check'], { encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
});

test('every link in the documents leads to a file', () => {
  const documents = ['.', 'docs', 'samples'].flatMap((folder) =>
    readdirSync(join(projectDir, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name)),
  );
  assert.ok(documents.length > 3);
  const broken = documents.flatMap((document) => {
    const text = readFileSync(join(projectDir, document), 'utf8');
    const targets = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map((match) => match[1] as string);
    return targets
      .filter((target) => !existsSync(join(projectDir, dirname(document), target)))
      .map((target) => `${document}: ${target}`);
  });
  assert.deepEqual(broken, []);
});
