// After an outage: where exactly it ended, and whether it was one. A line that loses packets is silent now and then as well.

import { PATIENCE_US } from '../settings.js';
import type { Line, Trial } from './line.js';
import { log } from './math.js';

/** Demands after it that tell it from a brownout, and the nats from which it is an outage whatever comes after. */
const DEMANDS: i32 = 12;
const SURE_NATS: f64 = 14;
/** A brownout goes on to lose so many at least, and one in so many. */
const LEAST_LATE: i32 = 2;
const PART: i32 = 4;

/** Of a second in which the line came back only the first and last packet are marked: an answer may tell it better. */
export function refineEnd(line: Line, startUs: f64, waitUs: f64): void {
  const trial = line.trial;
  if (trial === null || waitUs < 0 || waitUs > line.delays.lateUs) return;
  const silence = trial.silence;
  if (startUs <= silence.sinceUs || startUs <= silence.lastLateUs || startUs + waitUs >= silence.endUs) return;
  silence.endUs = startUs + waitUs;
}

/** How a demand after an outage fared; returns whether there is enough to judge by. */
export function tryOn(line: Line, startUs: f64, waitUs: f64, nowUs: f64): bool {
  const trial = line.trial;
  if (trial === null || startUs < trial.silence.endUs) return false;
  trial.all++;
  if (waitUs < 0 || waitUs > line.delays.lateUs) trial.late++;
  return trial.all >= DEMANDS || nowUs > trial.silence.endUs + PATIENCE_US;
}

/**
 * The share that fails, if as much fails after it as a silence of a few demands takes by chance; else NaN. No loss of
 * packets sends flows elsewhere or silences a gateway: what shows that is shown whatever comes after.
 */
export function browned(trial: Trial): f64 {
  const silence = trial.silence;
  const late = trial.late;
  const share: f64 = (late + 0.5) / (trial.all + 1);
  const nats: f64 = silence.servers * -log(share) + silence.elsewhereScore + silence.gatewayScore;
  return late >= LEAST_LATE && late * PART >= trial.all && nats < SURE_NATS ? share : Number.NaN;
}
