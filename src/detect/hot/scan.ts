// Flows and marks in the order of time become what is found: the room's way in. detect/scan.ts calls it, once an instance.

import { FOUND } from '../found.js';
import { Between } from './between.js';
import type { Brownout } from './brownout.js';
import { Detector } from './detector.js';
import { Flows, Marks, Options } from './flows.js';
import { GapWatch, SpanUs } from './gaps.js';
import type { Silence } from './line.js';
import { RECORD, tellBrownout, tellGap, tellOutage, tellThin } from './tell.js';
import type { Thin } from './thin.js';

let flows: Flows | null = null;
let marks: Marks | null = null;
let options: Options | null = null;
const holes: Array<SpanUs> = [];

let outages: Array<Silence> = [];
let brownouts: Array<Brownout> = [];
let thin: Array<Thin> = [];
let gaps: Array<SpanUs> = [];

/** Where so many bytes may be put. */
export function roomFor(bytes: usize): usize {
  return heap.alloc(bytes);
}

export function setFlows(
  count: i32,
  keys: i32,
  servers: i32,
  startUs: StaticArray<f64>,
  uplink: StaticArray<u8>,
  key: StaticArray<i32>,
  server: StaticArray<i32>,
  demand: StaticArray<u8>,
  waitUs: StaticArray<i32>,
  draw: StaticArray<u8>,
): void {
  flows = new Flows(count, keys, servers, startUs, uplink, key, server, demand, waitUs, draw);
}

export function setMarks(count: i32, times: StaticArray<f64>, codes: StaticArray<i32>): void {
  marks = new Marks(count, times, codes);
}

/** No input covers this span; in the order of time. */
export function addHole(startUs: f64, endUs: f64): void {
  holes.push(new SpanUs(startUs, endUs));
}

export function setOptions(
  uplinks: i32,
  inView: StaticArray<u8>,
  shares: StaticArray<f64> | null,
  startUs: f64,
  perFlow: i32,
  clientsVisible: bool,
  leastGapUs: f64,
  isLog: bool,
  alarmsPerYear: f64,
): void {
  options = new Options(uplinks, inView, shares, startUs, perFlow, clientsVisible, leastGapUs, isLog, alarmsPerYear);
}

export function scan(endUs: f64): void {
  const all = flows as Flows;
  const count = all.count;
  const startUs = all.startUs;
  const detector = new Detector(all, options as Options);
  const between = new Between(detector, marks as Marks, holes);
  for (let i = 0; i < count; i++) {
    if (startUs[i] >= between.nextUs) between.upTo(startUs[i]);
    detector.started(i);
  }
  between.upTo(Number.POSITIVE_INFINITY);
  detector.finish(endUs);
  outages = detector.outages;
  brownouts = detector.brownouts.found;
  thin = detector.thin;
  gaps = detector.watch.gaps;
}

/** Finds nothing but gaps: between events, in the order of time. */
export function watchGaps(count: i32, times: StaticArray<f64>, leastGapUs: f64): void {
  const watch = new GapWatch(leastGapUs);
  for (let i = 0; i < count; i++) watch.event(times[i]);
  gaps = watch.gaps;
}

/** How many of a kind were found. */
export function countOf(kind: i32): i32 {
  if (kind === FOUND.outage) return outages.length;
  if (kind === FOUND.brownout) return brownouts.length;
  return kind === FOUND.thin ? thin.length : gaps.length;
}

/** Writes the record of one of them; returns where it stands. */
export function tell(kind: i32, n: i32): StaticArray<f64> {
  if (kind === FOUND.outage) tellOutage(outages[n]);
  else if (kind === FOUND.brownout) tellBrownout(brownouts[n]);
  else if (kind === FOUND.thin) tellThin(thin[n]);
  else tellGap(gaps[n]);
  return RECORD;
}
