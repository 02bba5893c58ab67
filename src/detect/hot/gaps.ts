// Every uplink silent at once: the recorder stopped (or all lines at once), where that is improbable at the rate so far.

import { YEAR_SEC } from '../settings.js';
import { exp, log } from './math.js';

export class SpanUs {
  constructor(
    readonly startUs: f64,
    readonly endUs: f64,
  ) {}
}

/** How long the memory is, in microseconds or in waits, and how many events are needed before anything is said. */
const MEMORY_US: f64 = 900e6;
const MEMORY: f64 = 100;
const LEAST: i32 = 60;
/** Waits are not quite exponential: a gap is so much longer than would do if they were. */
const FACTOR: f64 = 1.5;
/** After it so many events come at a rate no less than a part of the one before: else the traffic itself had ended. */
const CONFIRMED: i32 = 12;
const PART: f64 = 5;

export class GapWatch {
  private lastUs: f64 = Number.NaN;
  private firstUs: f64 = Number.NaN;
  private seen: i32 = 0;
  /** Sums of the squares and cubes of the times between events; they fade with time. */
  private squares: f64 = 0;
  private cubes: f64 = 0;
  private pending: SpanUs | null = null;
  private after: i32 = 0;
  readonly gaps: Array<SpanUs> = [];

  /** `leastUs`: shorter silences can't be seen. */
  constructor(private readonly leastUs: f64) {}

  /** Something was seen; returns the gap before it, if it may be one. Whether it is told is settled by what follows. */
  event(timeUs: f64): SpanUs | null {
    const gapUs = timeUs - this.lastUs;
    if (!(gapUs > 0)) {
      if (Number.isNaN(gapUs)) this.lastUs = this.firstUs = timeUs;
      return null;
    }
    const startUs = this.lastUs;
    this.lastUs = timeUs;
    const pending = this.pending;
    if (pending !== null) this.confirm(timeUs, pending);
    // What was looked at for a shorter time is not known well enough.
    if (gapUs > this.leastUs && gapUs < startUs - this.firstUs && this.seen >= LEAST) {
      const waitUs = this.wait();
      if (gapUs / waitUs > FACTOR * log((YEAR_SEC * 1e6) / waitUs)) {
        const gap = new SpanUs(startUs, timeUs);
        this.pending = gap;
        this.after = 0;
        return gap;
      }
    }
    this.seen++;
    const fade = this.fadeOver(gapUs);
    const square = gapUs * gapUs;
    this.squares = this.squares * fade + square;
    this.cubes = this.cubes * fade + square * gapUs;
    return null;
  }

  /** A span that is known to be one. */
  uncovered(gap: SpanUs): void {
    this.gaps.push(gap);
    this.pending = null;
    this.lastUs = gap.endUs;
  }

  private fadeOver(gapUs: f64): f64 {
    if (this.cubes > 3 * this.squares * (MEMORY_US / MEMORY)) return exp(-gapUs / (MEMORY * this.wait()));
    const part = gapUs / MEMORY_US;
    // e^−x, to the last digit or the one before.
    return part < 1e-6 ? 1 - part + (part * part) / 2 : exp(-part);
  }

  /** How long the long ones among the waits are: the mean of an exponential tail, whatever bursts there are beside it. */
  private wait(): f64 {
    return this.squares === 0 ? 1e6 : this.cubes / (3 * this.squares);
  }

  private confirm(timeUs: f64, pending: SpanUs): void {
    if (timeUs - pending.endUs > CONFIRMED * PART * this.wait()) this.pending = null;
    else if (++this.after >= CONFIRMED) {
      this.gaps.push(pending);
      this.pending = null;
    }
  }
}
