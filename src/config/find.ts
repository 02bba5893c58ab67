// Where a configuration lies that nobody named: the working directory first, then the user's own directory.

import { stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';

const NAMES = ['mlstat.yaml', 'mlstat.yml', 'mlstat.json'] as const;

/**
 * Path of the first that exists, else null: as a bare name in `cwd`, as an absolute path in `$XDG_CONFIG_HOME/mlstat`
 * or `~/.config/mlstat` (XDG Base Directory Specification: a relative XDG_CONFIG_HOME is ignored).
 */
export async function findConfig(
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | null> {
  for (const name of NAMES) {
    if (await isFile(join(cwd, name))) return name;
  }
  const xdg = env.XDG_CONFIG_HOME;
  const home = env.HOME || env.USERPROFILE;
  const base = xdg && isAbsolute(xdg) ? xdg : home && join(home, '.config');
  if (!base) return null;
  for (const name of NAMES) {
    const path = join(base, 'mlstat', name);
    if (await isFile(path)) return path;
  }
  return null;
}

/** A folder of that name is none; a file that can't be read is one, so that reading it says why. */
async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => !found.isDirectory(),
    () => false,
  );
}
