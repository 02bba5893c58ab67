// When a silence is over, or the input: what of its demands had no answer though their time was not over yet.

import type { Flows } from './evidence.js';
import { giveUpGateway } from './gateway.js';
import type { Line } from './line.js';

/** Demands that should have been answered by now, though their time is not over. */
export function overdue(line: Line, flows: Flows, nowUs: number): void {
  const { queue, silence } = line;
  silence.lastAnyUs = line.lastAnyUs;
  giveUpGateway(line, nowUs);
  const { startUs, waitUs } = flows;
  for (let n = 0; n < queue.length; n++) {
    const i = queue.at(n);
    if (startUs[i] > nowUs - 1.5 * line.delays.p99Us) break;
    if (startUs[i] <= silence.sinceUs || (waitUs[i] >= 0 && waitUs[i] <= line.delays.lateUs)) continue;
    silence.late++;
    if (!(silence.firstLateUs <= startUs[i])) silence.firstLateUs = startUs[i];
    if (!(silence.lastLateUs >= startUs[i])) silence.lastLateUs = startUs[i];
  }
}
