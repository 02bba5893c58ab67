// The outside of a command: streams, environment, folder, clock, interruption. Handed in, so that a test needs no mocks.

/** A stream of text, a terminal or not. */
export type TextStream = NodeJS.WritableStream & { isTTY?: boolean; columns?: number };

export interface Io {
  stdout: TextStream;
  stderr: TextStream;
  env: Readonly<Record<string, string | undefined>>;
  /** Where relative paths start. */
  cwd: string;
  /** Milliseconds that only ever grow. */
  now(): number;
  /** Aborted by the first Ctrl-C: print what is known so far. */
  interrupted: AbortSignal;
  /** Run when the process ends before the command does; must not wait for anything. */
  cleanups: Set<() => void>;
}

/** Writes and waits where the reader is slower. Streams that fail say so to `cli.ts`, by their `error` event. */
export async function writeTo(stream: TextStream, text: string | Uint8Array): Promise<void> {
  if (text.length === 0 || stream.write(text)) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.on('drain', done);
    stream.on('close', done);
  });
}
