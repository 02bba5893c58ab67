// What the reader should know or do besides the figures, each with what it means and the cure.

import { ORIGIN } from '../flows/connection.js';
import type { Finding, FindingLevel, Outage } from '../report/report.js';
import type { BinData } from '../tally/bins.js';
import type { Tally } from '../tally/tally.js';
import { formatClock, formatTime, isSameDate } from '../util/time.js';
import { formatCount, formatNumberOf, formatShare } from '../util/units.js';
import type { Decisions } from './decisions.js';
import { FINDING_CODES, finding } from './finding.js';
import { inboundFindings, leakFindings, privateSource, sprayFindings } from './leaks.js';
import { rewrittenPorts, trackingFindings } from './tracking.js';

export interface FindingInput {
  tally: Tally;
  /** The tally's bins of packets. */
  data: BinData;
  outages: readonly Outage[];
  /** Told by the detector. */
  detected: readonly Finding[];
  /** Whether captures are among the inputs, and how many entries of dumps. */
  captures: boolean;
  entries: number;
  decisions: Decisions;
  weights: readonly (number | null)[];
  inView: readonly boolean[];
  /** Interfaces and SNAT sources by uplink, as the report names them. */
  interfaces: readonly (string | null)[];
  snat: readonly (readonly string[])[];
  /** Part of the decision keys that the ledger holds. */
  kept: number;
  lanKnown: boolean;
}

/** LAN flows without a WAN copy are told from this many on, and from this part of the flows on: few go to the router itself. */
const TOLD_LAN_FLOWS = 10;
const TOLD_LAN_SHARE = 0.05;
/** Uplinks whose shares before and after a change are told. */
const TOLD_CHANGES = 4;
const RECORD_ALL = 'record all interfaces of the router at once:\ntcpdump -i any -w all.pcap';
const LEVELS: readonly FindingLevel[] = ['error', 'warning', 'info'];

/** Gravest first, then in the order of the list of codes. */
export function findThings(input: FindingInput): Finding[] {
  if (input.tally.topology.asSeen) return [];
  const codes = Object.keys(FINDING_CODES);
  return [
    ...noUplinks(input),
    ...input.detected,
    ...leakFindings(input),
    ...inboundFindings(input),
    ...sprayFindings(input),
    ...privateSource(input, input.lanKnown),
    ...trackingFindings(input),
    ...rewrittenPorts(input),
    ...silentUplinks(input),
    ...changedWeights(input),
    ...sample(input),
    ...lanOnlyFlows(input),
    ...routerFlows(input),
    ...noWeights(input),
  ].sort((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level) || codes.indexOf(a.code) - codes.indexOf(b.code));
}

function flowsOf({ flows }: Tally): number {
  return flows.reduce((sum, counts) => sum + counts.flows + counts.router + counts.inbound, 0);
}

function noUplinks({ tally, snat }: FindingInput): Finding[] {
  const { packets, topology } = tally;
  const usable = packets.lan + packets.other;
  if (packets.attributed > 0 || flowsOf(tally) > 0 || usable === 0) return [];
  if (packets.lan >= packets.other) {
    const message =
      'Only the LAN side of the router is in the inputs, before NAT: an uplink is told by the SNAT source, which the uplinks’ side alone shows.';
    return [finding('no-uplinks', 'error', message, { flows: tally.lanFlows, packets: packets.lan, cure: RECORD_ALL })];
  }
  const sources = snat.flat();
  if (topology.uplinks.length > 0 && sources.length > 0) {
    const message = `No packet has a configured SNAT source (${list(sources)}) as its source or destination.`;
    const cure = 'hold the addresses in the configuration against the capture: mlstat uplinks infer';
    return [finding('no-uplinks', 'error', message, { packets: packets.other, cure })];
  }
  const message =
    'No uplink can be told: no address of the capture is the local end of flows to many others, as the SNAT source of a router is.';
  const cure = 'name the SNAT source of each uplink: mlstat analyse --uplink NAME=ADDRESS@WEIGHT';
  return [finding('no-uplinks', 'error', message, { packets: packets.other, cure })];
}

function silentUplinks({ tally, inView, interfaces, snat }: FindingInput): Finding[] {
  if (flowsOf(tally) === 0) return [];
  return tally.topology.uplinks.flatMap(({ name }, n) => {
    const { flows, router, inbound } = tally.flows[n];
    if (!inView[n]) {
      const message = `Nothing of ${name} is in the inputs. Its link was not captured, or nothing uses it: the two can’t be told apart, so it takes no part in the balance.`;
      const record = `record it as well: tcpdump -i ${interfaces[n] ?? 'any'} -w ${interfaces[n] ?? 'all'}.pcap`;
      // Without an address only the place tells it.
      const bind = `or, if it was, say where: ${name}=FILE on the command line, or its interface as the capture has it (if3 by number)`;
      const cure = snat[n].length === 0 ? `${record}\n${bind}` : record;
      return [finding('uplink-not-captured', 'warning', message, { uplinks: [name], cure })];
    }
    if (flows + router + inbound > 0) return [];
    const message = `${name} has no flows at all, while the others have.`;
    const cure = `see whether the multipath route names it and its link is up: ip route show table all; ip -s link`;
    return [finding('uplink-unused', 'warning', message, { uplinks: [name], flows: 0, cure })];
  });
}

