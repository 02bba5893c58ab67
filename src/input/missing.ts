// Turns a path that does not exist into a line that says where it goes wrong, and what was probably meant.

import { readdir, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { suggest } from '../util/suggest.js';
import { quotePath } from './reason.js';

/** Larger directories are searched in part: the answer must come at once. */
const MAX_NAMES = 20_000;

/** `no such file: "wna1.pcap" (did you mean "wan1.pcap"?)` */
export async function explainMissing(path: string, cwd: string): Promise<string> {
  const parts = path.split('/').filter((part) => part !== '');
  let base = path.startsWith('/') ? '/' : '';
  for (const [index, part] of parts.entries()) {
    const stats = await stat(resolve(cwd, base + part)).catch(() => null);
    const last = index === parts.length - 1;
    if (stats === null) {
      const names = await readdir(resolve(cwd, base)).catch(() => []);
      const near = suggest(part, names.slice(0, MAX_NAMES));
      const what = last ? 'no such file' : `no such directory as ${quotePath(base + part)}`;
      const cure =
        near === null
          ? `nothing of a similar name in ${quotePath(resolve(cwd, base))}`
          : `did you mean ${quotePath([base + near, ...parts.slice(index + 1)].join('/'))}?`;
      return `${what}: ${quotePath(path)} (${cure})`;
    }
    if (!last && !stats.isDirectory()) {
      return `no such file: ${quotePath(path)} (${quotePath(base + part)} is a file, not a directory)`;
    }
    base += `${part}/`;
  }
  return `no such file: ${quotePath(path)}`;
}
