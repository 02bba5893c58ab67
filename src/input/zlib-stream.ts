// Drives a decompressor of node:zlib with promises instead of events, and loses nothing that it gave before a fault.

import type { InflateRaw } from 'node:zlib';

/** One output buffer; the next is filled on the thread pool while the consumer works on the last. */
export const OUTPUT_BYTES = 1 << 20;

/**
 * Options that a decompressor needs to be driven by `ZlibStream`: with so low a mark it holds back the end of a write
 * until its output has been taken, so that none is left behind when the next write meets a fault.
 */
export const DRIVEN: { chunkSize: number } = Object.assign({ chunkSize: OUTPUT_BYTES }, { readableHighWaterMark: 1 });

/** Written from one side, read from the other, at the same time. */
export class ZlibStream {
  /** Bytes that the decompressor has taken without a fault. */
  accepted = 0;
  private state: 'open' | 'ended' | 'failed' = 'open';
  private reading: (() => void)[] = [];
  private writing: (() => void)[] = [];

  constructor(private readonly zlib: InflateRaw) {
    zlib.on('readable', () => wake(this.reading));
    zlib.on('end', () => this.finish('ended'));
    zlib.on('error', () => this.finish('failed'));
    zlib.on('close', () => this.finish('ended'));
  }

  get over(): boolean {
    return this.state !== 'open';
  }

  /** True where the compressed bytes contradict themselves. */
  get failed(): boolean {
    return this.state === 'failed';
  }

  /** Resolves with how many bytes of `input` were taken: fewer than all where the compressed stream ends within it. */
  async write(input: Uint8Array): Promise<number> {
    if (this.over) return 0;
    await new Promise<void>((resolve) => {
      this.writing.push(resolve);
      this.zlib.write(input, () => resolve());
    });
    if (this.failed) return 0;
    const taken = this.zlib.bytesWritten - this.accepted;
    this.accepted += taken;
    return taken;
  }

  /** Nothing more will be written: what is there is given, then the stream is over. */
  end(): void {
    if (!this.over) this.zlib.end();
  }

  /** The next output, valid as long as it is held; null when the stream is over, or `until` and nothing is left of it. */
  async next(until?: Promise<unknown>): Promise<Uint8Array | null> {
    let reached = false;
    for (;;) {
      const output: Uint8Array | null = this.zlib.read();
      if (output !== null) return output;
      if (this.over || reached) return null;
      const change = new Promise<void>((resolve) => this.reading.push(resolve));
      const mark = until?.then(() => {
        reached = true;
      });
      await (mark === undefined ? change : Promise.race([change, mark]));
    }
  }

  close(): void {
    this.zlib.destroy();
  }

  private finish(state: 'ended' | 'failed'): void {
    if (this.state === 'open') this.state = state;
    wake(this.reading);
    wake(this.writing);
  }
}

function wake(waiting: (() => void)[]): void {
  for (const resolve of waiting.splice(0)) resolve();
}
