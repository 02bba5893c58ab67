// Every uplink silent at once: the recorder stopped (or all lines at once), where that is improbable at the rate so far.

import { YEAR_SEC } from './settings.js';

export interface SpanUs {
  startUs: number;
  endUs: number;
}

/** How long the memory is, in microseconds or in waits, and how many events are needed before anything is said. */
const MEMORY_US = 900e6;
const MEMORY = 100;
const LEAST = 60;
/** Waits are not quite exponential: a gap is so much longer than would do if they were. */
const FACTOR = 1.5;
/** After it so many events come at a rate no less than a part of the one before: else the traffic itself had ended. */
const CONFIRMED = 12;
const PART = 5;

export class GapWatch {
  private lastUs = Number.NaN;
  private firstUs = Number.NaN;
  private seen = 0;
  /** Sums of the squares and cubes of the times between events; they fade with time. */
  private squares = 0;
  private cubes = 0;
  private pending: SpanUs | null = null;
  private after = 0;
  readonly gaps: SpanUs[] = [];

  /** `leastUs`: shorter silences can't be seen. */
  constructor(private readonly leastUs: number) {}

  /** Something was seen; returns the gap before it, if it may be one. Whether it is told is settled by what follows. */
  event(timeUs: number): SpanUs | null {
    const gapUs = timeUs - this.lastUs;
    if (!(gapUs > 0)) {
      if (Number.isNaN(gapUs)) this.lastUs = this.firstUs = timeUs;
      return null;
    }
    const startUs = this.lastUs;
    this.lastUs = timeUs;
    if (this.pending !== null) this.confirm(timeUs, this.pending);
    // What was looked at for a shorter time is not known well enough.
    if (gapUs > this.leastUs && gapUs < startUs - this.firstUs && this.seen >= LEAST) {
      const waitUs = this.wait();
      if (gapUs / waitUs > FACTOR * Math.log((YEAR_SEC * 1e6) / waitUs)) {
        this.pending = { startUs, endUs: timeUs };
        this.after = 0;
        return this.pending;
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

  private fadeOver(gapUs: number): number {
    if (this.cubes > 3 * this.squares * (MEMORY_US / MEMORY)) return Math.exp(-gapUs / (MEMORY * this.wait()));
    const part = gapUs / MEMORY_US;
    // e^−x, to the last digit or the one before.
    return part < 1e-6 ? 1 - part + (part * part) / 2 : Math.exp(-part);
  }

  /** How long the long ones among the waits are: the mean of an exponential tail, whatever bursts there are beside it. */
  private wait(): number {
    return this.squares === 0 ? 1e6 : this.cubes / (3 * this.squares);
  }

  private confirm(timeUs: number, pending: SpanUs): void {
    if (timeUs - pending.endUs > CONFIRMED * PART * this.wait()) this.pending = null;
    else if (++this.after >= CONFIRMED) {
      this.gaps.push(pending);
      this.pending = null;
    }
  }
}
