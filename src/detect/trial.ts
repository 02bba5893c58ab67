// After an outage: where exactly it ended, and whether it was one. A line that loses packets is silent now and then as well.

import type { Line, Trial } from './line.js';
import { PATIENCE_US } from './settings.js';

/** Demands after it that tell it from a brownout, and the nats from which it is an outage whatever comes after. */
const DEMANDS = 12;
const SURE_NATS = 14;
/** A brownout goes on to lose so many at least, and one in so many. */
const LEAST_LATE = 2;
const PART = 4;

/** Of a second in which the line came back only the first and last packet are marked: an answer may tell it better. */
export function refineEnd({ trial, delays }: Line, startUs: number, waitUs: number): void {
  if (trial === null || waitUs < 0 || waitUs > delays.lateUs) return;
  const { silence } = trial;
  if (startUs <= silence.sinceUs || startUs <= silence.lastLateUs || startUs + waitUs >= silence.endUs) return;
  silence.endUs = startUs + waitUs;
}

/** How a demand after an outage fared; returns whether there is enough to judge by. */
export function tryOn({ trial, delays }: Line, startUs: number, waitUs: number, nowUs: number): boolean {
  if (trial === null || startUs < trial.silence.endUs) return false;
  trial.all++;
  if (waitUs < 0 || waitUs > delays.lateUs) trial.late++;
  return trial.all >= DEMANDS || nowUs > trial.silence.endUs + PATIENCE_US;
}

/**
 * The share that fails, if as much fails after it as a silence of a few demands takes by chance; else null. No loss of
 * packets sends flows elsewhere or silences a gateway: what shows that is shown whatever comes after.
 */
export function browned({ silence, all, late }: Trial): number | null {
  const share = (late + 0.5) / (all + 1);
  const nats = silence.servers * -Math.log(share) + silence.elsewhereScore + silence.gatewayScore;
  return late >= LEAST_LATE && late * PART >= all && nats < SURE_NATS ? share : null;
}
