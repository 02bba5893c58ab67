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
}

function licences(root, inputs) {
  const packages = new Set(inputs.flatMap((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []));
  return [...packages]
    .sort()
    .map((name) => {
      const folder = join(root, 'node_modules', name);
      const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      return `${name} ${version} (${license})\n\n${licenceText(folder)}`;
    })
    .join('\n\n----\n\n');
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
