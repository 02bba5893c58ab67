// Whole runs become rows of the ledger and sums of their uplinks, where nothing is to be found out any more: seen on one
// link alone, with an uplink's SNAT source, without fragments. The room's way in for tally/plain-runs.ts; what the fields of
// a row mean stands in flows/connection.ts and tally/ledger.ts, which do the same for all other flows.

import { META } from '../../decode/batch.js';
import { FLOW, ORIGIN } from '../connection.js';
import {
  COLD,
  COLUMNS,
  GONE,
  HOT,
  HOT_WORDS,
  MEMORY,
  NEVER,
  NONE,
  PLAIN_LANE,
  RUN_BYTES,
  SEGMENTS,
  STARTS,
  STATE,
  SUMS,
} from '../layout.js';
import { PROTOCOL } from '../rules.js';
import { SPRAYED_PACKETS } from '../spray.js';
import { forgetAddresses, numberOf } from './addresses.js';

const COLD_AT: usize = HOT_WORDS << 2;
const FIRST_AT: usize = COLD_AT + (COLD.firstLow64 << 3);
const LAST_AT: usize = HOT.lastLow64 << 3;
const WIDE_AT: usize = COLD_AT + (COLD.wide << 2);
const IP_CARRY_AT: usize = COLD_AT + (COLD.ipLowCarry << 2);
const AGAIN_AT: usize = COLD_AT + ((SEGMENTS.inCold + SEGMENTS.again) << 2);
const START_BYTES: usize = STARTS.words << 2;
const WELL_KNOWN: i32 = 1024;
const MOST: f64 = 0x7fffffff;
const ENTRY_MASK: i32 = STARTS.entries - 1;

/** Begins a tally of its own. */
export function beginSettling(seed: i32): void {
  forgetAddresses(seed);
  memory.fill(MEMORY.sums, 0, MEMORY.starts - MEMORY.sums);
  memory.fill(MEMORY.starts, 0, MEMORY.startsOut - MEMORY.starts);
}

/**
 * Settles `count` runs, SETTLED_RUNS at most, that stand at `from`; returns how many rows they came to. Those that it takes more
 * for are told by their number in the list; runs that are gone are passed over. There must be room for their addresses.
 */
export function settle(from: usize, count: i32): i32 {
  let row: usize = 0;
  let leftOut: usize = MEMORY.leftOut + 4;
  store<i32>(MEMORY.startsOutCount, 0);
  for (let n = 0; n < count; n++) {
    const run = from + <usize>n * RUN_BYTES;
    const meta = load<i32>(run, HOT.meta << 2);
    if (meta === GONE) continue;
    const state = load<i32>(run, HOT.state << 2);
    const lane = load<i32>(MEMORY.lanes + ((<usize>(<u32>state >>> STATE.laneShift)) << 2));
    const plain = (meta & META.ipv6) !== 0 ? PLAIN_LANE.ipv6 : PLAIN_LANE.ipv4;
    if ((lane & plain) === 0 || (state & STATE.fragments) !== 0 || (meta & META.datagram) !== 0) {
      store<i32>(leftOut, n);
      leftOut += 4;
    } else settleOne(run, meta, state, lane, row++);
  }
  store<i32>(MEMORY.leftOut, <i32>((leftOut - MEMORY.leftOut) >> 2) - 1);
  return <i32>row;
}

function settleOne(run: usize, meta: i32, state: i32, lane: i32, row: usize): void {
  const local: i32 = (lane & PLAIN_LANE.localHigh) !== 0 ? 1 : 0;
  const remote = 1 - local;
  const uplink = (lane >>> PLAIN_LANE.uplinkShift) & 0xff;
  const ports = load<i32>(run, HOT.ports << 2);
  const protocol = meta & META.protocolMask;
  const initiator = initiatorOf(meta, state, ports, protocol);
  const responder = 1 - initiator;
  const isAnswered = load<i32>(wordOf(run, responder), HOT.packetsLow << 2) !== 0;
  const isOpened = protocol !== PROTOCOL.tcp || (state & (STATE.synLow << initiator)) !== 0;
  const isInbound = initiator !== local;
  const firstLow = load<f64>(run, FIRST_AT);
  const firstHigh = load<f64>(run, FIRST_AT + 8);
  const startUs = firstLow === NEVER ? firstHigh : firstHigh === NEVER || firstLow < firstHigh ? firstLow : firstHigh;
  const lastLow = load<f64>(run, LAST_AT);
  const lastHigh = load<f64>(run, LAST_AT + 8);
  const packetsUp = load<u32>(wordOf(run, local), HOT.packetsLow << 2);
  const packetsDown = load<u32>(wordOf(run, remote), HOT.packetsLow << 2);

  const at64: usize = MEMORY.columns + (row << 3);
  store<f64>(at64, startUs, COLUMNS.startUs);
  store<f64>(at64, lastLow > lastHigh ? lastLow : lastHigh, COLUMNS.endUs);
  store<f64>(at64, ipBytesOf(run, local), COLUMNS.ipUp);
  store<f64>(at64, ipBytesOf(run, remote), COLUMNS.ipDown);
  const at32: usize = MEMORY.columns + (row << 2);
  store<u32>(at32, packetsUp, COLUMNS.packetsUp);
  store<u32>(at32, packetsDown, COLUMNS.packetsDown);
  const delay = initiator === 0 ? firstHigh - firstLow : firstLow - firstHigh;
  store<i32>(at32, isAnswered && isOpened && delay >= 0 ? <i32>min(delay, MOST) : NONE, COLUMNS.answerUs);
  store<i32>(at32, local === 0 ? lagOf(lastLow, lastHigh) : lagOf(lastHigh, lastLow), COLUMNS.lagUs);
  store<i32>(at32, addressOf(run, meta, remote), COLUMNS.server);
  store<i32>(at32, local === 0 ? ports : (ports << 16) | (ports >>> 16), COLUMNS.ports);
  const at8: usize = MEMORY.columns + row;
  const course =
    (isOpened ? FLOW.opened : 0) |
    (isAnswered ? FLOW.answered : 0) |
    ((state & STATE.bothFin) === STATE.bothFin ? FLOW.closed : 0) |
    ((state & (STATE.rstLow << remote)) !== 0 ? FLOW.resetByRemote : 0) |
    ((state & (STATE.rstLow << local)) !== 0 ? FLOW.resetByLocal : 0);
  store<u8>(at8, <u8>course, COLUMNS.course);
  store<u8>(at8, <u8>uplink, COLUMNS.uplink);
  store<u8>(at8, <u8>(lane >>> PLAIN_LANE.egressShift), COLUMNS.egress);
  store<u8>(at8, isInbound ? ORIGIN.inbound : ORIGIN.unknown, COLUMNS.origin);
  store<u8>(at8, <u8>protocol, COLUMNS.protocol);

  const sums: usize = MEMORY.sums + ((<usize>uplink * SUMS.fields) << 3);
  add(sums + (SUMS.packets << 3), <f64>packetsUp + <f64>packetsDown);
  add(sums + (SUMS.segmentsAgain << 3), <f64>load<u32>(run, AGAIN_AT));
  if (packetsUp >= 2 * SPRAYED_PACKETS) add(sums + (SUMS.long << 3), 1);
  if (isInbound) add(sums + (SUMS.inbound << 3), 1);
  else {
    add(sums + (SUMS.flows << 3), 1);
    if (isAnswered) add(sums + (SUMS.answered << 3), 1);
    noteStart((uplink << 1) | (isAnswered ? 0 : 1), startUs);
  }
}

