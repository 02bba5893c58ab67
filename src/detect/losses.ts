// What an outage cost, counted from the flows: the router's reaction, failback, blackholed, cut, tried again, stranded.

import { FLOW } from '../flows/connection.js';
import { NONE } from '../flows/layout.js';
import { PROTOCOL } from '../flows/rules.js';
import type { Outage } from '../report/report.js';
import type { Ledger } from '../tally/ledger.js';
import type { Flows } from './evidence.js';
import { placeOf, type RawOutage } from './raw.js';
import { PATIENCE_US } from './settings.js';

type Losses = Pick<
  Outage,
  | 'reaction'
  | 'failback'
  | 'blackholedFlows'
  | 'cutFlows'
  | 'clientsHit'
  | 'bytesCut'
  | 'strandedFlows'
  | 'retried'
  | 'answeredBefore'
  | 'answeredDuring'
>;

/** "Never" in a hundred: from so improbable an absence on the router is taken to avoid the uplink. */
const AVOIDED_NATS = Math.log(100);
/** What was answered before is taken from so long before the start. */
const BEFORE_US = 300e6;
/** A connection that was silent for longer when the line died was not at work. */
const AT_WORK_US = 120e6;
/** So many at least are no accident. */
const LEAST_VANISHED = 3;
/** Packets down that make a stream of a flow without connection. */
const STREAM = 5;
/** A connection that was cut is reset so long after the line is back, at most. */
const RESET_US = 60e6;
/** A flow that is still on the backup so long after the failback is stranded. */
const STRANDED_US = 60e6;

/** `fromUs`: the end of the uplink's outage before; `kept`: the part of the flows that the ledger holds. */
export function lossesOf(
  raw: RawOutage,
  ledger: Ledger,
  vanished: readonly Vanished[],
  flows: Flows,
  fromUs: number,
  inputEndUs: number,
  kept: number,
): Losses {
  const { uplink, start, end, lateAfterUs, delayUs } = raw;
  const endUs = end?.bestUs ?? inputEndUs;
  const during = { from: placeOf(flows.startUs, start.bestUs - 1), to: placeOf(flows.startUs, endUs) };
  const clients = new Set<number>();
  const blackholed: number[] = [];
  let clientsKnown = flows.clientsVisible;
  let all = 0;
  let prompt = 0;
  let last = Number.NaN;
  for (let i = placeOf(flows.startUs, start.earliestUs); i < during.to; i++) {
    if (flows.uplink[i] !== uplink) continue;
    const startUs = flows.startUs[i];
    const waitUs = flows.waitUs[i];
    const answered = waitUs >= 0 && waitUs <= lateAfterUs;
    if (startUs >= start.bestUs && startUs <= endUs - lateAfterUs) {
      all++;
      if (answered) prompt++;
    }
    if (startUs > inputEndUs - lateAfterUs) continue;
    if (!answered && startUs < (end?.latestUs ?? Number.POSITIVE_INFINITY) - delayUs) last = startUs;
    if (waitUs < 0) {
      blackholed.push(i);
      note(ledger.client[flows.row[i]]);
    }
  }
  const lost = vanishedDuring(raw, vanished, endUs);
  if (lost.flows > 0) last = Number.isNaN(last) ? lost.lastUs : Math.max(last, lost.lastUs);
  const cut = cutRows(raw, ledger, fromUs);
  for (const row of cut) note(ledger.client[row]);
  function note(client: number) {
    if (client === NONE) clientsKnown = false;
    else clients.add(client);
  }
  const failback = failbackOf(raw, flows);
  return {
    reaction: raw.kind === 'brownout' ? null : reactionOf(raw, flows, last, endUs),
    failback,
    blackholedFlows: Math.round(blackholed.length / kept) + lost.flows,
    cutFlows: Math.round(cut.length / kept),
    clientsHit: clientsKnown ? Math.round(clients.size / kept) : null,
    bytesCut: Math.round(cut.reduce((sum, row) => sum + ledger.ipUp[row] + ledger.ipDown[row], 0) / kept),
    strandedFlows:
      failback === null ? 0 : Math.round(countStranded(raw, ledger, flows, during, failback.firstFlow) / kept),
    retried: clientsKnown && blackholed.length > 0 ? retriesOf(blackholed, ledger, flows, kept) : null,
    answeredBefore: shareBefore(raw, flows, fromUs),
    answeredDuring: all === 0 ? null : prompt / all,
  };
}

