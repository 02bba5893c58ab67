// Compiles src/flows/hot, the hot loop, which is AssemblyScript, to WebAssembly, and wraps it in a module. Numbers that it
// shares with the rest of the program are put in the place of their names: they come from modules of JavaScript, of which
// AssemblyScript understands nothing.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';

const ROOM = join('flows', 'hot');
/** From outside the room, and within it. */
const SHARED = /^import \{([^}]*)\} from '(\.\.\/[^']+\.js)';$/gm;
const OWN = /\bfrom '(\.\/[\w-]+)\.js';$/gm;

const OPTIONS = [
  ...['--outFile', 'hot.wasm', '-O3', '--converge', '--noAssert', '--runtime', 'stub', '--use', 'abort='],
  ...['--importMemory', '--sharedMemory', '--enable', 'threads', '--initialMemory', '1', '--maximumMemory', '65536'],
];

/**
 * Writes `dist/flows/hot/code.js`.
 * @param {string} root the project's own folder, the rest of it compiled
 */
export async function compileHot(root) {
  const { default: asc } = await import('assemblyscript/asc');
  const folder = join(root, 'src', ROOM);
  const names = readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'));
  const sources = new Map(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
  const numbers = await sharedNumbers(root, folder, sources.values());
  let code = null;
  const { error, stderr } = await asc.main(['table.ts', ...OPTIONS], {
    readFile: (name) => (sources.has(name) ? prepared(sources.get(name), numbers) : null),
    writeFile: (name, data) => {
      if (name === 'hot.wasm') code = data;
    },
    listFiles: () => [],
  });
  if (error !== null || code === null) throw new Error(`src/flows/hot does not compile:\n${stderr}`);
  const out = join(root, 'dist', ROOM);
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, 'code.js'), `export const CODE = '${Buffer.from(code).toString('base64')}';\n`);
}

/** By name: a number, or a table of numbers. */
async function sharedNumbers(root, folder, texts) {
  const numbers = new Map();
  for (const text of texts) {
    for (const [, list, from] of text.matchAll(SHARED)) {
      const file = join(root, 'dist', relative(join(root, 'src'), join(folder, from)));
      const module = await import(pathToFileURL(file).href);
      for (const name of list.split(',').map((item) => item.trim())) {
        if (name === '') continue;
        if (module[name] === undefined) throw new Error(`src/flows/hot: ${from} in ${dirname(file)} has no ${name}`);
        numbers.set(name, module[name]);
      }
    }
  }
  return numbers;
}

function prepared(text, numbers) {
  let result = text.replace(SHARED, '').replace(OWN, "from '$1';");
  for (const [name, value] of numbers) {
    if (typeof value === 'number') {
      result = result.replace(new RegExp(`(?<![\\w$.])${name}(?![\\w$.])`, 'g'), literal(name, value));
      continue;
    }
    result = result.replace(new RegExp(`(?<![\\w$.])${name}\\.(\\w+)(?![\\w$])`, 'g'), (use, key) =>
      literal(use, Object.hasOwn(value, key) ? value[key] : undefined),
    );
  }
  return result;
}

function literal(name, value) {
  if (!Number.isInteger(value)) throw new Error(`src/flows/hot: ${name} is no whole number`);
  return value < 0 ? `(${value})` : String(value);
}
