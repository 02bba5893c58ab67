// Opening: files, pipes and devices, once and again; what can't be opened; the tools that unpack xz, lz4 and bzip2.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createWriteStream, openSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGzip, gzipSync } from 'node:zlib';
import { openInput } from '#src/input/open.js';
import { UserError } from '#src/util/error.js';
import { projectDir } from '../shared.js';
import { collect, sampleBytes, tempFolder } from './files.js';

const { folder, write } = tempFolder();
const header = Buffer.from('d4c3b2a1020004000000000000000000ffff000001000000', 'hex');
const capture = Buffer.concat([header, sampleBytes(2_200_000)]);
const onLinux = process.platform === 'linux' ? false : 'needs Linux';

describe('a regular file', () => {
  test('its format, size and bytes, as often as they are wanted', async () => {
    const input = await openInput(write('plain.pcap', capture));
    assert.deepEqual([input.format, input.compression, input.size, input.why], ['pcap', null, capture.length, null]);
    assert.ok(capture.subarray(0, input.prefix.length).equals(input.prefix));
    assert.equal(typeof input.fd, 'number');
    for (let round = 0; round < 3; round++) assert.ok((await collect(input.stream())).equals(capture));
    for await (const chunk of input.stream()) {
      assert.ok(chunk.length <= 1 << 20);
      break;
    }
    assert.ok((await collect(input.stream())).equals(capture));
    input.close();
    input.close();
  });

  test('many at once, each closed early: no descriptor is closed twice', async () => {
    const paths = Array.from({ length: 40 }, (_, i) =>
      write(`many${i}`, Buffer.concat([header, Buffer.alloc(2_000_000, i)])),
    );
    for (const round of [0, 1, 2]) {
      await Promise.all(
        paths.map(async (path, i) => {
          const input = await openInput(path);
          for await (const chunk of input.stream()) {
            assert.ok(chunk.subarray(24).every((byte) => byte === i));
            if (round < 2) break;
          }
          input.close();
        }),
      );
    }
  });

  test('compressed: damage belongs to the present stream', async () => {
    const file = gzipSync(capture);
    const input = await openInput(write('cut.pcap', file.subarray(0, -4)));
    assert.deepEqual([input.format, input.compression, input.fd], ['pcap', 'gzip', null]);
    for (let round = 0; round < 2; round++) {
      assert.ok((await collect(input.stream())).equals(capture));
      assert.deepEqual(input.damage.list(), [{ reason: 'truncated-gzip', count: 1, offset: capture.length }]);
    }
    input.close();
  });

  test('what is appended later is not read, what is cut off later is missed', async () => {
    const path = write('changing', capture);
    const input = await openInput(path);
    write('changing', Buffer.concat([capture, capture]));
    assert.equal((await collect(input.stream())).length, capture.length);
    truncateSync(path, 2_000_000);
    assert.equal((await collect(input.stream())).length, 2_000_000);
    input.close();
  });

  test('empty, compressed emptiness, compressed twice, damaged from the start', async () => {
    const cases: [Uint8Array, RegExp][] = [
      [Buffer.alloc(0), /^empty$/],
      [gzipSync(''), /^empty$/],
      [gzipSync(gzipSync(capture)), /^compressed twice \(gzip within gzip\)/],
      [gzipSync(capture).subarray(0, 12), /^gzip data, damaged from its start$/],
    ];
    for (const [bytes, why] of cases) {
      const input = await openInput(write('odd', bytes));
      assert.equal(input.format, 'unknown');
      assert.match(input.why ?? '', why);
      input.close();
    }
  });
});

describe('what can not be opened', () => {
  test('is told in one line, with the reason', async () => {
    const refused = async (path: string, reason: RegExp) =>
      assert.rejects(openInput(path), (error) => {
        assert.ok(error instanceof UserError);
        assert.equal(error.exitCode, 3);
        assert.match(error.message, reason);
        return true;
      });
    await refused(join(folder, 'missing'), /^cannot be opened: ".*missing" \(no such file\)$/);
    await refused(folder, /^is a directory, not a capture/);
  });
});

describe('devices and pipes', { skip: onLinux }, () => {
  test('/dev/null is empty, and a file of /proc, which says that it has no bytes, is not', async () => {
    const nothing = await openInput('/dev/null');
    assert.deepEqual([nothing.why, nothing.size], ['empty', null]);
    nothing.close();
    const status = await openInput('/proc/self/status');
    assert.match((await collect(status.stream())).toString(), /^Name:/);
    assert.equal(status.fd, null);
    status.close();
  });

  test('a named pipe', { skip: spawnSync('mkfifo', ['--version']).error ? 'no mkfifo' : false }, async () => {
    const path = join(folder, 'pipe');
    spawnSync('mkfifo', [path]);
    createWriteStream(path).end(capture);
    const input = await openInput(path);
    assert.deepEqual([input.format, input.size, input.fd], ['pcap', null, null]);
    assert.ok((await collect(input.stream())).equals(capture));
    await assert.rejects(collect(input.stream()), /only once/);
    input.close();
  });
});

