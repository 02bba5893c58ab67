// Turns a glob (`*`, `?`, `[a-z]`, `**`) into the files that match it, for shells that do not.

import { readdir, stat } from 'node:fs/promises';
import { resolve } from 'node:path';

/** True where a path holds a sign that a glob gives a meaning to. */
export function isGlob(path: string): boolean {
  return /[*?[]/.test(path);
}

/**
 * The files that match, relative as the pattern is, in natural order. Never rejects: what can't be listed matches
 * nothing.
 *
 * As in sh: `*` and `?` match neither `/` nor a leading dot; `\` takes away a sign's meaning; `[!…]` negates. `**` as a
 * whole part matches any number of directories; like `*`, it enters no hidden ones, and no links.
 */
export async function expandGlob(pattern: string, cwd: string): Promise<string[]> {
  const absolute = pattern.startsWith('/');
  // `**/**` is `**`, only slower.
  const parts = pattern
    .split('/')
    .filter((part, index, all) => part !== '' && !(part === '**' && all[index - 1] === '**'));
  const found = new Set<string>();
  await walk(absolute ? '/' : '', parts, cwd, found);
  return [...found].sort(naturalOrder);
}

/** `f2` before `f10`; equal but for their writing (`f01`, `f1`): by character code. */
export function naturalOrder(a: string, b: string): number {
  collator ??= new Intl.Collator('en', { numeric: true });
  return collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}

let collator: Intl.Collator | undefined;

/** `base` is a path that exists, ending in `/` or empty. */
async function walk(base: string, parts: readonly string[], cwd: string, found: Set<string>): Promise<void> {
  const [part, ...rest] = parts;
  if (part === undefined) return;
  if (part === '**') {
    // No directory at all, then each one below. A `**` at the end stands for every file.
    await walk(base, rest.length === 0 ? ['*'] : rest, cwd, found);
    for (const entry of await list(base, cwd)) {
      if (entry.isDirectory() && !entry.name.startsWith('.')) await walk(`${base}${entry.name}/`, parts, cwd, found);
    }
    return;
  }
  const names = isGlob(part)
    ? (await list(base, cwd)).map((entry) => entry.name).filter((name) => matches(part, name))
    : [part.replace(/\\(.)/g, '$1')];
  for (const name of names) {
    const stats = await stat(resolve(cwd, base + name)).catch(() => null);
    if (stats === null) continue;
    if (rest.length > 0 && stats.isDirectory()) await walk(`${base}${name}/`, rest, cwd, found);
    if (rest.length === 0 && !stats.isDirectory()) found.add(base + name);
  }
}

async function list(base: string, cwd: string) {
  return readdir(resolve(cwd, base), { withFileTypes: true }).catch(() => []);
}

/**
 * True where one part of a pattern matches a whole name. The last star alone is tried again with a longer stretch,
 * which is enough, and takes at most the product of the two lengths.
 */
export function matches(pattern: string, name: string): boolean {
  if (name.startsWith('.') && !pattern.startsWith('.') && !pattern.startsWith('\\.')) return false;
  const tokens = tokenize(pattern);
  let t = 0;
  let n = 0;
  let star = -1;
  let starEnd = 0;
  const characters = [...name];
  while (n < characters.length) {
    const token = tokens[t];
    if (token === '*') {
      star = t++;
      starEnd = n;
    } else if (token !== undefined && accepts(token, characters[n] as string)) {
      t++;
      n++;
    } else if (star >= 0) {
      t = star + 1;
      n = ++starEnd;
    } else {
      return false;
    }
  }
  while (tokens[t] === '*') t++;
  return t === tokens.length;
}

type Token = '*' | '?' | { literal: string } | { negated: boolean; ranges: [low: string, high: string][] };

function accepts(token: Token, character: string): boolean {
  if (token === '?') return true;
  if (token === '*') return false;
  if ('literal' in token) return token.literal === character;
  return token.ranges.some(([low, high]) => low <= character && character <= high) !== token.negated;
}

function tokenize(pattern: string): Token[] {
  const characters = [...pattern];
  const tokens: Token[] = [];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] as string;
    const next = characters[at + 1];
    if (character === '*') {
      if (tokens.at(-1) !== '*') tokens.push('*');
    } else if (character === '?') {
      tokens.push('?');
    } else if (character === '\\' && next !== undefined) {
      tokens.push({ literal: next });
      at++;
    } else if (character === '[') {
      const set = readSet(characters, at);
      tokens.push(set === null ? { literal: '[' } : set.token);
      if (set !== null) at = set.end;
    } else {
      tokens.push({ literal: character });
    }
  }
  return tokens;
}

/** A set from its `[` on; null where it is never closed: then the sign stands for itself. */
function readSet(characters: readonly string[], start: number): { token: Token; end: number } | null {
  let at = start + 1;
  const negated = characters[at] === '!' || characters[at] === '^';
  if (negated) at++;
  const ranges: [string, string][] = [];
  // A `]` that comes first belongs to the set.
  for (let first = true; ; first = false) {
    const low = characters[at];
    if (low === undefined) return null;
    if (low === ']' && !first) return { token: { negated, ranges }, end: at };
    const high = characters[at + 1] === '-' && characters[at + 2] !== ']' ? characters[at + 2] : undefined;
    ranges.push([low, high ?? low]);
    at += high === undefined ? 1 : 3;
  }
}
