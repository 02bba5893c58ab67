// `npm run calibrate [RUNS]`: the statistics tried on made traffic, and the table of docs/statistics.md made anew.

import { build, install } from './setup.mjs';

install();
await build('main', 'test');
const { calibrate } = await import('../dist-test/calibrate/calibrate.js');
process.exitCode = calibrate(process.argv.slice(2), (text) => process.stdout.write(text)) > 0 ? 1 : 0;
