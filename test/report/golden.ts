// Committed outputs whose difference is read by a person: UPDATE_GOLDEN=1 writes them anew.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { projectDir } from '../shared.js';

/** The text is that of `test/report/golden/<name>`, to the byte. */
export function assertGolden(name: string, text: string): void {
  const path = `${projectDir}/test/report/golden/${name}`;
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(path, text);
  assert.equal(text, readFileSync(path, 'utf8'));
}
