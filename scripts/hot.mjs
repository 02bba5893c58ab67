// Compiles the rooms of AssemblyScript to WebAssembly, and wraps each in a module. Numbers that a room shares with the rest
// of the program are put in the place of their names: they come from modules of JavaScript, of which AssemblyScript
// understands nothing.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A memory that is handed in, and shared: typed arrays over it stay when it grows. */
const SHARED_MEMORY = [
  ...['--importMemory', '--sharedMemory', '--enable', 'threads'],
  ...['--initialMemory', '1', '--maximumMemory', '65536'],
];

/** Each by its folder, the module that is its way in, and how it comes by its memory, if not by itself. */
const ROOMS = [
  { room: 'flows/hot', entry: 'table.ts', memory: SHARED_MEMORY },
  { room: 'tally/hot', entry: 'rows.ts', memory: SHARED_MEMORY },
  { room: 'detect/hot', entry: 'scan.ts', memory: [] },
];

/** Imports from outside the room, and from within it. */
const SHARED = /^import \{([^}]*)\} from '(\.\.\/[^']+\.js)';$/gm;
const OWN = /\bfrom '(\.\/[\w-]+)\.js';$/gm;
/** The compiler knows no imports of types alone. */
const TYPES = /^import (?:type )?\{([^}]*)\}/gm;

/** Memory is never given back; what lies within an array is not looked at before each use. */
const OPTIONS = [
  ...['--outFile', 'hot.wasm', '-O3', '--converge', '--noAssert', '--uncheckedBehavior', 'always'],
  ...['--runtime', 'stub', '--use', 'abort='],
];

/**
 * Writes `code.js` of each room into `dist`.
 * @param {string} root the project's own folder, the rest of it compiled
 */
export async function compileHot(root) {
  const { default: asc } = await import('assemblyscript/asc');
  for (const { room, entry, memory } of ROOMS) await compile(asc, root, room, [entry, ...OPTIONS, ...memory]);
}

async function compile(asc, root, room, options) {
  const folder = join(root, 'src', room);
  const names = readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'));
  const sources = new Map(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
  const numbers = await sharedNumbers(root, room, sources.values());
  let code = null;
  const { error, stderr } = await asc.main(options, {
    readFile: (name) => (sources.has(name) ? prepared(sources.get(name), numbers) : null),
    writeFile: (name, data) => {
      if (name === 'hot.wasm') code = data;
    },
    listFiles: () => [],
  });
  if (error !== null || code === null) throw new Error(`src/${room} does not compile:\n${stderr}`);
  const out = join(root, 'dist', room);
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, 'code.js'), `export const CODE = '${Buffer.from(code).toString('base64')}';\n`);
}

/** By name: a number, or a table of numbers. */
async function sharedNumbers(root, room, texts) {
  const numbers = new Map();
  for (const text of texts) {
    for (const [, list, from] of text.matchAll(SHARED)) {
      const file = join(root, 'dist', room, from);
      const module = await import(pathToFileURL(file).href);
      for (const name of list.split(',').map((item) => item.trim())) {
        if (name === '') continue;
        if (module[name] === undefined) throw new Error(`src/${room}: ${from} has no ${name}`);
        numbers.set(name, module[name]);
      }
    }
  }
  return numbers;
}

function prepared(text, numbers) {
  let result = text
    .replace(SHARED, '')
    .replace(TYPES, (_, names) => `import {${names.replace(/\btype /g, '')}}`)
    .replace(OWN, "from '$1';");
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
  if (!Number.isInteger(value)) throw new Error(`hot: ${name} is no whole number`);
  return value < 0 ? `(${value})` : String(value);
}
