// Every uplink silent at once: the recorder stopped (or all lines at once), where that is improbable at the rate so far.

import { YEAR_SEC } from './settings.js';

export interface SpanUs {
  startUs: number;
  endUs: number;
}

/** Events that the rate is taken over, and those that are needed before anything is said. */
const MEMORY = 200;
const LEAST = 60;
/** How much longer than the longest silence of late it must be. */
const FACTOR = 4;
/** After it so many events come at a rate no less than a part of the one before: else the traffic itself had ended. */
const CONFIRMED = 12;
const PART = 5;

export class GapWatch {
  private lastUs = Number.NaN;
  private meanUs = 0;
  private seen = 0;
  /** The longest silence of late; it fades. */
  private longestUs = 0;
  private pending: SpanUs | null = null;
  private after = 0;
  readonly gaps: SpanUs[] = [];

  /** `leastUs`: shorter silences can't be seen. */
  constructor(private readonly leastUs: number) {}

  /** Something was seen; returns the gap before it, if it may be one. Whether it is told is settled by what follows. */
  event(timeUs: number): SpanUs | null {
    const gapUs = timeUs - this.lastUs;
    if (!(gapUs > 0)) {
      if (Number.isNaN(gapUs)) this.lastUs = timeUs;
      return null;
    }
    const startUs = this.lastUs;
    this.lastUs = timeUs;
    this.confirm(timeUs);
    if (gapUs > this.leastUs && this.seen >= LEAST && gapUs > FACTOR * this.longestUs) {
      const yearly = (YEAR_SEC * 1e6) / this.meanUs;
      if (gapUs / this.meanUs > Math.log(yearly)) {
        this.pending = { startUs, endUs: timeUs };
        this.after = 0;
        return this.pending;
      }
    }
    this.seen++;
    this.meanUs += (gapUs - this.meanUs) / Math.min(this.seen, MEMORY);
    this.longestUs = Math.max(gapUs, this.longestUs * (1 - 1 / (4 * MEMORY)));
    return null;
  }

  /** A span that is known to be one. */
  uncovered(gap: SpanUs): void {
    this.gaps.push(gap);
    this.pending = null;
    this.lastUs = gap.endUs;
  }

  private confirm(timeUs: number): void {
    const { pending } = this;
    if (pending === null) return;
    if (timeUs - pending.endUs > CONFIRMED * PART * this.meanUs) this.pending = null;
    else if (++this.after >= CONFIRMED) {
      this.gaps.push(pending);
      this.pending = null;
    }
  }
}
