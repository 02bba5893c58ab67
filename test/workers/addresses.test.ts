import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const MODULE = fileURLToPath(new URL('../../dist/workers/addresses.js', import.meta.url));
const skip = existsSync('/proc/self/limits') ? false : 'no /proc/self/limits';

test('a limit on addresses is seen, and none where there is none', { skip }, () => {
  for (const [limit, expected] of [
    ['ulimit -v 60000000', 'true'],
    ['ulimit -v unlimited', 'false'],
  ]) {
    const code = `import(${JSON.stringify(MODULE)}).then((m) => console.log(m.areAddressesLimited()))`;
    const run = spawnSync('sh', ['-c', `${limit} && exec "$0" -e "$1"`, process.execPath, code], { encoding: 'utf8' });
    // Who is limited already can't lift that.
    if (run.status !== 0 && expected === 'false') continue;
    assert.equal(run.stdout.trim(), expected, run.stderr);
  }
});
