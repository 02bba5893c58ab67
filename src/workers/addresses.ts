// Whether addresses are limited (ulimit -v): then memories that only save time are left out, for others need the room.

import { readFileSync } from 'node:fs';

/** As Linux tells it (proc_pid_limits(5)); elsewhere no limit is known. */
export function areAddressesLimited(): boolean {
  try {
    const limit = /^Max address space +(\S+)/m.exec(readFileSync('/proc/self/limits', 'latin1'));
    return limit !== null && limit[1] !== 'unlimited';
  } catch {
    return false;
  }
}
