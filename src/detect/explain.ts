// Why an outage went as it did, where the wire or the configuration shows it, each with the command that changes it. What
// today's kernel does was measured in the lab; the sysctls are in the kernel's networking/ip-sysctl.

import { FLOW } from '../flows/connection.js';
import type { Finding, Outage } from '../report/report.js';
import { BIN } from '../tally/bins.js';
import { SIGNAL } from '../tally/signals.js';
import { formatDuration } from '../util/time.js';
import { formatNumberOf } from '../util/units.js';
import type { DetectInput } from './detect.js';
import type { Flows } from './evidence.js';
import { placeOf, type RawOutage } from './raw.js';

type Explanation = Outage['explanations'][number];

interface Case {
  outage: Outage;
  raw: RawOutage;
  input: DetectInput;
  flows: Flows;
  inputEndUs: number;
}

/** A reaction or a failback from which on there is something to explain, seconds. */
const SLOW_SEC = 2;
/** Flows that make a pattern. */
const SEVERAL = 3;
/** What happens so long after the end still belongs to the recovery. */
const RECOVERY_US = 10e6;
/** By chance one in a hundred. */
const ENOUGH_NATS = Math.log(100);

export function explain(facts: Case): Explanation[] {
  return [
    reactionOf(facts),
    sameHole(facts),
    toldNothing(facts),
    recovery(facts),
    resets(facts),
    leaks(facts),
    lostRecords(facts),
  ].flatMap((one) => (one === null ? [] : [one]));
}

function reactionOf({ outage, raw, input }: Case): Explanation | null {
  const { reaction, kind, uplink } = outage;
  if (reaction === null) return null;
  const { name } = linkOf(raw.uplink, input);
  if (kind === 'blackhole' && !reaction.avoided) {
    return {
      code: 'blackhole-unnoticed',
      message: `New flows went into ${uplink} as long as it was dead: behind a gateway that answers, the kernel notices nothing, whatever is set.`,
      cure: `watch a host beyond the gateway by each uplink, and take the nexthop out of the route while it fails:\nping -I ${name} HOST`,
    };
  }
  if (kind !== 'gateway-dead' || reaction.seconds < SLOW_SEC) return null;
  if (!reaction.avoided) {
    return {
      code: 'neighbour-not-asked',
      message: `New flows went into ${uplink} as long as its gateway was dead: the router does not ask whether a nexthop's neighbour is reachable.`,
      cure: 'with keep-alive pings, without which the uplink is never tried again:\nsysctl -w net.ipv4.fib_multipath_use_neigh=1',
    };
  }
  return {
    code: 'neighbour-still-valid',
    message: `New flows went into ${uplink} for ${formatDuration(reaction.seconds)}: the router takes a nexthop as long as its neighbour entry is valid, which is 15 to 45 s after the last sign of life, then 5 s of delay and 3 s of probes.`,
    cure: `sysctl -w net.ipv4.neigh.${name}.base_reachable_time_ms=3000 net.ipv4.neigh.${name}.delay_first_probe_time=1`,
  };
}

/** Clients that tried again were sent into the same hole: with the address pair hashed, every retry goes the same way. */
function sameHole({ outage, raw, input, flows, inputEndUs }: Case): Explanation | null {
  if (!flows.clientsVisible || outage.kind === 'brownout' || outage.reaction === null) return null;
  const endUs = raw.end?.bestUs ?? inputEndUs;
  const tried = new Set<number>();
  let again = 0;
  let elsewhere = 0;
  for (let i = placeOf(flows.startUs, raw.start.bestUs); i < flows.count && flows.startUs[i] < endUs; i++) {
    const key = flows.key[i];
    if (flows.uplink[i] !== raw.uplink) {
      if (tried.has(key)) elsewhere++;
      continue;
    }
    if (tried.has(key)) again++;
    if (flows.waitUs[i] < 0) tried.add(key);
  }
  if (again < SEVERAL || elsewhere * 10 > again) return null;
  const policy = input.config?.router.hashPolicy ?? null;
  if (policy !== null && policy !== 0) return null;
  return {
    code: 'same-hole',
    message: `${formatNumberOf(again, 'flow')} were tries of clients that had got no answer from the same server, and went into ${outage.uplink} again${elsewhere === 0 ? '; none went elsewhere' : ''}: with hash policy 0 a pair of addresses always takes the same uplink.`,
    cure: 'sysctl -w net.ipv4.fib_multipath_hash_policy=1',
  };
}

