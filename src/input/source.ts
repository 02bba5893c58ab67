// Turns a path, or `-` for standard input, into raw chunks of bytes as they come, compressed or not.

import { close, fstatSync, open, read, type Stats } from 'node:fs';
import type { OnReadOpts, Socket, SocketConstructorOpts } from 'node:net';
import { EXIT, UserError } from '../util/error.js';
import { lendBuffer, READ_BYTES, returnBuffer } from './buffers.js';
import { plainReason, quotePath } from './reason.js';

/** The first read: enough to tell a format, which is all that is wanted of many files. */
const FIRST_BYTES = 1 << 16;

/**
 * Raw bytes of an input, in order.
 *
 * A chunk is never empty and stays valid until the next call of `read`. One call at a time.
 */
export interface ByteSource {
  /** Bytes of a regular file; null for pipes, sockets, devices and /proc. */
  readonly size: number | null;
  /** Descriptor that may be read at any position (regular files only), else null. */
  readonly fd: number | null;
  read(): Promise<Uint8Array | null>;
  /** The same input again from byte `at`, independent of this one; null where it can be read only once. */
  reopen(at: number): ByteSource | null;
  close(): void;
}

/** Opens a path for reading. Throws `UserError` (exit 3) with the reason where it can't be opened. */
export async function openSource(path: string): Promise<ByteSource> {
  const fd = path === '-' ? 0 : await openDescriptor(path);
  const stats = statDescriptor(path, fd);
  if (stats.isDirectory()) {
    release(fd);
    throw new UserError(`is a directory, not a capture: ${quotePath(path)} (name the files in it)`, EXIT.unreadable);
  }
  // Files of /proc say that they have no bytes, and have some.
  if (stats.isFile() && stats.size > 0) return new FileSource(new Descriptor(path, fd), stats.size);
  if (stats.isFIFO() || stats.isSocket()) return new PipeSource(path, fd, await import('node:net'));
  if (path === '-' && (await import('node:tty')).isatty(0)) {
    throw new UserError(
      '"-": standard input is a terminal (pipe a capture into it: tcpdump -U -w - | mlstat analyse -)',
      EXIT.unreadable,
    );
  }
  return new DeviceSource(new Descriptor(path, fd));
}

/**
 * A regular file as it was when opened: what is appended later is not read. Reads one buffer ahead on the thread
 * pool while the other one is worked on.
 */
class FileSource implements ByteSource {
  private readonly buffers: (Buffer | null)[] = [null, null];
  private turn: 0 | 1 = 0;
  private ahead: Promise<Uint8Array | null> | null = null;
  private fills = 0;

  /** `position`: the byte to begin with. Only the source that was opened first is the owner, and closes the file. */
  constructor(
    private readonly file: Descriptor,
    readonly size: number,
    private position = 0,
    private readonly owner = true,
  ) {}

  get fd(): number {
    return this.file.fd;
  }

  async read(): Promise<Uint8Array | null> {
    const chunk = await (this.ahead ?? this.fill());
    this.ahead = null;
    // Whoever asks a second time will want all of it.
    if (chunk !== null && this.fills > 1) {
      this.ahead = this.fill();
      // A failed read is told when its turn comes, not as an unhandled rejection before.
      this.ahead.catch(() => {});
    }
    return chunk;
  }

  reopen(at: number): ByteSource {
    return new FileSource(this.file, this.size, at, false);
  }

  close(): void {
    this.position = this.size;
    if (this.owner) this.file.close();
    const { buffers } = this;
    // Not while a read may still write to them.
    (this.ahead ?? Promise.resolve()).then(
      () => {
        for (const buffer of buffers.splice(0)) if (buffer !== null) returnBuffer(buffer);
      },
      () => {},
    );
  }

  private async fill(): Promise<Uint8Array | null> {
    const limit = this.fills++ === 0 ? FIRST_BYTES : READ_BYTES;
    const want = Math.min(limit, this.size - this.position);
    if (want <= 0) return null;
    this.turn ^= 1;
    let buffer = this.buffers[this.turn] ?? null;
    if (buffer === null || buffer.length < want) {
      buffer = want > FIRST_BYTES ? lendBuffer() : Buffer.allocUnsafeSlow(want);
    }
    this.buffers[this.turn] = buffer;
    const count = await this.file.read(buffer, want, this.position);
    this.position += count;
    return count === 0 ? null : buffer.subarray(0, count);
  }
}

