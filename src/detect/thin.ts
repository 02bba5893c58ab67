// A silence that was never decided: idle and dead can't be told apart, and that is said.

import type { SpanUs } from './gaps.js';
import type { Silence } from './line.js';
import { THIN_US } from './settings.js';

export interface Thin extends SpanUs {
  uplink: number;
  /** Nothing was sent into it that asks for an answer. */
  idle: boolean;
}

/** However long a decision would take: longer than so many times the least silence is told in any case. */
const MOST = 60;

/**
 * The silence until then, where it lasted longer than it takes to decide one at `rate` decisions a second; else null. So the
 * usual pauses of a thin line count as measured.
 */
export function thinOf(silence: Silence, untilUs: number, rate: number, share: number, needed: number): Thin | null {
  const lastedUs = untilUs - silence.sinceUs;
  const decisions = needed / -Math.log1p(-Math.min(share, 0.95));
  const usualUs = (decisions / Math.max(rate * (1 - share), 1e-9)) * 1e6;
  if (lastedUs < Math.min(usualUs, MOST * THIN_US)) return null;
  return { uplink: silence.uplink, startUs: silence.sinceUs, endUs: untilUs, idle: silence.late === 0 };
}
