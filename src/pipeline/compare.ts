// Two readings become one report: that of the time after, with what changed since the time before.

import { compareDecisions, type DecisionChange, type Side } from '../measure/compare.js';
import { differenceInterval } from '../measure/difference.js';
import { round6 } from '../measure/round.js';
import { continuing } from '../measure/split.js';
import type { Change, ComparedSpan, ComparedUplink, Pair, ReportComparison } from '../report/comparison.js';
import type { Report, ReportUplink } from '../report/report.js';
import { formatDuration } from '../util/time.js';
import { measured, type PipelineOptions, type Reading, tallyInputs } from './pipeline.js';

/** Part of the shorter span that both may have in common unsaid. */
const OVERLAP = 0.1;

export interface Comparison {
  /** Of the time after, with `comparison`. */
  report: Report;
  /** Of the time before: for its inputs, which may have failed. */
  before: Report;
}

/** Two inputs, or sets of them. Where none of the configurations is known, the uplinks of the time after are meant in both. */
export async function compareInputs(before: PipelineOptions, after: PipelineOptions): Promise<Comparison> {
  const { first, second } = inTurn(before, after);
  const { earlier, later } = await readBoth(first, second);
  return compareReadings(earlier, later, null);
}

/** One input (or set), cut at a moment: flows that go on over it were decided before and are not decided anew. */
export async function splitInputs(
  before: PipelineOptions,
  after: PipelineOptions,
  splitUs: number,
): Promise<Comparison> {
  const { first, second } = inTurn({ ...before, untilUs: splitUs }, { ...after, sinceUs: splitUs });
  const { earlier, later } = await readBoth(first, second);
  later.measureInput.leftOut = continuing(earlier.measureInput.tally.ledger, later.measureInput.tally.ledger, splitUs);
  return compareReadings(earlier, later, splitUs);
}

async function readBoth(
  first: PipelineOptions,
  second: PipelineOptions,
): Promise<{ earlier: Reading; later: Reading }> {
  const later = await tallyInputs(second);
  const earlier = await tallyInputs({ ...first, config: first.config ?? later.measureInput.config });
  return { earlier, later };
}

/** One bar of progress for both: the time after is read first. */
function inTurn(before: PipelineOptions, after: PipelineOptions): { first: PipelineOptions; second: PipelineOptions } {
  let packets = 0;
  let bytes = 0;
  const second: PipelineOptions = {
    ...after,
    onProgress: (progress) => {
      ({ packets, bytes } = progress);
      after.onProgress?.({ ...progress, totalBytes: null });
    },
  };
  const first: PipelineOptions = {
    ...before,
    onProgress: (progress) => {
      before.onProgress?.({ bytes: bytes + progress.bytes, totalBytes: null, packets: packets + progress.packets });
    },
  };
  return { first, second };
}

function compareReadings(earlier: Reading, later: Reading, splitUs: number | null): Comparison {
  const one = measured(earlier);
  const two = measured(later);
  const sides = [earlier, later].map(({ measureInput: { tally } }, n): Side => {
    return {
      ledger: tally.ledger,
      decisions: [one, two][n].decisions,
      names: tally.topology.uplinks.map(({ name }) => name),
    };
  });
  const changes = compareDecisions(sides[0], sides[1]);
  two.report.comparison = comparisonOf(one.report, two.report, changes, splitUs);
  if (one.report.partial) two.report.partial = true;
  return { report: two.report, before: one.report };
}

function comparisonOf(
  before: Report,
  after: Report,
  changes: DecisionChange,
  splitUs: number | null,
): ReportComparison {
  const { shares, ...judged } = changes;
  return {
    before: spanOf(before),
    after: spanOf(after),
    splitAt: splitUs === null ? null : splitUs / 1e6,
    ...judged,
    uplinks: [...shares].map(([name, share]): ComparedUplink => {
      const [one, two] = [before, after].map(({ uplinks }) => uplinks.find((uplink) => uplink.name === name) ?? null);
      const pair = <T>(read: (uplink: ReportUplink) => T): Pair<T | null> => ({
        before: one === null ? null : read(one),
        after: two === null ? null : read(two),
      });
      const rates = (way: 'up' | 'down') => ({
        mean: pair(({ rate }) => rate[way].mean),
        p95: pair(({ rate }) => rate[way].p95),
        peak: pair(({ rate }) => rate[way].peak),
      });
      const outages = (report: Report) => report.outages.filter(({ uplink }) => uplink === name);
      const seconds = (report: Report) => round6(outages(report).reduce((sum, outage) => sum + outage.seconds, 0));
      return {
        uplink: name,
        weight: pair(({ weight }) => weight),
        expected: pair((uplink) => uplink.share.expected),
        flows: pair(({ flows }) => flows),
        share,
        rate: { up: rates('up'), down: rates('down') },
        utilisation: { up: pair((uplink) => loadOf(uplink, 'up')), down: pair((uplink) => loadOf(uplink, 'down')) },
        answered: answeredChange(one, two, before, after),
        handshakeMsP50: pair(({ quality }) => quality.handshakeMsP50),
        handshakeMsP95: pair(({ quality }) => quality.handshakeMsP95),
        outages: {
          count: { before: outages(before).length, after: outages(after).length },
          seconds: { before: seconds(before), after: seconds(after) },
        },
      };
    }),
    notes: [...(splitUs === null ? orderNotes(spanOf(before), spanOf(after)) : []), ...notesOf(before, after, changes)],
  };
}

