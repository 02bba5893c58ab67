// Makes a checkout runnable: installs what the lock file says and compiles what is stale. Node built-ins only, for
// it runs before anything is installed. Does nothing, and starts nothing, where nothing is to do.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's own folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const PROJECTS = {
  main: { config: 'tsconfig.json', sources: 'src', output: 'dist' },
  test: { config: 'test/tsconfig.json', sources: 'test', output: 'dist-test' },
};

/** Installs the dependencies where the lock file is newer than what is installed. */
export function install() {
  const lock = modified(join(root, 'package-lock.json'));
  if (lock <= modified(join(root, 'node_modules', '.package-lock.json'))) return;
  say('installing the dependencies (npm ci)');
  const quiet = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  if (npm?.endsWith('.js')) run(process.execPath, [npm, ...quiet]);
  else run('npm', quiet, process.platform === 'win32');
}

/**
 * Compiles the named projects, in this order, where a source is newer than the last build that succeeded.
 * @param {...('main' | 'test')} names
 */
export async function build(...names) {
  for (const name of names) {
    const project = PROJECTS[name];
    const stamp = join(root, project.output, '.built');
    const newest = Math.max(
      newestIn(join(root, project.sources)),
      ...[
        'package.json',
        'tsconfig.json',
        'scripts/bundle.mjs',
        'scripts/constants.mjs',
        'scripts/hot.mjs',
        project.config,
      ].map((file) => modified(join(root, file))),
      // The declarations that the tests are checked against.
      name === 'test' ? modified(join(root, 'dist', '.built')) : 0,
    );
    if (newest < modified(stamp)) continue;
    say(`compiling ${project.sources}`);
    const startedAt = new Date();
    run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b', join(root, project.config)]);
    removeOrphans(join(root, project.output), join(root, project.sources));
    if (name === 'main') {
      const { compileHot } = await import('./hot.mjs');
      await compileHot(root);
      const { bundle } = await import('./bundle.mjs');
      await bundle(root);
    }
    mkdirSync(dirname(stamp), { recursive: true });
    writeFileSync(stamp, '');
    // When the build began: a source saved meanwhile is newer than that and built the next time.
    utimesSync(stamp, startedAt, startedAt);
  }
}

/** Outputs whose source is gone: they would still be run, tested and published. */
function removeOrphans(output, sources) {
  if (!existsSync(output)) return;
  for (const entry of readdirSync(output, { withFileTypes: true })) {
    if (entry.name.startsWith('.')) continue;
    const path = join(output, entry.name);
    if (entry.isDirectory()) {
      if (existsSync(join(sources, entry.name))) removeOrphans(path, join(sources, entry.name));
      else rmSync(path, { recursive: true });
    } else if (!existsSync(join(sources, entry.name.replace(/(\.d\.ts|\.js)$/, '.ts')))) rmSync(path);
  }
}

/** The latest change in a folder; folders count, for a file that was removed changes only them. */
function newestIn(folder) {
  let newest = modified(folder);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    newest = Math.max(newest, entry.isDirectory() ? newestIn(path) : modified(path));
  }
  return newest;
}

/** Milliseconds since the epoch, 0 where the file is not there. */
function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Runs to the end with its output on standard error: standard output is the program's own. Ends the script on failure. */
function run(command, args, shell = false) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], shell });
  if (status === 0) return;
  say(`${error?.message ?? `failed with exit code ${status}`}: ${command} ${args.join(' ')}`);
  process.exit(status || 1);
}

function say(message) {
  process.stderr.write(`mlstat: ${message}\n`);
}
