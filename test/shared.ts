// Where tests find things: the project, its command line, and the shared captures that are not part of the project.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The project's own folder, without a closing slash. Tests run from `dist-test/`, one level below it. */
export const projectDir: string = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '');

/** The built command line, for tests that start it as a user would. */
export const cliPath: string = `${projectDir}/dist/bin/cli.js`;

const besideProject = process.env.MLSTAT_SHARED ?? fileURLToPath(new URL('../../shared', import.meta.url));

/** The captures, truths and oracles beside the project (or where MLSTAT_SHARED points); null where they are not. */
export const sharedDir: string | null = existsSync(`${besideProject}/corpus`) ? besideProject : null;

/** For `{ skip }` of a test that needs `sharedDir`: false, or the reason why it can't run. */
export const withoutShared: false | string = sharedDir === null ? 'no ../shared beside the project' : false;
