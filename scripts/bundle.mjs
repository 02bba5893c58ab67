// Joins the compiled command, its worker and what they need of other packages into a few files: finding and reading 270
// modules would take longer than analysing a small capture. Writes the licences of what it took in beside them.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { withNumbers } from './constants.mjs';

/** Loaded seldom, and made for `require`: left as they are. */
const EXTERNAL = [
  ...['pcap-parser', 'cli-progress', 'saxes', 'fzstd'],
  ...['vega', 'vega-lite', 'vega-interpreter', '@resvg/resvg-js'],
];

/**
 * Makes of `dist` the program that is started: `bin/cli.js` launches `bin/main.js`, whose threads run `bin/worker.js`.
 * @param {string} root the project's own folder, compiled
 */
export async function bundle(root) {
  const { build } = await import('esbuild');
  const bin = join(root, 'dist', 'bin');
  const shared = {
    absWorkingDir: root,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    external: EXTERNAL,
    plugins: [withoutPrograms, withNumbers, withRequired, withPlainWidths],
    // Numbers that have a name of their own are put in its place as well.
    minifySyntax: true,
    legalComments: 'none',
    metafile: true,
    logLevel: 'error',
  };
  const { metafile, outputFiles } = await build({
    ...shared,
    entryPoints: { main: 'dist/cli.js', worker: 'dist/workers/worker.js' },
    outdir: 'dist/bin',
    define: { 'import.meta.url': '$url' },
    write: false,
  });
  const [main, worker] = outputFiles.map(({ text }) => ascii(text));
  const inputs = { ...metafile.inputs };
  // Caches and chunks of builds before.
  rmSync(bin, { recursive: true, force: true });
  mkdirSync(bin, { recursive: true });
  // CommonJS in a package of modules: Node starts it sooner.
  writeFileSync(join(bin, 'package.json'), '{ "type": "commonjs" }\n');
  const wrapped = `(function (require, $import, $url) {${imports(main)}\n})`;
  writeFileSync(join(bin, 'main.js'), wrapped);
  writeFileSync(
    join(bin, 'worker.js'),
    `const $import = (name) => import(name), $url = require('node:url').pathToFileURL(__filename).href;${imports(worker)}`,
  );
  await build({
    ...shared,
    entryPoints: { cli: 'dist/launch.js' },
    outdir: 'dist/bin',
    define: { BUNDLE_ID: JSON.stringify(hashOf(wrapped)), 'import.meta.dirname': '__dirname' },
  });
  chmodSync(join(bin, 'cli.js'), 0o755);
  writeFileSync(join(bin, 'LICENSES.txt'), licences(root, Object.keys(inputs)));
  await bundlePage(build, root);
  warm(root, bin);
}

/** Commander can start programs as verbs, and loads what it takes. */
const withoutPrograms = {
  name: 'without-programs',
  setup(build) {
    build.onResolve({ filter: /^node:child_process$/ }, ({ path, importer }) =>
      /[\\/]commander[\\/]/.test(importer) ? { path, namespace: 'none' } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'none' }, () => ({ contents: 'module.exports = {}' }));
  },
};

/** What a module asks for when it is needed, by a `require` of its own: in the bundle it need not be looked for. */
const withRequired = {
  name: 'with-required',
  setup(build) {
    build.onLoad({ filter: /[\\/]dist[\\/]config[\\/]address\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replace('createRequire(import.meta.url)(', 'require('),
    }));
  },
};

/**
 * cli-table3 is shown nothing that is wider or narrower than one column a unit (report/terminal/table.ts): it need not compile a
 * pattern of all emoji to measure that.
 */
const withPlainWidths = {
  name: 'with-plain-widths',
  setup(build) {
    build.onLoad({ filter: /[\\/]node_modules[\\/]string-width[\\/]index\.js$/ }, ({ path }) => ({
      contents: "const strip = require('strip-ansi');\nmodule.exports = (text) => strip(text).length;",
      resolveDir: dirname(path),
    }));
  },
};

/** So that it can be read as Latin-1, at once: what is left of other characters stands in comments and texts. */
function ascii(text) {
  return text.replace(/[^\n\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A script that is no file of Node's own loader has no `import()`. */
function imports(text) {
  return text.replace(/\bimport\((?="[^"]+"\))/g, '$import(');
}

function hashOf(text) {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** Keeps what V8 has compiled for a usual run beside the program: see src/launch.ts. */
function warm(root, bin) {
  const home = mkdtempSync(join(tmpdir(), 'mlstat-build-'));
  try {
    const words = ['analyse', 'samples/blackhole/any.pcap.gz', '-c', 'samples/blackhole/mlstat.yaml', '--pin', '::1'];
    const env = { ...process.env, XDG_CACHE_HOME: home, NODE_OPTIONS: '', FORCE_COLOR: '1' };
    spawnSync(process.execPath, [join(bin, 'cli.js'), ...words], { cwd: root, stdio: ['ignore', 'ignore', 2], env });
    const made = join(home, 'mlstat');
    if (existsSync(made))
      for (const name of readdirSync(made)) writeFileSync(join(bin, name), readFileSync(join(made, name)));
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** Transforms that no chart of ours uses, a sixth of Vega: it registers what it finds in these, so they may be empty. */
const UNUSED = /^vega-(crossfilter|force|geo|hierarchy|label|regression|voronoi|wordcloud)$/;
const withoutUnused = {
  name: 'without-unused',
  setup(build) {
    build.onResolve({ filter: UNUSED }, ({ path, importer }) =>
      /[\\/]vega[\\/]build[\\/]vega\.module\.js$/.test(importer) ? { path, namespace: 'empty' } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'empty' }, () => ({ contents: 'export {}' }));
  },
};

/** What a report's page runs in the browser: one script, with the licences of what is in it at its head. */
async function bundlePage(build, root) {
  const outfile = join(root, 'dist', 'bin', 'page.js');
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['dist/report/html/client/client.js'],
    outfile,
    write: false,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    charset: 'ascii',
    legalComments: 'none',
    plugins: [withoutUnused],
    metafile: true,
    logLevel: 'error',
  });
  const inputs = Object.entries(Object.values(metafile.outputs)[0].inputs).filter(
    ([, { bytesInOutput }]) => bytesInOutput,
  );
  const notice = sharedLicences(
    root,
    inputs.map(([path]) => path),
  );
  writeFileSync(outfile, `/*\n${notice}\n*/\n(async()=>{${outputFiles[0].text.trim()}\n})();\n`);
}

/** Packages under one licence share its text. */
function sharedLicences(root, inputs) {
  const byText = new Map();
  for (const name of packagesOf(inputs)) {
    const text = licenceText(join(root, 'node_modules', name));
    byText.set(text, [...(byText.get(text) ?? []), name]);
  }
  return [...byText]
    .map(([text, names]) => `${names.join(', ')}:\n\n${text}`)
    .join('\n\n')
    .replaceAll('*/', '* /');
}

function licences(root, inputs) {
  return packagesOf(inputs)
    .map((name) => {
      const folder = join(root, 'node_modules', name);
      const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      return `${name} ${version} (${license})\n\n${licenceText(folder)}`;
    })
    .join('\n\n----\n\n');
}

function packagesOf(inputs) {
  return [...new Set(inputs.flatMap((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []))].sort();
}

function licenceText(folder) {
  for (const file of ['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'LICENCE', 'license']) {
    try {
      return readFileSync(join(folder, file), 'utf8').trim();
    } catch {
      // The next name.
    }
  }
  return '(no licence file in the package)';
}