/** Flows of the LAN side that no uplink shows and nobody answers, by the second of their start. */
export interface Vanished {
  firstUs: number;
  lastUs: number;
  flows: number;
}

/** Those in it, where they are clearly more than before: the router sent them into a link that takes nothing. */
function vanishedDuring({ kind, start }: RawOutage, vanished: readonly Vanished[], endUs: number) {
  const spanUs = endUs - start.bestUs;
  let flows = 0;
  let before = 0;
  let lastUs = Number.NaN;
  if (kind === 'link-down' || kind === 'gateway-dead') {
    for (const one of vanished) {
      if (one.firstUs >= start.bestUs && one.lastUs <= endUs) {
        flows += one.flows;
        lastUs = one.lastUs;
      } else if (one.lastUs < start.bestUs && one.firstUs >= start.bestUs - spanUs) before += one.flows;
    }
  }
  return flows >= LEAST_VANISHED && flows > 3 * before ? { flows, lastUs } : { flows: 0, lastUs };
}

function reactionOf(raw: RawOutage, flows: Flows, lastUs: number, endUs: number): Outage['reaction'] {
  const { uplink, start, share, kind } = raw;
  // What was under way when the link went down was not sent into a dead one.
  if (Number.isNaN(lastUs) || (kind === 'link-down' && lastUs <= start.latestUs)) return null;
  let nats = 0;
  const perDecision = -Math.log1p(-Math.min(Math.max(share, 0), 0.95));
  for (
    let i = placeOf(flows.startUs, lastUs + 1);
    i < flows.count && flows.startUs[i] < endUs && nats < AVOIDED_NATS;
    i++
  ) {
    if (flows.draw[i] === 1 && flows.uplink[i] !== uplink) nats += perDecision;
  }
  return {
    lastFlowInto: lastUs / 1e6,
    seconds: Math.max(0, lastUs - start.bestUs) / 1e6,
    avoided: nats >= AVOIDED_NATS && tookOver(raw, flows, lastUs, endUs),
  };
}

/**
 * Whether the other uplinks got the avoided one's flows: else the router goes on to send them where no recorder sees them
 * (no neighbour, no carrier).
 */
function tookOver({ uplink, start, share }: RawOutage, flows: Flows, lastUs: number, endUs: number): boolean {
  const spanUs = Math.min(endUs - lastUs, BEFORE_US);
  const elsewhere = (fromUs: number, toUs: number) => {
    let count = 0;
    for (let i = placeOf(flows.startUs, fromUs); i < flows.count && flows.startUs[i] < toUs; i++) {
      if (flows.draw[i] === 1 && flows.uplink[i] !== uplink) count++;
    }
    return count;
  };
  const beforeUs = Math.min(BEFORE_US, start.earliestUs - flows.startUs[0]);
  const before = elsewhere(start.earliestUs - beforeUs, start.earliestUs);
  if (beforeUs < 10e6 || before === 0) return true;
  const usual = (before / beforeUs) * spanUs;
  const more = 1 / (1 - Math.min(Math.max(share, 0), 0.9));
  return elsewhere(lastUs, lastUs + spanUs) * Math.log(more) - usual * (more - 1) > -AVOIDED_NATS;
}

/** The first flow that began when it was over, or might have been, and was answered. */
function failbackOf({ uplink, end, lateAfterUs, backUs }: RawOutage, flows: Flows): Outage['failback'] {
  if (end === null) return null;
  if (backUs !== undefined) return { firstFlow: backUs / 1e6, seconds: Math.max(0, backUs - end.bestUs) / 1e6 };
  for (let i = placeOf(flows.startUs, end.earliestUs + 1); i < flows.count; i++) {
    if (flows.uplink[i] !== uplink) continue;
    const waitUs = flows.waitUs[i];
    if (waitUs < 0 || waitUs > lateAfterUs) continue;
    const startUs = flows.startUs[i];
    return { firstFlow: startUs / 1e6, seconds: Math.max(0, startUs - end.bestUs) / 1e6 };
  }
  return null;
}

/**
 * Rows of flows that were at work when the line died and came to nothing: the remote end's last word lies before, though
 * the local end went on or the connection was never closed; or it spoke after the end only to see the connection reset.
 */
