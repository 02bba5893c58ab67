// `npm run pictures`: the pictures of the README, made by the program of the bundled sample.

import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { build, install, root } from './setup.mjs';

install();
await build('main');

const folder = join(root, 'docs', 'pictures');
mkdirSync(folder, { recursive: true });
const capture = ['samples/blackhole/any.pcap.gz', '-c', 'samples/blackhole/mlstat.yaml'];

for (const chart of ['throughput', 'timeline', 'share']) {
  const words = ['report', ...capture, '--chart', chart, '-o', join(folder, `${chart}.png`)];
  const { status } = spawnSync(process.execPath, [join(root, 'dist', 'bin', 'cli.js'), ...words], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}
