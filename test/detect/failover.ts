// Precision, recall and the error of bounds over seeded simulations: the table of docs/failover.md.

import { detect } from '#src/detect/detect.js';
import type { Detection } from '#src/detect/detection.js';
import { type SimulatedFault, type Simulation, simulate, T0 } from './simulate.js';

export function detectIn(spec: Simulation, weights: (number | null)[] | null = spec.weights): Detection {
  const tally = simulate(spec);
  return detect({
    tally,
    inView: spec.weights.map(() => true),
    weights: weights ?? spec.weights.map(() => null),
    spans: [[T0, T0 + spec.seconds]],
    config: null,
    dropped: 0,
  });
}

export interface Score {
  faults: number;
  found: number;
  rightKind: number;
  falseAlarms: number;
  startHeld: number;
  endHeld: number;
  startErrors: number[];
  endErrors: number[];
}

/** Outages that overlap a fault of their uplink are it; the first counts, another is a false alarm. */
export function scoreOf(spec: Simulation, { outages }: Detection, score: Score): Score {
  const faults: readonly SimulatedFault[] = spec.faults ?? [];
  const taken = new Set<SimulatedFault>();
  for (const outage of outages) {
    const start = outage.start.best - T0;
    const end = (outage.end?.best ?? T0 + spec.seconds) - T0;
    const fault = faults.find(
      (one) =>
        `line${one.uplink + 1}` === outage.uplink && start < one.end + 1 && end > one.start - 1 && !taken.has(one),
    );
    if (fault === undefined) {
      score.falseAlarms++;
      continue;
    }
    taken.add(fault);
    score.found++;
    if (fault.kind === outage.kind) score.rightKind++;
    if (outage.start.earliest - T0 <= fault.start && fault.start <= outage.start.latest - T0) score.startHeld++;
    score.startErrors.push(Math.abs(start - fault.start));
    if (outage.end === null) continue;
    if (outage.end.earliest - T0 <= fault.end && fault.end <= outage.end.latest - T0) score.endHeld++;
    score.endErrors.push(Math.abs(end - fault.end));
  }
  score.faults += faults.length;
  return score;
}

export function emptyScore(): Score {
  return {
    faults: 0,
    found: 0,
    rightKind: 0,
    falseAlarms: 0,
    startHeld: 0,
    endHeld: 0,
    startErrors: [],
    endErrors: [],
  };
}
