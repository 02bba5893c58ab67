// Precision, recall and the error of bounds over seeded simulations: the table of docs/failover.md.

import { type DetectInput, detect } from '#src/detect/detect.js';
import type { Detection } from '#src/detect/detection.js';
import { type SimulatedFault, type Simulation, simulate, T0 } from './simulate.js';

export function detectIn(spec: Simulation, weights: (number | null)[] | null = spec.weights): Detection {
  return detect({ tally: simulate(spec), ...inputOf(spec, weights) });
}

/** What the detector is given beside the tally. */
export function inputOf(
  spec: Simulation,
  weights: (number | null)[] | null = spec.weights,
): Omit<DetectInput, 'tally'> {
  return {
    inView: spec.weights.map(() => true),
    weights: weights ?? spec.weights.map(() => null),
    spans: [[T0, T0 + spec.seconds]],
    config: null,
    dropped: 0,
  };
}

export interface Score {
  faults: number;
  found: number;
  rightKind: number;
  falseAlarms: number;
  startHeld: number;
  endHeld: number;
  startErrors: number[];
  endErrors: number[];
}

/** Outages that overlap a fault of their uplink are it; the first counts, another is a false alarm. */
export function scoreOf(spec: Simulation, { outages }: Detection, score: Score): Score {
  const faults: readonly SimulatedFault[] = spec.faults ?? [];
  const taken = new Set<SimulatedFault>();
  for (const outage of outages) {
    const start = outage.start.best - T0;
    const end = (outage.end?.best ?? T0 + spec.seconds) - T0;
    const fault = faults.find(
      (one) =>
        `line${one.uplink + 1}` === outage.uplink && start < one.end + 1 && end > one.start - 1 && !taken.has(one),
    );
    if (fault === undefined) {
      score.falseAlarms++;
      continue;
    }
    taken.add(fault);
    score.found++;
    if (fault.kind === outage.kind) score.rightKind++;
    if (outage.start.earliest - T0 <= fault.start && fault.start <= outage.start.latest - T0) score.startHeld++;
    score.startErrors.push(Math.abs(start - fault.start));
    if (outage.end === null) continue;
    if (outage.end.earliest - T0 <= fault.end && fault.end <= outage.end.latest - T0) score.endHeld++;
    score.endErrors.push(Math.abs(end - fault.end));
  }
  score.faults += faults.length;
  return score;
}

export function emptyScore(): Score {
  return {
    faults: 0,
    found: 0,
    rightKind: 0,
    falseAlarms: 0,
    startHeld: 0,
    endHeld: 0,
    startErrors: [],
    endErrors: [],
  };
}

/** Flows a second, all uplinks together; seconds before the fault; how long the faults last. */
const CELLS: readonly { rate: number; before: number; gaps: readonly number[] }[] = [
  { rate: 0.1, before: 12_000, gaps: [600, 7200] },
  { rate: 1, before: 1800, gaps: [30, 120, 600] },
  { rate: 10, before: 300, gaps: [5, 30, 600] },
  { rate: 100, before: 60, gaps: [0.5, 5, 30] },
  { rate: 1000, before: 20, gaps: [0.5, 5] },
];
const FAULTS = ['link-down', 'gateway-dead', 'blackhole', 'brownout'] as const;
const UPLINKS = [2, 4, 8] as const;
const SEEDS = 3;

/** Healthy traffic: flows a second, hours, how often. */
const HEALTHY: readonly { rate: number; hours: number; seeds: number }[] = [
  { rate: 0.1, hours: 24, seeds: 12 },
  { rate: 1, hours: 24, seeds: 4 },
  { rate: 10, hours: 3, seeds: 4 },
  { rate: 100, hours: 0.25, seeds: 4 },
  { rate: 1000, hours: 0.03, seeds: 3 },
];

/** Both tables of docs/failover.md, as Markdown. */
export function tables(told: (line: string) => void): string {
  const rows: string[] = [];
  for (const { rate, before, gaps } of CELLS) {
    for (const gap of gaps) {
      for (const kind of FAULTS) {
        const score = emptyScore();
        for (const uplinks of UPLINKS) {
          for (let seed = 1; seed <= SEEDS; seed++) {
            const start = before + 0.37 * seed;
            const spec: Simulation = {
              seed: seed * 1000 + uplinks,
              seconds: Math.ceil(start + gap + Math.max(before / 2, 20)),
              rate,
              weights: Array.from({ length: uplinks }, () => 1),
              pages: seed % 2 === 0,
              pairs: seed === 3,
              clientsVisible: seed !== 2,
              faults: [{ kind, uplink: seed % uplinks, start, end: start + gap }],
            };
            scoreOf(spec, detectIn(spec, seed === 3 ? null : spec.weights), score);
          }
        }
        const row = rowOf(rate, gap, kind, score);
        told(row);
        rows.push(row);
      }
    }
  }
  const head = '| flows/s | lasted | kind | found | kind right | false | start held | end held | start ± | end ± |';
  const healthy = HEALTHY.map(healthyRow);
  for (const row of healthy) told(row);
  return [
    head,
    `|${head.replace(/[^|]+/g, ' ---: ').slice(1)}`.replace(' ---: | ---: | ---: |', ' ---: | ---: | --- |'),
    ...rows,
    '',
    '| flows/s | hours | runs | false outages | capture gaps |',
    '| ---: | ---: | ---: | ---: | ---: |',
    ...healthy,
  ].join('\n');
}

function rowOf(rate: number, gap: number, kind: string, score: Score): string {
  const { faults, found, rightKind, falseAlarms, startHeld, endHeld, startErrors, endErrors } = score;
  const of = (count: number) => (found === 0 ? '–' : `${count}/${found}`);
  const cells = [rate, `${gap} s`, kind, `${found}/${faults}`, of(rightKind), falseAlarms, of(startHeld), of(endHeld)];
  return `| ${[...cells, median(startErrors), median(endErrors)].join(' | ')} |`;
}

function healthyRow({ rate, hours, seeds }: (typeof HEALTHY)[number]): string {
  let alarms = 0;
  let gaps = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    const seconds = Math.round(hours * 3600);
    const spec: Simulation = {
      seed: seed * 77,
      seconds,
      rate,
      weights: Array.from({ length: UPLINKS[seed % 3] }, () => 1),
      pages: seed % 4 < 2,
      pairs: seed % 5 < 2,
      clientsVisible: seed % 3 !== 1,
      keepalive: seed % 2 === 0 ? 0 : 5,
      ...(seed % 2 === 0 ? {} : { day: seconds }),
      dead: seed % 4 === 0 ? 0.1 : 0.01,
    };
    const { outages, captureGaps } = detectIn(spec, seed % 2 === 0 ? spec.weights : null);
    alarms += outages.length;
    gaps += captureGaps.length;
  }
  return `| ${[rate, hours, seeds, alarms, gaps].join(' | ')} |`;
}

function median(values: readonly number[]): string {
  if (values.length === 0) return '–';
  const value = [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
  return `${value.toFixed(value < 1 ? 2 : 1)} s`;
}
