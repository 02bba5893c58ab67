// Turns the arguments of the command line into the inputs to read: files, directories, globs, `-` and `name=path`.

import { fstatSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { oneLine } from '../util/quote.js';
import { expandGlob, isGlob, naturalOrder } from './glob.js';
import { explainMissing } from './missing.js';
import { plainReason, quotePath } from './reason.js';

export interface InputSpec {
  /** As the user would recognise it: as typed, or beneath the directory or glob typed; `-` for standard input. */
  path: string;
  /** What to open: an absolute path, or `-`. */
  file: string;
  /** The name of `name=path`. */
  label: string | null;
  /** False for what a directory or a glob brought in: the user may not know that it is there. */
  named: boolean;
  /** Why it can't be read, in one line with the cure, else null. Such an entry does not stop the others. */
  error: string | null;
  /** Bytes handed over by a program; `path` is then a name for people. */
  stream?: AsyncIterable<Uint8Array>;
}

export interface ListOptions {
  /** Where the user stands; relative paths start there. */
  cwd: string;
  /** Names that `name=` may bind to, where they are known: only to recognise what was meant. */
  uplinkNames?: readonly string[];
}

/**
 * Lists the inputs in the order named; those of a directory or glob in natural order (`f2` before `f10`). An input
 * that is named twice, be it by other words or through a link, is listed once. Never rejects.
 */
export async function listInputs(args: readonly string[], options: ListOptions): Promise<InputSpec[]> {
  const listed: InputSpec[] = [];
  const byFile = new Map<string, InputSpec>();
  for (const argument of args) {
    for (const spec of await expandArgument(argument, options)) {
      const identity = spec.error === null ? await identify(spec.file) : null;
      const known = identity === null ? undefined : byFile.get(identity);
      if (known === undefined) {
        if (identity !== null) byFile.set(identity, spec);
        listed.push(spec);
      } else if (known.label === null || spec.label === null || known.label === spec.label) {
        known.label ??= spec.label;
        known.named ||= spec.named;
      } else {
        const error = `bound to two names: ${quotePath(spec.path)} (${quotePath(known.label)} and ${quotePath(spec.label)}: name it once)`;
        listed.push({ ...spec, error });
      }
    }
  }
  return listed;
}

async function expandArgument(argument: string, options: ListOptions): Promise<InputSpec[]> {
  // What exists is meant, whatever signs its name has in it.
  if (argument === '-' || (await exists(resolve(options.cwd, argument))))
    return expandPath(argument, null, options.cwd);
  const equals = argument.indexOf('=');
  if (equals <= 0) return expandPath(argument, null, options.cwd);
  const label = argument.slice(0, equals);
  const path = argument.slice(equals + 1);
  // A slash before the sign speaks for a path, unless the name is one of an uplink.
  if (label.includes('/') && !options.uplinkNames?.includes(label)) return expandPath(argument, null, options.cwd);
  if (path === '')
    return [failed(argument, label, `no path after the name: ${quotePath(argument)} (write ${oneLine(label)}=FILE)`)];
  return expandPath(path, label, options.cwd);
}

async function expandPath(path: string, label: string | null, cwd: string): Promise<InputSpec[]> {
  if (path === '-') return [{ path, file: '-', label, named: true, error: null }];
  if (path === '') return [failed(path, label, 'an input without a name: "" (an unset variable?)')];
  const file = resolve(cwd, path);
  try {
    const stats = await stat(file);
    if (stats.isDirectory()) return await expandDirectory(path, label, cwd);
    return [{ path, file, label, named: true, error: null }];
  } catch (error) {
    const reason = error as NodeJS.ErrnoException;
    const missing = reason.code === 'ENOENT' || reason.code === 'ENOTDIR';
    if (!missing) return [failed(path, label, `cannot be read: ${quotePath(path)} (${plainReason(reason)})`)];
  }
  if (!isGlob(path)) return [failed(path, label, await explainMissing(path, cwd))];
  const found = await expandGlob(path, cwd);
  if (found.length === 0)
    return [failed(path, label, `no file matches: ${quotePath(path)} (seen from ${quotePath(cwd)})`)];
  return found.map((one) => ({ path: one, file: resolve(cwd, one), label, named: false, error: null }));
}

/** The regular files right in it, hidden ones left out. */
async function expandDirectory(path: string, label: string | null, cwd: string): Promise<InputSpec[]> {
  const base = path.endsWith('/') ? path : `${path}/`;
  const names = (await readdir(resolve(cwd, path))).filter((name) => !name.startsWith('.')).sort(naturalOrder);
  const specs: InputSpec[] = [];
  for (const name of names) {
    const file = resolve(cwd, base + name);
    const stats = await stat(file).catch(() => null);
    if (stats?.isFile()) specs.push({ path: base + name, file, label, named: false, error: null });
  }
  return specs.length > 0 ? specs : [failed(path, label, `no files in the directory: ${quotePath(path)}`)];
}

/** Equal for equal files, however they are reached. */
async function identify(file: string): Promise<string | null> {
  try {
    const stats = file === '-' ? fstatSync(0, { bigint: true }) : await stat(file, { bigint: true });
    return `${stats.dev}:${stats.ino}`;
  } catch {
    return file;
  }
}

async function exists(file: string): Promise<boolean> {
  return (await stat(file).catch(() => null)) !== null;
}

function failed(path: string, label: string | null, error: string): InputSpec {
  return { path, file: path, label, named: true, error };
}
