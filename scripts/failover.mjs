// `npm run failover`: what the detector finds of outages in simulated traffic, as the tables of docs/failover.md. With
// --write they are put there.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, install, root } from './setup.mjs';

const BEGIN = '<!-- measured: npm run failover -- --write -->';
const END = '<!-- end -->';

install();
await build('main', 'test');
const { tables } = await import('../dist-test/detect/failover.js');
const text = tables((row) => process.stderr.write(`${row}\n`));
if (process.argv.includes('--write')) {
  const path = join(root, 'docs', 'failover.md');
  const page = readFileSync(path, 'utf8');
  const from = page.indexOf(BEGIN) + BEGIN.length;
  writeFileSync(path, `${page.slice(0, from)}\n\n${text}\n\n${page.slice(page.indexOf(END))}`);
} else {
  process.stdout.write(`${text}\n`);
}