/** The router can tell clients at once; else they wait for their own timeout. Known only where the LAN side is seen. */
function toldNothing({ outage, raw, input, inputEndUs }: Case): Explanation | null {
  const { tally } = input;
  if (!tally.topology.lanVisible || outage.blackholedFlows < SEVERAL) return null;
  if (outage.kind !== 'link-down') return null;
  const { cells, sums } = tally.signals.finish();
  for (let i = 0; i < cells.length; i++) {
    if (cells[i] !== SIGNAL.unreachable && cells[i] !== SIGNAL.prohibited) continue;
    const from = sums[BIN.fields * i + BIN.firstUs];
    const to = sums[BIN.fields * i + BIN.lastUs];
    if (to >= raw.start.bestUs && from <= (raw.end?.bestUs ?? inputEndUs)) return null;
  }
  return {
    code: 'clients-not-told',
    message: `The router told no client that ${outage.uplink} can't be reached, so each waited for its own timeout.`,
    cure: `in the table of ${outage.uplink}, behind its own default:\nip route add prohibit default table TABLE metric 4278198272`,
  };
}

function recovery({ outage, raw, input, flows, inputEndUs }: Case): Explanation | null {
  const { kind, end, failback, reaction, uplink } = outage;
  const { name, gateway } = linkOf(raw.uplink, input);
  if (end === null) {
    const asked = raw.evidence.some(({ what }) => what === 'gateway-silent');
    if (kind !== 'gateway-dead' || asked || reaction?.avoided !== true) return null;
    return {
      code: 'never-tried-again',
      message: `Since it was given up nothing was sent to ${uplink}, not even a ping at its gateway: a neighbour entry that has failed is not tried again by itself, so the router could not notice that the line is back.`,
      cure: `keep pinging its gateway, from a service:\nping -q -i 5 -I ${name} ${gateway}`,
    };
  }
  if (failback === null) {
    if (!isMissed(raw, flows, inputEndUs)) return null;
    return {
      code: 'nexthop-gone',
      message: `${uplink} answers again, and no new flow uses it: its nexthop is no longer in the route. The kernel deletes nexthop objects when the carrier is lost, and the default route of an uplink's own table when the interface is taken down.`,
      cure: 'see whether the route still has it, and put it back (ip route replace default table 222 …):\nip route show table all',
    };
  }
  const { keepaliveSec = null } = input.config?.router ?? {};
  if (kind !== 'gateway-dead' || failback.seconds < SLOW_SEC || !raw.beatUs) return null;
  return {
    code: 'recovery-by-keepalive',
    message: `That ${uplink} was back was noticed at the next keep-alive ping${keepaliveSec === null ? '' : `, which is sent every ${formatDuration(keepaliveSec)}`}.`,
    cure: `ping more often:\nping -q -i 1 -I ${name} ${gateway}`,
  };
}

