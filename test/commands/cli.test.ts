// The real process: what only it can show (exit codes, closed pipes, signals, stacks).

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { cliPath, projectDir } from '../shared.js';
import { folder } from './world.js';

const POSIX = process.platform === 'win32' && 'no signals and devices';
const SAMPLE = join(projectDir, 'samples', '4to1', 'wan1.pcap.gz');

function start(words: readonly string[], stdout: 'pipe' | number = 'pipe'): ChildProcess {
  return spawn(process.execPath, [cliPath, ...words], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, LANG: 'C.UTF-8' },
    stdio: ['pipe', stdout, 'pipe'],
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
}

async function ended(child: ChildProcess) {
  let out = '';
  let err = '';
  child.stdout?.on('data', (chunk: Buffer) => (out += chunk));
  child.stderr?.on('data', (chunk: Buffer) => (err += chunk));
  child.stdin?.on('error', () => {});
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, out, err };
}

describe('a mistake', () => {
  it('is one line on standard error and code 2', async () => {
    assert.deepEqual(await ended(start(['anaylse', 'x'])), {
      code: 2,
      out: '',
      err: 'mlstat: unknown command "anaylse"; did you mean analyse?\n',
    });
  });

  it('has its stack with --debug alone', async () => {
    const { code, err } = await ended(start(['--debug', 'anaylse']));
    assert.equal(code, 2);
    assert.match(err, /^mlstat: unknown command .*\n.*UserError.*\n {4}at /);
  });
});

describe('standard output', { skip: POSIX }, () => {
  it('that is closed ends quietly', async () => {
    const child = start(['schema', 'report']);
    child.stdout?.destroy();
    const { code, err } = await ended(child);
    assert.deepEqual([code, err], [0, '']);
  });

  it('that is full is told', { skip: !existsSync('/dev/full') && 'no /dev/full' }, async () => {
    const { code, err } = await ended(start(['schema', 'report'], openSync('/dev/full', 'w')));
    assert.deepEqual([code, err], [2, "mlstat: can't write the result: ENOSPC\n"]);
  });
});

describe('Ctrl-C', { skip: POSIX }, () => {
  /** Reads a capture that has no end yet; resolves when the configuration is known and reading begins. */
  async function reading(words: readonly string[]): Promise<ChildProcess> {
    const child = start([...words, '-', '--verbose']);
    child.stdin?.on('error', () => {});
    child.stdin?.write(readFileSync(SAMPLE));
    await new Promise((resolve) => child.stderr?.once('data', resolve));
    return child;
  }

  it('prints what is known, marked partial', async () => {
    const child = await reading(['analyse', '--format', 'json']);
    child.kill('SIGINT');
    // As a recorder at the other end of the pipe does, which the same Ctrl-C reaches.
    setTimeout(() => child.stdin?.end(), 300);
    const { code, out } = await ended(child);
    assert.equal(code, 130);
    assert.equal((JSON.parse(out) as { partial: boolean }).partial, true);
  });

  it('twice ends at once and leaves no file', async () => {
    const child = await reading(['analyse', '-o', 'late.json']);
    child.kill('SIGINT');
    // Two of one kind that wait together are one to the kernel.
    setTimeout(() => child.kill('SIGINT'), 500);
    const { code } = await ended(child);
    assert.equal(code, 130);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.endsWith('.tmp')),
      [],
    );
  });

  it('is not needed by kill, which leaves no file either', async () => {
    // The first Ctrl-C of the test before may have been heard in time: then its partial report lies here.
    rmSync(join(folder, 'late.json'), { force: true });
    const child = await reading(['analyse', '-o', 'late.json']);
    child.kill('SIGTERM');
    const { code } = await ended(child);
    assert.equal(code, 143);
    assert.deepEqual(readdirSync(folder), []);
  });
});
