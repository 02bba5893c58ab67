// `npm run lab -- SCENARIO.json [-o FOLDER]`: sets up what is missing, then runs the lab (test/lab), which needs root.
// `npm run samples` is the same with another program: the samples anew.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { build, install, root } from './setup.mjs';

/** @param {string} program of dist-test/lab @param {readonly string[]} args */
export async function startLab(program, args) {
  install();
  await build('main', 'test');
  const script = join(root, 'dist-test', 'lab', program);
  const child = spawn(process.execPath, [script, ...args], { stdio: 'inherit' });
  // The terminal's Ctrl-C reaches the child as well; others are passed on.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
}

if (process.argv[1] === import.meta.filename) await startLab('main.js', process.argv.slice(2));
