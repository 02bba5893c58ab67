// The evidence becomes the detection: outages with what they cost, gaps, availability, and what they distort.

import type { Config } from '../config/config.js';
import type { Interval, Outage, ReportAvailability } from '../report/report.js';
import { BIN, type BinData } from '../tally/bins.js';
import { SIGNAL } from '../tally/signals.js';
import type { Tally } from '../tally/tally.js';
import { tellChanges } from './address.js';
import { allDown } from './all-down.js';
import type { Detection, Distortion } from './detection.js';
import { nothingDetected } from './detection.js';
import { type Flows, flowsOf, marksOf } from './evidence.js';
import { explain, findUnused } from './explain.js';
import type { Found, SpanUs, Thin } from './found.js';
import { lossesOf, type Vanished } from './losses.js';
import { type RawOutage, rawOfBrownout, rawOfSilence } from './raw.js';
import { type Scanner, scan } from './scan.js';
import { DEFAULT_SETTINGS, type DetectSettings } from './settings.js';

export interface DetectInput {
  tally: Tally;
  /** By uplink: whether the inputs would show its packets. */
  inView: readonly boolean[];
  /** By uplink, null where not known. */
  weights: readonly (number | null)[];
  /** Spans that the inputs cover, in order, seconds. */
  spans: readonly Interval[];
  config: Config | null;
  /** Records that the recorder says it lost. */
  dropped: number;
  settings?: DetectSettings;
}

/** What is shorter is a few lost packets or a burst of flows, whatever chance says; microseconds. */
const LEAST_US = 100_000;

/** Looks for outages in a whole tally. Where there is nothing to look at, nothing counts as measured. */
export function detect(input: DetectInput): Detection {
  return beginDetection(input)();
}

/** As `detect`; what it returns finishes. Until then an `aside` may be at work on the longest part of it. */
export function beginDetection(input: DetectInput, aside: Scanner | null = null): () => Detection {
  const { tally, spans, inView } = input;
  const uplinks = tally.topology.uplinks.length;
  const first = spans[0];
  const last = spans[spans.length - 1];
  if (first === undefined || last === undefined || uplinks === 0 || tally.topology.asSeen)
    return () => nothingDetected(uplinks);
  const hashPolicy = input.config?.router.hashPolicy ?? null;
  const settings = input.settings ?? DEFAULT_SETTINGS;
  const startUs = Math.round(first[0] * 1e6);
  const endUs = Math.round(last[1] * 1e6);
  const bins = tally.bins.finish();
  const flows = flowsOf(tally.ledger);
  const signals = tally.signals.finish();
  const isLog = tally.hasDumps && bins.cells.length === 0;
  const marks = marksOf(tally, bins, signals, isLog);
  const vanished = vanishedIn(signals);
  const leastGapUs = bins.widthSec > 1 ? 4e6 * bins.widthSec : 1.5e6;
  const options = {
    uplinks,
    inView,
    startUs,
    shares: sharesOf(input),
    perFlow: hashPolicy === null ? null : hashPolicy === 1,
    clientsVisible: flows.clientsVisible,
    leastGapUs,
    isLog,
    settings,
  };
  const toScan = { flows, marks, holes: holes(spans), options, endUs };
  const find = aside?.(toScan) ?? (() => scan(toScan));
  return () => {
    const found = find();
    const single = [
      ...found.outages.map((silence) => rawOfSilence(silence, flows, startUs, endUs, isLog)),
      ...found.brownouts.map(rawOfBrownout),
    ];
    const together = allDown(marks, vanished, inView, leastGapUs).filter(
      (one) => !single.some((two) => overlap(one, two)),
    );
    const raws = tellChanges(merge([...single, ...together], flows), tally).filter((raw) => {
      // A change of address is one however soon the next flow came.
      const leastUs = raw.kind === 'address-change' ? 0 : LEAST_US;
      return (raw.end?.bestUs ?? endUs) - raw.start.bestUs >= Math.max(leastUs, settings.minOutageSec * 1e6);
    });
    return report(input, raws, vanished, flows, found, startUs, endUs);
  };
}

function overlap(a: RawOutage, b: RawOutage): boolean {
  const endOf = ({ end }: RawOutage) => end?.bestUs ?? Number.POSITIVE_INFINITY;
  return a.uplink === b.uplink && a.start.bestUs < endOf(b) && b.start.bestUs < endOf(a);
}

