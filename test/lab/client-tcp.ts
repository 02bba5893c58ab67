// One TCP flow in its client's eyes: connect from the client's own address and port, ask and be answered, round by round.

import { connect } from 'node:net';
import type { PlannedFlow } from './schedule.js';
import { nowSec, type Outcome, question, questionBytes, type Went } from './wire.js';

/** Fills in `went` and calls `over` once. Whoever hears nothing for `patienceSec` gives up. */
export function askTcp(flow: PlannedFlow, went: Went, patienceSec: number, over: () => void): void {
  const socket = connect({
    host: flow.sip,
    port: flow.sport,
    localAddress: flow.cip,
    localPort: flow.cport,
    autoSelectFamily: false,
    noDelay: true,
  });
  let roundsLeft = flow.rounds;
  let awaited = 0;
  let connected = false;
  let isOver = false;
  let patience = setTimeout(() => close('timeout_connect'), patienceSec * 1000);

  const ask = () => {
    if (socket.destroyed) return;
    roundsLeft--;
    awaited = flow.down;
    went.up += questionBytes(flow.up);
    socket.write(question(flow));
    wait();
  };
  const wait = () => {
    clearTimeout(patience);
    patience = setTimeout(() => close('timeout_data'), patienceSec * 1000);
  };
  const close = (outcome: Outcome) => {
    clearTimeout(patience);
    if (isOver) return;
    isOver = true;
    went.outcome = outcome;
    if (outcome === 'completed') socket.end();
    else socket.destroy();
    over();
  };

  socket.on('connect', () => {
    connected = true;
    went.connect_ms = Math.round((nowSec() - went.start) * 1e5) / 100;
    ask();
  });
  socket.on('data', (chunk) => {
    went.down += chunk.length;
    went.last_progress = nowSec();
    awaited -= chunk.length;
    if (awaited > 0) return wait();
    // Nothing is asked in a pause, so nobody can be impatient.
    clearTimeout(patience);
    if (roundsLeft === 0) close('completed');
    else setTimeout(ask, flow.pauseMs);
  });
  // After it is over the other side may still close, or reset.
  socket.on('error', (error: NodeJS.ErrnoException) => {
    went.errno ??= error.code ?? error.message;
    close(
      error.code === 'ECONNRESET' || error.code === 'EPIPE'
        ? 'reset'
        : error.code === 'ETIMEDOUT'
          ? lost()
          : 'unreachable',
    );
  });
  const lost = (): Outcome => (connected ? 'timeout_data' : 'timeout_connect');
}
