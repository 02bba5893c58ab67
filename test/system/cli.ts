// Runs the built command line as a user does: own process, own folder without any configuration, no terminal.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { cliPath } from '../shared.js';

export interface Run {
  /** Exit code; null where a signal ended it. */
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  /** Peak resident set in MiB, null where the process could not say it. */
  peakMiB: number | null;
}

export interface RunOptions {
  stdin?: Uint8Array | string;
  cwd?: string;
  env?: Record<string, string>;
  /** Seconds until it is killed: `signal` is then SIGKILL. */
  limitSec?: number;
}

/** A folder of this test file's own, gone after its tests; nothing in it, so no configuration is found. */
export const scratchDir: string = mkdtempSync(join(tmpdir(), 'mlstat-test-'));
after(() => rmSync(scratchDir, { recursive: true, force: true }));

/** Writes the peak memory of the process (threads included) where the test finds it. */
const REPORT_PEAK =
  'data:text/javascript,import{writeFileSync}from"node:fs";' +
  'process.on("exit",()=>writeFileSync(process.env.MLSTAT_TEST_PEAK,String(process.resourceUsage().maxRSS)))';

let runs = 0;

/** `mlstat …args`. Standard input is empty unless given. */
export function runCli(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const peakFile = join(scratchDir, `peak-${runs++}`);
  const child = spawn(process.execPath, ['--import', REPORT_PEAK, cliPath, ...args], {
    cwd: options.cwd ?? scratchDir,
    env: { ...plainEnvironment(), MLSTAT_TEST_PEAK: peakFile, ...options.env },
    stdio: 'pipe',
    timeout: (options.limitSec ?? 60) * 1000,
    killSignal: 'SIGKILL',
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  // Who doesn't want its input closes the pipe: not this side's fault.
  child.stdin.on('error', () => {});
  child.stdin.end(options.stdin ?? '');
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const [out, err] = [stdout, stderr].map((chunks) => Buffer.concat(chunks).toString('utf8'));
      resolve({ code, signal, stdout: out as string, stderr: err as string, peakMiB: peakOf(peakFile) });
    });
  });
}

/** What a user sees of a failure: `mlstat: …` in one line, no stack. */
export function errorLines(run: Run): string[] {
  return run.stderr.split('\n').filter((line) => line !== '');
}

/** Nothing of the developer's terminal or configuration. */
function plainEnvironment(): Record<string, string | undefined> {
  const { PATH, SystemRoot } = process.env;
  return { PATH, SystemRoot, HOME: scratchDir, XDG_CONFIG_HOME: scratchDir, TZ: 'UTC', LANG: 'C.UTF-8' };
}

function peakOf(file: string): number | null {
  try {
    return Number(readFileSync(file, 'utf8')) / 1024;
  } catch {
    return null;
  }
}
