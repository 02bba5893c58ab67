// Turns a path that does not exist into a line that says where it goes wrong, and what was probably meant.

import { readdir, stat } from 'node:fs/promises';
import { resolve } from 'node:path';

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
      const near = nearest(part, names.slice(0, MAX_NAMES));
      const what = last ? 'no such file' : `no such directory as "${base}${part}"`;
      if (near !== null)
        return `${what}: "${path}" (did you mean "${[base + near, ...parts.slice(index + 1)].join('/')}"?)`;
      return `${what}: "${path}" (nothing of a similar name in "${resolve(cwd, base)}")`;
    }
    if (!last && !stats.isDirectory()) return `no such file: "${path}" ("${base}${part}" is a file, not a directory)`;
    base += `${part}/`;
  }
  return `no such file: "${path}"`;
}

/** The name that is the fewest changes away, where those are few for its length; else null. */
export function nearest(wanted: string, names: readonly string[]): string | null {
  let best: string | null = null;
  let bestDistance = Math.max(2, Math.floor(wanted.length / 3)) + 1;
  for (const name of names) {
    if (Math.abs(name.length - wanted.length) >= bestDistance) continue;
    const distance = editDistance(wanted.toLowerCase(), name.toLowerCase());
    if (distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}

/** Optimal string alignment: characters put in, left out, replaced, or two neighbours swapped. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const line = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min((above[column] as number) + 1, (line[column - 1] as number) + 1);
      cost = Math.min(cost, (above[column - 1] as number) + (same ? 0 : 1));
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, (before[column - 2] as number) + 1);
      }
      line.push(cost);
    }
    before = above;
    above = line;
  }
  return above[b.length] as number;
}
