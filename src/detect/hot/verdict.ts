// Whether what speaks against a silent line is enough to call it dead.

import { gatewayLives } from './gateway.js';
import type { Line } from './line.js';

/** So many servers at least, or so many nats of other evidence. */
const LEAST_SERVERS: i32 = 4;
const OTHER_NATS: f64 = 6;

/** `needed`: the nats that it takes; `looked`: all lines whose packets would be seen. */
export function isProven(line: Line, looked: StaticArray<Line>, needed: f64, nowUs: f64): bool {
  const silence = line.silence;
  // A scan's targets answer nobody: without servers that are known to answer theirs is half of the evidence at most.
  const unknownScore = silence.unknownScore;
  const provenScore = silence.lateScore - unknownScore;
  const lateScore: f64 = provenScore + (line.everIn ? Math.min(unknownScore, provenScore + needed / 2) : unknownScore);
  // An uplink that was never used is unused as long as it stays so: nothing shows that it went down. Nor does anything where
  // the router had given it up before the silence, while packets came in.
  const isUsed = line.isUsed && line.unusedNats - silence.elsewhereScore < needed;
  const score: f64 = lateScore + silence.gatewayScore + (isUsed ? silence.elsewhereScore : 0);
  if (score < needed) return false;
  // A few dead servers in a row are no dead line.
  if (silence.servers < LEAST_SERVERS && score - lateScore < OTHER_NATS) return false;
  // The gateway answers and nothing is sent: the router does not use the uplink, which says nothing of the line.
  const isIdle = lateScore + silence.gatewayScore < needed / 2 && gatewayLives(line, nowUs);
  return !isIdle || cameUp(line, looked, needed, nowUs);
}

/**
 * The gateway answers only since the link came up: before, nothing was seen on it for too long, while the others are pinged
 * oftener or for most of the time since the input began.
 */
function cameUp(line: Line, looked: StaticArray<Line>, needed: f64, nowUs: f64): bool {
  const silence = line.silence;
  const gapUs = silence.gapToUs - silence.gapFromUs;
  const part = gapUs / (nowUs - silence.sinceUs);
  if (!silence.fromStart || !(silence.elsewhereScore * part >= needed)) return false;
  let beatUs: f64 = 0;
  for (let n = 0; n < looked.length; n++) if (looked[n].beats > 0) beatUs = Math.max(beatUs, looked[n].beatUs);
  return beatUs > 0 ? gapUs > 2 * beatUs : part > 0.5;
}
