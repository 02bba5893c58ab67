// The outside of a command, made up: streams that remember, a folder of its own, a pipeline that answers as told.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { after } from 'node:test';
import type { Io, TextStream } from '#src/commands/io.js';
import type { PipelineModule } from '#src/commands/pipeline.js';
import { run } from '#src/commands/program.js';
import type { FlowRow } from '#src/flows/row.js';
import type { PipelineOptions } from '#src/pipeline/pipeline.js';
import type { Report } from '#src/report/report.js';

/** A folder of this test file's own, gone after its tests. */
export const folder: string = mkdtempSync(join(tmpdir(), 'mlstat-commands-'));
after(() => rmSync(folder, { recursive: true, force: true }));

export interface World {
  io: Io;
  out(): string;
  err(): string;
  interrupt(): void;
}

export interface WorldOptions {
  env?: Record<string, string>;
  cwd?: string;
  /** Whether standard output and standard error are terminals, of this many columns. */
  columns?: number;
}

export function createWorld({ env = {}, cwd = folder, columns }: WorldOptions = {}): World {
  const interruption = new AbortController();
  const stdout = new Memory(columns);
  const stderr = new Memory(columns);
  let milliseconds = 0;
  const io: Io = {
    stdout,
    stderr,
    env: { LANG: 'C.UTF-8', ...env },
    cwd,
    now: () => (milliseconds += 1000),
    interrupted: interruption.signal,
    cleanups: new Set(),
  };
  return { io, out: () => stdout.text, err: () => stderr.text, interrupt: () => interruption.abort() };
}

/** `mlstat …words` in a made-up world; rejects as `run` does. */
export async function mlstat(words: readonly string[], pipeline: PipelineModule, options: WorldOptions = {}) {
  const world = createWorld(options);
  const code = await run(words, '1.2.3', world.io, async () => pipeline);
  return { code, out: world.out(), err: world.err() };
}

/** Answers with the report (and rows) and remembers what it was asked. */
export function fakePipeline(report: Report, rows: FlowRow[] = []): PipelineModule & { asked: PipelineOptions[] } {
  const asked: PipelineOptions[] = [];
  const answer = (options: PipelineOptions) => {
    asked.push(options);
    options.onProgress?.({ bytes: 500, totalBytes: 1000, packets: 7 });
    return report;
  };
  return {
    asked,
    analyseInputs: async (options) => answer(options),
    writeFlows: async (options, emit) => {
      await emit(rows);
      return answer(options);
    },
    inferUplinks: async (options) => ({
      config: 'uplinks:\n  - name: wan1\n    snat: [203.0.113.2]\n',
      evidence: [{ uplink: 'wan1', why: 'meets 40 hosts' }],
      report: answer(options),
    }),
    tallyInputs: () => Promise.reject(new Error('nothing was tallied')),
    reportOf: () => report,
  };
}

/** For what must end before any input is read. */
export const noPipeline: PipelineModule = {
  analyseInputs: () => Promise.reject(new Error('the pipeline was asked')),
  writeFlows: () => Promise.reject(new Error('the pipeline was asked')),
  inferUplinks: () => Promise.reject(new Error('the pipeline was asked')),
  tallyInputs: () => Promise.reject(new Error('the pipeline was asked')),
  reportOf: () => {
    throw new Error('the pipeline was asked');
  },
};

class Memory extends Writable implements TextStream {
  text = '';
  readonly isTTY: boolean;
  readonly columns?: number;

  constructor(columns: number | undefined) {
    super({ decodeStrings: false });
    this.isTTY = columns !== undefined;
    if (columns !== undefined) this.columns = columns;
  }

  override _write(chunk: string | Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }

  /** cli-progress moves the cursor of terminals by these. */
  cursorTo(): boolean {
    return true;
  }
  clearLine(): boolean {
    return true;
  }
}
