// Whether the lab can run here, told in one line where it can't.

import { existsSync } from 'node:fs';
import { attempt, have } from './tools.js';

/** Null where it can; else the reason and the cure. */
export async function whyNot(): Promise<string | null> {
  if (process.platform !== 'linux') return `the lab needs Linux with network namespaces: this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'the lab needs root, for it builds network namespaces: run it with sudo';
  for (const [tool, parcel] of Object.entries({
    ip: 'iproute2',
    nft: 'nftables',
    ping: 'iputils-ping',
    sysctl: 'procps',
  })) {
    if (!have(tool)) return `the lab needs ${tool}, which is not here: install ${parcel}`;
  }
  if (!existsSync('/proc/sys/net/ipv4/fib_multipath_hash_policy')) return 'this kernel has no multipath routes';
  const probe = `mlstat-lab-probe-${process.pid}`;
  const made = await attempt(['ip', 'netns', 'add', probe]);
  if (made.code !== 0) return `no network namespace can be made here: ${made.stderr.trim().split('\n')[0]}`;
  const linked = await attempt([
    'ip',
    '-n',
    probe,
    'link',
    'add',
    'name',
    'end1',
    'type',
    'veth',
    'peer',
    'name',
    'end2',
  ]);
  const filtered = await attempt(['ip', 'netns', 'exec', probe, 'nft', 'add table inet probe']);
  await attempt(['ip', 'netns', 'delete', probe]);
  if (linked.code !== 0) return `no virtual cable can be made here: ${linked.stderr.trim().split('\n')[0]}`;
  if (filtered.code !== 0) return `nftables doesn't work here: ${filtered.stderr.trim().split('\n')[0]}`;
  return null;
}