describe('standard input', () => {
  const reader = `
    const { openInput } = await import(process.env.OPEN);
    const { writeSync } = await import('node:fs');
    const input = await openInput('-');
    writeSync(1, input.format + ' ' + input.compression + '\\n');
    if (process.env.LEAVE) process.exit(0);
    let bytes = 0;
    for await (const chunk of input.stream()) writeSync(1, (bytes += chunk.length) + '\\n');
    writeSync(1, 'end ' + JSON.stringify(input.damage.list()) + '\\n');
  `;
  const inWorker = `
    import { Worker } from 'node:worker_threads';
    new Worker(new URL('data:text/javascript,' + encodeURIComponent(process.env.READER)));
  `;
  const start = (source: string, env: Record<string, string> = {}) => {
    const open = new URL(`file://${projectDir}/dist/input/open.js`).href;
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, OPEN: open, READER: reader, ...env },
    });
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += String(chunk);
    });
    child.stdin.on('error', () => {});
    const said = async (what: RegExp) => {
      while (!what.test(text)) await sleep(5);
    };
    const exited = new Promise<number | null>((resolve) => child.on('close', resolve));
    return { child, said, exited };
  };

  for (const [where, source] of [
    ['in the main thread', reader],
    ['in a worker', inWorker],
  ] as const) {
    test(`${where}: bytes are passed on as they come`, async () => {
      const { child, said, exited } = start(source);
      child.stdin.write(header);
      await said(/^pcap null\n/);
      child.stdin.write(Buffer.alloc(76));
      await said(/^100$/m);
      child.stdin.write(Buffer.alloc(1));
      await said(/^101$/m);
      child.stdin.end();
      await said(/^end \[\]$/m);
      assert.equal(await exited, 0);
    });
  }

  test('compressed ones too, as soon as the compressor lets go of them', async () => {
    const { child, said, exited } = start(reader);
    const gzip = createGzip();
    gzip.pipe(child.stdin);
    gzip.write(header);
    gzip.flush();
    await said(/^pcap gzip\n/);
    gzip.write(Buffer.alloc(76));
    gzip.flush();
    await said(/^100$/m);
    gzip.end();
    await said(/^end \[\]$/m);
    assert.equal(await exited, 0);
  });

  test('a process that leaves is not held by a pipe that is still open', async () => {
    const { child, exited } = start(reader, { LEAVE: '1' });
    child.stdin.write(header);
    assert.equal(await exited, 0);
  });

  test('a file as standard input can be read at any position', async () => {
    const path = write('stdin.pcap', capture);
    const script = `
      const { openInput } = await import(process.env.OPEN);
      const input = await openInput('-');
      for (let round = 0; round < 2; round++) {
        let bytes = 0;
        for await (const chunk of input.stream()) bytes += chunk.length;
        console.log(input.size, bytes, typeof input.fd);
      }`;
    const open = new URL(`file://${projectDir}/dist/input/open.js`).href;
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...process.env, OPEN: open },
      stdio: [openSync(path, 'r'), 'pipe', 'inherit'],
      encoding: 'utf8',
    });
    assert.equal(run.stdout, `${capture.length} ${capture.length} number\n`.repeat(2));
  });
});

for (const [compression, tool, ending] of [
  ['xz', 'xz', 'xz'],
  ['lz4', 'lz4', 'lz4'],
  ['bzip2', 'bzip2', 'bz2'],
] as const) {
  const missing = spawnSync(tool, ['--help']).error === undefined ? false : `${tool} is not installed`;

  describe(compression, { skip: missing }, () => {
    const pack = (bytes: Uint8Array) => spawnSync(tool, ['-zc', '-1'], { input: bytes, maxBuffer: 1 << 28 }).stdout;

    test('whole, in two streams, and once more', async () => {
      const input = await openInput(write(`two.${ending}`, Buffer.concat([pack(capture), pack(capture)])));
      assert.deepEqual([input.format, input.compression], ['pcap', compression]);
      for (let round = 0; round < 2; round++) {
        assert.ok((await collect(input.stream())).equals(Buffer.concat([capture, capture])));
        assert.deepEqual(input.damage.list(), []);
      }
      input.close();
    });

    test('cut off: what can be had, and the word for it', async () => {
      const file = pack(Buffer.concat([capture, capture]));
      const input = await openInput(write(`cut.${ending}`, file.subarray(0, -100_000)));
      const bytes = await collect(input.stream());
      assert.ok(bytes.length > 500_000);
      assert.ok(Buffer.concat([capture, capture]).subarray(0, bytes.length).equals(bytes));
      assert.deepEqual(input.damage.list(), [{ reason: `truncated-${compression}`, count: 1, offset: bytes.length }]);
      input.close();
    });

    test('damaged, or followed by something else: told', async () => {
      const damaged = pack(capture);
      damaged.fill(0x55, damaged.length - 50_000, damaged.length - 49_000);
      for (const file of [
        damaged,
        Buffer.concat([pack(capture), Buffer.from('something else, longer than a header')]),
      ]) {
        const input = await openInput(write(`bad.${ending}`, file));
        await collect(input.stream());
        assert.equal(input.damage.list().length, 1);
        input.close();
      }
    });

    test('no child is left behind by one who leaves early', async () => {
      const input = await openInput(write(`long.${ending}`, pack(Buffer.alloc(20_000_000, header))));
      for await (const chunk of input.stream()) {
        assert.ok(chunk.length > 0);
        break;
      }
      assert.ok(process.getActiveResourcesInfo().includes('ProcessWrap'));
      input.close();
      while (process.getActiveResourcesInfo().includes('ProcessWrap')) await sleep(5);
    });

    test('a missing tool is named, with the cure', async () => {
      const file = write(`tool.${ending}`, pack(capture));
      const path = process.env.PATH;
      process.env.PATH = folder;
      try {
        await assert.rejects(
          openInput(file),
          (error) => error instanceof UserError && new RegExp(`${tool} is not installed: install `).test(error.message),
        );
      } finally {
        process.env.PATH = path;
      }
    });
  });
}
