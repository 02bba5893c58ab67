// A silence or a brownout becomes an outage with its kind and bounds: what happened when, before what it cost is counted.

import type { OutageKind } from '../report/report.js';
import type { Flows } from './evidence.js';
import type { Brownout, Change, Silence } from './found.js';

/** Times in microseconds. */
export interface RawOutage {
  uplink: number;
  kind: OutageKind;
  /** The last sign of life before it. */
  sinceUs: number;
  start: Change;
  /** Null: not over when the input ends. */
  end: Change | null;
  /** What shows the end is the gateway alone: no flow came back. */
  shownByGateway: boolean;
  /** An answer takes no longer, as a rule; a demand without one for so long is late. */
  delayUs: number;
  lateAfterUs: number;
  share: number;
  evidence: { what: string; count: number; servers: number | null }[];
  /** The first flow after it, where the flows themselves don't show it. */
  backUs?: number;
  /** How often the gateway is pinged; 0 or absent where it is not known to be. */
  beatUs?: number;
  /** By how many nats the evidence exceeds what it takes. */
  surplus: number;
}

/** A flow that began so long after the last packet in may have met the line's very end: in part of the whole, at most. */
const ON_THE_WAY = 0.05;
const ON_THE_WAY_US = 1e6;
/** Of a link that is down nothing is seen for this part of the silence at least. */
const NOTHING = 0.5;
/** The bounds of a start without demand hold it 99 times of 100. */
const NATS = Math.log(100);
/** Flows looked at to find them. */
const MOST_LOOKED = 1 << 20;
/** From one ping to the next: of the usual time (one that fails takes a while itself), and what that is where it is not known. */
const PING = 1.25;
const PING_US = 5e6;
/** Without an expected share flows tell no time. */
const LEAST_SHARE = 0.001;

export function rawOfSilence(
  silence: Silence,
  flows: Flows,
  startUs: number,
  inputEndUs: number,
  isLog: boolean,
): RawOutage {
  const kind = kindOf(silence, inputEndUs, isLog);
  const { delayUs, lateAfterUs, share, uplink } = silence;
  const start = startOf(silence, kind, flows, startUs, inputEndUs);
  const end = endOf(silence, kind, flows, start, inputEndUs, isLog);
  const score = silence.lateScore + silence.elsewhereScore + silence.gatewayScore;
  return {
    uplink,
    kind,
    sinceUs: silence.sinceUs,
    start,
    end,
    shownByGateway: end !== null && Number.isNaN(silence.endUs),
    delayUs,
    lateAfterUs,
    share,
    evidence: evidenceOf(silence),
    beatUs: silence.beatUs,
    surplus: score - silence.needed,
  };
}

export function rawOfBrownout(brownout: Brownout): RawOutage {
  const { uplink, start, end, all, late, slow, servers, score, needed, delayUs, lateAfterUs } = brownout;
  return {
    uplink,
    // Where answers come, however late, there is no hole: a flow tried again after the end has one, too.
    kind: late >= all * 0.97 && slow < late / 2 ? 'blackhole' : 'brownout',
    sinceUs: start.earliestUs,
    start,
    end,
    shownByGateway: false,
    delayUs,
    lateAfterUs,
    share: 0,
    evidence: [{ what: 'late', count: late, servers }],
    surplus: score - needed,
  };
}

function kindOf(silence: Silence, inputEndUs: number, isLog: boolean): OutageKind {
  const { sinceUs, late, lastLateUs, gapFromUs, gapToUs, asksLost, heardByLost } = silence;
  const endUs = Number.isNaN(silence.endUs) ? inputEndUs : silence.endUs;
  // A gap that is still open when the input ends was never closed by a packet.
  const nothingUs = Math.max(
    gapToUs - gapFromUs || 0,
    endUs - (silence.lastAnyUs >= sinceUs ? silence.lastAnyUs : sinceUs),
  );
  const onTheWayUs = Math.min(ON_THE_WAY_US, Math.max(1.5 * silence.delayUs, ON_THE_WAY * (endUs - sinceUs)));
  const onlyAtFirst = late === 0 || lastLateUs <= sinceUs + onTheWayUs;
  // Or all of it was sent after the long gap: the link was back by then.
  const nothingSent = onlyAtFirst || silence.firstLateUs >= gapToUs;
  if (nothingSent && asksLost < 2 && nothingUs >= NOTHING * (endUs - sinceUs)) return 'link-down';
  // In a log pings go unanswered into a link without carrier as well; into a dead gateway flows went at first.
  if (isLog && onlyAtFirst) return 'link-down';
  if (asksLost > 0 && asksLost > heardByLost) return 'gateway-dead';
  return onlyAtFirst ? 'link-down' : 'blackhole';
}

function startOf(silence: Silence, kind: OutageKind, flows: Flows, inputStartUs: number, inputEndUs: number): Change {
  const { sinceUs, delayUs, firstLateUs, firstAskedUs, fromStart } = silence;
  if (fromStart) {
    const idleUs = kind === 'link-down' ? sinceUs + waitFor(silence, flows, sinceUs, 1).span : sinceUs;
    const untilUs = Number.isNaN(firstLateUs) ? idleUs : Math.max(sinceUs, firstLateUs) + delayUs;
    return { earliestUs: inputStartUs, bestUs: inputStartUs, latestUs: Math.max(inputStartUs, untilUs) };
  }
  const earliestUs = Math.max(inputStartUs, sinceUs - delayUs);
  if (kind !== 'link-down') {
    const demandUs = least(firstLateUs, kind === 'gateway-dead' ? firstAskedUs : Number.NaN);
    if (!Number.isNaN(demandUs)) {
      const latestUs = Math.max(demandUs, sinceUs) + delayUs;
      return { earliestUs, bestUs: Math.round((sinceUs + Math.max(demandUs, sinceUs)) / 2), latestUs };
    }
  }
  const lastUs = lastPacketUs(silence);
  const { span, mean } = waitFor(silence, flows, lastUs, 1);
  const untilUs = Number.isNaN(silence.endUs) ? inputEndUs : silence.endUs;
  const latestUs = Math.min(lastUs + span, untilUs) + delayUs;
  return {
    earliestUs: Math.max(inputStartUs, (silence.late > 0 ? sinceUs : lastUs) - delayUs),
    bestUs: Math.min(lastUs + bestWait(mean, silence), untilUs),
    latestUs,
  };
}

