// A finished tally becomes the report: plain data, all that renderers and other programs get.

import type { Config, Prefix } from '../config/config.js';
import { beginDetection } from '../detect/detect.js';
import type { Distortion } from '../detect/detection.js';
import type { Scanner } from '../detect/scan.js';
import type { DetectSettings } from '../detect/settings.js';
import type { FlowRules } from '../flows/rules.js';
import {
  type Interval,
  REPORT_SCHEMA,
  type Report,
  type ReportBalance,
  type ReportInference,
  type ReportInput,
  type ReportUplink,
} from '../report/report.js';
import type { Tally } from '../tally/tally.js';
import { expectedShares, type Judgement, judgeBalance } from './balance.js';
import { type Decisions, findDecisions, findPlainDecisions } from './decisions.js';
import { findThings } from './findings.js';
import { flowSizesOf, qualityOf } from './flow-stats.js';
import { countHosts } from './hosts.js';
import { heatmapOf, rateOf, seriesOf } from './rates.js';
import { measureShares } from './shares.js';
import { layOut } from './timeline.js';
import { countedTotals } from './told.js';
import { uplinksCaptured, uplinksInView } from './view.js';
import { coverOf } from './window.js';

export interface MeasureInput {
  tally: Tally;
  /** Weights, capacities, names; an uplink of the tally is that of the same name where there is one. */
  config: Config | null;
  inference: ReportInference | null;
  inputs: ReportInput[];
  rules: FlowRules;
  /** The reading was interrupted. */
  partial: boolean;
  /** Bin width asked for, seconds; null for the tally's own. */
  binSec: number | null;
  /** Destinations that a rule pins to an uplink: no part of the balance. */
  pins: readonly Prefix[];
  /** By row of the ledger: 1 where the flow's uplink was chosen before the time that is measured. */
  leftOut?: Uint8Array;
  /** How outages are looked for. */
  detect?: DetectSettings;
  /** By uplink, as seen or configured. */
  interfaces: readonly (string | null)[];
  version: string;
}

/** Fewer are looked at here: to hand them over would take as long. */
const FEW_FLOWS = 8192;

const UNKNOWN = { up: null, down: null };
const UNSEEN = { packets: UNKNOWN, ipBytes: UNKNOWN };

/**
 * The report of one run. It is a function of what was tallied, not of the order: sums are of integers, figures derived from
 * them have six significant digits.
 */
export function buildReport(input: MeasureInput): Report {
  return measureTally(input).report;
}

/**
 * The report, and the decisions that its balance was taken from. What hangs on no outage is measured while `aside` looks for
 * outages.
 */
