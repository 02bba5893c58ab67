// The internet of the lab, a process in its namespace: answers TCP on every address of its networks and UDP where the
// schedule asks, and notes whom it saw. `node servers.js SCHEDULE OUT`; says "ready"; writes OUT when its input ends.

import { createSocket } from 'node:dgram';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import type { PlannedFlow } from './schedule.js';
import { nowSec, questionBytes, type Seen, type Shape, shapeOf } from './wire.js';

const PIECE_MS = 100;

const [schedule, out] = process.argv.slice(2) as [string, string];
const flows = JSON.parse(readFileSync(schedule, 'utf8')) as PlannedFlow[];
const seen: Seen[] = [];

await Promise.all([...listenTcp(), ...listenUdp()]);
process.stdout.write('ready\n');
process.stdin.on('end', () => {
  writeFileSync(out, JSON.stringify(seen));
  process.exit(0);
});
process.stdin.resume();

function listenTcp(): Promise<void>[] {
  const ports = new Set(flows.filter(({ proto }) => proto === 'tcp').map(({ sport }) => sport));
  return [...ports].flatMap((port) =>
    ['0.0.0.0', '::'].map(
      (host) =>
        new Promise<void>((resolve, reject) => {
          const server = createServer({ noDelay: true, allowHalfOpen: true }, serve);
          server.on('error', reject);
          server.listen({ port, host, ipv6Only: host === '::', backlog: 1024 }, resolve);
        }),
    ),
  );
}

/** Questions are counted, never looked at, but for the header of the first. */
function serve(socket: Socket): void {
  const note: Seen = {
    fid: null,
    proto: 'tcp',
    from: [socket.remoteAddress ?? '', socket.remotePort ?? 0],
    to: [socket.localAddress ?? '', socket.localPort ?? 0],
    t: nowSec(),
  };
  seen.push(note);
  let shape: Shape | null = null;
  let head: Buffer = Buffer.alloc(0);
  let unanswered = 0;
  socket.on('data', (chunk) => {
    if (shape === null) {
      head = Buffer.concat([head, chunk]);
      shape = shapeOf(head);
      if (shape === null) return void (head.length > 64 && socket.destroy());
      note.fid = shape.fid;
      unanswered = head.length;
    } else unanswered += chunk.length;
    for (const size = questionBytes(shape.up); unanswered >= size; unanswered -= size) answer(socket, shape);
  });
  socket.on('end', () => socket.end());
  socket.on('error', () => socket.destroy());
}

function answer(socket: Socket, { down, piece }: Shape): void {
  if (piece === 0) return void socket.write(Buffer.alloc(down, 'a'));
  let left = down;
  const timer = setInterval(() => {
    const size = Math.min(piece, left);
    left -= size;
    if (!socket.destroyed) socket.write(Buffer.alloc(size, 'a'));
    if (left === 0 || socket.destroyed) clearInterval(timer);
  }, PIECE_MS);
}

/** A socket for each address: one for all would answer from an address of the kernel's choice. */
function listenUdp(): Promise<void>[] {
  const places = new Map(
    flows.filter(({ proto }) => proto === 'udp').map((flow) => [`${flow.sip} ${flow.sport}`, flow]),
  );
  return [...places.values()].map(
    ({ sip, sport }) =>
      new Promise<void>((resolve, reject) => {
        const socket = createSocket({ type: sip.includes(':') ? 'udp6' : 'udp4' });
        const noted = new Set<string>();
        socket.on('error', reject);
        socket.on('message', (bytes, { address, port }) => {
          const shape = shapeOf(bytes);
          if (shape === null) return;
          const key = `${shape.fid} ${address} ${port}`;
          if (!noted.has(key))
            seen.push({ fid: shape.fid, proto: 'udp', from: [address, port], to: [sip, sport], t: nowSec() });
          noted.add(key);
          socket.send(Buffer.alloc(shape.down, 'a'), port, address, () => {});
        });
        socket.bind({ address: sip, port: sport }, resolve);
      }),
  );
}
