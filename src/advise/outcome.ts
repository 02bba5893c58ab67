// Weight vectors become slices, the slices are replayed once, and every vector gets its draws back.

import type { TuningCandidate, TuningLine } from '../report/tuning.js';
import { sharesOf, sumOf } from './candidates.js';
import { highest, type Outcome } from './goal.js';
import type { Items } from './items.js';
import { replay, type Slice, type SliceFigures } from './replay.js';
import { estimate, partOf } from './select.js';
import type { KnownUplink } from './traffic.js';

/** A weight vector and its draws. */
export interface Trial extends Outcome {
  weights: number[];
  /** By uplink: its place among the slices. */
  slices: number[];
  /** By repetition: the highest load of any uplink; null where no capacity is known. */
  worst: Float64Array | null;
}

export interface Trials {
  list: Trial[];
  figures: SliceFigures;
}

/** `left` and `uplinks` are in the same order; `widthSec` is that of the bins. */
export function tryAll(
  vectors: readonly (readonly number[])[],
  items: Items,
  left: { up: readonly Float64Array[]; down: readonly Float64Array[] },
  uplinks: readonly KnownUplink[],
  axis: { bins: number; widthSec: number },
  repetitions: number,
): Trials {
  const slices: Slice[] = [];
  const known = new Map<string, number>();
  const placesOf = (weights: readonly number[]) => {
    const sum = sumOf(weights);
    let before = 0;
    return weights.map((weight, uplink) => {
      const from = before / sum;
      before += weight;
      const key = `${uplink} ${from} ${before / sum}`;
      const found = known.get(key) ?? slices.push({ uplink, from, to: before / sum }) - 1;
      known.set(key, found);
      return found;
    });
  };
  const places = vectors.map(placesOf);
  const figures = replay(items, left, axis.bins, slices, repetitions);
  const loads = slices.map((slice, n) => loadOf(n, figures, uplinks[slice.uplink], axis.widthSec));
  const list = vectors.map((weights, n): Trial => {
    const at = places[n];
    const bytes = bytesOf(at, figures);
    const load = at.map((slice) => loads[slice]);
    const worst = load.some((one) => one !== null) ? highest(load) : null;
    return { weights: [...weights], slices: at, bytes, load, worst };
  });
  return { list, figures };
}

/** The draws of a trial as the report tells them. */
export function candidateOf(
  trial: Trial,
  figures: SliceFigures,
  uplinks: readonly KnownUplink[],
  widthSec: number,
  more: Pick<TuningCandidate, 'beatsPresent' | 'atLeast'> & { loss: Float64Array },
): TuningCandidate {
  const { repetitions } = figures;
  const bits = 8 / widthSec;
  const expected = sharesOf(trial.weights);
  const over = (slice: number, direction: 'up' | 'down', uplink: KnownUplink) => {
    const capacity = uplink.capacity[direction];
    const peak = (direction === 'up' ? figures.peakUp : figures.peakDown).subarray(slice * repetitions);
    return (draw: number) => capacity !== null && peak[draw] * bits > capacity;
  };
  const lineOf = (slice: number, direction: 'up' | 'down', uplink: KnownUplink): TuningLine => {
    const capacity = uplink.capacity[direction];
    const from = slice * repetitions;
    const p95 = (direction === 'up' ? figures.p95Up : figures.p95Down).subarray(from, from + repetitions);
    const peak = (direction === 'up' ? figures.peakUp : figures.peakDown).subarray(from, from + repetitions);
    return {
      p95: estimate(p95, bits),
      peak: estimate(peak, bits),
      utilisation:
        capacity === null ? null : { p95: estimate(p95, bits / capacity), peak: estimate(peak, bits / capacity) },
      saturation: capacity === null ? null : partOf(repetitions, over(slice, direction, uplink)),
    };
  };
  const overs = uplinks.flatMap((uplink, n) => [
    over(trial.slices[n], 'up', uplink),
    over(trial.slices[n], 'down', uplink),
  ]);
  return {
    weights: trial.weights,
    sum: sumOf(trial.weights),
    worst: trial.worst === null ? null : estimate(trial.worst),
    loss: estimate(more.loss),
    saturation: trial.worst === null ? null : partOf(repetitions, (draw) => overs.some((is) => is(draw))),
    beatsPresent: more.beatsPresent,
    atLeast: more.atLeast,
    uplinks: uplinks.map((uplink, n) => ({
      uplink: uplink.name,
      expected: expected[n],
      bytes: estimate(trial.bytes[n]),
      up: lineOf(trial.slices[n], 'up', uplink),
      down: lineOf(trial.slices[n], 'down', uplink),
    })),
  };
}

/** By uplink and repetition: part of all bytes. */
function bytesOf(slices: readonly number[], { bytes, repetitions }: SliceFigures): Float64Array[] {
  const parts = slices.map((slice) => bytes.slice(slice * repetitions, (slice + 1) * repetitions));
  for (let draw = 0; draw < repetitions; draw++) {
    const all = parts.reduce((sum, part) => sum + part[draw], 0);
    for (const part of parts) part[draw] = all > 0 ? part[draw] / all : 0;
  }
  return parts;
}

/** By repetition: the higher of both directions' p95 against the capacity. */
function loadOf(
  n: number,
  { p95Up, p95Down, repetitions }: SliceFigures,
  { capacity }: KnownUplink,
  widthSec: number,
): Float64Array | null {
  if (capacity.up === null && capacity.down === null) return null;
  const up = 8 / widthSec / (capacity.up ?? Number.POSITIVE_INFINITY);
  const down = 8 / widthSec / (capacity.down ?? Number.POSITIVE_INFINITY);
  return Float64Array.from({ length: repetitions }, (_, draw) => {
    const at = n * repetitions + draw;
    return Math.max(p95Up[at] * up, p95Down[at] * down);
  });
}
