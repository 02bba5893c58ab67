// Paths and the system's errors become words for a one-line message.

import { oneLine } from '../util/quote.js';

/** The whole path, however long: the end of it is what tells files apart. */
export function quotePath(path: string): string {
  return `"${oneLine(path)}"`;
}

/** The operating system's reason in words, with the cure where there is one. */
export function plainReason(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ENOENT':
      return 'no such file';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied: run as a user who may read it';
    case 'EISDIR':
      return 'it is a directory';
    case 'EMFILE':
    case 'ENFILE':
      return 'too many open files: raise the limit with ulimit -n';
    case 'ELOOP':
      return 'its symbolic links form a circle';
    case 'ENXIO':
      return 'no such device';
    case 'EIO':
      return 'the disk or device reports a read error';
    default:
      return error.code ?? error.message;
  }
}