function changedWeights({ tally, decisions }: FindingInput): Finding[] {
  const names = tally.topology.uplinks.map(({ name }) => name);
  return decisions.changes.map(({ atUs, earliestUs, latestUs, before, after, counted }) => {
    const taking = decisions.places.flatMap((uplink, place) =>
      before[place] + after[place] > 0 ? [{ uplink, place }] : [],
    );
    const shares = taking.slice(0, TOLD_CHANGES).map(({ uplink, place }) => {
      return `${names[uplink]} ${formatShare(before[place], 0)} before, ${formatShare(after[place], 0)} since`;
    });
    const clock = (us: number) => (isSameDate(us / 1e6, atUs / 1e6) ? formatClock : formatTime)(us / 1e6);
    const more = taking.length > TOLD_CHANGES ? ` (and ${taking.length - TOLD_CHANGES} more)` : '';
    const decided = `${formatCount(counted[0])} and ${formatNumberOf(counted[1], 'decision')}`;
    const message = `The shares changed at ${formatTime(atUs / 1e6)} UTC (between ${clock(earliestUs)} and ${clock(latestUs)}): ${shares.join('; ')}${more}; ${decided}. Either the weights were changed, or an uplink was lost or came back. The verdict is on the time since the last change.`;
    const cure = `hold both sides against each other: mlstat compare INPUT --split ${(atUs / 1e6).toFixed(3)}`;
    return finding('weights-changed', 'warning', message, {
      uplinks: taking.map(({ uplink }) => names[uplink]),
      first: atUs / 1e6,
      cure,
    });
  });
}

function sample({ kept }: FindingInput): Finding[] {
  if (kept === 1) return [];
  const message = `There are more flows than are kept singly, so that ${formatShare(kept)} of the decision keys stand for all. Flows, packets, bytes and rates by uplink are exact; decisions, intervals, hosts and sizes are estimates.`;
  return [finding('sampled', 'info', message)];
}

function lanOnlyFlows({ tally, decisions }: FindingInput): Finding[] {
  const { lanFlows } = tally;
  if (!decisions.clientsVisible || lanFlows < TOLD_LAN_FLOWS) return [];
  const started = tally.flows.reduce((sum, counts) => sum + counts.flows, 0);
  if (lanFlows < started * TOLD_LAN_SHARE) return [];
  const message = `${formatNumberOf(lanFlows, 'flow')} of the LAN side were not seen on any uplink: they went to the router itself or to another network behind it, were refused by it, or left by a link that was not captured.`;
  return [finding('lan-only-flows', 'info', message, { flows: lanFlows })];
}

function routerFlows({ tally, decisions }: FindingInput): Finding[] {
  const { ledger } = tally;
  if (decisions.rows.length === 0 || decisions.places.length < 2 || decisions.clientsVisible) return [];
  if (!decisions.rows.some((row) => ledger.origin[row] === ORIGIN.unknown)) return [];
  const message =
    'Only the uplinks’ side was captured, where the router’s own flows look like those of clients: they are in the shares and in the verdict.';
  return [finding('router-not-told-apart', 'info', message, { cure: RECORD_ALL })];
}

function noWeights({ tally, weights, decisions, snat }: FindingInput): Finding[] {
  const { uplinks } = tally.topology;
  const without = uplinks.filter((_, n) => !((weights[n] ?? 0) > 0));
  if (without.length === 0 || uplinks.length < 2 || decisions.rows.length === 0) return [];
  const names = without.map(({ name }) => name);
  const some = names.length < uplinks.length ? ` (${list(names)})` : '';
  const message = `Uplinks have no weight${some}, so there is nothing to hold the shares against.`;
  const options = uplinks.map(
    ({ name }, n) => `--uplink ${name}=${(snat[n][0] ?? 'ADDRESS').replace(/\/(32|128)$/, '')}@WEIGHT`,
  );
  return [finding('no-weights', 'info', message, { uplinks: names, cure: `mlstat analyse ${options.join(' ')}` })];
}

/** The first few of a list. */
function list(items: readonly string[]): string {
  return items.length > 4 ? `${items.slice(0, 4).join(', ')} and ${items.length - 4} more` : items.join(', ');
}
