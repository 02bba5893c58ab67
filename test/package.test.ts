// The package as others get it: what is in it, that it installs into an empty folder and works there, with its types.

import assert from 'node:assert/strict';
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { projectDir } from './shared.js';

const MUST_HAVE = [
  'CHANGELOG.md',
  'LICENSE',
  'README.md',
  'assets/fonts/Arimo-Regular.ttf',
  'assets/fonts/OFL.txt',
  'dist/bin/cli.js',
  'dist/bin/main.js',
  'dist/bin/page.js',
  'dist/bin/worker.js',
  'dist/index.d.ts',
  'dist/index.js',
  'docs/report.schema.json',
  'package.json',
  'samples/4to1/mlstat.yaml',
  'samples/4to1/wan1.pcap.gz',
  'samples/README.md',
];
const MAY_HAVE =
  /^(dist\/.*\.(js|d\.ts)|dist\/bin\/(LICENSES\.txt|package\.json)|samples\/.*|assets\/fonts\/(Arimo-\w+\.ttf|OFL\.txt)|docs\/report\.schema\.json|package\.json|(README|CHANGELOG)\.md|LICENSE)$/;

const { name, version } = JSON.parse(readFileSync(`${projectDir}/package.json`, 'utf8')) as Record<string, string>;

describe('the published package', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'mlstat-package-'));
  let packed: { filename: string; size: number; files: { path: string }[] };
  before(() => {
    // What the installed program keeps of its start is not to be found at home afterwards.
    process.env.XDG_CACHE_HOME = scratch;
    const run = npm(['pack', '--json', '--ignore-scripts', '--pack-destination', scratch], projectDir);
    assert.equal(run.status, 0, run.stderr);
    const answer = JSON.parse(run.stdout) as (typeof packed)[] | Record<string, typeof packed>;
    packed = Object.values(answer)[0] as typeof packed;
  });
  after(() => rmSync(scratch, { recursive: true, force: true }));

  test('holds the program, its documents and samples, and nothing else', () => {
    const paths = packed.files.map(({ path }) => path);
    assert.deepEqual(
      MUST_HAVE.filter((path) => !paths.includes(path)),
      [],
      'missing',
    );
    assert.deepEqual(
      paths.filter((path) => !MAY_HAVE.test(path)),
      [],
      'not to be published',
    );
    assert.ok(packed.size < 3.1e6, `${packed.size} bytes`);
  });

  test('publint has nothing to say', async () => {
    const { messages, pkg } = await publint({ pkgDir: projectDir, pack: 'npm', strict: true });
    assert.deepEqual(
      messages.map((message) => formatMessage(message, pkg as Record<string, unknown>, { color: false })),
      [],
    );
  });

  test('its types resolve as its modules do (arethetypeswrong)', () => {
    const manifest = createRequire(import.meta.url).resolve('@arethetypeswrong/cli/package.json');
    const cli = join(dirname(manifest), 'dist', 'index.js');
    // ESM only: what CommonJS makes of it is not asked. The schema is data, without types.
    const options = ['--profile', 'esm-only', '--exclude-entrypoints', './schema', '--no-emoji', '--no-color'];
    const run = spawnSync(process.execPath, [cli, join(scratch, packed.filename), ...options], { encoding: 'utf8' });
    assert.equal(run.status, 0, run.stdout + run.stderr);
  });

  test('installs into an empty folder, runs, and can be imported with its types', (t) => {
    const prefix = join(scratch, 'empty');
    mkdirSync(prefix);
    writeFileSync(join(prefix, 'package.json'), '{ "private": true, "type": "module" }');
    const install = npm(['install', '--offline', '--no-audit', '--no-fund', join(scratch, packed.filename)], prefix);
    if (/ENOTCACHED|EAI_AGAIN|ENOTFOUND/.test(install.stderr)) {
      t.skip('its dependencies are not in the npm cache');
      return;
    }
    assert.equal(install.status, 0, install.stderr);

    const command = join(prefix, 'node_modules', '.bin', name as string);
    const printed = spawnSync(command, ['--version'], { encoding: 'utf8', shell: process.platform === 'win32' });
    assert.equal(printed.stdout.trim(), version, printed.stderr);

    const sample = `node_modules/${name}/samples/blackhole/any.pcap.gz`;
    for (const file of ['report.html', 'report.svg', 'report.png']) {
      const drawn = spawnSync(command, ['report', sample, '-q', '-o', file], { cwd: prefix, encoding: 'utf8' });
      assert.equal(drawn.stderr, '');
      assert.ok(readFileSync(join(prefix, file)).length > 5000, file);
    }
    writeFileSync(
      join(prefix, 'use.ts'),
      `import { analyse } from '${name}';\n` +
        `const report = await analyse({ inputs: ['${sample}'] });\n` +
        'const packets: number | null | undefined = report.inputs[0]?.packets;\n' +
        'console.log(packets);\n',
    );
    const typescript = createRequire(import.meta.url).resolve('typescript/package.json');
    const tsc = join(dirname(typescript), 'bin', 'tsc');
    // Without the types of Node: a user may not have them. Every declaration that is reached gets checked.
    const compilerOptions = { strict: true, module: 'nodenext', target: 'es2023', lib: ['es2023', 'dom'], types: [] };
    writeFileSync(join(prefix, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['use.ts'] }));
    const compiled = spawnSync(process.execPath, [tsc, '-p', '.'], { cwd: prefix, encoding: 'utf8' });
    assert.equal(compiled.status, 0, compiled.stdout);
    const used = spawnSync(process.execPath, ['use.js'], { cwd: prefix, encoding: 'utf8' });
    assert.equal(used.stdout.trim(), '13094', used.stderr);
    assert.deepEqual(readdirSync(join(prefix, 'node_modules', name as string)).sort(), [
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'assets',
      'dist',
      'docs',
      'package.json',
      'samples',
    ]);
  });
});

test('the lock file pins every package by its hash and names no download address', () => {
  const text = readFileSync(`${projectDir}/package-lock.json`, 'utf8');
  assert.doesNotMatch(text, /"resolved"|https?:\/\/registry/);
  const { packages } = JSON.parse(text) as { packages: Record<string, { integrity?: string }> };
  const loose = Object.entries(packages).filter(
    ([path, { integrity }]) => path !== '' && !integrity?.startsWith('sha512-'),
  );
  assert.deepEqual(
    loose.map(([path]) => path),
    [],
  );
});

test('dependencies are pinned to one version', () => {
  const manifest = JSON.parse(readFileSync(`${projectDir}/package.json`, 'utf8')) as Record<
    string,
    Record<string, string>
  >;
  const wanted = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
  assert.deepEqual(
    wanted.filter(([, range]) => !/^\d+\.\d+\.\d+$/.test(range)),
    [],
  );
});

/** npm itself where the tests were started by it, else the one on the path. */
function npm(args: string[], cwd: string): SpawnSyncReturns<string> {
  const own = process.env.npm_execpath;
  const [command, prefix] = own?.endsWith('.js') ? [process.execPath, [own]] : ['npm', []];
  return spawnSync(command, [...prefix, ...args], {
    cwd,
    encoding: 'utf8',
    shell: command === 'npm' && process.platform === 'win32',
  });
}
