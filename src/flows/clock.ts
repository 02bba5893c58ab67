// The recorder's clock, read off the packets' own times: it never goes back by itself.

/** Records of one file step back by some microseconds, pcapng's by up to 256 ms; more is a clock that was set back. */
export const DISORDER_US = 1e6;

/** The highest time so far, restarted where time steps back by more than DISORDER_US. */
export class Clock {
  /** Microseconds; NaN-free: -Infinity before the first packet. */
  now = Number.NEGATIVE_INFINITY;
  /** How often the clock was set back. */
  steps = 0;

  /** True where this time is a step back; the clock then stands at it. */
  tick(timeUs: number): boolean {
    if (timeUs > this.now) {
      this.now = timeUs;
      return false;
    }
    if (timeUs >= this.now - DISORDER_US) return false;
    this.now = timeUs;
    this.steps++;
    return true;
  }
}
