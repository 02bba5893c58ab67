// The version, from the package's own manifest: two folders up, in the compiled tree as in the bundle.

import { readFileSync } from 'node:fs';

let known: string | null = null;

export function version(): string {
  if (known === null) {
    const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    known = (manifest as { version: string }).version;
  }
  return known;
}
