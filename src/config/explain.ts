// A fault that the schema found becomes one line: name, what it must be, the value, its place, the cure.

import type { z } from 'zod';
import { didYouMean } from '../util/suggest.js';
import type { ConfigDocument, Path } from './document.js';

type Issue = z.core.$ZodIssue;

/** `uplinks[1].weight must be a positive integer: "x" (mlstat.yaml:7:13)`. */
export function explainIssue(
  issue: Issue,
  document: ConfigDocument,
  keysAt: (path: Path) => readonly string[],
): string {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    const where = path.length === 0 ? '' : ` in ${nameOf(path)}`;
    return `unknown key "${key}"${where} (${document.placeOfKey(path, key)})${cure(key, keysAt(path))}`;
  }
  const name = path.length === 0 ? 'configuration' : nameOf(path);
  if (issue.input === undefined && !isThere(document.data, path)) {
    return `${name} is missing: it ${issue.message} (${document.placeOf(path)})`;
  }
  return `${name} ${issue.message}: ${document.written(path)} (${document.placeOf(path)})`;
}

/** `uplinks[1].weight`. */
export function nameOf(path: Path): string {
  return path.reduce<string>((name, part) => {
    if (typeof part === 'number') return `${name}[${part}]`;
    return name === '' ? String(part) : `${name}.${String(part)}`;
  }, '');
}

function cure(key: string, known: readonly string[]): string {
  const meant = didYouMean(key, known);
  return meant === '' ? `; it may hold ${known.join(', ')}` : meant;
}

function isThere(data: unknown, path: Path): boolean {
  let value = data;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return false;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value !== undefined;
}
