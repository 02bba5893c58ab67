// The launcher: compiled code is kept where only the user can write, and whatever lies there the program runs.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { projectDir } from './shared.js';

const SAMPLE = [`${projectDir}/samples/4to1/wan2.pcap.gz`, '-c', `${projectDir}/samples/4to1/mlstat.yaml`];

describe('the launcher', { skip: process.platform === 'win32' && 'no code is kept there' }, () => {
  const scratch = mkdtempSync(join(tmpdir(), 'mlstat-launch-'));
  const cli = join(scratch, 'dist', 'bin', 'cli.js');
  let expected = '';

  before(() => {
    // As published: without the code that the build has kept beside the bundle.
    cpSync(join(projectDir, 'dist', 'bin'), join(scratch, 'dist', 'bin'), {
      recursive: true,
      filter: (path) => !path.endsWith('.cache'),
    });
    cpSync(join(projectDir, 'package.json'), join(scratch, 'package.json'));
    expected = run(newFolder(), ['analyse', ...SAMPLE]);
    assert.match(expected, /dsl2/);
  });
  after(() => rmSync(scratch, { recursive: true, force: true }));

  /** The program's output, with an own cache folder. */
  function run(cache: string, words: readonly string[], env: Record<string, string> = {}): string {
    const child = spawnSync(process.execPath, [cli, ...words], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, XDG_CACHE_HOME: cache, ...env },
    });
    assert.equal(child.stderr, '');
    assert.equal(child.status, 0);
    return child.stdout;
  }

  function newFolder(): string {
    return mkdtempSync(join(scratch, 'cache-'));
  }

  test('keeps the code of a run and starts with it the next time', () => {
    const cache = newFolder();
    run(cache, ['analyse', ...SAMPLE]);
    const [name = '', ...more] = readdirSync(join(cache, 'mlstat'));
    assert.match(name, /^main-[\da-f]{16}-.*\.cache$/);
    assert.deepEqual(more, []);
    const kept = readFileSync(join(cache, 'mlstat', name));
    assert.equal(run(cache, ['analyse', ...SAMPLE]), expected);
    assert.deepEqual(readFileSync(join(cache, 'mlstat', name)), kept);
  });

  test('makes the cache folder of a new account', () => {
    const home = newFolder();
    run(join(home, 'new'), ['analyse', ...SAMPLE]);
    assert.equal(readdirSync(join(home, 'new', 'mlstat')).length, 1);
  });

  test('keeps nothing of a run that did little, or where it is told not to', () => {
    const cache = newFolder();
    run(cache, ['--help']);
    run(cache, ['analyse', ...SAMPLE], { NODE_DISABLE_COMPILE_CACHE: '1' });
    assert.deepEqual(readdirSync(cache), []);
  });

  test('neither reads nor writes where others can write', () => {
    const cache = newFolder();
    chmodSync(cache, 0o777);
    run(cache, ['analyse', ...SAMPLE]);
    assert.deepEqual(readdirSync(cache), []);
    mkdirSync(join(cache, 'mlstat'));
    chmodSync(join(cache, 'mlstat'), 0o777);
    chmodSync(cache, 0o700);
    run(cache, ['analyse', ...SAMPLE]);
    assert.deepEqual(readdirSync(join(cache, 'mlstat')), []);
  });

  test('works where the kept code is of another V8, cut off or none at all', () => {
    const cache = newFolder();
    run(cache, ['analyse', ...SAMPLE]);
    const [name = ''] = readdirSync(join(cache, 'mlstat'));
    const path = join(cache, 'mlstat', name);
    const whole = readFileSync(path);
    const other = Buffer.from(whole);
    other.fill(0xff, 4, 8);
    // V8 would run these, and crash.
    const damaged = Buffer.from(whole);
    damaged.fill(0, whole.length >> 2, whole.length >> 1);
    const sector = Buffer.from(whole);
    const lost = Math.floor(whole.length / 1024) * 512;
    sector.fill(0, lost, lost + 512);
    const half = whole.subarray(0, whole.length >> 1);
    for (const bytes of [other, damaged, sector, half, Buffer.from('none'), Buffer.alloc(0)]) {
      writeFileSync(path, bytes);
      assert.equal(run(cache, ['analyse', ...SAMPLE]), expected);
      assert.notDeepEqual(readFileSync(path), bytes, 'kept anew');
    }
    // Flags change what V8 compiles.
    writeFileSync(path, whole);
    assert.equal(run(cache, ['analyse', ...SAMPLE], { NODE_OPTIONS: '--max-old-space-size=512' }), expected);
  });
});
