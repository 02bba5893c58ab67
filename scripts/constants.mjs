// Puts numbers in the place of names like `HOT.packetsLow` when the program is bundled. A table of named numbers is an
// object: compiled code loads it, looks at its shape and loads the number, again for every packet, which takes a fifth of
// the time of reading one.

import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Rooms that deal with packets. They compute and do nothing else, so that the build can load them. */
const ROOMS = /[\\/]dist[\\/](decode|flows|uplinks|tally)[\\/][\w-]+\.js$/;
const IMPORTS = /^import \{([^}]*)\} from '(\.[^']+)';$/gm;
const EXPORTS = /^export const ([A-Z][A-Z0-9_]*) = \{/gm;

export const withNumbers = {
  name: 'with-numbers',
  setup(build) {
    build.onLoad({ filter: ROOMS }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      return { contents: inlined(text, await tablesOf(text, path)) };
    });
  },
};

/** Tables of numbers by the name that they have in a module. */
async function tablesOf(text, path) {
  const tables = new Map();
  const take = async (file, names) => {
    const module = await import(pathToFileURL(file).href);
    for (const [name, own] of names) if (isTable(module[name])) tables.set(own, module[name]);
  };
  for (const [, list, from] of text.matchAll(IMPORTS)) {
    const names = list.split(',').map((item) => item.trim().split(' as '));
    const tabled = names.filter(([name]) => /^[A-Z][A-Z0-9_]*$/.test(name)).map(([name, own = name]) => [name, own]);
    const file = join(dirname(path), from);
    if (tabled.length > 0 && ROOMS.test(file)) await take(file, tabled);
  }
  const own = [...text.matchAll(EXPORTS)].map(([, name]) => [name, name]);
  if (own.length > 0) await take(path, own);
  return tables;
}

function isTable(value) {
  return (
    typeof value === 'object' && value !== null && Object.values(value).every((number) => Number.isInteger(number))
  );
}

function inlined(text, tables) {
  let result = text;
  for (const [name, table] of tables) {
    const uses = new RegExp(`(?<![\\w$.])${name}\\.(\\w+)(?![\\w$])`, 'g');
    result = result.replace(uses, (use, key) => (Object.hasOwn(table, key) ? `${table[key]}` : use));
  }
  return result;
}
