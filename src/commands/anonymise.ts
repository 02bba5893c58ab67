// `--anonymise` and `--anonymise-key` become what changes the addresses of a result before it is written.

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Anonymiser } from '../report/anonymise.js';
import { UserError } from '../util/error.js';
import { quote } from '../util/quote.js';
import type { Io } from './io.js';

export interface AnonymiseOptions {
  anonymise?: boolean;
  anonymiseKey?: string;
}

/** Longer files are no keys. */
const LONGEST_KEY = 4096;

/** Null where addresses are to be left as they are. Without a key there is a new one every time. */
export async function readAnonymiser(
  { anonymise, anonymiseKey }: AnonymiseOptions,
  io: Io,
): Promise<Anonymiser | null> {
  if (anonymiseKey === undefined && anonymise !== true) return null;
  const [{ randomBytes, scryptSync }, { Anonymiser }, { KEY_BYTES }] = await Promise.all([
    import('node:crypto'),
    import('../report/anonymise.js'),
    import('../util/prefix-preserving.js'),
  ]);
  if (anonymiseKey === undefined) return new Anonymiser(randomBytes(KEY_BYTES));
  if (anonymiseKey === '') throw new UserError('--anonymise-key needs a file or a text: ""');
  const file = await readFile(resolve(io.cwd, anonymiseKey)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'ENAMETOOLONG') return null;
    throw new UserError(`can't read --anonymise-key ${quote(anonymiseKey)}: ${error.code ?? error.message}`);
  });
  if (file !== null && file.length > LONGEST_KEY) {
    throw new UserError(
      `--anonymise-key ${quote(anonymiseKey)} is a file of ${file.length} bytes: a key has at most ${LONGEST_KEY}`,
    );
  }
  if (file !== null && file.length === 0)
    throw new UserError(`--anonymise-key ${quote(anonymiseKey)} is an empty file`);
  // 32 bytes are the key itself, as other programs take it; anything else is stretched to one.
  const key = file?.length === KEY_BYTES ? file : scryptSync(file ?? anonymiseKey, 'mlstat', KEY_BYTES);
  return new Anonymiser(key);
}
