// Names of files and folders become texts. Folders are searched to some depth; what is no regular file in them is left
// alone. Nothing is written, nothing is run.

import { createReadStream } from 'node:fs';
import { open, readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { quote } from '../util/quote.js';

export interface RouterFile {
  /** As told to the user: as typed, or beneath the folder typed. */
  name: string;
  path: string;
}

export interface ReadText {
  text: string;
  /** Longer than what is read. */
  isCut: boolean;
}

const DEEPEST_FOLDER = 6;
const MOST_FILES = 5000;
/** `ip route` of a router with the whole Internet's table, IPv4 and IPv6. */
const LARGEST_TEXT = 64 * 1024 * 1024;
/** Captures and logs lie in such folders too: what begins like one is not read further. */
const HEAD = 64 * 1024;

/** In natural order within a folder; each file once. `errors` are lines of what can't be read. */
export async function listRouterFiles(
  args: readonly string[],
  cwd: string,
): Promise<{ files: RouterFile[]; errors: string[] }> {
  const files: RouterFile[] = [];
  const errors: string[] = [];
  const seen = new Set<string>();
  const add = async (name: string, path: string, depth: number): Promise<void> => {
    const found = await stat(path).catch((error: NodeJS.ErrnoException) => error);
    if (found instanceof Error) {
      const code = found.code ?? 'can not be read';
      errors.push(
        `${quote(name)}: ${code === 'ENOENT' ? 'no such file or folder' : code === 'EACCES' ? 'permission denied' : code}`,
      );
      return;
    }
    const real = await realpath(path).catch(() => path);
    if (seen.has(real) || files.length >= MOST_FILES) return;
    seen.add(real);
    if (!found.isDirectory()) {
      // A pipe that is named is meant (`<(ssh router ip route)`), one that lies about in a folder is not.
      if (found.isFile() || depth === 0) files.push({ name, path });
      return;
    }
    const entries = await readdir(path).catch((error: NodeJS.ErrnoException) => {
      errors.push(
        `${quote(name)}: ${error.code === 'EACCES' ? 'permission denied' : (error.code ?? 'can not be read')}`,
      );
      return [];
    });
    if (depth >= DEEPEST_FOLDER) return;
    const order = new Intl.Collator('en', { numeric: true });
    for (const entry of entries.filter((one) => !one.startsWith('.')).sort(order.compare)) {
      await add(join(name, entry), join(path, entry), depth + 1);
    }
  };
  for (const arg of args) {
    if (arg === '-') files.push({ name: 'standard input', path: '-' });
    else await add(arg, resolve(cwd, arg), 0);
  }
  return { files, errors };
}

/** The text, decoded leniently. Only the head of a file that `isText` denies. */
export async function readText(path: string, isText: (head: string) => boolean): Promise<ReadText> {
  const chunks: Buffer[] = [];
  let length = 0;
  const file = path === '-' ? null : await open(path, 'r');
  const stream =
    file === null
      ? createReadStream('', { fd: 0, autoClose: false, highWaterMark: HEAD })
      : file.createReadStream({ highWaterMark: HEAD });
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    const isFirst = length === 0;
    length += chunk.length;
    if ((isFirst && !isText(chunk.toString('utf8'))) || length > LARGEST_TEXT) break;
  }
  const text = Buffer.concat(chunks, Math.min(length, LARGEST_TEXT))
    .toString('utf8')
    .replace(/^\ufeff/, '');
  return { text, isCut: length > LARGEST_TEXT };
}

/** The name of the folder that the file lies in. */
export function folderOf(path: string): string | null {
  const name = basename(dirname(path));
  return path === '-' || name === '' || name === '.' ? null : name;
}
