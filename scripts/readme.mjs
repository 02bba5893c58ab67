// Puts the program's real output into the README: below each line `<!-- mlstat … -->` (with `first N:` before it, only
// so many lines) stands a fenced block that is what the command prints. With `--check`: exit 1 where it isn't.

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, install, root } from './setup.mjs';

install();
await build('main');

const path = join(root, 'README.md');
const BLOCK = /(<!-- (?:first (\d+): )?mlstat (.*) -->\n```\w*)\n(?:(?!```)[\s\S]*?\n)?(?=```\n)/g;

const written = readFileSync(path, 'utf8');
const real = written.replace(BLOCK, (_, head, lines, args) => `${head}\n${output(args, Number(lines ?? Infinity))}\n`);

if (!process.argv.includes('--check')) writeFileSync(path, real);
else if (real !== written) {
  process.stderr.write('mlstat: README.md shows what the program no longer prints: npm run readme\n');
  process.exit(1);
}

function output(args, lines) {
  const run = spawnSync(`"${process.execPath}" "${join(root, 'dist', 'bin', 'cli.js')}" ${args}`, {
    cwd: root,
    shell: true,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, COLUMNS: '80', NO_COLOR: '1', TZ: 'UTC', HOME: join(root, 'samples') },
  });
  if (run.status !== 0) throw new Error(`mlstat ${args}: ${run.stderr}`);
  const printed = run.stdout.trimEnd().split('\n');
  return printed.length > lines ? [...printed.slice(0, lines), '…'].join('\n') : printed.join('\n');
}
