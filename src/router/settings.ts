// Settings of the kernel that decide how uplinks are chosen, as sysctl(8) prints and takes them.
// https://www.kernel.org/doc/html/latest/networking/ip-sysctl.html (fib_multipath_hash_policy)

import type { Facts, Place } from './facts.js';

/** `net.ipv4.fib_multipath_hash_policy`, also with slashes as under /proc/sys. True where it is a setting of the net. */
export function readSysctl(key: string, value: string, facts: Facts, place: Place): boolean {
  const name = key.replaceAll('/', '.').replace(/^\.?proc\.sys\./, '');
  if (!/^(?:net|kernel|vm|fs)\./.test(name)) return false;
  const policy = /^[0-3]$/.test(value.trim()) ? Number(value.trim()) : null;
  if (policy === null) return true;
  if (name === 'net.ipv4.fib_multipath_hash_policy') facts.hashPolicy.push({ value: policy, place });
  if (name === 'net.ipv6.fib_multipath_hash_policy') facts.hashPolicy6.push({ value: policy, place });
  return true;
}
