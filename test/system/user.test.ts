// What a new user meets first: typing errors, pipes, narrow terminals, machines without colour, the help's own examples.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { cliPath, projectDir } from '../shared.js';
import { errorLines, type Run, runCli, scratchDir } from './cli.js';

const SAMPLE = [`${projectDir}/samples/4to1/wan1.pcap.gz`, `${projectDir}/samples/4to1/wan2.pcap.gz`];
const CONFIG = ['-c', `${projectDir}/samples/4to1/mlstat.yaml`];
const VERBS = ['analyse', 'flows'];

describe('mistakes are one line, with the value and the cure', () => {
  const cases: { name: string; args: string[]; code: number; says: RegExp }[] = [
    { name: 'a file that is not there', args: ['analyse', 'missing.pcap'], code: 3, says: /missing\.pcap/ },
    { name: 'a typo in a verb', args: ['analize', SAMPLE[0] as string], code: 2, says: /analize.*analy[sz]e/ },
    {
      name: 'a typo in an option',
      args: ['analyse', '--formt', 'json', ...SAMPLE],
      code: 2,
      says: /--formt.*--format/,
    },
    {
      name: 'a format that is not there',
      args: ['analyse', '--format', 'xlsx', ...SAMPLE],
      code: 2,
      says: /json.*xlsx/,
    },
    { name: 'no input', args: ['analyse'], code: 2, says: /input/ },
    { name: 'a number that is none', args: ['analyse', '--jobs', 'many', ...SAMPLE], code: 2, says: /--jobs.*many/ },
    {
      name: 'a configuration that is not there',
      args: ['analyse', ...SAMPLE, '-c', 'no.yaml'],
      code: 2,
      says: /no\.yaml/,
    },
    { name: 'an uplink without an address', args: ['analyse', ...SAMPLE, '--uplink', 'dsl1'], code: 2, says: /dsl1/ },
  ];
  for (const { name, args, code, says } of cases) {
    test(name, async () => {
      const run = await runCli(args);
      assert.equal(run.code, code, run.stderr);
      assert.equal(errorLines(run).length, 1, run.stderr);
      assert.match(run.stderr, /^mlstat: /);
      assert.match(run.stderr, says);
    });
  }

  test('a folder without captures', async () => {
    const empty = join(scratchDir, 'empty');
    mkdirSync(empty);
    const run = await runCli(['analyse', empty]);
    assert.ok(run.code === 2 || run.code === 3, run.stderr);
    assert.equal(errorLines(run).length, 1, run.stderr);
  });
});

test('--version prints the version of the package alone', async () => {
  const { version } = JSON.parse(readFileSync(`${projectDir}/package.json`, 'utf8')) as { version: string };
  const run = await runCli(['--version']);
  assert.deepEqual([run.code, run.stdout.trim()], [0, version]);
});

test('analyze is analyse, and so is no verb at all', async () => {
  const [plain, alias, none] = (await Promise.all(
    [['analyse'], ['analyze'], []].map((verb) => runCli([...verb, ...SAMPLE, ...CONFIG])),
  )) as [Run, Run, Run];
  assert.equal(plain.code, 0, plain.stderr);
  assert.equal(alias.stdout, plain.stdout);
  assert.equal(none.stdout, plain.stdout);
});

test('the table shows every uplink with its share, in 80 columns and without colour', async () => {
  const run = await runCli(['analyse', ...SAMPLE, ...CONFIG], { env: { COLUMNS: '80' } });
  assert.equal(run.code, 0, run.stderr);
  assert.match(run.stdout, /dsl1/);
  assert.match(run.stdout, /dsl2/);
  assertPlain(run);
  assertFits(run, 80);
});

test('a terminal of 40 columns still gets whole lines', async () => {
  const run = await runCli(['analyse', ...SAMPLE, ...CONFIG], { env: { COLUMNS: '40' } });
  assert.equal(run.code, 0, run.stderr);
  // Tables may need more than that; nothing may be lost or broken.
  assert.match(run.stdout, /dsl1/);
  assert.doesNotMatch(run.stdout, /undefined|NaN|Infinity/);
});

test('FORCE_COLOR colours, NO_COLOR and --no-color win over it', async () => {
  const args = ['analyse', ...SAMPLE, ...CONFIG];
  const forced = await runCli(args, { env: { FORCE_COLOR: '1' } });
  assert.ok(forced.stdout.includes('\x1b['), 'no colour where it was asked for');
  assertPlain(await runCli([...args, '--no-color'], { env: { FORCE_COLOR: '1' } }));
  assertPlain(await runCli(args, { env: { NO_COLOR: '1' } }));
});

test('standard output holds the result alone', async () => {
  const run = await runCli(['analyse', '--format', 'json', '--progress', 'always', ...SAMPLE, ...CONFIG]);
  assert.equal(run.code, 0, run.stderr);
  assert.doesNotThrow(() => JSON.parse(run.stdout));
});

test('-q leaves standard error empty', async () => {
  const run = await runCli(['analyse', '-q', ...SAMPLE]);
  assert.deepEqual([run.code, run.stderr], [0, '']);
});

test('an input named twice is read once', async () => {
  const packets = async (args: string[]) => {
    const run = await runCli(['analyse', '--format', 'json', ...args]);
    return (JSON.parse(run.stdout) as { inputs: { packets: number }[] }).inputs.map((input) => input.packets);
  };
  assert.deepEqual(await packets([...SAMPLE, ...SAMPLE]), await packets(SAMPLE));
});

test('a pipe into head ends quietly', { skip: process.platform === 'win32' && 'no sh' }, () => {
  const script = `"$NODE" "$CLI" flows ${SAMPLE.map((path) => `"${path}"`).join(' ')} 2>"$ERRORS" | head -n 2; cat "$ERRORS" >&2`;
  const env = { ...process.env, NODE: process.execPath, CLI: cliPath, ERRORS: `${scratchDir}/errors` };
  const run = spawnSync('sh', ['-c', script], { encoding: 'utf8', cwd: scratchDir, env });
  assert.equal(run.stdout.split('\n').filter((line) => line !== '').length, 2);
  assert.doesNotMatch(run.stderr, /EPIPE|Error| {4}at /);
});

describe('--help', () => {
  test('names every verb that there is', async () => {
    const run = await runCli(['--help']);
    assert.equal(run.code, 0);
    for (const verb of VERBS) assert.match(run.stdout, new RegExp(`\\b${verb}\\b`));
    assertFits(run, 80);
  });

  for (const verb of VERBS) {
    test(`${verb}: its examples work as they stand`, async () => {
      const help = await runCli([verb, '--help']);
      assert.equal(help.code, 0);
      assertFits(help, 80);
      const examples = [...help.stdout.matchAll(/^\s*(?:\$\s*)?(?:npx )?mlstat (.*samples.*)$/gm)].map(
        (match) => match[1] as string,
      );
      assert.ok(examples.length >= 2, help.stdout);
      for (const example of examples) {
        const run = spawnSync('sh', ['-c', `"$NODE" "$CLI" ${example}`], {
          cwd: projectDir,
          encoding: 'utf8',
          env: { ...process.env, NODE: process.execPath, CLI: cliPath },
        });
        assert.equal(run.status, 0, `${example}\n${run.stderr}`);
        assert.notEqual(run.stdout, '', example);
      }
    });
  }
});

function assertPlain(run: Run): void {
  assert.ok(!run.stdout.includes('\x1b'), 'escape sequences where none were wanted');
}

function assertFits(run: Run, columns: number): void {
  const wide = run.stdout.split('\n').filter((line) => [...line].length > columns);
  assert.deepEqual(wide, []);
}