/** Spans that no input covers. */
function holes(spans: readonly Interval[]): SpanUs[] {
  return spans.slice(1).map(([start], n) => ({ startUs: spans[n][1] * 1e6, endUs: start * 1e6 }));
}

/** Shares by the weights of the uplinks in view; null unless each of them has one. */
function sharesOf({ weights, inView }: DetectInput): number[] | null {
  const total = weights.reduce<number>((sum, weight, n) => sum + (inView[n] ? (weight ?? Number.NaN) : 0), 0);
  if (!(total > 0)) return null;
  return weights.map((weight, n) => (inView[n] ? (weight ?? 0) / total : 0));
}

/** One outage where the line did not come back in between: no flow that began there had its answer at once. */
function merge(raws: RawOutage[], flows: Flows): RawOutage[] {
  const sorted = raws.sort((a, b) => a.uplink - b.uplink || a.start.bestUs - b.start.bestUs);
  const merged: RawOutage[] = [];
  for (const raw of sorted) {
    const before = merged[merged.length - 1];
    if (before === undefined || before.uplink !== raw.uplink || before.end === null || !continues(before, raw, flows)) {
      merged.push(raw);
      continue;
    }
    const longer = span(raw) > span(before) ? raw : before;
    merged[merged.length - 1] = {
      ...longer,
      start: before.start,
      end: raw.end,
      shownByGateway: raw.shownByGateway,
      surplus: Math.max(before.surplus, raw.surplus),
      evidence: longer.evidence,
    };
  }
  return merged.sort((a, b) => a.start.bestUs - b.start.bestUs || a.uplink - b.uplink);
}

function span({ start, end }: RawOutage): number {
  return (end?.bestUs ?? Number.POSITIVE_INFINITY) - start.bestUs;
}

/** Longest time between two parts of one outage, microseconds. */
const SEAM_US = 10e6;
/** Brownouts with so little between them are one. */
const SEAM_BROWNOUT_US = 60e6;

function continues(before: RawOutage, after: RawOutage, flows: Flows): boolean {
  const end = before.end;
  if (end === null) return false;
  const seam = after.start.bestUs - end.bestUs;
  if (before.kind === 'brownout' && after.kind === 'brownout') return seam < SEAM_BROWNOUT_US;
  if (before.kind === 'brownout' || after.kind === 'brownout') return false;
  if (seam > SEAM_US) return false;
  for (let i = 0; i < flows.count; i++) {
    const startUs = flows.startUs[i];
    if (startUs <= end.bestUs || startUs >= after.start.bestUs || flows.uplink[i] !== before.uplink) continue;
    if (flows.waitUs[i] >= 0 && flows.waitUs[i] <= before.lateAfterUs) return false;
  }
  return true;
}

function report(
  input: DetectInput,
  raws: readonly RawOutage[],
  vanished: readonly Vanished[],
  flows: Flows,
  found: Found,
  startUs: number,
  endUs: number,
): Detection {
  const { tally, inView } = input;
  const names = tally.topology.uplinks.map(({ name }) => name);
  const kept = tally.ledger.threshold / 2 ** 32;
  const freeUs = names.map(() => startUs);
  const outages: Outage[] = [];
  const distortions: Distortion[] = [];
  const cases: Parameters<typeof explain>[0][] = [];
  for (const raw of raws) {
    const losses = lossesOf(raw, tally.ledger, vanished, flows, freeUs[raw.uplink], endUs, kept);
    const outage: Outage = {
      uplink: names[raw.uplink],
      kind: raw.kind,
      start: moment(raw.start),
      end: raw.end === null ? null : moment(raw.end),
      seconds: round6(((raw.end?.bestUs ?? endUs) - raw.start.bestUs) / 1e6),
      ...losses,
      explanations: [],
      evidence: raw.evidence,
      confidence: confidenceOf(raw, input.settings ?? DEFAULT_SETTINGS),
    };
    const facts = { outage, raw, input, flows, inputEndUs: endUs };
    outage.explanations = explain(facts);
    cases.push(facts);
    outages.push(outage);
    distortions.push({
      uplink: raw.uplink,
      startUs: raw.start.bestUs,
      endUs: losses.failback === null ? endUs : losses.failback.firstFlow * 1e6,
      ...(raw.kind === 'gateway-dead' ? { isSkewing: true } : {}),
    });
    freeUs[raw.uplink] = raw.end?.latestUs ?? endUs;
  }
  const gaps = [...found.gaps].sort((a, b) => a.startUs - b.startUs);
  return {
    outages,
    unmeasurable: found.thin
      .filter((thin) => inView[thin.uplink])
      .sort((a, b) => a.startUs - b.startUs || a.uplink - b.uplink)
      .map((thin) => ({
        uplink: names[thin.uplink],
        start: thin.startUs / 1e6,
        end: thin.endUs / 1e6,
        why: whyThin(thin),
      })),
    captureGaps: gaps.map((gap) => ({ start: gap.startUs / 1e6, end: gap.endUs / 1e6 })),
    availability: names.map((_, n) => availabilityOf(n, inView[n], raws, found.thin, gaps, startUs, endUs)),
    distortions: apart(distortions),
    findings: findUnused(cases),
  };
}

