// How much silence a run survives. The times come from flows/rules.ts, three for each state that the rules tell apart: what
// they say with all of the past known, and the least and the most that they could say with an unknown one.

import { META } from '../../decode/batch.js';
import { COLD, HOT, HOT_WORDS, MEMORY, NEVER, SILENCE, STATE } from '../layout.js';
import { PROTOCOL, STREAM_US } from '../rules.js';

/** No rule splits a gap that is not longer than this. */
export let least: f64 = 0;
/** None splits one of UDP that is not longer than this. */
let leastUdp: f64 = 0;

export function setRules(any: f64, udp: f64): void {
  least = any;
  leastUdp = udp;
}

/** Whether a run is over after such a silence, whatever came before it. */
export function isOver(run: usize, last: f64, silence: f64): bool {
  const meta = load<i32>(run, HOT.meta << 2);
  // Spares most of them the look at their age, which stands in the cold record.
  if (silence <= least || (isUdp(meta) && silence <= leastUdp)) return false;
  const rules = rulesOf(run, last);
  if ((load<i32>(run, HOT.state << 2) & STATE.leftOpen) === 0) return silence > load<f64>(rules);
  // Where packets are out of order, the unknown past may have one as late as the clock was when the run began.
  return silence - max(0, startClock(run) - last) > load<f64>(rules, 16);
}

/** Microseconds of silence that a run survives, all of its past being known. */
export function survives(run: usize, last: f64): f64 {
  return load<f64>(rulesOf(run, last));
}

/** Whether it could be over, some of its past not being known. */
export function mayBeOver(run: usize, last: f64, silence: f64): bool {
  return silence > load<f64>(rulesOf(run, last), 8);
}

/** Of a datagram first fragments count as well, though they are no packets of its own. Its start, before the first. */
export function lastSight(run: usize): f64 {
  const low = load<f64>(run, HOT.lastLow64 << 3);
  const high = load<f64>(run, HOT.lastHigh64 << 3);
  const last = low > high ? low : high;
  if ((load<i32>(run, HOT.meta << 2) & META.datagram) !== 0) {
    const fragment = load<f64>(run, (HOT_WORDS << 2) + (COLD.lastFragment64 << 3));
    if (fragment > 0 && fragment > last) return fragment;
  }
  return last !== NEVER ? last : startClock(run);
}

function startClock(run: usize): f64 {
  return load<f64>(run, (HOT_WORDS << 2) + (COLD.startClock64 << 3));
}

function rulesOf(run: usize, last: f64): usize {
  return MEMORY.rules + 24 * silenceOf(run, last);
}

function silenceOf(run: usize, last: f64): usize {
  const meta = load<i32>(run, HOT.meta << 2);
  const state = load<i32>(run, HOT.state << 2);
  if ((meta & META.datagram) !== 0) return SILENCE.datagram;
  const protocol = meta & META.protocolMask;
  if (protocol === PROTOCOL.tcp) {
    if ((state & STATE.anyRst) !== 0) return SILENCE.tcpReset;
    if ((state & STATE.bothFin) === STATE.bothFin) return SILENCE.tcpClosed;
    if ((state & STATE.startsWithSyn) !== 0) {
      return (state & STATE.bothFin) !== 0 ? SILENCE.tcpFreshHalf : SILENCE.tcpFresh;
    }
    return (state & STATE.anyOpening) !== 0 ? SILENCE.tcpOpened : SILENCE.tcpMidstream;
  }
  if (isUdp(meta)) {
    const stream = (state & STATE.bothWays) === STATE.bothWays && last - startClock(run) >= STREAM_US;
    return stream ? SILENCE.udpStream : SILENCE.udp;
  }
  return protocol === PROTOCOL.icmp || protocol === PROTOCOL.icmp6 ? SILENCE.icmp : SILENCE.other;
}

function isUdp(meta: i32): bool {
  const protocol = meta & META.protocolMask;
  return protocol === PROTOCOL.udp || protocol === PROTOCOL.udpLite;
}
