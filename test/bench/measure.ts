// A command into its wall time, processor time and peak memory; the whole process from start to end, as a user waits for it.

import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Run {
  wallSec: number;
  /** User and system time; null without GNU time. */
  cpuSec: number | null;
  /** Largest resident size of any of its processes; null where nothing tells. */
  peakBytes: number | null;
  status: number;
  stdout: string;
  stderr: string;
}

export interface Command {
  argv: readonly string[];
  /** Its standard output becomes the command's standard input; what it takes itself is not measured but for the time. */
  pipeFrom?: readonly string[];
  /** Keep standard output; otherwise it goes to /dev/null. */
  keepOutput?: boolean;
}

const GNU_TIME = '/usr/bin/time';
const POLL_MS = 10;

/** Runs the command once. Throws where it can't be started. */
export async function measure({ argv, pipeFrom, keepOutput = false }: Command): Promise<Run> {
  const report = join(tmpdir(), `mlstat-bench-${process.pid}.time`);
  const timed = existsSync(GNU_TIME) ? [GNU_TIME, '-q', '-o', report, '-f', '%U %S %M', ...argv] : [...argv];
  const line = pipeFrom === undefined ? timed : ['sh', '-c', `${quoted(pipeFrom)} | ${quoted(timed)}`];
  const started = process.hrtime.bigint();
  const child = spawn(line[0], line.slice(1), { stdio: ['ignore', keepOutput ? 'pipe' : 'ignore', 'pipe'] });
  let [stdout, stderr, polledPeak] = ['', '', 0];
  child.stdout?.on('data', (chunk) => (stdout += chunk));
  child.stderr?.on('data', (chunk) => (stderr += chunk));
  const poll =
    timed[0] === GNU_TIME ? null : setInterval(() => (polledPeak = peakOf(child.pid) ?? polledPeak), POLL_MS);
  const status = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
  const wallSec = Number(process.hrtime.bigint() - started) / 1e9;
  if (poll !== null) {
    clearInterval(poll);
    return { wallSec, cpuSec: null, peakBytes: polledPeak === 0 ? null : polledPeak, status, stdout, stderr };
  }
  const [user, system, kibibytes] = readFileSync(report, 'utf8').trim().split(/\s+/).slice(-3).map(Number);
  rmSync(report, { force: true });
  return { wallSec, cpuSec: user + system, peakBytes: kibibytes * 1024, status, stdout, stderr };
}

/**
 * Runs all commands in turn, `rounds` times over (A B C A B C …), so that whatever else the machine does meets them alike;
 * one run of each goes before, unmeasured, to warm the page cache. Rows are commands, columns rounds.
 */
export async function inTurn(
  commands: readonly Command[],
  rounds: number,
  note: (text: string) => void,
): Promise<Run[][]> {
  const runs: Run[][] = commands.map(() => []);
  for (let round = -1; round < rounds; round++) {
    for (const [i, command] of commands.entries()) {
      note(round < 0 ? 'warming up' : `round ${round + 1} of ${rounds}`);
      const run = await measure(command);
      if (round >= 0) runs[i].push(run);
    }
  }
  return runs;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Slope of a straight line through the logarithms: 1 is linear. */
export function exponent(lengths: readonly number[], seconds: readonly number[]): number {
  const x = lengths.map(Math.log);
  const y = seconds.map(Math.log);
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [mx, my] = [mean(x), mean(y)];
  const above = x.reduce((sum, value, i) => sum + (value - mx) * (y[i] - my), 0);
  return above / x.reduce((sum, value) => sum + (value - mx) ** 2, 0);
}

/** Linux tells a process's high-water mark; elsewhere nothing does. */
function peakOf(pid: number | undefined): number | null {
  try {
    const found = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return found === null ? null : Number(found[1]) * 1024;
  } catch {
    return null;
  }
}

function quoted(argv: readonly string[]): string {
  return argv.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
}