/** Flows of the healthy uplinks that were reset when this one came back: MASQUERADE forgets flows that are re-routed. */
function resets({ outage, raw, input }: Case): Explanation | null {
  if (raw.end === null) return null;
  const { ledger } = input.tally;
  const fromUs = raw.end.earliestUs;
  const toUs = raw.end.latestUs + RECOVERY_US;
  let count = 0;
  let usual = 0;
  for (let row = 0; row < ledger.count; row++) {
    if (ledger.uplink[row] === raw.uplink || (ledger.course[row] & FLOW.resetByRemote) === 0) continue;
    if ((ledger.course[row] & (FLOW.closed | FLOW.answered)) !== FLOW.answered) continue;
    const endUs = ledger.endUs[row];
    if (endUs >= fromUs && endUs < toUs && ledger.startUs[row] < raw.end.latestUs) count++;
    else if (endUs >= raw.start.bestUs - (toUs - fromUs) && endUs < raw.start.bestUs) usual++;
  }
  if (count < SEVERAL || count < 3 * usual) return null;
  return {
    code: 'resets-at-recovery',
    message: `${formatNumberOf(count, 'connection')} of the other uplinks were reset when ${outage.uplink} came back: the router sent them there, and MASQUERADE or the server does not know them by the other address.`,
    cure: 'mark connections and route by the mark (mlstat plan --style connmark), so that a living one keeps its uplink',
  };
}

function leaks({ outage, raw, input }: Case): Explanation | null {
  if (raw.end === null) return null;
  const { ledger } = input.tally;
  let count = 0;
  for (let row = 0; row < ledger.count; row++) {
    if (ledger.egress[row] !== raw.uplink || ledger.uplink[row] === raw.uplink) continue;
    if (ledger.endUs[row] >= raw.end.earliestUs && ledger.startUs[row] >= raw.start.earliestUs) count++;
  }
  if (count === 0) return null;
  return {
    code: 'leaks-at-recovery',
    message: `${formatNumberOf(count, 'flow')} that began elsewhere during the outage left by ${outage.uplink} afterwards, with the other uplink's address: a route that changes moves living connections, and their address stays.`,
    cure: 'mark connections and route by the mark (mlstat plan --style connmark)',
  };
}

function lostRecords({ outage, input }: Case): Explanation | null {
  if (input.dropped === 0 || outage.kind !== 'brownout') return null;
  return {
    code: 'records-lost',
    message: `The recorder says that it lost ${formatNumberOf(input.dropped, 'packet')}: answers that are missing here may have come.`,
    cure: 'record with a larger buffer and short packets: tcpdump -B 65536 -s 128',
  };
}

/** Uplinks that answer again after their last outage and that new flows no longer use. */
export function findUnused(cases: readonly Case[]): Finding[] {
  const last = new Map<string, Case>();
  for (const one of cases) last.set(one.outage.uplink, one);
  return [...last.values()].flatMap(({ outage, raw, flows, inputEndUs }): Finding[] => {
    if (outage.end === null || outage.failback !== null || !isMissed(raw, flows, inputEndUs)) return [];
    return [
      {
        code: 'uplink-not-back',
        level: 'warning',
        message: `${outage.uplink} answers again since its outage, but no new flow uses it.`,
        uplinks: [outage.uplink],
        flows: 0,
        packets: null,
        first: outage.end.best,
        last: inputEndUs / 1e6,
        cure: 'see whether the multipath route still names it:\nip route show table all',
      },
    ];
  });
}

/** So many decisions went elsewhere after its end that the uplink should have had some. */
function isMissed({ uplink, end, share }: RawOutage, flows: Flows, inputEndUs: number): boolean {
  if (end === null) return false;
  let nats = 0;
  for (let i = placeOf(flows.startUs, end.latestUs); i < flows.count && flows.startUs[i] < inputEndUs; i++) {
    if (flows.draw[i] === 1 && flows.uplink[i] !== uplink) nats -= Math.log1p(-Math.min(share, 0.95));
    if (nats >= ENOUGH_NATS) return true;
  }
  return false;
}

function linkOf(uplink: number, { config, tally }: DetectInput): { name: string; gateway: string } {
  const plan = tally.topology.uplinks[uplink];
  const known = config?.uplinks.find(({ name }) => name === plan.name);
  return { name: known?.interface ?? plan.interface ?? 'IFACE', gateway: known?.gateway ?? 'GATEWAY' };
}
