// Runs the system's own tools: to their end with their output, or on and on until they are stopped by their id.

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { UserError } from '#src/util/error.js';

const LIMIT_SEC = 30;
const LARGEST_OUTPUT = 1 << 26;

/** Whether a program of this name can be started. */
export function have(tool: string): boolean {
  return `${process.env.PATH}${delimiter}/usr/sbin${delimiter}/sbin`.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, tool), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** The same command inside a network namespace. `ip` becomes the command itself: the id is the command's own. */
export function inside(namespace: string, command: readonly string[]): string[] {
  return ['ip', 'netns', 'exec', namespace, ...command];
}

/** Standard output of a command. Throws UserError with the first line of its complaint where it fails. */
export async function run(
  command: readonly string[],
  input = '',
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const { code, stdout, stderr } = await attempt(command, input, env);
  if (code === 0) return stdout;
  const complaint = stderr.trim().split('\n')[0] || `exit code ${code}`;
  throw new UserError(`${command.join(' ').slice(0, 200)}: ${complaint}`);
}

/** The same, where failing is an answer too. */
export function attempt(
  command: readonly string[],
  input = '',
  env: NodeJS.ProcessEnv = process.env,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const [tool, ...args] = command as [string, ...string[]];
  return new Promise((resolve) => {
    const child = spawn(tool, args, { stdio: 'pipe', env, timeout: LIMIT_SEC * 1000, killSignal: 'SIGKILL' });
    const chunks: { stdout: Buffer[]; stderr: Buffer[] } = { stdout: [], stderr: [] };
    let size = 0;
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size <= LARGEST_OUTPUT) chunks[name].push(chunk);
      });
    }
    const text = (name: 'stdout' | 'stderr') => Buffer.concat(chunks[name]).toString('utf8');
    child.on('error', (error) => resolve({ code: null, stdout: '', stderr: error.message }));
    child.on('close', (code) => resolve({ code, stdout: text('stdout'), stderr: text('stderr') }));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

/** A program that runs until it is stopped. */
export class Background {
  private readonly child: ChildProcess;
  private readonly ended: Promise<number | null>;
  private said = '';
  private listeners: (() => void)[] = [];

  constructor(
    private readonly command: readonly string[],
    options: SpawnOptions = {},
  ) {
    const [tool, ...args] = command as [string, ...string[]];
    this.child = spawn(tool, args, { stdio: ['pipe', 'pipe', 'pipe'], ...options });
    const hear = (chunk: Buffer) => {
      if (this.said.length < LARGEST_OUTPUT) this.said += chunk.toString('utf8');
      for (const listener of this.listeners.splice(0)) listener();
    };
    this.child.stdout?.on('data', hear);
    this.child.stderr?.on('data', hear);
    this.child.stdin?.on('error', () => {});
    this.ended = new Promise((resolve) => {
      this.child.on('error', (error) => {
        hear(Buffer.from(error.message));
        resolve(null);
      });
      this.child.on('close', (code) => resolve(code));
    });
  }

  /** All that it printed so far. */
  get output(): string {
    return this.said;
  }

  write(text: string): void {
    this.child.stdin?.write(text);
  }

  endInput(): void {
    this.child.stdin?.end();
  }

  /** Waits until it has printed such a text. Throws UserError where it ends, or says nothing of the kind, before. */
  async saying(pattern: RegExp, withinSec = 10): Promise<void> {
    const until = Date.now() + withinSec * 1000;
    let over = false;
    void this.ended.then(() => {
      over = true;
      for (const listener of this.listeners.splice(0)) listener();
    });
    while (!pattern.test(this.said)) {
      const left = until - Date.now();
      if (over || left <= 0) throw new UserError(`${this.command.join(' ').slice(0, 200)}: ${complaintIn(this.said)}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.listeners.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  /** Waits for its own end; after the limit it is killed. The exit code, null where a signal ended it. */
  async end(withinSec: number): Promise<number | null> {
    const timer = setTimeout(() => this.child.kill('SIGKILL'), withinSec * 1000);
    const code = await this.ended;
    clearTimeout(timer);
    return code;
  }

  /** Asks it to end, and kills it where it doesn't. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.child.kill(signal);
    return this.end(5);
  }
}

/** The line that says what is wrong; a Node stack has others before it. */
function complaintIn(output: string): string {
  const lines = output.trim().split('\n');
  return lines.find((line) => /^\w*Error: /.test(line)) ?? lines[0] ?? '';
}
