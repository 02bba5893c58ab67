// Files that the package ships beside its code: two folders up, in the compiled tree as in the bundle.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { UserError } from '../util/error.js';

/** The fonts of pictures: Arimo, as wide as Arial and Liberation Sans (OFL 1.1). */
export const FONT_FILES: readonly string[] = ['Regular', 'Bold'].map((style) =>
  fileURLToPath(new URL(`../../assets/fonts/Arimo-${style}.ttf`, import.meta.url)),
);

/** What makes the page's charts move: Vega and the page's own script in one file, made by `npm run build`. */
const PAGE_SCRIPT = new URL('../../dist/bin/page.js', import.meta.url);

export function readPageScript(): string {
  try {
    return readFileSync(PAGE_SCRIPT, 'utf8');
  } catch {
    throw new UserError(`the page's script is missing: ${fileURLToPath(PAGE_SCRIPT)}; install mlstat anew`);
  }
}
