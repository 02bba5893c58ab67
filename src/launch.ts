#!/usr/bin/env node
// Starts the program from its bundle, with the code that V8 has made of it before: compiling takes as long as reading a
// small capture. https://v8.dev/blog/code-caching
//
// That code stands beside the bundle, for the Node that built it. For any other it is kept, after the first run, in the
// user's own cache folder, if that is nobody else's: what V8 is given there it runs. Without either all works, later.

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';

/** Of the bundle's text, put in by the build: V8 itself compares no more than its length. */
declare const BUNDLE_ID: string;

/** A run that compiled less than this of the bundle (`--help`) is not worth keeping. */
const LEAST_PART = 0.4;

const SUM_BYTES = 4;
/** Words of which one is summed: what a disk loses or a crash leaves unwritten is larger. */
const SUM_STEP = 16;

/** What was written so long ago is of a version that is gone. */
const LONG_UNUSED_MS = 30 * 24 * 3600 * 1000;

type Program = (require: NodeJS.Require, load: (name: string) => Promise<unknown>, url: string) => void;

const file = join(import.meta.dirname, 'main.js');
const name = `main-${BUNDLE_ID}-${process.versions.v8}-${process.arch}.cache`;
const text = readFileSync(file, 'latin1');
const beside = readKept(join(import.meta.dirname, name));
const script = new Script(text, { filename: file, cachedData: beside ?? readOwn() });
// None, or of a V8 with other flags.
if (beside === undefined && script.cachedDataRejected !== false) {
  process.on('exit', (code) => {
    if (code === 0) keep(script.createCachedData());
  });
}
/** `import()` of the bundle. Node's own modules need no loader of modules, which takes some milliseconds to come up. */
const load = async (module: string) => (module.startsWith('node:') ? require(module) : import(module));
(script.runInThisContext() as Program)(require, load, pathToFileURL(file).href);

/** What `keep` wrote: the code, then its sum. V8 holds damage for sound and crashes, at every start. */
function readKept(path: string): Buffer | undefined {
  try {
    const kept = readFileSync(path);
    const code = kept.subarray(0, -SUM_BYTES);
    return kept.length > SUM_BYTES && kept.readInt32LE(code.length) === sumOf(code) ? code : undefined;
  } catch {
    return undefined;
  }
}

function readOwn(): Buffer | undefined {
  const folder = cacheFolder();
  if (folder === null || !isOwn(join(folder, '..')) || !isOwn(folder)) return undefined;
  return readKept(join(folder, name));
}

/** Whole or not at all; what versions of long ago have left goes. */
function keep(code: Buffer): void {
  const folder = cacheFolder();
  if (folder === null || code.length < LEAST_PART * text.length) return;
  const above = join(folder, '..');
  try {
    // As the specification has it; a new account has none.
    if (!existsSync(above) && isOwn(join(above, '..'))) mkdirSync(above, { mode: 0o700 });
    if (!isOwn(above)) return;
    mkdirSync(folder, { mode: 0o700, recursive: true });
    if (!isOwn(folder)) return;
    const temporary = join(folder, `${process.pid}-${Date.now()}.tmp`);
    const sum = Buffer.alloc(SUM_BYTES);
    sum.writeInt32LE(sumOf(code));
    writeFileSync(temporary, Buffer.concat([code, sum]), { flag: 'wx', mode: 0o600 });
    renameSync(temporary, join(folder, name));
    for (const other of readdirSync(folder)) {
      const path = join(folder, other);
      if (Date.now() - statSync(path).mtimeMs > LONG_UNUSED_MS) rmSync(path);
    }
  } catch {
    // No room, no right: the next start takes as long as this one.
  }
}

/** https://specifications.freedesktop.org/basedir-spec/latest/ */
function cacheFolder(): string | null {
  const { XDG_CACHE_HOME: cache, HOME: home, NODE_DISABLE_COMPILE_CACHE: refused } = process.env;
  if (refused) return null;
  if (cache?.startsWith('/')) return join(cache, 'mlstat');
  return home?.startsWith('/') ? join(home, '.cache', 'mlstat') : null;
}

/** A folder of the user that nobody else may write to; never where there are no such rights (Windows). */
function isOwn(folder: string): boolean {
  try {
    const { uid, mode } = statSync(folder);
    return uid === process.getuid?.() && (mode & 0o022) === 0;
  } catch {
    return false;
  }
}

/** Two running sums of words (as Fletcher has them), not of all of them: that would take 5 ms. */
function sumOf(code: Buffer): number {
  const aligned = code.byteOffset % 4 === 0 ? code : Buffer.from(new Uint8Array(code).buffer);
  const words = new Int32Array(aligned.buffer, aligned.byteOffset, aligned.length >> 2);
  let sum = code.length;
  let sums = 0;
  for (let i = 0; i < words.length; i += SUM_STEP) {
    sum = (sum + (words[i] as number)) | 0;
    sums = (sums + sum) | 0;
  }
  return sum ^ sums;
}
