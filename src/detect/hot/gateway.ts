// What pings and ARP at a gateway say: that it answers proves nothing about the line, that it does not says a lot.

import type { Line, Silence } from './line.js';

/** A lost demand at the gateway, in nats: about one in twenty by chance. */
const LOST_NATS: f64 = 3;
/** The next demand comes at least so long after one that was lost. */
const WAIT_US: f64 = 400_000;
/** Answers of a gateway before its silence counts. */
const LEAST_ANSWERS: i32 = 3;
/** Missed beats of a keep-alive, in nats, and how many count. */
const BEAT_NATS: f64 = 1.5;
const MOST_BEATS: f64 = 4;
/** Beats before a missed one counts, and that a beat's length is the mean of. */
export const LEAST_BEATS: i32 = 4;
const MEMORY: f64 = 16;

/** A ping or an ARP request goes out to the gateway. Returns whether that shows that the one before was lost. */
export function askGateway(line: Line, timeUs: f64, ping: bool): bool {
  const silence = line.silence;
  const before = ping ? line.lastPingOutUs : line.lastAskedUs;
  const unanswered = !(line.lastPingInUs >= before);
  // Else it is too young to tell.
  const isLost = before > silence.sinceUs && timeUs - before > WAIT_US && unanswered;
  if (isLost) lose(silence, before);
  if (!(timeUs - before < WAIT_US && unanswered)) {
    if (ping) {
      const every = timeUs - line.lastPingOutUs;
      if (every > 0) line.beatUs += (every - line.beatUs) / Math.min(++line.beats, MEMORY);
      line.lastPingOutUs = timeUs;
    } else line.lastAskedUs = timeUs;
  }
  const answers = line.pingsAnswered + (ping ? 0 : line.asksAnswered);
  if (!isLost || line.isOut || answers < LEAST_ANSWERS) return false;
  silence.gatewayScore += LOST_NATS;
  return true;
}

/** A keep-alive went out elsewhere: this line's, sent as regularly, should not be missing. Returns whether it newly is. */
export function missBeat(line: Line, timeUs: f64): bool {
  if (line.isOut || line.beats < LEAST_BEATS) return false;
  const silence = line.silence;
  const from = Math.max(line.lastPingOutUs, silence.sinceUs);
  const missed = Math.min(MOST_BEATS, Math.floor((timeUs - from) / line.beatUs - 0.5));
  if (!(missed > silence.beatsMissed)) return false;
  silence.gatewayScore += (missed - silence.beatsMissed) * BEAT_NATS;
  silence.beatsMissed = missed;
  return true;
}

export function hearGateway(line: Line, timeUs: f64, ping: bool): void {
  const silence = line.silence;
  if (ping) line.pingsAnswered++;
  else line.asksAnswered++;
  line.lastPingInUs = timeUs;
  // An answer that was on its way when the line died says nothing.
  if (timeUs < silence.sinceUs + line.delays.p99Us) return;
  if (ping) silence.pingsIn++;
  else silence.answered++;
  if (Number.isNaN(silence.gatewayBackUs)) silence.gatewayBackUs = timeUs;
}

/** It answered since the silence began, and of late. */
export function gatewayLives(line: Line, nowUs: f64): bool {
  const silence = line.silence;
  if (silence.pingsIn + silence.answered === 0) return false;
  const quietUs = nowUs - line.lastPingInUs;
  return line.beats >= LEAST_BEATS ? quietUs < 2.5 * line.beatUs : quietUs * 2 < nowUs - silence.sinceUs;
}

/** What should have been answered by now counts as lost. */
export function giveUpGateway(line: Line, nowUs: f64): void {
  giveUp(line, line.lastPingOutUs, nowUs);
  giveUp(line, line.lastAskedUs, nowUs);
}

function giveUp(line: Line, askedUs: f64, nowUs: f64): void {
  const silence = line.silence;
  if (!(askedUs > silence.sinceUs) || askedUs > nowUs - WAIT_US || line.lastPingInUs >= askedUs) return;
  if (!(silence.lastAskedUs >= askedUs)) lose(silence, askedUs);
}

function lose(silence: Silence, askedUs: f64): void {
  if (!(silence.firstAskedUs <= askedUs)) silence.firstAskedUs = askedUs;
  if (!(silence.lastAskedUs >= askedUs)) silence.lastAskedUs = askedUs;
  silence.asksLost++;
  silence.heardByLost = silence.pingsIn + silence.answered;
  silence.gatewayBackUs = Number.NaN;
}