function cutRows(raw: RawOutage, ledger: Ledger, fromUs: number): number[] {
  const { uplink, start, end, lateAfterUs, kind } = raw;
  if (kind === 'brownout') return [];
  const { startUs, endUs, lagUs, course, protocol, packetsDown } = ledger;
  const reset = FLOW.resetByLocal | FLOW.resetByRemote;
  const sinceUs = Math.max(fromUs, start.bestUs - AT_WORK_US);
  const overUs = (end?.latestUs ?? start.bestUs) + RESET_US;
  const rows: number[] = [];
  for (let row = 0; row < ledger.count; row++) {
    if (ledger.uplink[row] !== uplink || startUs[row] >= start.bestUs || endUs[row] < sinceUs) continue;
    if ((course[row] & (FLOW.answered | FLOW.untimed)) !== FLOW.answered) continue;
    const tcp = protocol[row] === PROTOCOL.tcp;
    const remoteUs = endUs[row] - Math.max(0, lagUs[row]);
    if (remoteUs > start.latestUs) {
      if (tcp && (course[row] & FLOW.closed) === 0 && (course[row] & reset) !== 0 && endUs[row] < overUs)
        rows.push(row);
      continue;
    }
    if (remoteUs < sinceUs) continue;
    if (endUs[row] > start.latestUs && lagUs[row] > lateAfterUs) rows.push(row);
    else if (tcp) {
      if ((course[row] & (FLOW.closed | reset | FLOW.opened)) === FLOW.opened) rows.push(row);
    } else if (packetsDown[row] >= STREAM) {
      // A stream that broke off: silent for longer than its packets are apart.
      const apartUs = (remoteUs - startUs[row]) / packetsDown[row];
      if (apartUs < 0.5e6 && start.bestUs - remoteUs < 4 * apartUs + 0.2e6) rows.push(row);
    }
  }
  return rows;
}

/** Flows that began elsewhere while it was out and went on long after the failback. */
function countStranded(
  { uplink }: RawOutage,
  ledger: Ledger,
  flows: Flows,
  during: { from: number; to: number },
  firstFlow: number,
): number {
  let stranded = 0;
  for (let i = during.from; i < during.to; i++) {
    if (flows.uplink[i] === uplink || flows.draw[i] === 0) continue;
    if (ledger.endUs[flows.row[i]] > firstFlow * 1e6 + STRANDED_US) stranded++;
  }
  return stranded;
}

/** Blackholed flows that their clients tried again, to the same port of the same server, until another uplink answered. */
function retriesOf(blackholed: readonly number[], ledger: Ledger, flows: Flows, kept: number): Outage['retried'] {
  const purposeOf = (i: number) =>
    (flows.key[i] * 3 + flows.demand[i]) * 0x10000 + (ledger.ports[flows.row[i]] & 0xffff);
  // What is still wanted, since when first and when last; looked through once, in the order of time.
  const wanted = new Map<number, { firstUs: number; lastUs: number }>();
  const waits: number[] = [];
  const out = flows.uplink[blackholed[0]];
  const lastUs = flows.startUs[blackholed[blackholed.length - 1]] + PATIENCE_US;
  let next = 0;
  for (let i = blackholed[0]; i < flows.count && flows.startUs[i] <= lastUs; i++) {
    const startUs = flows.startUs[i];
    if (blackholed[next] === i) {
      next++;
      const purpose = purposeOf(i);
      const known = wanted.get(purpose);
      if (known !== undefined && startUs - known.lastUs <= PATIENCE_US) known.lastUs = startUs;
      else wanted.set(purpose, { firstUs: startUs, lastUs: startUs });
    } else if (flows.uplink[i] !== out && flows.waitUs[i] >= 0) {
      const purpose = purposeOf(i);
      const known = wanted.get(purpose);
      if (known === undefined) continue;
      wanted.delete(purpose);
      if (startUs - known.lastUs <= PATIENCE_US) waits.push((startUs + flows.waitUs[i] - known.firstUs) / 1e6);
    }
  }
  waits.sort((a, b) => a - b);
  const rank = (part: number) => waits[Math.max(0, Math.ceil(waits.length * part) - 1)] ?? null;
  return { flows: Math.round(waits.length / kept), waitP50: rank(0.5), waitP95: rank(0.95) };
}

function shareBefore({ uplink, start, lateAfterUs }: RawOutage, flows: Flows, fromUs: number): number | null {
  let all = 0;
  let prompt = 0;
  const to = placeOf(flows.startUs, start.earliestUs - lateAfterUs);
  for (let i = placeOf(flows.startUs, Math.max(fromUs, start.earliestUs - BEFORE_US)); i < to; i++) {
    if (flows.uplink[i] !== uplink) continue;
    all++;
    if (flows.waitUs[i] >= 0 && flows.waitUs[i] <= lateAfterUs) prompt++;
  }
  return all === 0 ? null : prompt / all;
}
