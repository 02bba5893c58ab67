// What the detector is told between two flows: marks, and spans that no input covers.

import type { Detector } from './detector.js';
import type { Marks } from './flows.js';
import type { SpanUs } from './gaps.js';

export class Between {
  private mark: i32 = 0;
  private gap: i32 = 0;
  /** Before this there is nothing more. */
  nextUs: f64 = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly detector: Detector,
    private readonly marks: Marks,
    private readonly gaps: Array<SpanUs>,
  ) {}

  /** Marks before that time, gaps that are over by then. */
  upTo(timeUs: f64): void {
    const times = this.marks.times;
    const codes = this.marks.codes;
    const count = this.marks.count;
    const gaps = this.gaps;
    while (this.mark < count && times[this.mark] < timeUs) {
      const markUs = times[this.mark];
      this.reach(markUs);
      this.detector.mark(markUs, codes[this.mark++]);
    }
    this.reach(timeUs);
    const markUs = this.mark < count ? times[this.mark] : Number.POSITIVE_INFINITY;
    const gapUs = this.gap < gaps.length ? gaps[this.gap].endUs : Number.POSITIVE_INFINITY;
    this.nextUs = Math.min(markUs, gapUs);
  }

  private reach(timeUs: f64): void {
    const gaps = this.gaps;
    while (this.gap < gaps.length && gaps[this.gap].endUs <= timeUs) this.detector.uncovered(gaps[this.gap++]);
  }
}
