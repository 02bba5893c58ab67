// A network namespace of the test's own with a LAN and some uplinks, gone at the end whatever happens.

import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';

/** Why no namespace can be had here, or false. */
export function namespacesMissing(tools: readonly string[]): string | false {
  if (process.platform !== 'linux') return 'no Linux';
  if (process.getuid?.() !== 0) return 'needs root';
  for (const tool of tools) {
    if (spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0) return `${tool} is not installed`;
  }
  const name = `mlp-probe-${process.pid}`;
  const made = spawnSync('ip', ['netns', 'add', name], { encoding: 'utf8' });
  if (made.status !== 0) return `no network namespaces: ${made.stderr.trim()}`;
  spawnSync('ip', ['netns', 'del', name]);
  return false;
}

export interface Namespace {
  name: string;
  /** Runs a script of sh in it. */
  sh(script: string, ...args: string[]): SpawnSyncReturns<string>;
  /** Standard output of a script that must succeed. */
  out(script: string): string;
  remove(): void;
}

const living = new Set<() => void>();
process.on('exit', () => {
  for (const remove of living) remove();
});

/** Uplink i has wan{i}, 10.{i}.0.2/28 with gateway .1, and 2001:db8:100+i::2/64; the LAN 192.168.77.1/24. */
export function makeNamespace(uplinks: number, setUp = ''): Namespace {
  const name = `mlp-${process.pid}-${living.size}-${Math.floor(Math.random() * 1e6)}`;
  const state = `/run/mlstat-test-${name}`;
  const sh = (script: string, ...args: string[]) =>
    spawnSync('ip', ['netns', 'exec', name, 'sh', '-c', script, 'sh', ...args], {
      encoding: 'utf8',
      env: { ...process.env, MLSTAT_STATE: state },
      timeout: 60_000,
    });
  const remove = () => {
    // A loop that a failed test left behind ends by itself: its token is gone.
    rmSync(state, { recursive: true, force: true });
    spawnSync('ip', ['netns', 'del', name]);
    living.delete(remove);
  };
  const made = spawnSync('ip', ['netns', 'add', name], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(made.stderr);
  living.add(remove);
  const out = (script: string) => {
    const { status, stdout, stderr } = sh(script);
    if (status !== 0) throw new Error(`${script}: ${stderr}`);
    return stdout;
  };
  const wan = (i: number) => `
    ip link add wan${i} type veth peer name peer${i}
    ip link set wan${i} up; ip link set peer${i} up
    ip addr add 10.${i}.0.2/28 dev wan${i}
    ip addr add 2001:db8:${100 + i}::2/64 dev wan${i} nodad`;
  try {
    out(`
      sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.addr_gen_mode=1
      ip link set lo up
      ip link add lan0 type veth peer name lanpeer
      ip link set lan0 up; ip link set lanpeer up
      ip addr add 192.168.77.1/24 dev lan0
      ip addr add 2001:db8:77::1/64 dev lan0 nodad
      ${Array.from({ length: uplinks }, (_, i) => wan(i + 1)).join('\n')}
      ${setUp}`);
  } catch (error) {
    remove();
    throw error;
  }
  return { name, sh, out, remove };
}

/** Everything that a set-up could have changed. */
export const SNAPSHOT = `
  ip rule; ip -6 rule; ip route show table all; ip -6 route show table all
  nft -s list ruleset 2>/dev/null
  sysctl -a 2>/dev/null | grep -E '^net\\.(ipv4|ipv6|netfilter)' | grep -v -e nf_conntrack_count -e stable_secret`;
