// Joins the compiled command, its worker and what they need of other packages into a few files: finding and reading 270
// modules would take longer than analysing a small capture. Writes the licences of what it took in beside them.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Loaded seldom, and made for `require`: left as they are. */
const EXTERNAL = [
  ...['pcap-parser', 'cli-progress', 'saxes', 'fzstd'],
  ...['vega', 'vega-lite', 'vega-interpreter', '@resvg/resvg-js'],
];

/** @param {string} root the project's own folder, compiled */
export async function bundle(root) {
  const { build } = await import('esbuild');
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { cli: 'dist/cli.js', worker: 'dist/workers/worker.js' },
    outdir: 'dist/bin',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: EXTERNAL,
    // Packages that are CommonJS ask for Node's own modules by `require`.
    banner: {
      js: "import { createRequire as $createRequire } from 'node:module'; const require = $createRequire(import.meta.url);",
    },
    legalComments: 'none',
    metafile: true,
    logLevel: 'error',
  });
  writeFileSync(join(root, 'dist', 'bin', 'LICENSES.txt'), licences(root, Object.keys(metafile.inputs)));
  await bundlePage(build, root);
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
