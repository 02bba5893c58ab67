// One UDP flow, or one series of pings, in its client's eyes.

import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import type { PlannedFlow } from './schedule.js';
import { nowSec, question, questionBytes, type Went } from './wire.js';

/** So long an answer to the last datagram is awaited. */
const PATIENCE_MS = 2000;

/** Fills in `went` and calls `over` once. */
export function askUdp(flow: PlannedFlow, went: Went, _patienceSec: number, over: () => void): void {
  const socket = createSocket(flow.cip.includes(':') ? 'udp6' : 'udp4');
  went.asked = 0;
  went.answered = 0;
  let last: NodeJS.Timeout | undefined;
  const close = () => {
    clearInterval(asking);
    clearTimeout(last);
    went.outcome = went.answered === flow.rounds ? 'completed' : went.answered === 0 ? 'timeout' : 'timeout_data';
    socket.close();
    over();
  };
  const ask = () => {
    went.up += questionBytes(flow.up);
    went.asked = (went.asked ?? 0) + 1;
    socket.send(question(flow), flow.sport, flow.sip, () => {});
    if (went.asked < flow.rounds) return;
    clearInterval(asking);
    last = setTimeout(close, PATIENCE_MS);
  };
  const asking = setInterval(ask, Math.max(flow.pauseMs, 1));
  socket.on('message', (bytes) => {
    went.down += bytes.length;
    went.last_progress = nowSec();
    went.answered = (went.answered ?? 0) + 1;
    if (went.answered === flow.rounds) close();
  });
  // An ICMP error; the datagram counts as unanswered.
  socket.on('error', (error: NodeJS.ErrnoException) => {
    went.errno ??= error.code;
  });
  socket.bind({ address: flow.cip, port: flow.cport }, ask);
}

/** By ping(8), which alone may choose the identifier: the "port" of the flow. */
export function ping(flow: PlannedFlow, went: Went, _patienceSec: number, over: () => void): void {
  const count = String(flow.rounds);
  const args = ['-n', '-q', '-c', count, '-i', '0.5', '-W', '2', '-e', String(flow.cport), '-I', flow.cip, flow.sip];
  const child = spawn('ping', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString('utf8');
  });
  child.on('error', (error: NodeJS.ErrnoException) => {
    went.errno ??= error.code;
  });
  child.on('close', () => {
    const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(said) ?? [];
    went.asked = Number(sent ?? 0);
    went.answered = Number(received ?? 0);
    went.up = went.asked * 64;
    went.down = went.answered * 64;
    went.outcome = went.answered === flow.rounds ? 'completed' : went.answered === 0 ? 'timeout' : 'timeout_data';
    over();
  });
}
