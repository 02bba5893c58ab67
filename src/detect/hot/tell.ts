// What was found becomes a record of numbers: see detect/found.ts.

import { BROWNOUT, CHANGE, GAP, RECORD_FIELDS, SILENCE, THIN } from '../found.js';
import type { Brownout } from './brownout.js';
import type { SpanUs } from './gaps.js';
import type { Silence } from './line.js';
import type { Change } from './sum.js';
import type { Thin } from './thin.js';

/** There is one, written anew for each. */
export const RECORD: StaticArray<f64> = new StaticArray<f64>(RECORD_FIELDS);

function put(field: i32, value: f64): void {
  RECORD[field] = value;
}

export function tellOutage(silence: Silence): void {
  put(SILENCE.uplink, silence.uplink);
  put(SILENCE.sinceUs, silence.sinceUs);
  put(SILENCE.fromStart, silence.fromStart ? 1 : 0);
  put(SILENCE.lateScore, silence.lateScore);
  put(SILENCE.elsewhereScore, silence.elsewhereScore);
  put(SILENCE.gatewayScore, silence.gatewayScore);
  put(SILENCE.late, silence.late);
  put(SILENCE.servers, silence.servers);
  put(SILENCE.firstLateUs, silence.firstLateUs);
  put(SILENCE.lastLateUs, silence.lastLateUs);
  put(SILENCE.elsewhere, silence.elsewhere);
  put(SILENCE.beatsMissed, silence.beatsMissed);
  put(SILENCE.asksLost, silence.asksLost);
  put(SILENCE.heardByLost, silence.heardByLost);
  put(SILENCE.firstAskedUs, silence.firstAskedUs);
  put(SILENCE.lastAskedUs, silence.lastAskedUs);
  put(SILENCE.gapFromUs, silence.gapFromUs);
  put(SILENCE.gapToUs, silence.gapToUs);
  put(SILENCE.lastAnyUs, silence.lastAnyUs);
  put(SILENCE.gatewayBackUs, silence.gatewayBackUs);
  put(SILENCE.share, silence.share);
  put(SILENCE.needed, silence.needed);
  put(SILENCE.delayUs, silence.delayUs);
  put(SILENCE.waitUs, silence.waitUs);
  put(SILENCE.beatUs, silence.beatUs);
  put(SILENCE.lateAfterUs, silence.lateAfterUs);
  put(SILENCE.endUs, silence.endUs);
}

export function tellBrownout(brownout: Brownout): void {
  const end = brownout.end;
  put(BROWNOUT.uplink, brownout.uplink);
  tellChange(BROWNOUT.start, brownout.start);
  put(BROWNOUT.hasEnd, end === null ? 0 : 1);
  if (end !== null) tellChange(BROWNOUT.end, end);
  put(BROWNOUT.all, brownout.all);
  put(BROWNOUT.late, brownout.late);
  put(BROWNOUT.slow, brownout.slow);
  put(BROWNOUT.servers, brownout.servers);
  put(BROWNOUT.before, brownout.before);
  put(BROWNOUT.score, brownout.score);
  put(BROWNOUT.needed, brownout.needed);
  put(BROWNOUT.delayUs, brownout.delayUs);
  put(BROWNOUT.lateAfterUs, brownout.lateAfterUs);
}

function tellChange(from: i32, change: Change): void {
  put(from + CHANGE.earliestUs, change.earliestUs);
  put(from + CHANGE.bestUs, change.bestUs);
  put(from + CHANGE.latestUs, change.latestUs);
}

export function tellThin(thin: Thin): void {
  put(THIN.uplink, thin.uplink);
  put(THIN.startUs, thin.startUs);
  put(THIN.endUs, thin.endUs);
  put(THIN.idle, thin.idle ? 1 : 0);
}

export function tellGap(gap: SpanUs): void {
  put(GAP.startUs, gap.startUs);
  put(GAP.endUs, gap.endUs);
}