export function measureTally(
  input: MeasureInput,
  aside: Scanner | null = null,
): { report: Report; decisions: Decisions } {
  const { tally, config, inference, pins, interfaces } = input;
  const { ledger, topology } = tally;
  const names = topology.uplinks.map(({ name }) => name);
  const configured = names.map((name) => config?.uplinks.find((uplink) => uplink.name === name) ?? null);
  const weights = configured.map((uplink) => uplink?.weight ?? null);
  const kept = ledger.threshold / 2 ** 32;

  const data = tally.bins.finish();
  const starts = tally.starts.finish();
  const cover = coverOf(input.inputs, data);
  const width = Math.max(input.binSec ?? 0, starts.widthSec);
  const timeline = layOut(data, tally.lanes, names.length, cover, width);
  const inView = uplinksInView(tally);
  const captured = uplinksCaptured(tally);
  // What was not captured is not known, which is not nothing; connection tracking may have counted it.
  const totals = timeline.totals.map((total, n) => (captured[n] ? total : (countedTotals(tally.told, n) ?? UNSEEN)));
  const totalBytes = totals.reduce((sum, { ipBytes }) => sum + (ipBytes.up ?? 0) + (ipBytes.down ?? 0), 0);

  const { hashPolicy = null, hashPolicy6 = null } = config?.router ?? {};
  const dropped = input.inputs.reduce((sum, one) => sum + (one.dropped ?? 0), 0);
  const detectInput = {
    tally,
    inView,
    weights,
    spans: cover.spans,
    config,
    dropped,
    ...(input.detect === undefined ? {} : { settings: input.detect }),
  };
  const scanner = ledger.count < FEW_FLOWS ? null : aside;
  const finishDetection = beginDetection(detectInput, scanner);
  const known = scanner === null ? finishDetection() : null;
  const window: Interval | null =
    cover.start === null || cover.end === null ? null : [cover.start * 1e6, cover.end * 1e6];
  const settings = { ipv4: hashPolicy, ipv6: hashPolicy6 };
  const circumstancesOf = (distortions: readonly Distortion[]) => {
    return { distortions, window, leftOut: input.leftOut ?? null };
  };
  const judge = (decisions: Decisions) => {
    const expected = expectedShares(weights, decisions);
    const judgement = judgeBalance(ledger, decisions, weights, names);
    const all = pins.length === 0 && decisions.regimes.list.length === 1;
    const exactFlows = kept < 1 && all ? tally.flows.map(({ flows }) => flows) : null;
    return { decisions, judgement, shares: measureShares(decisions, expected, exactFlows, weights) };
  };
  const hostsOf = ({ clientsVisible }: Decisions) => countHosts({ ledger, names, clientsVisible, kept, totalBytes });
  // Where outages are still looked for: as if there were none. Where they would show, as changes of weights, it has to wait.
  const guess = known === null ? findPlainDecisions(ledger, inView, pins, settings, circumstancesOf([])) : null;
  const likely = guess === null ? null : { ...judge(guess), hosts: hostsOf(guess) };
  const quality = qualityOf(tally);
  const flowSizes = flowSizesOf(ledger, kept);
  const heatmap = captured.some((seen) => seen) ? heatmapOf(timeline, cover) : null;
  const series = seriesOf(timeline, starts, names, { inView, captured }, cover, input.binSec !== null);
  const detection = known ?? finishDetection();
  const { distortions } = detection;
  const { decisions, judgement, shares } =
    likely !== null && distortions.length === 0
      ? likely
      : judge(findDecisions(ledger, inView, pins, settings, circumstancesOf(distortions)));
  const hosts = likely?.hosts ?? hostsOf(decisions);
  // Beside one that was captured, what connection tracking counted (flows that are over) is another measure.
  const isMixed = captured.includes(true) && captured.includes(false) && tally.told.flows > 0;

  const uplinks = names.map((name, n): ReportUplink => {
    const { flows, router, inbound, answered } = tally.flows[n];
    const { packets, ipBytes } = totals[n];
    const heard = inView[n] && tally.told.unheard[n] === 0;
    const snat = configured[n]?.snat ?? topology.uplinks[n].snat;
    return {
      name,
      origin: inference?.evidence.some(({ uplink }) => uplink === name) ? 'inferred' : 'config',
      interface: interfaces[n] ?? configured[n]?.interface ?? null,
      gateway: configured[n]?.gateway ?? null,
      snat: snat.map(({ text }) => text),
      weight: weights[n],
      capacity: configured[n]?.capacity ?? null,
      flows,
      routerFlows: router,
      inboundFlows: inbound,
      answered: heard ? answered : null,
      unanswered: heard ? flows - answered : null,
      decisions: decisions.clientsVisible && inView[n] ? Math.round(decisions.firsts[n] / kept) : null,
      packets: { ...packets },
      ipBytes: { ...ipBytes },
      share: isMixed
        ? { ...shares[n], bytes: null, bytesInterval: null, packets: null, packetsInterval: null }
        : shares[n],
      rate: {
        up: rateOf(timeline.up[n], captured[n] ? ipBytes.up : null, timeline, cover),
        down: rateOf(timeline.down[n], captured[n] ? ipBytes.down : null, timeline, cover),
      },
      availability: detection.availability[n],
      quality: quality[n],
      clients: inView[n] ? hosts.clients[n] : null,
      servers: inView[n] ? hosts.servers[n] : null,
    };
  });

  const report: Report = {
    schema: REPORT_SCHEMA,
    tool: { name: 'mlstat', version: input.version },
    partial: input.partial,
    sampled: ledger.sampled,
    flowRules: { ...input.rules },
    inference,
    inputs: input.inputs,
    window: { start: cover.start, end: cover.end, seconds: cover.seconds, binSeconds: timeline.widthSec },
    packets: { ...tally.packets },
    uplinks,
    balance: balanceOf(tally, decisions, judgement, { names, weights, kept }),
    outages: detection.outages,
    unmeasurable: detection.unmeasurable,
    captureGaps: detection.captureGaps,
    findings: findThings({
      tally,
      data,
      outages: detection.outages,
      detected: detection.findings,
      captures: input.inputs.some(({ packets }) => packets !== null),
      entries: input.inputs.reduce((sum, { entries }) => sum + (entries ?? 0), 0),
      decisions,
      weights,
      inView,
      interfaces: uplinks.map((uplink) => uplink.interface),
      snat: uplinks.map(({ snat }) => snat),
      kept,
      lanKnown: (config?.lan.length ?? 0) > 0,
    }),
    top: hosts.top,
    flowSizes,
    heatmap,
    series,
  };
  return { report, decisions };
}

interface BalanceFacts {
  names: readonly string[];
  weights: readonly (number | null)[];
  kept: number;
}

function balanceOf(tally: Tally, decisions: Decisions, judgement: Judgement, facts: BalanceFacts): ReportBalance {
  const { key, policy, pinned, duringOutage } = decisions;
  return {
    key,
    policy,
    ...judgement,
    excluded: {
      inbound: tally.flows.reduce((sum, { inbound }) => sum + inbound, 0),
      router: tally.flows.reduce((sum, { router }) => sum + router, 0),
      pinned: Math.round(pinned / facts.kept),
      duringOutage: Math.round(duringOutage / facts.kept),
    },
    regimes: judgement.test === null ? [] : regimesOf(decisions, judgement, facts),
  };
}

/** Those that the window shows, or that anything was decided in. */
function regimesOf(decisions: Decisions, judgement: Judgement, facts: BalanceFacts): ReportBalance['regimes'] {
  const { regimes, counts, clientsVisible } = decisions;
  const flows = counts.map((count) => count.flows.reduce((sum, value) => sum + value, 0));
  const judged = flows.reduce((sum, count, n) => sum + (regimes.list[n].isJudged ? count : 0), 0);
  return regimes.list.flatMap(({ spans, eligible, isJudged }, n) => {
    if (eligible.length === 0 || (spans.length === 0 && flows[n] === 0)) return [];
    // Where clients can't be seen, the effective decisions by each regime's part of the flows.
    const effective = isJudged && judged > 0 ? ((judgement.effectiveDecisions ?? 0) * flows[n]) / judged : 0;
    return [
      {
        spans: spans.map(([from, to]) => [from / 1e6, to / 1e6] as Interval),
        eligible: eligible.map((uplink) => facts.names[uplink]),
        weights: isJudged ? eligible.map((uplink) => facts.weights[uplink] as number) : [],
        decisions: clientsVisible ? counts[n].firsts.reduce((sum, count) => sum + count, 0) : Math.floor(effective),
      },
    ];
  });
}
