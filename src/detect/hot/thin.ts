// A silence that was never decided: idle and dead can't be told apart, and that is said.

import { THIN_US } from '../settings.js';
import type { Silence } from './line.js';
import { log1p } from './math.js';

export class Thin {
  constructor(
    readonly uplink: i32,
    readonly startUs: f64,
    readonly endUs: f64,
    /** Nothing was sent into it that asks for an answer. */
    readonly idle: bool,
  ) {}
}

/** However long a decision would take: longer than so many times the least silence is told in any case. */
const MOST: f64 = 60;

/**
 * The silence until then, where it lasted longer than it takes to decide one at `rate` decisions a second; else null. So the
 * usual pauses of a thin line count as measured.
 */
export function thinOf(silence: Silence, untilUs: f64, rate: f64, share: f64, needed: f64): Thin | null {
  const lastedUs = untilUs - silence.sinceUs;
  const decisions: f64 = needed / -log1p(-Math.min(share, 0.95));
  const usualUs: f64 = (decisions / Math.max(rate * (1 - share), 1e-9)) * 1e6;
  if (lastedUs < Math.min(usualUs, MOST * THIN_US)) return null;
  return new Thin(silence.uplink, silence.sinceUs, untilUs, silence.late === 0);
}