function spanOf(report: Report): ComparedSpan {
  const read = report.inputs.filter(({ packets, entries }) => (packets ?? entries ?? 0) > 0);
  return {
    inputs: (read.length > 0 ? read : report.inputs).map(({ path }) => path),
    start: report.window.start,
    end: report.window.end,
    seconds: report.window.seconds,
    flows: report.uplinks.reduce((sum, { flows }) => sum + flows, 0),
    verdict: report.balance.verdict,
    pValue: report.balance.pValue,
  };
}

function loadOf({ rate, capacity }: ReportUplink, way: 'up' | 'down'): number | null {
  const { p95 } = rate[way];
  const most = capacity?.[way] ?? null;
  return p95 === null || most === null || most <= 0 ? null : round6(p95 / most);
}

/** Flows of a client and server fail together, so that they count as their span's effective decisions do. */
function answeredChange(one: ReportUplink | null, two: ReportUplink | null, before: Report, after: Report): Change {
  const seen = [one, two].map((uplink, n) => {
    const { answered = null, unanswered = null } = uplink ?? {};
    const flows = (answered ?? 0) + (unanswered ?? 0);
    if (answered === null || flows === 0) return null;
    return { share: answered / flows, n: flows / Math.max(1, [before, after][n].balance.designEffect ?? 1) };
  });
  const [first, second] = seen;
  const interval =
    first === null || second === null ? null : differenceInterval(first.share, first.n, second.share, second.n);
  return {
    before: first === null ? null : round6(first.share),
    after: second === null ? null : round6(second.share),
    change: first === null || second === null ? null : round6(second.share - first.share),
    interval,
  };
}

/** Inputs given twice, or the wrong way round, give figures that look as sure as any. */
function orderNotes(before: ComparedSpan, after: ComparedSpan): string[] {
  const [first, last] = [after.start, before.end];
  if (before.start === null || last === null || first === null || after.end === null) return [];
  const common = Math.min(last, after.end) - Math.max(first, before.start);
  // Connections that end late reach a little into the next file.
  if (common <= OVERLAP * Math.min(last - before.start, after.end - first)) {
    return before.start > first
      ? ['BEFORE is later than AFTER: changes are told from the later to the earlier one.']
      : [];
  }
  return [
    `BEFORE and AFTER have ${formatDuration(common)} in common: what both hold counts on both sides, as no change. One input is cut in two by --split TIME.`,
  ];
}

function notesOf(before: Report, after: Report, { leftOut, key }: DecisionChange): string[] {
  const notes: string[] = [];
  if (leftOut.before + leftOut.after > 0) {
    notes.push(
      `Not compared: flows that began while an uplink was out, ${leftOut.before} before and ${leftOut.after} after.`,
    );
  }
  for (const [name, report] of [
    ['before', before],
    ['after', after],
  ] as const) {
    if (report.findings.some(({ code }) => code === 'weights-changed')) {
      notes.push(`The shares changed within the time ${name}: only what came after the last change is compared.`);
    }
  }
  if (key === 'server') notes.push('Clients can’t be seen in both, so servers stand for decisions.');
  if (before.sampled !== after.sampled || before.sampled) {
    notes.push(
      'Too many flows to keep all: decisions of both spans are found again only where both samples hold them.',
    );
  }
  if (before.window.binSeconds !== after.window.binSeconds) {
    notes.push(
      `p95 is over bins of ${before.window.binSeconds} s before and ${after.window.binSeconds} s after: give --bin to compare like with like.`,
    );
  }
  return notes;
}
