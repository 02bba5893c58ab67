// How far a long run is: one line on standard error with amount, rate and time left, only where somebody looks.

import { formatDuration } from '../util/time.js';
import { formatBytes, formatCount } from '../util/units.js';
import { terminalWidth } from './display.js';
import type { Io } from './io.js';
import type { ProgressMode } from './modes.js';

export interface Done {
  bytes: number;
  /** Null where the input's end is not known. */
  totalBytes: number | null;
  packets: number;
  entries?: number;
}

export interface Progress {
  update(done: Done): void;
  /** Takes the line away. */
  stop(): void;
}

/** A run shorter than this is over before anyone has read a line. Milliseconds. */
const PATIENCE_MS = 400;

/** `auto`: on a terminal only. cli-progress is loaded when there is something to show. */
export async function startProgress(mode: ProgressMode, quiet: boolean, io: Io): Promise<Progress> {
  const isTerminal = io.stderr.isTTY === true && io.env.TERM !== 'dumb';
  const shown = mode === 'always' || (mode === 'auto' && isTerminal && !quiet);
  if (!shown) return { update: () => {}, stop: () => {} };
  const { default: cliProgress } = await import('cli-progress');
  const startMs = io.now();
  let last: Done = { bytes: 0, totalBytes: null, packets: 0 };
  const bar = new cliProgress.SingleBar({
    stream: io.stderr,
    noTTYOutput: true,
    notTTYSchedule: 2000,
    clearOnComplete: true,
    hideCursor: true,
    fps: 5,
    format: () => progressLine(last, (io.now() - startMs) / 1000, terminalWidth(io, io.stderr) - 1),
  });
  let isShown = false;
  return {
    update(done) {
      last = done;
      if (!isShown && (mode === 'always' || io.now() - startMs >= PATIENCE_MS)) {
        isShown = true;
        bar.start(done.totalBytes ?? 1, 0);
      }
      if (isShown) bar.update(Math.min(done.bytes, done.totalBytes ?? 1));
    },
    stop() {
      if (isShown) bar.stop();
      isShown = false;
    },
  };
}

/** `####------ 42 %  410 MB of 980 MB  3,812,000 packets  210 MB/s  2.7 s left`, cut to the width. */
export function progressLine(
  { bytes, totalBytes, packets, entries = 0 }: Done,
  seconds: number,
  width: number,
): string {
  const rate = seconds > 0 ? bytes / seconds : 0;
  const read = entries > 0 && packets === 0 ? `${formatCount(entries)} entries` : `${formatCount(packets)} packets`;
  const parts = [read, ...(rate > 0 ? [`${formatBytes(rate)}/s`] : [])];
  if (totalBytes === null || totalBytes <= 0) return [formatBytes(bytes), ...parts].join('  ').slice(0, width);
  const done = Math.min(1, bytes / totalBytes);
  // The first percent comes too fast or too slow to tell.
  const left = rate > 0 && done >= 0.01 ? [`${formatDuration(Math.ceil((totalBytes - bytes) / rate))} left`] : [];
  const amount = `${Math.floor(done * 100)} %`.padStart(5);
  const text = [amount, `${formatBytes(bytes)} of ${formatBytes(totalBytes)}`, ...parts, ...left].join('  ');
  const room = Math.min(20, width - text.length - 1);
  if (room < 5) return text.slice(0, width);
  const full = Math.round(done * room);
  return `${'#'.repeat(full)}${'-'.repeat(room - full)}${text}`;
}