/** Flows of the LAN side that went nowhere, in the order of time. */
function vanishedIn({ cells, sums }: BinData): Vanished[] {
  const found: Vanished[] = [];
  for (let i = 0; i < cells.length; i++) {
    if (cells[i] !== SIGNAL.lanUnanswered) continue;
    const at = BIN.fields * i;
    found.push({ firstUs: sums[at + BIN.firstUs], lastUs: sums[at + BIN.lastUs], flows: sums[at + BIN.packets] });
  }
  return found.sort((a, b) => a.firstUs - b.firstUs);
}

function whyThin({ idle }: Thin): string {
  return idle ? 'nothing was sent that asks for an answer' : 'too few flows to tell idle from dead';
}

function confidenceOf({ surplus }: RawOutage, { alarmsPerYear }: DetectSettings): number {
  return round6(Math.max(0.5, 1 - 0.05 * Math.min(alarmsPerYear, 10) * Math.exp(-Math.max(0, surplus))));
}

function availabilityOf(
  uplink: number,
  inView: boolean,
  raws: readonly RawOutage[],
  thin: readonly Thin[],
  gaps: readonly SpanUs[],
  startUs: number,
  endUs: number,
): ReportAvailability {
  if (!inView) return { measuredSeconds: 0, outageSeconds: 0, unmeasurableSeconds: 0, ratio: null };
  const out: SpanUs[] = raws
    .filter((raw) => raw.uplink === uplink)
    .map((raw) => ({ startUs: raw.start.bestUs, endUs: raw.end?.bestUs ?? endUs }));
  const outUs = lengthOf(out);
  const blind = [...thin.filter((span) => span.uplink === uplink), ...gaps];
  const blindUs = lengthOf([...blind, ...out]) - outUs;
  const measuredUs = Math.max(0, endUs - startUs - blindUs);
  return {
    measuredSeconds: round6(measuredUs / 1e6),
    outageSeconds: round6(outUs / 1e6),
    unmeasurableSeconds: round6(blindUs / 1e6),
    ratio: measuredUs === 0 ? null : round6(1 - outUs / measuredUs),
  };
}

/** Of the spans together. */
function lengthOf(spans: readonly SpanUs[]): number {
  let length = 0;
  let reached = Number.NEGATIVE_INFINITY;
  for (const { startUs, endUs } of [...spans].sort((a, b) => a.startUs - b.startUs)) {
    length += Math.max(0, endUs - Math.max(startUs, reached));
    reached = Math.max(reached, endUs);
  }
  return length;
}

/** Of one uplink they don't overlap. */
function apart(distortions: readonly Distortion[]): Distortion[] {
  const apart: Distortion[] = [];
  for (const one of [...distortions].sort((a, b) => a.uplink - b.uplink || a.startUs - b.startUs)) {
    const before = apart[apart.length - 1];
    if (before !== undefined && before.uplink === one.uplink && one.startUs <= before.endUs) {
      before.endUs = Math.max(before.endUs, one.endUs);
      if (one.isSkewing) before.isSkewing = true;
    } else apart.push({ ...one });
  }
  return apart.sort((a, b) => a.startUs - b.startUs || a.uplink - b.uplink);
}

function moment(change: { earliestUs: number; bestUs: number; latestUs: number }): Outage['start'] {
  const bestUs = Math.min(Math.max(change.bestUs, change.earliestUs), Math.max(change.latestUs, change.earliestUs));
  return {
    earliest: Math.round(change.earliestUs) / 1e6,
    latest: Math.round(Math.max(change.latestUs, change.earliestUs)) / 1e6,
    best: Math.round(bestUs) / 1e6,
  };
}

function round6(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
