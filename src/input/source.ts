// Turns a path, or `-` for standard input, into raw chunks of bytes as they come, compressed or not.

import { close, fstatSync, open, read } from 'node:fs';
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';
import { isatty } from 'node:tty';
import { EXIT, UserError } from '../util/error.js';
import { plainReason, quotePath } from './reason.js';

/** What one read asks for. Larger reads fall out of the second-level cache. */
export const READ_BYTES = 1 << 20;

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
  const stats = fstatSync(fd);
  if (stats.isDirectory()) {
    release(fd);
    throw new UserError(`is a directory, not a capture: ${quotePath(path)} (name the files in it)`, EXIT.unreadable);
  }
  // Files of /proc say that they have no bytes, and have some.
  if (stats.isFile() && stats.size > 0) return new FileSource(path, fd, stats.size);
  if (stats.isFIFO() || stats.isSocket()) return new PipeSource(path, fd);
  if (path === '-' && isatty(0)) {
    throw new UserError(
      '"-": standard input is a terminal (pipe a capture into it: tcpdump -U -w - | mlstat analyse -)',
      EXIT.unreadable,
    );
  }
  return new DeviceSource(path, fd);
}

/**
 * A regular file as it was when opened: what is appended later is not read. Reads one buffer ahead on the thread
 * pool while the other one is worked on.
 */
export class FileSource implements ByteSource {
  private readonly buffers: [Buffer | null, Buffer | null] = [null, null];
  private turn: 0 | 1 = 0;
  private ahead: Promise<Uint8Array | null> | null = null;

  /** `position`: the byte to begin with. A source that shares another's descriptor does not own it. */
  constructor(
    private readonly path: string,
    readonly fd: number,
    readonly size: number,
    private position = 0,
    private readonly owned = true,
  ) {}

  async read(): Promise<Uint8Array | null> {
    const chunk = await (this.ahead ?? this.fill());
    this.ahead = chunk === null ? Promise.resolve(null) : this.fill();
    // A failed read is told when its turn comes, not as an unhandled rejection before.
    this.ahead.catch(() => {});
    return chunk;
  }

  reopen(at: number): ByteSource {
    return new FileSource(this.path, this.fd, this.size, at, false);
  }

  close(): void {
    if (!this.owned) return;
    // The read ahead still holds the descriptor: closed now, its number could become another file's.
    const settled = this.ahead ?? Promise.resolve(null);
    settled.catch(() => null).then(() => release(this.fd));
  }

  private async fill(): Promise<Uint8Array | null> {
    const want = Math.min(READ_BYTES, this.size - this.position);
    if (want <= 0) return null;
    this.turn ^= 1;
    const buffer = this.buffers[this.turn] ?? Buffer.allocUnsafeSlow(Math.min(READ_BYTES, this.size));
    this.buffers[this.turn] = buffer;
    const count = await readInto(this.path, this.fd, buffer, want, this.position);
    this.position += count;
    return count === 0 ? null : buffer.subarray(0, count);
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

  constructor(path: string, fd: number) {
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
    this.socket = new Socket(options);
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

  constructor(
    private readonly path: string,
    private readonly descriptor: number,
  ) {}

  async read(): Promise<Uint8Array | null> {
    const count = await readInto(this.path, this.descriptor, this.buffer, this.buffer.length, null);
    return count === 0 ? null : this.buffer.subarray(0, count);
  }

  reopen(): null {
    return null;
  }

  close(): void {
    release(this.descriptor);
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

function readInto(path: string, fd: number, buffer: Buffer, length: number, position: number | null): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, buffer, 0, length, position, (error, count) => {
      if (error) reject(readFailure(path, error));
      else resolve(count);
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
