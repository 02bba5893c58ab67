// `npm test`: sets up what is missing, then runs the tests. Words choose files by their path (`npm test -- decode`),
// options go to Node's runner (`npm test -- --test-name-pattern=vlan`). Lint and format are tests like the others.

import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { build, install, root } from './setup.mjs';

install();
await build('main', 'test');

const given = process.argv.slice(2);
const options = given.filter((word) => word.startsWith('-'));
const words = given
  .filter((word) => !word.startsWith('-'))
  .map((word) => word.replace(/^test\//, '').replace(/\.ts$/, ''));

const compiled = join(root, 'dist-test');
const files = readdirSync(compiled, { recursive: true })
  .map((path) => join(compiled, path))
  .filter((path) => path.endsWith('.test.js'))
  .filter((path) => words.length === 0 || words.some((word) => inUnix(relative(compiled, path)).includes(word)))
  .sort();

if (files.length === 0) {
  process.stderr.write(`mlstat: no test file matches ${words.join(' ')}; they are in test/\n`);
  process.exit(2);
}

const reporter = new URL('reporter.mjs', import.meta.url).href;
const child = spawn(process.execPath, ['--test', `--test-reporter=${reporter}`, ...options, ...files], {
  cwd: root,
  stdio: 'inherit',
});
process.on('SIGINT', () => {});
child.on('exit', (code) => {
  process.exitCode = code ?? 1;
});

function inUnix(path) {
  return path.split(sep).join('/');
}
