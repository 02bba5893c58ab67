// When a silence is over, or the input: what of its demands had no answer though their time was not over yet.

import type { Flows } from './flows.js';
import { giveUpGateway } from './gateway.js';
import type { Line } from './line.js';

/** Demands that should have been answered by now, though their time is not over. */
export function overdue(line: Line, flows: Flows, nowUs: f64): void {
  const queue = line.queue;
  const silence = line.silence;
  silence.lastAnyUs = line.lastAnyUs;
  giveUpGateway(line, nowUs);
  for (let n = 0; n < queue.length; n++) {
    const i = queue.at(n);
    const startUs = flows.startUs[i];
    const waitUs: f64 = flows.waitUs[i];
    if (startUs > nowUs - 1.5 * line.delays.p99Us) break;
    if (startUs <= silence.sinceUs || (waitUs >= 0 && waitUs <= line.delays.lateUs)) continue;
    silence.late++;
    if (!(silence.firstLateUs <= startUs)) silence.firstLateUs = startUs;
    if (!(silence.lastLateUs >= startUs)) silence.lastLateUs = startUs;
  }
}