/** `Connection.findInitiator`. */
function initiatorOf(meta: i32, state: i32, ports: i32, protocol: i32): i32 {
  const first = (state & STATE.firstHigh) !== 0 ? 1 : 0;
  const syn = state & (STATE.synLow | STATE.synHigh);
  if (syn === STATE.synLow) return 0;
  if (syn === STATE.synHigh) return 1;
  if (syn !== 0) return first;
  const answer = state & (STATE.synAckLow | STATE.synAckHigh);
  if (answer === STATE.synAckLow) return 1;
  if (answer === STATE.synAckHigh) return 0;
  if ((meta & META.hasPorts) !== 0 && protocol !== PROTOCOL.icmp && protocol !== PROTOCOL.icmp6) {
    const lowServes = ports >>> 16 < WELL_KNOWN;
    const highServes = (ports & 0xffff) < WELL_KNOWN;
    if (lowServes !== highServes) return lowServes ? 1 : 0;
  }
  return first;
}

/** An end's number of each pair of words, by the higher one's distance. */
function wordOf(run: usize, end: i32): usize {
  return run + ((<usize>end) << 2);
}

function ipBytesOf(run: usize, end: i32): f64 {
  const own = wordOf(run, end);
  return <f64>load<u32>(own, HOT.ipLow << 2) + <f64>load<i32>(own, IP_CARRY_AT) * 4294967296.0;
}

function lagOf(localUs: f64, remoteUs: f64): i32 {
  if (localUs === NEVER) return <i32>-MOST;
  return remoteUs === NEVER ? <i32>MOST : <i32>max(-MOST, min(localUs - remoteUs, MOST));
}

function addressOf(run: usize, meta: i32, end: i32): i32 {
  if ((meta & META.ipv6) === 0) return numberOf(-1, 0, 0xffff, load<i32>(wordOf(run, end), HOT.k0 << 2));
  const wide = run + ((<usize>end) << 4);
  return numberOf(
    load<i32>(wide, WIDE_AT),
    load<i32>(wide, WIDE_AT + 4),
    load<i32>(wide, WIDE_AT + 8),
    load<i32>(wide, WIDE_AT + 12),
  );
}

function add(sum: usize, more: f64): void {
  store<f64>(sum, load<f64>(sum) + more);
}

/** Counts a flow in its second. An entry of another second or cell makes room, and is told apart. */
function noteStart(cell: i32, startUs: f64): void {
  const second = Math.floor(startUs / 1e6);
  const place = (<i32>(<i64>second) * STARTS.words + cell) & ENTRY_MASK;
  const entry: usize = MEMORY.starts + <usize>place * START_BYTES;
  const flows = load<i32>(entry, STARTS.flows << 2);
  if (flows > 0 && load<i32>(entry, STARTS.cell << 2) === cell && load<f64>(entry, STARTS.second64 << 3) === second) {
    store<i32>(entry, flows + 1, STARTS.flows << 2);
    if (startUs < load<f64>(entry, STARTS.firstUs64 << 3)) store<f64>(entry, startUs, STARTS.firstUs64 << 3);
    if (startUs > load<f64>(entry, STARTS.lastUs64 << 3)) store<f64>(entry, startUs, STARTS.lastUs64 << 3);
    return;
  }
  if (flows > 0) {
    const out = load<i32>(MEMORY.startsOutCount);
    memory.copy(MEMORY.startsOut + <usize>out * START_BYTES, entry, START_BYTES);
    store<i32>(MEMORY.startsOutCount, out + 1);
  }
  store<i32>(entry, cell, STARTS.cell << 2);
  store<i32>(entry, 1, STARTS.flows << 2);
  store<f64>(entry, second, STARTS.second64 << 3);
  store<f64>(entry, startUs, STARTS.firstUs64 << 3);
  store<f64>(entry, startUs, STARTS.lastUs64 << 3);
}
