// Decompresses with a tool of the system: what is read goes into a child process, what it makes comes out.

import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { type DamageLog, EXIT, UserError } from '../util/error.js';
import type { ByteReader } from './reader.js';
import { quotePath } from './reason.js';
import type { ByteSource } from './source.js';

interface Tool {
  command: string;
  args: readonly string[];
  /** Where it can be had. */
  packages: string;
}

export const TOOLS = {
  xz: { command: 'xz', args: ['-dc'], packages: 'xz-utils or xz' },
  lz4: { command: 'lz4', args: ['-dc'], packages: 'lz4' },
  bzip2: { command: 'bzip2', args: ['-dc'], packages: 'bzip2' },
} as const satisfies Record<string, Tool>;

/** Decoders ask for the memory that the file names; no capture needs more. xz alone has a limit, and takes it from here. */
const ENVIRONMENT = { LC_ALL: 'C', XZ_DEFAULTS: '--memlimit-decompress=256MiB' };

/** So much of what the tool says is kept. */
const MESSAGE_CHARS = 1000;

/**
 * The output of the tool named after a compression, of what `reader` holds from its next byte on.
 *
 * Damage: `truncated-xz` (cut off) and `corrupt-xz` (anything else that the tool refuses), named by the compression;
 * what came before is given. Rejects with `UserError` (exit 3) where the tool is missing. The child is ended by
 * `close`; should this process die first, its end of the pipe ends the child.
 */
export class ToolSource implements ByteSource {
  readonly size = null;
  readonly fd = null;
  private child: ChildProcessByStdio<Writable, Readable, Readable> | null = null;
  private outputs: AsyncIterator<Buffer> | null = null;
  private exit: Promise<number | null> | null = null;
  private readFailure: unknown = null;
  private spawnFailure: NodeJS.ErrnoException | null = null;
  private message = '';
  private offset = 0;
  private closed = false;

  constructor(
    private readonly compression: keyof typeof TOOLS,
    private readonly path: string,
    private readonly reader: ByteReader,
    private readonly damage: DamageLog,
  ) {}

  async read(): Promise<Uint8Array | null> {
    if (this.closed) return null;
    if (this.outputs === null) {
      // Not needed for most inputs, and slow to come up.
      const { spawn } = await import('node:child_process');
      if (this.closed) return null;
      this.outputs = this.start(spawn);
    }
    const next = await this.outputs.next().catch(() => ({ done: true, value: undefined }) as const);
    if (!next.done) {
      this.offset += next.value.length;
      return next.value;
    }
    if (!this.closed) await this.finish();
    return null;
  }

  reopen(): null {
    return null;
  }

  close(): void {
    this.closed = true;
    this.reader.close();
    this.child?.kill('SIGKILL');
    this.child?.stdin.destroy();
    this.child?.stdout.destroy();
    this.child?.stderr.destroy();
  }

  private start(spawn: typeof import('node:child_process').spawn): AsyncIterator<Buffer> {
    const { command, args } = TOOLS[this.compression];
    const child = spawn(command, args, { stdio: 'pipe', env: { ...process.env, ...ENVIRONMENT } });
    this.child = child;
    this.exit = new Promise((resolve) => {
      child.on('close', (code) => resolve(code));
      child.on('error', (error) => {
        this.spawnFailure = error;
        resolve(null);
      });
    });
    // A tool that ends early, for damage or because it was ended, no longer takes what is written.
    child.stdin.on('error', () => {});
    child.stderr.on('error', () => {});
    child.stderr.on('data', (text) => {
      if (this.message.length < MESSAGE_CHARS) this.message += String(text);
    });
    this.feed(child.stdin).catch((error: unknown) => {
      this.readFailure = error;
      child.stdin.destroy();
    });
    return child.stdout[Symbol.asyncIterator]();
  }

  private async feed(stdin: Writable): Promise<void> {
    for (;;) {
      const chunk = await this.reader.chunk();
      if (chunk === null || stdin.destroyed || this.closed) break;
      // The chunk is lent: the next one may be asked for only after this one is gone.
      await new Promise<void>((resolve) => {
        stdin.once('close', resolve);
        stdin.write(chunk, () => {
          stdin.off('close', resolve);
          resolve();
        });
      });
      this.reader.skip(chunk.length);
    }
    stdin.end();
  }

  private async finish(): Promise<void> {
    const code = await this.exit;
    const { command, packages } = TOOLS[this.compression];
    if (this.spawnFailure !== null) {
      const cure = this.spawnFailure.code === 'ENOENT' ? `is not installed: install ${packages}` : 'cannot be started';
      throw new UserError(
        `cannot be read: ${quotePath(this.path)} (compressed with ${this.compression}, and ${command} ${cure}, or unpack the file)`,
        EXIT.unreadable,
      );
    }
    if (this.readFailure !== null) throw this.readFailure;
    // bzip2 says of what follows its last stream, but does not fail.
    if (this.closed || (code === 0 && !GARBAGE.test(this.message))) return;
    this.damage.add(reasonOf(this.message, this.compression), this.offset);
  }
}

/** As the tools put it, in the C locale: bzip2 and lz4; xz takes what follows for a stream that is cut or corrupt. */
const GARBAGE = /trailing garbage|followed by undecodable data/i;
const CUT = /unexpected end|end of file|ends unexpectedly|unfinished|read error|incomplete/i;

function reasonOf(message: string, compression: string): string {
  if (GARBAGE.test(message)) return 'trailing-garbage';
  return `${CUT.test(message) ? 'truncated' : 'corrupt'}-${compression}`;
}
