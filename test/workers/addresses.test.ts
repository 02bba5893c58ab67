import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Packet, pcapFile } from '../pipeline/capture.js';

const CLI = fileURLToPath(new URL('../../dist/bin/cli.js', import.meta.url));
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

test('where addresses run out there is a whole report or one line, never a part of one', { skip }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'mlstat-addresses-'));
  try {
    const path = join(directory, 'a.pcap');
    const flows = 60_000;
    const packet = { protocol: 17, fragment: 'none', ident: 0, bytes: 40, flags: 0, seq: 0 } as const;
    const packets = Array.from({ length: flows }, (_, n): Packet => {
      return { ...packet, gapUs: 1000, from: 0xcb007102, to: 0xc6120000 + n, fromPort: 1024, toPort: 53 };
    });
    writeFileSync(path, pcapFile(packets));
    let whole = 0;
    for (const gigabytes of [8, 12, 16, 20, 24, 28, 32, 60]) {
      const words = ['analyse', path, '--uplink', 'a=203.0.113.2@1', '--format', 'json', '-q'];
      const limited = ['-c', `ulimit -v ${gigabytes * 1_000_000} && exec "$0" "$@"`, process.execPath, CLI, ...words];
      const { status, stdout, stderr } = spawnSync('sh', limited, { encoding: 'utf8' });
      if (status === 0) {
        assert.equal(JSON.parse(stdout).uplinks[0].flows, flows, `${gigabytes} GB`);
        whole++;
      } else {
        assert.equal(status, 2, `${gigabytes} GB: ${stderr}`);
        assert.match(stderr, /^mlstat: a limit on addresses [^\n]+\n$/, `${gigabytes} GB`);
      }
    }
    // How many are refused is V8's affair: later ones do with less.
    assert.ok(whole > 0);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