/** An open file. It is closed once, and not while a read is under way: its number could be another file's by then. */
class Descriptor {
  private reads = 0;
  private state: 'open' | 'closing' | 'closed' = 'open';

  constructor(
    private readonly path: string,
    readonly fd: number,
  ) {}

  /** At `position`, or where the last read ended. Resolves with the count of bytes, 0 at the end. */
  read(buffer: Buffer, length: number, position: number | null): Promise<number> {
    if (this.state !== 'open') return Promise.resolve(0);
    this.reads++;
    return new Promise((resolve, reject) => {
      read(this.fd, buffer, 0, length, position, (error, count) => {
        this.reads--;
        this.release();
        if (error) reject(readFailure(this.path, error));
        else resolve(count);
      });
    });
  }

  close(): void {
    if (this.state === 'open') this.state = 'closing';
    this.release();
  }

  private release(): void {
    if (this.state !== 'closing' || this.reads > 0) return;
    this.state = 'closed';
    release(this.fd);
  }
}

/**
 * A pipe or socket, read by the event loop: a read that waits on the thread pool could not be called off, and would
 * keep the process from ending until the other side writes.
 */
class PipeSource implements ByteSource {
  readonly size = null;
  readonly fd = null;
  private readonly socket: Socket;
  private ready: Uint8Array | null = null;
  private ended = false;
  private failure: Error | null = null;
  private wake: (() => void) | null = null;

  constructor(path: string, fd: number, net: typeof import('node:net')) {
    const settle = () => {
      this.wake?.();
      this.wake = null;
    };
    const onread: OnReadOpts = {
      buffer: Buffer.allocUnsafeSlow(READ_BYTES),
      callback: (count, buffer) => {
        this.ready = buffer.subarray(0, count);
        settle();
        // The buffer is lent out: nothing more may be read into it before the next call of `read`.
        return false;
      },
    };
    const options: SocketConstructorOpts & { onread: OnReadOpts } = { fd, readable: true, writable: false, onread };
    this.socket = new net.Socket(options);
    this.socket.on('end', () => {
      this.ended = true;
      settle();
    });
    this.socket.on('error', (error) => {
      this.failure = readFailure(path, error);
      settle();
    });
  }

  async read(): Promise<Uint8Array | null> {
    while (this.ready === null && !this.ended && this.failure === null) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
        this.socket.resume();
      });
    }
    const chunk = this.ready;
    this.ready = null;
    if (chunk === null && this.failure !== null) throw this.failure;
    return chunk;
  }

  reopen(): null {
    return null;
  }

  close(): void {
    this.socket.destroy();
    this.ended = true;
    this.wake?.();
  }
}

/** Character devices and /proc: read in sequence until nothing comes. */
class DeviceSource implements ByteSource {
  readonly size = null;
  readonly fd = null;
  private readonly buffer = Buffer.allocUnsafeSlow(READ_BYTES);

  constructor(private readonly file: Descriptor) {}

  async read(): Promise<Uint8Array | null> {
    const count = await this.file.read(this.buffer, this.buffer.length, null);
    return count === 0 ? null : this.buffer.subarray(0, count);
  }

  reopen(): null {
    return null;
  }

  close(): void {
    this.file.close();
  }
}

function statDescriptor(path: string, fd: number): Stats {
  try {
    return fstatSync(fd);
  } catch (error) {
    throw readFailure(path, error as NodeJS.ErrnoException);
  }
}

function openDescriptor(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    open(path, 'r', (error, fd) => {
      if (error) reject(new UserError(`cannot be opened: ${quotePath(path)} (${plainReason(error)})`, EXIT.unreadable));
      else resolve(fd);
    });
  });
}

function readFailure(path: string, error: NodeJS.ErrnoException): UserError {
  return new UserError(`cannot be read: ${quotePath(path)} (${plainReason(error)})`, EXIT.unreadable);
}

/** Standard input is never closed: its number would go to the next file that is opened. */
function release(fd: number): void {
  if (fd !== 0) close(fd, () => {});
}
