// The router that this runs on, asked with commands that only read. Each has a time limit; what is missing is told.

import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { oneLine } from '../../util/quote.js';
import type { SourceText } from '../read.js';

export interface LiveReading {
  texts: SourceText[];
  /** What could not be asked, a line each. */
  missing: string[];
}

const COMMANDS = [
  'ip -j -d -4 route show table all',
  'ip -j -d -6 route show table all',
  'ip -j -4 rule show',
  'ip -j -6 rule show',
  'ip -j address show',
  'ip -j link show',
  'ip -j neigh show',
  'ip -j nexthop show',
  'nft -j list ruleset',
  'iptables-save',
  'ip6tables-save',
] as const;

/** A firewall that is told by one of these is told. */
const FIREWALL = /^(?:nft|ip6?tables-save)/;
const LONGEST_MS = 10_000;
const LARGEST_OUTPUT = 64 * 1024 * 1024;

const SETTINGS = [
  'net/ipv4/ip_forward',
  'net/ipv4/fib_multipath_hash_policy',
  'net/ipv4/fib_multipath_hash_fields',
  'net/ipv4/fib_multipath_use_neigh',
  'net/ipv4/neigh/default/gc_thresh1',
  'net/ipv6/conf/all/forwarding',
  'net/ipv6/fib_multipath_hash_policy',
  'net/netfilter/nf_conntrack_acct',
];
const OF_DEVICE = [
  'net/ipv4/conf/*/ignore_routes_with_linkdown',
  'net/ipv4/conf/*/rp_filter',
  'net/ipv4/neigh/*/base_reachable_time_ms',
  'net/ipv6/conf/*/ignore_routes_with_linkdown',
];
/** Programs that ask gateways or what lies behind them again and again. */
const KEEPERS = /(?:^|\/)(?:ping6?|fping6?|arping|mwan3track|dpinger|lsm|keepalived)$/;

export async function readLive(): Promise<LiveReading> {
  const reading: LiveReading = { texts: [], missing: [] };
  const firewalls: string[] = [];
  for (const command of COMMANDS) {
    const { text, problem } = await ask(command);
    if (problem === null) {
      if (text.trim() !== '') reading.texts.push({ name: command, path: `/${command}`, text });
      else if (FIREWALL.test(command))
        reading.texts.push({ name: command, path: `/${command}`, text: '*nat\nCOMMIT\n' });
    } else if (FIREWALL.test(command)) firewalls.push(`${command}: ${problem}`);
    else reading.missing.push(`${command}: ${problem}`);
  }
  // One of nft and iptables is usual; that the other one is not there is no news.
  if (firewalls.length === 3) reading.missing.push(...firewalls);
  reading.texts.push({ name: '/proc/sys', path: '/proc/sys', text: await readSettings() });
  const keeper = await findKeeper();
  // As a script, so that it is known that nothing else pings.
  const text = keeper === null ? '#!/bin/sh\n' : `#!/bin/sh\nping # ${keeper}\n`;
  reading.texts.push({ name: 'processes', path: '/proc', text });
  return reading;
}

function ask(command: string): Promise<{ text: string; problem: string | null }> {
  const [name, ...args] = command.split(' ');
  const env = { ...process.env, LC_ALL: 'C', PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
  return new Promise((resolve) => {
    execFile(
      name,
      args,
      { timeout: LONGEST_MS, maxBuffer: LARGEST_OUTPUT, env, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => {
        if (error === null) resolve({ text: stdout, problem: null });
        else resolve({ text: '', problem: reasonOf(error, stderr) });
      },
    );
  });
}

function reasonOf(error: Error & { code?: unknown; killed?: boolean }, stderr: string): string {
  if (error.code === 'ENOENT') return 'not installed';
  if (error.killed === true) return `no answer within ${LONGEST_MS / 1000} s`;
  const [first = ''] = stderr.trim().split('\n');
  if (/permitted|permission/i.test(first)) return 'not permitted: run it as root';
  return oneLine(first === '' ? error.message : first).slice(0, 200);
}

/** As `sysctl -a` prints them, for these alone: that takes seconds on a large router. */
async function readSettings(): Promise<string> {
  const devices = await readdir('/proc/sys/net/ipv4/conf').catch(() => []);
  const keys = [...SETTINGS, ...devices.flatMap((device) => OF_DEVICE.map((key) => key.replace('*', device)))];
  const lines = await Promise.all(
    keys.map(async (key) => {
      const value = await readFile(`/proc/sys/${key}`, 'utf8').catch(() => null);
      return value === null ? [] : [`${key} = ${value.trim()}`];
    }),
  );
  return `${lines.flat().join('\n')}\n`;
}

/** The loop of `mlstat plan`, or another program that pings. */
async function findKeeper(): Promise<string | null> {
  const space = (await readlink('/proc/self/ns/net').catch(() => '')).replace(/\D/g, '');
  const state = process.env.MLSTAT_STATE ?? `/run/mlstat-setup-${space}`;
  const [pid = '', started = ''] = (await readFile(`${state}/pid`, 'utf8').catch(() => '')).trim().split(' ');
  if (/^\d{1,10}$/.test(pid) && started !== '') {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    if (stat.replace(/^.*\) /s, '').split(' ')[19] === started) return 'the keep-alive of mlstat plan';
  }
  for (const entry of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(entry)) continue;
    const words = (await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '')).split('\0');
    const name = words.slice(0, 2).find((word) => KEEPERS.test(word));
    if (name !== undefined) return oneLine(name).slice(0, 100);
  }
  return null;
}
