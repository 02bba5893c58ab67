// The network namespaces of one run, and how they go away again however the run ends: a guard, a process of its own,
// holds the other end of a pipe; when the lab is gone (done, interrupted, killed) the pipe closes and the guard clears up.

import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { run } from './tools.js';

const PREFIX = 'mlstat-lab-';
const FOLDER = '/run/netns';

/** Waits for the end of its standard input, then ends what runs in the namespaces, by id, and removes them. */
const GUARD = `cat >/dev/null
for name in "$@"; do
  for signal in TERM KILL; do
    for id in $(ip netns pids "$name" 2>/dev/null); do kill -$signal "$id" 2>/dev/null; done
  done
done
for name in "$@"; do ip netns delete "$name" 2>/dev/null; done
true`;

let runs = 0;

export class Namespaces {
  private constructor(
    private readonly prefix: string,
    private readonly guard: ChildProcess,
  ) {}

  /** Makes one namespace for each of the short names; removes first what dead runs have left behind. */
  static async create(parts: readonly string[]): Promise<Namespaces> {
    await removeLeftovers();
    const prefix = `${PREFIX}${process.pid}-${runs++}-`;
    const names = parts.map((part) => prefix + part);
    const guard = startGuard(names);
    const made = new Namespaces(prefix, guard);
    try {
      for (const name of names) {
        await run(['ip', 'netns', 'add', name]);
        await run(['ip', '-n', name, 'link', 'set', 'lo', 'up']);
      }
    } catch (error) {
      await made.remove();
      throw error;
    }
    return made;
  }

  /** The full name of a namespace. */
  name(part: string): string {
    return this.prefix + part;
  }

  /** Ends everything in them and removes them. */
  async remove(): Promise<void> {
    await endGuard(this.guard);
  }
}

/** Namespaces of runs whose process is no more, because even their guard was killed. */
async function removeLeftovers(): Promise<void> {
  const dead = namesOfRuns().filter((name) => !isAlive(Number(name.slice(PREFIX.length).split('-')[0])));
  if (dead.length > 0) await endGuard(startGuard(dead));
}

/** Every namespace of any run of the lab. */
export function namesOfRuns(): string[] {
  try {
    return readdirSync(FOLDER).filter((name) => name.startsWith(PREFIX));
  } catch {
    return [];
  }
}

/** In a session of its own: a Ctrl-C in the terminal is not meant for it. */
function startGuard(names: readonly string[]): ChildProcess {
  const guard = spawn('sh', ['-c', GUARD, 'mlstat-lab-guard', ...names], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.on('error', () => {});
  return guard;
}

function endGuard(guard: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (guard.exitCode !== null || guard.pid === undefined) return resolve();
    guard.on('exit', () => resolve());
    guard.stdin?.end();
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