/** The last packet of any kind before the longest time without. */
function lastPacketUs({ sinceUs, gapFromUs }: Silence): number {
  return gapFromUs >= sinceUs ? gapFromUs : sinceUs;
}

function endOf(
  silence: Silence,
  kind: OutageKind,
  flows: Flows,
  start: Change,
  inputEndUs: number,
  isLog: boolean,
): Change | null {
  const { endUs, gatewayBackUs, delayUs, lastLateUs, lastAskedUs, gapToUs } = silence;
  if (kind === 'link-down') {
    const openUs = Number.isNaN(endUs) ? inputEndUs : endUs;
    const gapIsLast = !(gapToUs > start.bestUs) || gapToUs - lastPacketUs(silence) < openUs - gapToUs;
    const backUs = !gapIsLast ? gapToUs : gatewayBackUs > gapToUs ? gatewayBackUs : endUs;
    if (Number.isNaN(backUs) || (Number.isNaN(endUs) && Number.isNaN(gatewayBackUs))) return null;
    const seen = Number.isNaN(endUs)
      ? { span: silence.beatUs || backUs - start.bestUs, mean: silence.beatUs / 2 }
      : waitFor(silence, flows, backUs, -1);
    const { span, mean } = seen;
    // A log shows when the link is used again. Where flows waited for a ping, it came up at any time since the one before.
    const pingedUs = isLog && gatewayBackUs <= endUs ? PING * (silence.beatUs || PING_US) : 0;
    const earliestUs = Math.max(start.bestUs, backUs - Math.max(span, pingedUs));
    return { earliestUs, bestUs: Math.max(start.bestUs, backUs - bestWait(mean, silence)), latestUs: backUs + delayUs };
  }
  const gateway = kind === 'gateway-dead';
  const backUs = gateway ? least(gatewayBackUs, endUs) : endUs;
  if (Number.isNaN(backUs)) return null;
  const demandUs = most(
    lastLateUs < backUs ? lastLateUs : Number.NaN,
    gateway && lastAskedUs < backUs ? lastAskedUs : Number.NaN,
  );
  const lastUs = Number.isNaN(demandUs) ? start.bestUs : Math.max(demandUs, start.bestUs);
  return { earliestUs: lastUs, bestUs: Math.round((lastUs + backUs) / 2), latestUs: backUs };
}

/** Packets of flows that go on come oftener than new flows; there are none where the line had hardly any flows. */
function bestWait(mean: number, { waitUs }: Silence): number {
  return waitUs > 0 ? Math.min(mean, waitUs) : mean;
}

/**
 * How long nothing would have been seen on the link by chance at one in a hundred, and in the mean: counted in decisions
 * that went elsewhere, from a moment forwards or backwards.
 */
function waitFor(
  { uplink, share }: Silence,
  flows: Flows,
  fromUs: number,
  step: 1 | -1,
): { span: number; mean: number } {
  const { startUs, draw, count } = flows;
  const nats = -Math.log1p(-Math.min(Math.max(share, LEAST_SHARE), 0.95));
  let at = placeOf(startUs, fromUs);
  if (step < 0) at--;
  let sum = 0;
  let looked = 0;
  let mean = Number.NaN;
  for (; at >= 0 && at < count && looked < MOST_LOOKED; at += step, looked++) {
    if (draw[at] === 0 || flows.uplink[at] === uplink) continue;
    sum += nats;
    const wait = Math.abs(startUs[at] - fromUs);
    if (sum >= 1 && Number.isNaN(mean)) mean = wait;
    if (sum >= NATS) return { span: wait, mean };
  }
  const rest = looked === 0 ? 0 : Math.abs(startUs[Math.min(Math.max(at, 0), count - 1)] - fromUs);
  return { span: rest, mean: Number.isNaN(mean) ? rest / 2 : mean };
}

/** The first place whose time is at or after this. */
export function placeOf(times: Float64Array, timeUs: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle] < timeUs) low = middle + 1;
    else high = middle;
  }
  return low;
}

function evidenceOf(silence: Silence): RawOutage['evidence'] {
  const { late, servers, elsewhere, asksLost, beatsMissed, elsewhereScore } = silence;
  return [
    ...(late > 0 ? [{ what: 'unanswered', count: late, servers }] : []),
    ...(elsewhere > 0 && elsewhereScore > 0 ? [{ what: 'went-elsewhere', count: elsewhere, servers: null }] : []),
    ...(asksLost > 0 ? [{ what: 'gateway-silent', count: asksLost, servers: null }] : []),
    ...(beatsMissed > 0 ? [{ what: 'keepalive-missing', count: beatsMissed, servers: null }] : []),
  ];
}

function least(a: number, b: number): number {
  return Number.isNaN(a) ? b : Number.isNaN(b) ? a : Math.min(a, b);
}

function most(a: number, b: number): number {
  return Number.isNaN(a) ? b : Number.isNaN(b) ? a : Math.max(a, b);
}
