// `npm run bench`: mlstat beside other tools on generated captures. What it measures: test/bench/bench.ts.

import { build, install } from './setup.mjs';

install();
await build('main', 'test');
const { runBench } = await import('../dist-test/bench/bench.js');
await runBench(process.argv.slice(2)).catch((error) => {
  process.stderr.write(`bench: ${error.message}\n`);
  process.exitCode = 2;
});
