// Where a result goes: standard output, or a file that appears whole or not at all.

import { unlinkSync } from 'node:fs';
import { chmod, type FileHandle, open, realpath, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { UserError } from '../util/error.js';
import { quote } from '../util/quote.js';
import { type Io, writeTo } from './io.js';

export interface Output {
  /** True for a file: nothing of the terminal counts. */
  toFile: boolean;
  write(content: string | Uint8Array): Promise<void>;
  /** Everything is written: the file appears under its name. */
  commit(): Promise<void>;
  /** Leaves no trace of a file that was not committed; harmless after `commit`. */
  discard(): Promise<void>;
}

/**
 * Opens `-o FILE`, or standard output for undefined and `-`. A regular file is written beside its place and renamed
 * into it; a device or pipe is written at once. Throws `UserError` where it can't be written or is one of `inputs`
 * (absolute paths).
 */
export async function openOutput(path: string | undefined, inputs: readonly string[], io: Io): Promise<Output> {
  if (path === undefined || path === '-') return standardOutput(io);
  if (path === '') throw new UserError('-o needs the name of a file: ""');
  try {
    // Through a link, so that the link stays one.
    const target = await realpath(resolve(io.cwd, path)).catch(() => resolve(io.cwd, path));
    const found = await stat(target, { bigint: true }).catch(() => null);
    if (found?.isDirectory()) throw new UserError(`-o must be a file, and is a folder: ${quote(path)}`);
    for (const input of inputs) {
      const other = await stat(input, { bigint: true }).catch(() => null);
      if (found !== null && other !== null && other.dev === found.dev && other.ino === found.ino && found.isFile()) {
        throw new UserError(`-o would overwrite an input: ${quote(path)}; choose another name`);
      }
    }
    if (found !== null && !found.isFile()) return openInPlace(target, path);
    return await openBeside(target, path, found === null ? null : Number(found.mode & 0o777n), io);
  } catch (error) {
    throw error instanceof UserError ? error : cannotWrite(path, error);
  }
}

function standardOutput(io: Io): Output {
  return {
    toFile: false,
    write: (content) => writeTo(io.stdout, content),
    commit: async () => {},
    discard: async () => {},
  };
}

async function openInPlace(target: string, path: string): Promise<Output> {
  const file = await open(target, 'w');
  return { ...fileOutput(file, path), commit: () => file.close(), discard: () => file.close().catch(() => {}) };
}

async function openBeside(target: string, path: string, mode: number | null, io: Io): Promise<Output> {
  const temporary = join(dirname(target), `.${basename(target)}.${process.pid}.tmp`);
  const file = await open(temporary, 'wx', 0o666);
  const cleanup = () => {
    try {
      unlinkSync(temporary);
    } catch {
      // it was never there, or is gone: just as well
    }
  };
  io.cleanups.add(cleanup);
  let isOpen = true;
  const close = async () => {
    if (isOpen) await file.close();
    isOpen = false;
  };
  return {
    ...fileOutput(file, path),
    async commit() {
      try {
        if (mode !== null) await chmod(temporary, mode);
        await close();
        await rename(temporary, target);
      } catch (error) {
        throw cannotWrite(path, error);
      } finally {
        io.cleanups.delete(cleanup);
      }
    },
    async discard() {
      if (!io.cleanups.delete(cleanup)) return;
      await close().catch(() => {});
      await unlink(temporary).catch(() => {});
    },
  };
}

function fileOutput(file: FileHandle, path: string): Pick<Output, 'toFile' | 'write'> {
  return {
    toFile: true,
    async write(content) {
      try {
        await file.writeFile(content);
      } catch (error) {
        throw cannotWrite(path, error);
      }
    },
  };
}

function cannotWrite(path: string, error: unknown): UserError {
  const { code } = error as NodeJS.ErrnoException;
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'no such folder',
    ENOTDIR: 'no such folder',
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    EROFS: 'the file system is read-only',
    ENOSPC: 'no space left on the device',
    EDQUOT: 'the quota is used up',
    ENAMETOOLONG: 'the name is too long',
  };
  return new UserError(`can't write ${quote(path)}: ${reasons[code ?? ''] ?? code ?? String(error)}`);
}
